"""Every candidate of a decode can be reached without pointing at the picture: by its prefix, and by its row in the table."""

import numpy as np
import pytest

from app.common import state
from app.decode import node_panel
from app.decode.decoding import Asked, Decoded
from engine.pictures import beam_points
from tests.app.at import sound, table, visit

QUERY = "a heist that happens inside dreams"


@pytest.fixture(scope="module")
def decoded(films) -> Decoded:
    trace = films.decode("the vector counts", 20, np.array(films.embeddings[17]))
    return Decoded(Asked("beam", 20, 1.0, 0, {}, "", "", ()), trace, films.trie, 0, 0)


def test_every_candidate_of_the_levels_shown_is_found_and_no_other(films, decoded):
    drawn = beam_points.points(decoded.trace, films.trie, films.names, 2)
    for step in decoded.trace.steps[:2]:
        for rank, node in enumerate([*step.kept.node, *step.pruned.node], 1):
            prefix = "-".join(map(str, films.trie.prefix(int(node))))
            found = node_panel.find(films, decoded, 2, drawn, prefix)
            assert (found.prefix, found.step, found.rank) == (prefix, step.level, rank)
            assert found.state == ("pruned" if rank > 20 else found.state)
    deeper = "-".join(map(str, films.trie.prefix(int(decoded.trace.steps[2].kept.node[0]))))
    for wrong in ("", deeper, "99", "x", "-1", "1-", "31-31-31-2"):
        assert node_panel.find(films, decoded, 2, drawn, wrong) is None


@pytest.mark.usefixtures("with_films")
class TestPage:
    def test_a_typed_prefix_is_gone_to_and_the_box_is_emptied(self, films):
        at = visit("decode", query=QUERY)
        last = films.decode(QUERY, 100).steps[1].pruned.node[-1]
        prefix = "-".join(map(str, films.trie.prefix(int(last))))
        at.text_input("go-node").set_value(prefix).run()
        assert f"Node {prefix}" in [heading.value for heading in sound(at).header]
        assert at.text_input("go-node").value == ""
        assert any(warning.value.startswith("Cut:") for warning in at.warning)

    def test_a_prefix_that_is_no_candidate_is_said(self):
        at = visit("decode", query=QUERY)
        at.text_input("go-node").set_value("99-99").run()
        assert "not in this picture" in sound(at).warning[0].value

    def test_the_node_of_any_row_of_the_table_can_be_opened(self):
        prefixes = table(visit("decode", query=QUERY, table="true"), "prefix")["prefix"]
        at = visit("decode", query=QUERY, table="true", node=prefixes.iloc[-1])
        assert f"Node {prefixes.iloc[-1]}" in [heading.value for heading in at.header]
        assert not [warning for warning in at.warning if "picture" in warning.value]


def test_a_chosen_row_puts_its_prefix_into_the_address(monkeypatch):
    given = {}
    monkeypatch.setattr(node_panel.st, "session_state", {"candidates": {"selection": {"rows": [1]}}})
    monkeypatch.setattr(node_panel.state, "focus", lambda name, value: given.update({name: value}))
    node_panel.take_row("candidates", ["9", "9-14"])
    assert given == {state.NODE: "9-14"}
