"""The lists of the same retrievers in two builds on the Compare page."""

import pytest

from app.common import state
from app.compare import two_builds
from engine.evaluation.similarity import similarity
from tests.app.at import said, sound, table, visit

QUERY = "a dream within a dream"
ASKED = {"build": "sixty", state.B: "fewer", "query": QUERY, "columns": ["bm25", "dense", "generative"], "k": "5"}


def ids(build, name):
    return [hit.id for hit in build.search(QUERY, name, 5).hits]


def test_each_retriever_is_held_against_itself_in_b(two):
    a, b = two
    at = visit("compare", **ASKED)
    rows = table(at, "Retriever", "Up · down · same").set_index("Retriever")
    assert list(rows.index) == ["bm25", "dense", "generative"]
    for name, row in rows.iterrows():
        of = similarity(ids(a, name), ids(b, name))
        assert (row["Shared of 5"], row["RBO"]) == (of.shared, pytest.approx(of.rbo))
    assert "only in A: 20" in said(at)
    assert at.selectbox(two_builds.LINES).value == "generative"


def test_the_lists_of_one_are_joined_and_the_address_says_of_which(two):
    a, b = two
    at = visit("compare", **ASKED)
    at = sound(at.selectbox(two_builds.LINES).select("dense").run())
    assert at.query_params[two_builds.LINES] in ("dense", ["dense"])
    frame = table(at, "Rank in A", "Document of").set_index("Id")
    for build, letter in ((a, "A"), (b, "B")):
        assert frame[f"Rank in {letter}"].dropna().sort_values().index.tolist() == ids(build, "dense")
    for document, of in frame["Document of"].items():
        assert of == ("both" if document in b.row_of else "A alone")


@pytest.mark.usefixtures("two")
def test_what_b_has_no_list_of_is_said():
    at = visit("compare", **{**ASKED, "columns": ["late", "bm25"]})
    assert "late has no list in B" in said(at)
    assert "No retriever has a list" not in said(at)
