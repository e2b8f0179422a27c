"""Two trees beside each other on the Trie page, and where the documents of one prefix are in the other."""

from collections import Counter

import pytest

from app.common import state
from tests.app.at import button, infos, said, sound, table, visit

B = {"build": "sixty", state.B: "fewer"}


def test_documents_of_a_prefix_are_counted_where_they_are_in_b(two):
    a, b = two
    node = a.trie.find((2,))
    at = visit("trie", prefix="2", **B)
    found = table(at, "All below")
    ids = [a.documents[row].id for row in a.trie.leaf_documents(node)]
    wanted = Counter(b.identifier(b.row_of[one]).split("-")[0] if one in b.row_of else "" for one in ids)
    assert dict(zip(found["Prefix"], found["Documents"], strict=True)) == dict(wanted)
    assert found["Share"].sum() == pytest.approx(1)
    assert wanted[""], "some of them are not in B"
    first = found["Prefix"].iloc[0]
    assert found["All below"].iloc[0] == b.trie.counts[b.trie.find((int(first),))]
    assert set(table(at, "Codes", "Same")["Codes"]) == set(range(1, 1 + max(a.trie.levels, b.trie.levels)))


@pytest.mark.usefixtures("two")
def test_at_the_root_it_says_what_to_open():
    assert "Open a prefix of A" in infos(visit("trie", **B))


def test_a_pinned_document_has_its_place_in_both(two):
    a, b = two
    here, gone = b.documents[7].id, next(d.id for d in a.documents if d.id not in b.row_of)
    path = a.identifier(a.row_of[here])
    at = visit("trie", doc=here, prefix=path.split("-")[0], **B)
    place = b.identifier(b.row_of[here])
    assert f"has {place} here" in said(at)
    crumbs = [one.label for one in at.button if (one.key or "").startswith("b-prefix-crumb-")]
    assert crumbs == ["root", *place.split("-")[:-2]]
    assert "is none of B" in said(visit("trie", doc=gone, **B))


@pytest.mark.usefixtures("two")
def test_b_has_a_prefix_of_its_own_and_says_where_it_has_none():
    at = visit("trie", **B, **{state.B_PREFIX: "0"})
    at = sound(at.button("b-prefix-crumb-").click().run())
    assert at.query_params[state.B_PREFIX] in ("root", ["root"])
    assert "showing its root" in visit("trie", **B, **{state.B_PREFIX: "99-99"}).warning[0].value
    assert (
        len([one for one in visit("trie", table="true", **B).dataframe if "Mean cosine" in one.value and "Prefix" in one.value])
        == 2
    )
    assert button(at, "Swap A and B")
