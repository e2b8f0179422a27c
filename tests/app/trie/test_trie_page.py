"""Trie as a script: what is opened, found and typed."""

import pytest

from tests.app.at import pick, said, sound, table, visit

WITH_FILMS = pytest.mark.usefixtures("with_films")


@WITH_FILMS
class TestTrie:
    def test_the_search_box_pins_a_film_and_opens_the_prefix_above_its_leaf(self, films):
        at = visit("trie")
        pick(at, "find", "samurai seven", "seven-samurai-1954")
        path = films.identifier(films.row_of["seven-samurai-1954"]).split("-")
        assert sound(at).query_params["prefix"] in ("-".join(path[:-2]), ["-".join(path[:-2])])
        assert "Seven Samurai" in set(table(at, "Identifier")["Title"])

    def test_a_typed_prefix_is_gone_to(self):
        at = visit("trie")
        at.text_input("goto").set_value("15-15").run()
        assert sound(at).query_params["prefix"] in ("15-15", ["15-15"])
        assert set(table(at, "Identifier")["Identifier"].str[:6]) == {"15-15-"}

    def test_a_prefix_can_be_gone_to_again(self):
        at = visit("trie")
        at.text_input("goto").set_value("15-15").run()
        at.button("crumb-").click().run()
        at.text_input("goto").set_value("15-15").run()
        assert "prefix" in sound(at).query_params

    def test_crumbs_lead_back_to_the_root(self):
        at = visit("trie", prefix="15-15")
        at.button("crumb-").click().run()
        assert "prefix" not in sound(at).query_params
        assert "1 to 50 of 1,201" in said(at)

    def test_the_table_twin_has_a_row_a_cell(self):
        at = visit("trie", depth="1", table="true")
        assert len(table(at, "Prefix")) == 33

    def test_the_table_twin_is_sent_when_it_is_opened(self):
        at = visit("trie", depth="1")
        assert not [frame for frame in at.dataframe if "Prefix" in frame.value.columns]
