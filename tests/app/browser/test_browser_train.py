"""Train as a person meets it: a real training watched to its end, what it wrote looked at, and taken on to Decode and Compare."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.browser.driving import expect_parameter, go, landed, parameters, saved_and_opened, settled, subheadings
from tests.app.conftest import WATCHED

pytestmark = pytest.mark.browser

TRAINED_MS = 180_000


def test_a_scorer_is_trained_by_one_press_and_watched_to_the_end(page, server):
    page.goto(f"{server}/train?build=sixty&minutes=0.03")
    page.get_by_text("Train another scorer").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("pressed")
    page.get_by_role("textbox", name="Name", exact=True).press("Enter")
    settled(page).get_by_text("Options of node").click()
    settled(page)  # the field is drawn anew by the run that the name has begun
    patience = page.get_by_role("spinbutton", name="Patience")
    patience.fill("1000")  # these few queries are all answered from the start, so it would stop at once
    patience.press("Enter")
    expect_parameter(settled(page), "build", "sixty")
    page.get_by_role("button", name="Train pressed").click()
    page.get_by_role("button", name="Cancel").wait_for()
    expect(page.get_by_role("heading", name="Training pressed")).to_be_visible()
    page.get_by_text("Steps per second").wait_for(timeout=TRAINED_MS)
    page.get_by_text("Watch it sharpen").first.wait_for()
    expect(page.get_by_role("heading", name="What pressed learned")).to_be_visible(timeout=TRAINED_MS)
    expect(page.get_by_text(re.compile("pressed (beats|is on average above|does not beat) the centroid scorer"))).to_be_visible()


class TestRun:
    def test_a_deep_link_opens_it_and_another_can_be_chosen(self, page, server):
        go(page, server, "train", build="sixty", run="slow")
        assert "What slow learned" in subheadings(page)
        box = page.get_by_role("combobox", name="Run")
        box.click()
        box.fill("node")
        page.get_by_role("option", name="node", exact=True).click()
        expect_parameter(page, "run", "node")
        expect(page.get_by_role("heading", name="What node learned")).to_be_visible()

    def test_the_keys_move_from_evaluation_to_evaluation(self, page, server):
        go(page, server, "train", build="sixty", run="node")
        slider = page.get_by_role("slider", name="Look at the evaluation after step")
        slider.press("Home")
        expect(page.get_by_text("What it writes after step 0")).to_be_visible()
        settled(page)
        slider.press("ArrowRight")
        expect(page.get_by_text("What it writes after step 5")).to_be_visible()

    def test_it_decodes_and_is_compared(self, page, server):
        go(page, server, "train", build="sixty", run="node").get_by_role("link", name="Decode with it").click()
        page.get_by_label("Query", exact=True).fill(WATCHED)
        page.get_by_label("Query", exact=True).press("Enter")
        landed(page, "decode")
        assert parameters(page)["scorer"] == "node"
        expect(page.get_by_text("a trained scorer of kind node")).to_be_visible()
        go(page, server, "train", build="sixty", run="node").get_by_role("link", name="Compare with it").click()
        page.get_by_label("Query", exact=True).fill(WATCHED)
        page.get_by_label("Query", exact=True).press("Enter")
        landed(page, "compare")
        headings = page.get_by_role("heading", level=3).all_inner_texts()
        assert headings[:5] == ["bm25", "dense", "generative · centroid", "generative · node", "hybrid · node"]

    def test_its_files_hold_what_the_screen_shows(self, page, server):
        go(page, server, "train", build="sixty", run="node")
        with page.expect_download() as started:
            page.get_by_role("button", name="History, CSV").click()
        rows = list(csv.DictReader(io.StringIO(Path(started.value.path()).read_text("utf-8"))))
        assert [row["Step"] for row in rows][:2] == ["0", "5"]
        assert all(0 <= float(row["nDCG@10"]) <= 1 for row in rows)


def test_the_curves_as_a_file_need_no_network(fresh, page, server, tmp_path):
    go(page, server, "train", build="sixty", run="node")
    alone = saved_and_opened(page, fresh, "Curves, HTML", tmp_path / "curves.html")
    expect(alone.get_by_role("heading", name="node on sixty")).to_be_visible()
    expect(alone.locator(".scatterlayer .trace").first).to_be_attached()
