"""The same query decoded in two builds on the Decode page: both pictures, what each wrote, what cannot be asked of B."""

import json

import pytest

from app.common import state
from app.decode import decoding, sharing, two_builds
from tests.app.at import said, table, visit

QUERY = "a dream within a dream"
ASKED = {"build": "sixty", state.B: "fewer", "query": QUERY, "beams": "10"}


def ranked(build):
    rows = build.decode(QUERY, 10).documents(build.trie, 10)[0]
    return {build.documents[row].id: rank for rank, row in enumerate(rows, 1)}


def test_what_both_wrote_stands_document_by_document(two):
    a, b = two
    at = visit("decode", **ASKED)
    frame = table(at, "Rank in A", "Rank in B").set_index("Id")
    for build, letter in ((a, "A"), (b, "B")):
        ranks = frame[f"Rank in {letter}"].dropna()
        assert dict(ranks) == ranked(build)
        for document, identifier in frame[f"Identifier in {letter}"].items():
            assert identifier == (build.identifier(build.row_of[document]) if document in build.row_of else "")
    assert "only in A: 20" in said(at)
    assert {"A, sixty: beam with centroid", "B, fewer: beam with centroid"} <= {text.value for text in at.text}
    assert sum("of the exact first 10" in caption.value for caption in at.caption) == 2
    assert at.selectbox(decoding.BESIDE).disabled


def test_what_is_of_one_build_alone_is_left_aside_and_said(two):
    b = two[1]
    asked = decoding.Asked("beam", 10, 1.0, 0, {}, "", "3", ("1-2",), "node", turns=("more:nobody",))
    here, told = two_builds.asked_of(b, asked)
    assert (here.force, here.ban, here.scorer, here.beams) == ("", (), "", 10)
    assert [line.split()[0] for line in told] == ["Forced", "B", "1"]
    assert two_builds.decode(b, QUERY, decoding.Asked("beam", 10, 1.0, 0, {}, "nothing = 1", "", ()), planned=False).told
    planned, told = two_builds.asked_of(b, decoding.Asked("narrowed", 10, 1.0, 0, {"x": 1}, "", "", ()), planned=True)
    assert (planned.strategy, planned.settings) == ("beam", {})
    assert "one width" in told[0]


@pytest.mark.usefixtures("two")
def test_what_is_forced_holds_in_a_alone():
    at = visit("decode", **ASKED, force="2", step="1")
    assert "B decodes without them" in said(at)
    frame = table(at, "Rank in A", "Rank in B")
    assert frame["Rank in A"].notna().any()
    assert frame["Rank in B"].notna().any()


def test_the_trace_of_b_is_its_own(two):
    b = two[1]
    asked = decoding.Asked("beam", 10, 1.0, 0, {}, "", "", ())
    theirs = two_builds.decode(b, QUERY, asked, planned=False)
    told = json.loads(two_builds._trace(b, QUERY, theirs.decoded))
    assert told["build"] == "fewer"
    assert told["hits"][0]["id"] == next(iter(ranked(b)))


def test_files_and_lines_hold_both(two):
    """What is handed on of two builds is what stands on the screen: both pictures, and lines that decode in both."""
    a, b = two
    asked = decoding.Asked("beam", 10, 1.0, 0, {}, "", "3", ())
    decoded, theirs = decoding.run(a, QUERY, asked), two_builds.decode(b, QUERY, asked, planned=False)
    page = sharing.as_html(a, QUERY, [decoded], frozenset(), "", theirs)
    for told in ("A, sixty: beam with centroid", "B, fewer: beam with centroid", "sixty and fewer", "B decodes without them"):
        assert told in page
    assert page.count("<svg") == 2
    shell, code = sharing.as_code(a, QUERY, [decoded], theirs)
    first, second = shell.splitlines()
    assert ("--force 3" in first, "--force" in second, " fewer " in second) == (True, False, True)
    out: dict = {}
    lines = "\n".join(line for line in code.splitlines() if not line.startswith("print"))
    exec(lines.replace("engine.open(", "opened("), {"opened": {"sixty": a, "fewer": b}.__getitem__}, out)
    assert [b.documents[row].id for row in out["rows"]] == list(ranked(b))
    alone = two_builds.Theirs(b, None, ["it cannot"])
    assert sharing.as_code(a, QUERY, [decoded], alone) == sharing.as_code(a, QUERY, [decoded])
