"""The way from page to page: menus, titles of the browser, the phone's menu; and what of a page stands above the fold."""

import pytest
from playwright.sync_api import expect

from tests.app.browser.driving import QUERY, TITLES, choose_page, go, settled

pytestmark = pytest.mark.browser

MENUS = {
    "Explore": ("Start", "Decode", "Trie", "Map", "Sessions"),
    "Compare": ("Compare", "Evaluate", "Verdict", "Claims"),
    "Build": ("Catalogue", "Builds", "Identifiers", "Codebooks", "Train"),
    "Learn": ("Glossary",),
}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_the_menus_hold_every_page_and_each_has_a_title_of_its_own(page, server):
    go(page, server, "")
    titles = {page.title()}
    for group, names in MENUS.items():
        for name in names:
            choose_page(page, group, name)
            expect(page).to_have_title(f"{name} · Triescope")
            expect(page.get_by_role("heading", level=1)).to_have_text(TITLES["" if name == "Start" else name.lower()])
            titles.add(settled(page).title())
    assert len(titles) == len(TITLES)


def test_the_menu_of_a_phone_closes_after_a_choice(fresh, server):
    page = go(fresh(**PHONE), server, "")
    for name in ("Trie", "Decode"):
        page.get_by_role("button", name="Expand sidebar").click()
        page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[name.lower()])
        expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
        settled(page)
    page.reload()
    expect(page.get_by_role("button", name="Expand sidebar")).to_be_visible()


@pytest.mark.parametrize(("name", "asked"), [("", {}), ("decode", {"query": QUERY})])
def test_its_picture_stands_whole_above_the_fold(fresh, server, name, asked):
    page = go(fresh(viewport={"width": 1400, "height": 900}), server, name, **asked)
    box = page.get_by_test_id("stEChartsChart").first.bounding_box()
    assert box is not None
    assert box["height"] > 400
    assert box["y"] + box["height"] <= 900


def test_a_word_leads_from_where_it_stands_to_the_glossary_and_back(page, server):
    go(page, server, "decode", query=QUERY)
    page.get_by_role("button", name="Words").click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="beam width", exact=True).click()
    glossary = opened.value
    expect(glossary).to_have_title("Glossary · Triescope")
    expect(glossary.get_by_role("heading", level=2).first).to_have_text("beam width")
    settled(glossary).get_by_role("link", name="the control Beams kept").first.click()
    expect(glossary).to_have_title("Decode · Triescope")
    settled(glossary)
