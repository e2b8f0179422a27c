"""Deep links restore what was seen, pages fit their window, downloads hold what the screen shows."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.browser.driving import (
    QUERY,
    SAMURAI,
    beam_nodes,
    expect_parameter,
    go,
    landed,
    parameters,
    settled,
    slices,
    slider,
    subheadings,
)

pytestmark = pytest.mark.browser


class TestDeepLinks:
    """What one visitor sees, another one sees who is sent the address."""

    def test_start_with_a_build(self, fresh, server):
        page = go(fresh(), server, "", build="hostile")
        assert parameters(page) == {"build": "hostile"}
        assert "The open build: hostile" in subheadings(page)

    def test_decode_with_query_beams_step_and_node(self, fresh, server):
        first = go(fresh(), server, "decode", query=QUERY, beams=7, step=3)
        beam_nodes(first).nth(10).click(force=True)
        expect(first).to_have_url(re.compile("node="))
        settled(first)
        other = fresh()
        other.goto(first.url)
        landed(other, "decode")
        assert parameters(other) == parameters(first)
        assert set(parameters(other)) == {"query", "beams", "step", "node"}
        assert slider(other, "Beams kept").get_attribute("aria-valuetext") == "7"
        assert subheadings(other) == subheadings(first)
        expect(beam_nodes(other)).to_have_count(21)
        assert other.get_by_label("Query", exact=True).input_value() == QUERY

    def test_trie_with_prefix_and_document(self, fresh, server, films):
        path = films.identifier(films.row_of[SAMURAI])
        first = path.split("-")[0]
        page = go(fresh(), server, "trie", prefix=first, doc=SAMURAI)
        assert parameters(page) == {"prefix": first, "doc": SAMURAI}
        expect(page.get_by_text(f"Seven Samurai has identifier {path}")).to_be_visible()
        expect(slices(page).first).to_contain_text(f"{first} · ")

    def test_compare_with_query_k_beams_and_document(self, fresh, server):
        asked = {"query": QUERY, "k": "7", "beams": "20", "doc": SAMURAI}
        page = go(fresh(), server, "compare", **asked)
        assert parameters(page) == asked
        assert slider(page, "Results shown").input_value() == "7"
        assert slider(page, "Beams kept").get_attribute("aria-valuetext") == "20"
        expect(page.get_by_text("rank if nothing were cut")).to_be_visible()
        expect(page.get_by_role("combobox", name=re.compile("^50 of"))).to_have_value(re.compile("^Seven Samurai"))

    def test_whoever_is_quicker_than_the_browser_keeps_what_the_link_asked(self, page, server):
        held = []
        # The browser cannot draw the picker of builds yet.
        page.route(re.compile(r"/Selectbox\.[^/]+\.js$"), lambda route: held.append(route))
        page.goto(f"{server}/train?build=sixty")
        page.get_by_text("Train another scorer").click()
        page.get_by_role("spinbutton", name="Minutes").wait_for()  # the run that the click began has come to its form
        for route in held:
            route.continue_()
        expect(page.get_by_role("combobox", name="Build", exact=True)).to_have_value("sixty")
        page.get_by_role("textbox", name="Name", exact=True).fill("quick")
        page.get_by_role("textbox", name="Name", exact=True).press("Enter")
        expect(page.get_by_role("button", name="Train quick")).to_be_visible()
        expect_parameter(page, "build", "sixty")

    def test_a_reload_changes_nothing(self, page, server):
        before = parameters(go(page, server, "decode", query=QUERY, beams=5, step=1))
        page.reload()
        assert parameters(landed(page, "decode")) == before
        expect(beam_nodes(page)).to_have_count(5)


class TestDownloads:
    """A download runs no page again: the file that is asked for is the one that was offered."""

    @staticmethod
    def content(page: Page, button: str) -> str:
        with page.expect_download() as started:
            settled(page).get_by_role("button", name=button, exact=True).click()
        return Path(started.value.path()).read_text("utf-8")

    @classmethod
    def rows(cls, page: Page, button: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(cls.content(page, button))))

    def test_of_start(self, page, server):
        rows = self.rows(go(page, server, ""), "Table, CSV")
        assert len(rows) == 32
        assert sum(int(row["Documents"]) for row in rows) == 1201

    def test_of_decode(self, page, server):
        go(page, server, "decode", query=QUERY, beams=5)
        trace = json.loads(self.content(page, "Trace, JSON"))
        assert (trace["query"], trace["beams"], len(trace["steps"])) == (QUERY, 5, 4)
        assert trace["hits"]
        rows = self.rows(page, "Table, CSV")
        assert {row["state"] for row in rows} == {"leading", "kept", "pruned"}

    def test_of_trie(self, page, server):
        go(page, server, "trie", prefix="15")
        cells, documents = self.rows(page, "Cells, CSV"), self.rows(page, "Documents, CSV")
        assert all(row["Identifier"].startswith("15-") for row in documents)
        assert int(cells[0]["Documents"]) == len(documents)
        assert [cell["Prefix"] for cell in json.loads(self.content(page, "Cells, JSON"))] == [row["Prefix"] for row in cells]

    def test_of_compare(self, page, server):
        go(page, server, "compare", query=QUERY, k=5)
        results = json.loads(self.content(page, "Results, JSON"))
        rows = self.rows(page, "Ranks, CSV")
        assert {name: len(hits) for name, hits in results.items() if name != "bm25"} == dict.fromkeys(
            ("dense", "generative", "hybrid"), 5
        )
        assert {row["id"] for row in rows} == {hit["id"] for hits in results.values() for hit in hits}
