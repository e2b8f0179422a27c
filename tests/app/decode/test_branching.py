"""Going back to a step of a decode and on from another code: both futures stand on the page, in its files and in its lines."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from app.common import commands
from app.decode import branching, decoding, sharing
from engine.explaining.difference import diff
from tests.app.at import said, sound, table
from tests.app.at import visit as at_visit

QUERY = "a heist that happens inside dreams"
pytestmark = pytest.mark.usefixtures("with_films")


def visit(**parameters: str) -> AppTest:
    return at_visit("decode", **({"query": QUERY, "beams": "10"} | parameters))


def parameter(at: AppTest, name: str) -> str:
    value = at.query_params.get(name, "")
    return value[0] if isinstance(value, list) else value


def press(at: AppTest, key: str) -> AppTest:
    return sound(at.button(key).click().run())


def keys(at: AppTest) -> set[str]:
    return {button.key for button in at.button}


@pytest.fixture(scope="module")
def asked():
    return decoding.Asked("beam", 10, 1.0, 0, {}, "", "", ())


@pytest.fixture
def lost(films):
    """A prefix of two codes that was cut, and one that was kept."""
    step = films.decode(QUERY, 10).steps[1]
    return ["-".join(map(str, films.trie.prefix(int(part.node[-1])))) for part in (step.pruned, step.kept)]


def test_a_node_that_was_cut_or_kept_can_be_branched_at_and_the_branch_be_taken_away(films, lost):
    for prefix in lost:
        at = press(visit(node=prefix), "branch-node")
        assert parameter(at, "branch") == prefix
        step, code = 2, prefix.split("-")[1]
        assert at.button("unbranch").label == f"Branched at step {step}\\: {code}"
        assert "Step 1 is shared" in said(at)
        assert sum("of the exact first 10" in caption.value for caption in at.caption) == 2
        there = table(at, "Rank there").query("What in ('only there', 'moved', 'same')").sort_values("Rank there")["Codes"]
        found = films.decode(QUERY, 10, tree=films.view(force=prefix)).documents(films.trie, 10)[0]
        assert there.tolist() == [films.identifier(int(row)) for row in found]
        at = press(at, "unbranch")
        assert parameter(at, "branch") == ""
        assert "What is different" not in [heading.value for heading in at.header]


def test_what_leads_anyway_and_what_is_branched_at_are_not_offered_again(films, lost):
    assert "branch-node" not in keys(visit(node=films.identifier(int(films.decode(QUERY, 10).documents(films.trie, 1)[0][0]))))
    assert "branch-node" not in keys(visit(node=lost[0], branch=lost[0]))
    assert "branch-node" not in keys(visit(node=lost[1], strategy="diverse"))
    assert "branch-node" in keys(visit(node=lost[1]))


def test_a_node_of_the_other_future_can_be_opened(films, lost):
    leaf = films.decode(QUERY, 10, branch=lost[0]).leaves[0]
    identifier = "-".join(map(str, films.trie.prefix(int(leaf))))
    at = visit(node=identifier, branch=lost[0])
    assert f"Node {identifier}" in [heading.value for heading in at.header]
    assert not at.warning
    assert "branch-node" not in keys(at)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"branch": "99"}, "no candidate of its step"),
        ({"branch": "9-99-1"}, "no candidate of its step"),
        ({"branch": "![x](y)"}, "no candidate of its step"),
        ({"branch": "9", "strategy": "diverse"}, "goes on by beam search"),
    ],
)
def test_a_branch_that_cannot_be_had_is_said_and_can_be_taken_out(parameters, told):
    at = visit(**parameters)
    assert told in at.warning[0].value
    assert "unbranch" not in keys(at)
    assert parameter(press(at, "remove-branch"), "branch") == ""


def test_another_query_and_another_width_know_nothing_of_a_branch():
    at = visit(branch="16")
    at.text_input("query").set_value("robots in love").run()
    assert parameter(sound(at), "branch") == ""


def test_a_branch_goes_before_what_else_stood_beside_it_and_says_so():
    at = visit(branch="16", beside="sample")
    assert at.selectbox("beside").disabled
    assert "Branched at step 1" in at.button("unbranch").label
    assert sum("of the exact first 10" in caption.value for caption in at.caption) == 2


def test_the_other_future_is_in_the_files(films, asked, lost):
    first = decoding.run(films, QUERY, asked)
    other = decoding.branched(films, QUERY, first, lost[0])
    changes = diff(other.trace, first.trace, other.tree, first.tree)
    value = json.loads(sharing.trace_json(films, QUERY, [first, other], changes, None))
    assert value["branch"]["prefix"] == lost[0]
    assert value["branch"]["steps"][0] == value["steps"][0]
    assert [one["code"] for one in value["branch"]["steps"][1]["kept"]] == [int(lost[0].split("-")[1])]
    assert len(value["diff"]["left"]) == sum(hit not in value["hits"] for hit in value["branch"]["hits"])
    page = sharing.as_html(films, QUERY, [first, other], frozenset(), "")
    assert f"beam, branched at step 2: {lost[0].split('-')[1]}" in page
    assert page.count("<svg ") == 2


def test_its_lines_give_both_futures(films, asked, lost, capsys):
    first = decoding.run(films, QUERY, asked)
    pair = [first, decoding.branched(films, QUERY, first, lost[0])]
    shell, code = sharing.as_code(films, QUERY, pair)
    assert [f"--branch {lost[0]}" in line for line in shell.splitlines()] == [False, True]
    exec(code, {})
    titles = [[films.corpus.documents[row].title for row in one.trace.documents(one.tree, 10)[0]] for one in pair]
    assert capsys.readouterr().out.splitlines() == [repr(one) for one in titles]


def test_beside_a_plain_decode_there_are_no_lines_of_what_stands_beside_it(films, asked):
    pair = [decoding.run(films, QUERY, asked), decoding.run(films, QUERY, decoding.replace(asked, strategy="greedy"))]
    assert sharing.as_code(films, QUERY, pair)[0] == commands.decode_line("films", QUERY, "centroid", asked.__dict__)


def test_what_is_shared_is_said(monkeypatch):
    told = []
    monkeypatch.setattr(branching.st, "caption", lambda text, **_: told.append(text.split(".")[0]))
    for prefix in ("9", "9-14", "9-14-1"):
        asked = decoding.Asked("beam", 10, 1.0, 0, {}, "", "", (), branch=prefix)
        branching.chip(decoding.Decoded(asked, None, None, 0, 0))
    assert told == ["No step is shared", "Step 1 is shared", "Steps 1 to 2 are shared"]
