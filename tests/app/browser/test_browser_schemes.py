"""Identifiers, Codebooks and Map as a person meets them."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.app.browser.driving import SAMURAI, choose, expect_parameter, go, parameters, settled, subheadings

pytestmark = pytest.mark.browser


class TestIdentifiers:
    def test_another_scheme_can_be_set_beside_the_first(self, page, server):
        go(page, server, "identifiers")
        box = page.get_by_role("combobox", name="Right")
        box.click()
        box.fill("category")
        page.get_by_role("option", name="category").click()
        expect_parameter(page, "b", "category")
        expect(page.get_by_text("Report card of category")).to_be_visible()
        expect(page.locator("[data-testid=stEChartsChart] canvas").first).to_be_visible()

    def test_the_branch_under_the_pointer_is_shown_in_the_other_tree(self, page, server):
        """The branch that ECharts names under the pointer is the one whose documents are counted."""
        go(page, server, "identifiers")
        chart = page.locator(".st-key-tree-a canvas").first
        chart.scroll_into_view_if_needed()
        page.wait_for_timeout(1_000)
        box = chart.bounding_box()
        half = min(box["width"], box["height"]) / 2
        veil, told = page.get_by_test_id("linked-veil"), page.locator(".st-key-linked-trees p").last
        seen = set()
        for right, down in ((0.3, -0.3), (-0.3, -0.2), (0.1, 0.5)):
            page.mouse.move(box["x"] + box["width"] / 2 + half * right, box["y"] + box["height"] / 2 + half * down)
            expect(veil).to_have_count(1)
            documents = re.search(r": ([\d,]+ documents) below .* first codes? of hierarchical-kmeans", told.inner_text())
            assert documents, told.inner_text()
            expect(page.locator(".st-key-tree-a")).to_contain_text(documents[1])  # ECharts' own words beside the pointer
            seen.add(told.inner_text())
        assert len(seen) == 3
        page.mouse.move(5, 5)
        expect(veil).to_have_count(0)

    def test_a_typed_document_is_spelled_and_kept_in_the_url(self, page, fresh, server):
        go(page, server, "identifiers")
        box = page.get_by_role("textbox", name="Or type a document of your own")
        box.fill("Two thieves plan one last job")
        box.press("Enter")
        expect_parameter(page, "text", "Two+thieves+plan+one+last+job")
        other = fresh()
        other.goto(page.url)
        expect(other.get_by_role("textbox", name="Or type a document of your own")).to_have_value("Two thieves plan one last job")

    def test_the_study_can_be_downloaded(self, page, server):
        go(page, server, "identifiers")
        with page.expect_download() as started:
            page.get_by_role("button", name="Study, JSON").click()
        found = json.loads(started.value.path().read_text("utf-8"))
        assert set(found["schemes"]) >= {"rq-kmeans", "random"}

    def test_a_study_is_made_on_demand_and_watched(self, page, server):
        page.goto(f"{server}/identifiers?build=hostile")
        page.get_by_role("button", name="Compare all schemes").click()
        expect(page.get_by_text("Two trees side by side")).to_be_visible(timeout=120_000)
        assert "One document under every scheme" in subheadings(settled(page))

    @pytest.mark.slow  # AppTest watches it too: tests/app/identifiers/test_scheme_form.py
    def test_other_identifiers_are_built_watched_and_opened(self, page, server):
        page.goto(f"{server}/identifiers?build=hostile&again=true&ids=cluster-index")
        page.get_by_role("button", name="Build hostile-cluster-index").click()
        page.get_by_role("button", name="Open hostile-cluster-index").click(timeout=120_000)
        expect_parameter(page, "build", "hostile-cluster-index")
        expect(page.get_by_text("Report card of cluster-index")).to_be_visible()
        page.goto("about:blank")


class TestCodebooks:
    def test_a_click_on_a_cell_opens_its_code(self, page, server):
        go(page, server, "codebooks")
        box = page.locator("[data-testid=stEChartsChart] canvas").first.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.3)
        expect(page).to_have_url(re.compile(r"code=[12]-\d+"))
        level, code = parameters(settled(page))["code"].split("-")
        assert f"Level {level}, code {code}" in subheadings(page)

    def test_a_code_typed_is_gone_to_and_closed(self, page, server):
        go(page, server, "codebooks")
        box = page.get_by_label("Go to level and code")
        box.fill("2-17")
        box.press("Enter")
        expect_parameter(page, "code", "2-17")
        expect(box).to_have_value("")
        page.get_by_role("button", name="Close").click()
        expect_parameter(page, "code", None)

    def test_the_toggle_is_in_the_url(self, page, server):
        go(page, server, "codebooks")
        page.get_by_text("Given the prefix").click()
        expect_parameter(page, "given", "true")


MAP = "document.querySelector('.st-key-map-picture .js-plotly-plot')"


def expect_marked(page, how: str) -> None:
    """A film is marked as the chosen one, and it is so."""
    page.wait_for_function(f"() => {MAP}.data.some(trace => trace.name === 'chosen' && {how})")


class TestMap:
    def test_a_click_on_a_point_shows_its_nearest_on_the_same_map(self, page, server):
        """The points are not drawn anew: the marks are added to the map that stands there, as it was moved."""
        go(page, server, "map")
        box = page.locator("[data-testid=stPlotlyChart] .nsewdrag").first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.wait_for_function(f"() => {MAP}.dataset.view")  # whoever adds the marks has seen the map
        page.evaluate(f"() => {{ {MAP}.id = 'the-same' }}")
        page.mouse.move(x - 90, y - 90)
        page.mouse.down()
        page.mouse.move(x - 60, y - 90, steps=3)
        page.mouse.up()
        moved = page.evaluate(f"() => {MAP}.layout.xaxis.range")
        page.wait_for_timeout(400)  # else it is a double click, which moves the map back
        page.mouse.move(x, y)
        page.mouse.click(x, y)
        expect(page).to_have_url(re.compile(r"doc=[a-z0-9-]+"))
        assert "Nearest in the original space" in subheadings(settled(page))
        expect_marked(page, "trace.hovertext[0]")
        choose(page, "Find a document", "Seven Samurai")
        expect(page.get_by_text("Marked: Seven Samurai and its nearest documents.")).to_be_visible()
        page.wait_for_function(
            f"() => {MAP}.data.some(trace => trace.name === 'chosen' && trace.hovertext[0] === 'Seven Samurai')"
        )
        assert page.evaluate(f"() => {MAP}.id") == "the-same"
        assert page.evaluate(f"() => {MAP}.layout.xaxis.range") == pytest.approx(moved)
        page.get_by_text("Close-up on the map").click()
        page.wait_for_function(f"was => {MAP}.layout.xaxis.range[0] > was", arg=moved[0])
        expect_marked(page, "trace.hovertext[0] === 'Seven Samurai'")

    def test_a_lasso_lists_what_it_holds(self, page, server):
        go(page, server, "map", lasso="true")
        # Points come with their colours, a message after the chart: before, there is nothing that a lasso could hold.
        page.wait_for_function(f"() => {MAP}.data.some(trace => trace.meta && trace.meta.cloud && trace.x[0] !== null)")
        box = page.locator("[data-testid=stPlotlyChart] .nsewdrag").first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x - 60, y - 60)
        page.mouse.down()
        for dx, dy in ((60, -60), (60, 60), (-60, 60), (-60, -60)):
            page.mouse.move(x + dx, y + dy, steps=5)
        page.mouse.up()
        page.get_by_role("heading", name=re.compile(r"^[\d,]+ selected$")).wait_for()
        page.get_by_role("button", name="Clear").click()
        expect(page.get_by_role("heading", name=re.compile("selected$"))).to_have_count(0)

    def test_a_film_is_found_by_its_title(self, page, server):
        go(page, server, "map")
        choose(page, "Find a document", "Seven Samurai")
        expect_parameter(page, "doc", SAMURAI)
        expect(page.get_by_text(re.compile("^Seven Samurai, identifier"))).to_be_visible()

    def test_colours_are_in_the_url(self, page, server):
        go(page, server, "map", colour="Column", column="genre")
        expect(page.get_by_role("combobox", name="Column")).to_have_value("genre")

    def test_other_colours_come_to_the_same_points(self, page, server):
        go(page, server, "map")
        cloud = f"{MAP}.data.filter(trace => trace.meta && trace.meta.cloud && trace.x[0] !== null)"
        page.wait_for_function(f"() => {cloud}.length === 9")
        page.evaluate(f"() => {{ {MAP}.id = 'the-same' }}")
        before = page.evaluate(f"() => {cloud}.flatMap(trace => trace.customdata).sort((a, b) => a - b)")
        assert len(before) == len(set(before)) == 1201
        page.get_by_test_id("stButtonGroup").filter(has_text="Codes in common").get_by_role("radio", name="2").click()
        page.wait_for_function(f"() => {cloud}.some(trace => trace.text.length)")
        assert page.evaluate(f"() => {cloud}.flatMap(trace => trace.customdata).sort((a, b) => a - b)") == before
        first = page.evaluate(f"() => {cloud}.map(trace => [trace.text.length, trace.marker.color.length, trace.x.length])")
        assert all(len(set(lengths)) == 1 for lengths in first)
        assert page.evaluate(f"() => {MAP}.id") == "the-same"
