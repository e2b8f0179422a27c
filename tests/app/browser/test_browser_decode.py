"""Decode made deep, as a person meets it: interventions by clicking nodes, two strategies, the offline file."""

import re

import pytest
from playwright.sync_api import expect

from tests.app.browser.driving import QUERY, beam_nodes, expect_parameter, go, saved_and_opened, settled, subheadings

pytestmark = pytest.mark.browser


class TestInterventions:
    def test_a_clicked_node_is_banned_and_the_difference_shown(self, page, server):
        go(page, server, "decode", query=QUERY)
        beam_nodes(page).first.click(force=True)
        expect(page).to_have_url(re.compile("node="))
        settled(page).get_by_role("button", name="Ban", exact=True).click()
        expect(page).to_have_url(re.compile(r"ban=\d+"))
        settled(page)
        assert "What is different" in subheadings(page)
        assert page.locator("[data-testid=stEChartsChart] svg").count() == 2
        page.get_by_text("Intervene, filter").click()
        page.get_by_role("button", name="Take all back").click()
        expect_parameter(page, "ban", None)
        assert "What is different" not in subheadings(page)

    def test_a_filter_is_typed_and_a_wrong_one_is_said(self, page, server):
        go(page, server, "decode", query=QUERY)
        page.get_by_text("Intervene, filter").click()
        box = page.get_by_role("searchbox", name="Filter documents")
        box.fill("year > 1990")
        box.press("Enter")
        expect_parameter(page, "filter", "year+>+1990".replace(">", "%3E"))
        box.fill("yeer > 1990")
        box.press("Enter")
        page.get_by_text("yeer").first.wait_for()

    def test_another_strategy_stands_beside_the_first(self, page, server):
        go(page, server, "decode", query=QUERY, strategy="diverse", beside="sample", beams=6)
        expect(page.locator("[data-testid=stEChartsChart] svg")).to_have_count(2)
        expect(page.get_by_text("of the exact first 10")).to_have_count(2)


def test_keys_go_from_node_to_node_but_not_while_one_types(page, server):
    go(page, server, "decode", query=QUERY, beams=10)
    page.keyboard.press("Shift+ArrowDown")
    expect_parameter(page, "node", "9-14-18-1")
    page.keyboard.press("Shift+ArrowLeft")
    expect_parameter(page, "node", "9-14-18")
    page.get_by_role("searchbox", name="Query").press("Shift+ArrowLeft")
    settled(page).get_by_role("heading", name="Node 9-14-18", exact=True).click()
    page.keyboard.press("Shift+ArrowLeft")
    expect_parameter(page, "node", "9-14")


class TestPinned:
    def test_the_width_that_keeps_it_is_one_press_away(self, page, server):
        go(page, server, "decode", query=QUERY, doc="dark-city-1998", beams=1)
        page.get_by_role("button", name="Use that width").click()
        expect(page).to_have_url(re.compile(r"beams=\d\d?\b"))
        expect(settled(page).get_by_role("button", name="Use that width")).to_have_count(0)


def test_the_picture_as_a_file_plays(fresh, page, server, tmp_path):
    """Two decodes side by side are two pictures of the file; what else is to be said of it needs no server."""
    go(page, server, "decode", query=QUERY, ban="9", doc="dark-city-1998")
    file = tmp_path / "decode.html"
    alone = saved_and_opened(page, fresh, "Picture, HTML", file)
    expect(alone.get_by_role("heading", level=1)).to_have_text(QUERY)
    expect(alone.get_by_role("img", name="Decoding by beam, banned 9")).to_be_visible()
    expect(alone.get_by_role("img")).to_have_count(2)
    expect(alone.get_by_text("pinned Dark City")).to_be_visible()
    alone.keyboard.press("Home")
    expect(alone.get_by_role("slider", name="Levels shown")).to_have_value("0")
    alone.get_by_role("button", name="Play").click()
    expect(alone.get_by_role("slider", name="Levels shown")).to_have_value("1")
