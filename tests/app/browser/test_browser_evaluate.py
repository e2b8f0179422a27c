"""Compare, judging, Evaluate and verdict in the browser: what one tab judges the other sees, and files that need no network."""

import pytest
from playwright.sync_api import expect

from engine.verdict import page as verdict_page
from tests.app.browser.driving import go, saved_and_opened, settled
from tests.engine.verdict.test_file import WILD, verdict_of

pytestmark = pytest.mark.browser
ASKED = {"build": "sixty", "query": "a crew answers a signal", "doc": "alien-1979", "columns": "bm25"}


def test_what_is_judged_in_one_tab_is_in_the_other_can_be_evaluated_and_taken_back(page, fresh, server, tmp_path):
    go(page, server, "compare", **ASKED)
    other = go(fresh(), server, "compare", **ASKED)
    page.keyboard.press("2")
    back = page.get_by_role("button", name="Take back")
    expect(back).to_be_visible()
    settled(other).reload()
    expect(other.get_by_role("button", name="Take back")).to_be_visible()
    alone = saved_and_opened(page, fresh, "Comparison, HTML", tmp_path / "compare.html")
    expect(alone.get_by_role("listitem").filter(has_text="Alien").first).to_be_visible()
    go(other, server, "evaluate", build="sixty", split="judged")
    other.get_by_role("button", name="Evaluate", exact=True).click()
    other.get_by_role("button", name="Cancel").click()
    expect(other.get_by_text("The evaluation was cancelled; nothing of it was kept.")).to_be_visible()
    settled(page)
    back.click()
    expect(back).not_to_be_attached()


def test_a_verdict_as_a_file_opens_without_a_network_whatever_the_catalogue_says(fresh, tmp_path):
    file = tmp_path / "verdict.html"
    file.write_text(verdict_page.html(verdict_of(WILD.replace("\ud800", ""))), "utf-8")
    alone = fresh(offline=True)
    alone.goto(file.as_uri())
    expect(alone.get_by_role("heading", level=1)).to_be_visible()
    expect(alone.locator("svg").first).to_be_visible()


def test_a_verdict_is_asked_for_by_a_press_and_can_be_cancelled(page, server):
    go(page, server, "verdict", build="sixty")
    page.get_by_role("button", name="Ask for a verdict").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The verdict was cancelled; nothing of it was kept.")).to_be_visible()
