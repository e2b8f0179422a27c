"""Sessions in the browser: a history by clicks, its decode, a real one revealed, a turn, and the same in a new window."""

import pytest
from playwright.sync_api import expect

from tests.app.browser.driving import beam_nodes, choose, expect_parameter, go, parameters, settled

pytestmark = pytest.mark.browser


def test_a_history_by_clicks_a_turn_and_a_deep_link(page, fresh, server):
    go(page, server, "sessions", build="sixty")
    choose(page, "Add an item to the history", "Alien")
    expect_parameter(page, "history", "alien-1979")
    expect(beam_nodes(page).first).to_be_attached()
    page.get_by_role("button", name="Take a real history").click()
    settled(page)
    expect(page.get_by_role("button", name="Reveal what came next")).to_be_visible()
    page.get_by_role("button", name="Reveal what came next").click()
    expect(page.get_by_text("Next came")).to_be_visible()
    history = parameters(settled(page))["history"]
    go(page, server, "sessions", build="sixty", history=history, doc=history.split(",")[0])
    page.get_by_role("button", name="Less like this").click()
    expect(page.get_by_text("items of these branches may not come")).to_be_visible()
    turned = parameters(settled(page))
    lists = page.get_by_test_id("stDataFrame").count()
    other = go(fresh(), server, "sessions", **turned)
    expect(other.get_by_text("items of these branches may not come")).to_be_visible()
    assert parameters(settled(other))["history"] == turned["history"]
    assert other.get_by_test_id("stDataFrame").count() == lists
    other.locator(".st-key-less-0 button").click()
    expect_parameter(other, "less", None)
