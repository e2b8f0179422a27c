"""Turns on Compare and Decode: buttons at a pinned document, chips that take them back, all of it in the address."""

import pytest

from app.common import state
from tests.app.at import button, labels, said, sound, table, visit

QUERY = "a heist that happens inside dreams"
MORE, LESS = "psycho-1960", "inception-2010"
pytestmark = pytest.mark.usefixtures("with_films")


def titles(at):
    return [one.value.replace("\\", "") for one in at.markdown if one.value.startswith(("**", ":small[**"))]


def address(at):
    value = sound(at).query_params[state.TURN]
    return value if isinstance(value, str) else value[0]


def test_a_press_at_the_pinned_document_is_a_turn_in_the_address_and_a_chip_takes_it_back(films):
    asked = {"query": QUERY, "columns": ["bm25", "dense"], "k": "5", "doc": LESS, "compact": "true"}
    at = visit("compare", **asked)
    before = titles(at)
    button(at, "Less like this").click().run()
    assert address(at) == f"less:{LESS}"
    assert "Inception" in " ".join(before)
    assert "Inception" not in " ".join(titles(at))
    assert "bm25: no turn changes the words" in said(at)
    moved = films.turned(QUERY, [], [LESS])
    expected = [hit.title for hit in films.search(QUERY, "dense", 6, vector=moved).hits if hit.id != LESS][:5]
    assert all(any(title in line for line in titles(at)) for title in expected)
    assert f"--less={LESS}" in " ".join(code.value for code in at.code)
    button(at, "More like this").click().run()
    assert address(at) == f"more:{LESS}"
    button(at, "More like Inception").click().run()
    assert titles(sound(at)) == before
    assert state.TURN not in at.query_params


def test_turns_of_the_address_that_cannot_be_taken_are_left_out_and_said_and_a_new_query_forgets_all():
    at = visit("compare", query=QUERY, columns=["dense"], turn=[f"more:{MORE}", "more:none", "x", "less:<script>"])
    assert "3 of the turns" in " ".join(one.value for one in at.warning)
    assert "More like Psycho" in labels(at)
    at.text_input(state.QUERY).set_value("robot left alone").run()
    assert "More like Psycho" not in labels(sound(at))


def test_on_decode_the_turned_decode_stands_beside_the_one_without_and_a_branch_can_be_ruled_out(films):
    gone = visit("decode", query=QUERY, beams="20", turn=f"less:{LESS}", doc=LESS)
    assert "Inception" not in table(gone, "Identifier", "Title", "Total")["Title"].tolist()
    assert f"--less={LESS}" in " ".join(code.value for code in gone.code)
    button(gone, "More like this").click().run()
    assert table(sound(gone), "Identifier", "Title", "Total")["Title"].tolist()[0] == "Inception"
    at = visit("decode", query=QUERY, beams="20", turn=f"more:{MORE}", doc=LESS)
    assert "More like Psycho" in labels(at)
    assert [header.value for header in at.header].count("What is different") == 1
    (ban,) = [one for one in at.button if one.key == "ban-branch"]
    assert ban.label.startswith("Nothing below ")
    ban.click().run()
    assert "What is different" in [header.value for header in sound(at).header]
    prefix = at.query_params[state.BAN]
    prefix = prefix if isinstance(prefix, str) else prefix[0]
    assert films.identifier(films.row_of[LESS]).startswith(f"{prefix}-")
    assert f"--more={MORE}" in " ".join(code.value for code in at.code)
