"""Start, Decode and Trie as a person meets them: the real server, Debian's Chromium, real keys and clicks."""

import itertools
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from engine.builds.examples import shipped
from tests.app.browser.driving import (
    DRAWN,
    QUERY,
    SAMURAI,
    beam_nodes,
    choose,
    expect_parameter,
    go,
    landed,
    parameters,
    settled,
    slices,
    subheadings,
)

pytestmark = pytest.mark.browser
FOURTH = shipped()[1][3].query

# Notes every change of the levels that the picture shows, ten nodes each, with its moment in milliseconds.
NOTE_LEVELS = """() => {
    window.levels = [];
    setInterval(() => {
        const white = document.querySelectorAll("[data-testid=stEChartsChart] svg text[fill='#FFFFFF' i]");
        const codes = [...white].filter(text => !text.textContent.startsWith("+"));
        const drawn = document.querySelector("[data-testid=stEChartsChart] svg text");
        const shown = Math.ceil(codes.length / 10);
        if (drawn && window.levels.at(-1)?.[0] !== shown) window.levels.push([shown, performance.now()]);
    }, 30);
}"""


class TestStart:
    @pytest.mark.parametrize("key", ["Enter", "Control+Enter"])
    def test_a_query_typed_and_sent_opens_decode(self, page, server, key):
        go(page, server, "")
        box = page.get_by_label("What would you like to find?")
        box.fill(QUERY)
        box.press(key)
        landed(page, "decode")
        assert urlsplit(page.url).path == "/decode"
        assert parameters(page)["query"] == QUERY

    def test_an_example_opens_decode_also_where_things_move(self, fresh, server):
        page = go(fresh(reduced_motion="no-preference"), server, "")
        page.get_by_role("radio", name=FOURTH).click()
        landed(page, "decode")
        assert parameters(page)["query"] == FOURTH

    def test_a_click_on_a_branch_of_the_tree_opens_it(self, page, server):
        go(page, server, "")
        picture = page.locator(DRAWN[""]).first
        box = picture.bounding_box()
        picture.click(position={"x": box["width"] / 2 + min(box["width"], box["height"]) * 0.2, "y": box["height"] / 2 - 5})
        landed(page, "trie")
        assert parameters(page)["prefix"].isdigit()


class TestDecode:
    def test_left_and_right_move_one_level_and_stop_at_the_last(self, page, server):
        go(page, server, "decode", query=QUERY)
        drawn = [beam_nodes(page).count()]
        for key, step in (("ArrowLeft", "3"), ("ArrowLeft", "2"), ("ArrowRight", "3"), ("ArrowRight", "4")):
            page.keyboard.press(key)
            expect_parameter(page, "step", step)
            expect(beam_nodes(page)).to_have_count(10 * int(step))
            drawn.append(beam_nodes(page).count())
        assert drawn == [40, 30, 20, 30, 40]

    def test_the_arrow_keys_belong_to_the_query_box_while_one_types(self, page, server):
        go(page, server, "decode", query=QUERY)
        box = page.get_by_label("Query", exact=True)
        box.press("End")
        box.press("ArrowLeft")
        box.press("Backspace")
        box.press("Enter")
        expect_parameter(page, "query", "a+heist+that+happens+inside+dreas")
        assert "step" not in parameters(page)

    def test_play_shows_each_level_in_turn_without_a_run_of_the_page(self, page, server):
        go(page, server, "decode", query=QUERY, step=2)
        before = page.evaluate("history.length")
        page.evaluate(NOTE_LEVELS)
        page.get_by_role("button", name="Play", exact=True).click()
        page.get_by_role("button", name="Stop", exact=True).wait_for()
        page.wait_for_function("window.levels.at(-1)[0] === 4 && window.levels.length > 3")
        # What stood there before it was pressed, then from the query on.
        levels = page.evaluate("window.levels")
        played = levels[[level for level, _ in levels].index(0) :]
        assert [level for level, _ in played] == [0, 1, 2, 3, 4]
        assert all(later - earlier > 500 for (_, earlier), (_, later) in itertools.pairwise(played))
        assert page.evaluate("history.length") == before
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(beam_nodes(page)).to_have_count(20)

    def test_a_click_on_a_node_opens_its_panel_and_close_puts_it_away(self, page, server):
        go(page, server, "decode", query=QUERY)
        node = beam_nodes(page).nth(1)
        code = node.text_content()
        node.click(force=True)
        expect_parameter(page, "node", code)
        assert f"Node {code}" in subheadings(page)
        expect(page.get_by_text("Step probability", exact=True)).to_be_visible()
        page.get_by_role("button", name="Close").click()
        expect_parameter(page, "node", None)
        assert f"Node {code}" not in subheadings(page)

    def test_one_node_after_another_can_be_clicked(self, page, server):
        go(page, server, "decode", query=QUERY)
        for place in range(4):
            node = beam_nodes(page).nth(place)
            code = node.text_content()
            node.click(force=True)
            expect_parameter(page, "node", code)

    def test_the_panel_leads_to_the_node_in_the_trie(self, page, server):
        go(page, server, "decode", query=QUERY)
        beam_nodes(page).first.click(force=True)
        page.get_by_role("link", name="Open in the trie").click()
        landed(page, "trie")
        assert parameters(page)["prefix"].isdigit()

    def test_another_query_can_be_typed(self, page, server):
        go(page, server, "decode", query=QUERY)
        page.get_by_label("Query", exact=True).fill("samurai & ronin, 100% #1?")
        page.get_by_label("Query", exact=True).press("Enter")
        expect(page).to_have_url(re.compile("samurai"))
        assert parameters(settled(page))["query"] == "samurai & ronin, 100% #1?"


