"""The guided decode as a newcomer meets it: from the button on Start to its end, and left in the middle."""

import pytest
from playwright.sync_api import expect

from tests.app.browser.driving import beam_nodes, expect_parameter, go, landed, parameters, settled

pytestmark = pytest.mark.browser


def whole(page):
    """The picture, and the one beside it, stand above the fold of a window of 900 pixels."""
    for key in ("beam-picture", "second-picture"):
        for picture in settled(page).locator(f".st-key-{key}").all():
            box = picture.bounding_box()
            assert box["height"] >= 380
            assert box["y"] + box["height"] <= 900


def test_the_tour_leads_from_start_to_its_end_and_can_be_left_in_the_middle(page, server):
    page.set_viewport_size({"width": 1400, "height": 900})
    go(page, server, "").get_by_role("button", name="Show me one decode, step by step").click()
    landed(page, "decode")
    box = page.locator(".st-key-tour")
    expect(box).to_contain_text("1,201 films lie below the root of the tree, which has 32 branches")
    for level in range(1, 5):
        box.get_by_role("button", name="Next").click()
        expect(box).to_contain_text(f"Level {level}.")
        expect(beam_nodes(settled(page))).to_have_count(10 * level)
        expect(box.get_by_text("Masked:")).to_be_visible()
        whole(page)
    box.get_by_role("button", name="Next").click()
    settled(page)
    box.get_by_role("button", name="Force").click()
    expect(box).to_contain_text("Every identifier begins with it now")
    assert parameters(settled(page))["force"].isdigit()
    whole(page)
    box.get_by_role("button", name="Next").click()
    expect_parameter(page, "force", None)
    box.get_by_role("button", name="Pin").click()
    expect(box).to_contain_text("Cut at level")
    expect(page.get_by_text("Smallest width that keeps it")).to_be_attached()
    settled(page)
    box.get_by_role("button", name="Next").click()
    expect(box).to_contain_text("That is one decode")
    whole(page)
    for _ in range(5):
        at = int(parameters(page)["tour"])
        box.get_by_role("button", name="Back").click()
        expect_parameter(page, "tour", str(at - 1))
    expect(box).to_contain_text("Level 2.")
    box.get_by_role("button", name="Leave the tour").click()
    expect(box).to_have_count(0)
    expect_parameter(page, "tour", None)
    expect(beam_nodes(page)).to_have_count(20)