class TestTrie:
    def test_a_click_on_a_cell_opens_it_and_a_click_on_the_focus_goes_up(self, page, server):
        go(page, server, "trie")
        cell = slices(page).filter(has_text=re.compile("^15 · ")).first
        cell.click(force=True)
        expect_parameter(page, "prefix", "15")
        slices(page).nth(1).click(force=True)
        expect(page).to_have_url(re.compile(r"prefix=15-\d+"))
        settled(page).locator(DRAWN["trie"]).first.click(force=True)
        expect_parameter(page, "prefix", "15")
        slices(page).first.click(force=True)
        expect_parameter(page, "prefix", None)
        expect(slices(page).first).to_contain_text("all documents")

    def test_the_way_back_leads_to_what_was_seen_before(self, page, server):
        go(page, server, "trie")
        slices(page).filter(has_text=re.compile("^15 · ")).first.click(force=True)
        expect_parameter(page, "prefix", "15")
        page.go_back()
        expect_parameter(page, "prefix", None)
        expect(slices(page).first).to_contain_text("all documents")

    def test_a_film_is_found_by_its_title(self, page, server, films):
        go(page, server, "trie")
        choose(page, "Find a document", "Seven Samurai")
        expect_parameter(page, "doc", SAMURAI)
        path = films.identifier(films.row_of[SAMURAI])
        expect(page.get_by_text(f"Seven Samurai has identifier {path}")).to_be_visible()
        expect_parameter(page, "prefix", "-".join(path.split("-")[:-2]))
        outlined = slices(page).filter(has=page.locator("path[style*='rgb(213, 94, 0)']"))
        expect(outlined.first).to_be_visible()

    def test_unpin_takes_the_film_off(self, page, server):
        go(page, server, "trie", doc=SAMURAI).get_by_role("button", name="Unpin").click()
        expect_parameter(page, "doc", None)
        expect(page.get_by_text("has identifier")).to_have_count(0)

    def test_the_levels_shown_are_in_the_url(self, page, server):
        go(page, server, "trie").get_by_test_id("stButtonGroup").get_by_text("1", exact=True).click()
        expect_parameter(page, "depth", "1")
        expect(slices(page)).to_have_count(33)


class TestCompare:
    @pytest.mark.parametrize("width", [1400, 800])
    def test_equal_ranks_stand_in_one_row(self, fresh, server, width):
        page = go(fresh(viewport={"width": width, "height": 1000}), server, "compare", query=QUERY)
        for rank in range(1, 11):
            places = [place.bounding_box() for place in page.locator("strong", has_text=re.compile(f"^{rank} ")).all()]
            assert len(places) == 4
            assert len({round(place["y"]) for place in places}) == 1
            assert len({round(place["x"]) for place in places}) == 4
