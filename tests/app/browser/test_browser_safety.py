"""Nobody gets in: hostile text stays text on every page and in every parameter of the address, and no request leaves."""

import re
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from app.charts import curves
from engine.builds.history import Evaluation
from engine.builds.opened import Build
from engine.pictures import beam_points
from engine.pictures import page as decoded
from tests.app import hostile
from tests.app.browser.driving import PATIENCE_MS, TITLES, landed, serious, serving, settled, subheadings, watch
from tests.engine.pictures.shows import WILD, shown_of
from tests.homes import shared_home

pytestmark = pytest.mark.browser

IMAGE = hostile.TEXTS[0]
# Whatever an address may say; what a page does not know it does not read.
WORDS = (
    "query filter force ban branch prefix doc node run columns strategy beside scorer code colour column kind ids a b at build"
)
NUMBERS = "step k beams temperature seed depth codes neighbours minutes again table lasso close given judge"


@pytest.fixture(scope="session")
def hostile_home(tmp_path_factory):
    with shared_home(tmp_path_factory, "hostile-served") as home:
        if not (home / "builds" / hostile.NAME).exists():
            hostile.furnish(home)
    return home


@pytest.fixture(scope="module")
def hostile_server(hostile_home, tmp_path_factory):
    with serving(hostile_home, tmp_path_factory.mktemp("hostile") / "server.log") as address:
        yield address


@pytest.fixture(scope="module")
def opened(hostile_home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(hostile_home))
        yield Build(hostile_home / "builds" / hostile.NAME)


def usual(opened: Build) -> dict[str, str]:
    """An address whose every part is there, so that the pages show what they know."""
    return {
        "query": f"dreams {IMAGE}",
        "doc": opened.documents[1].id,
        "prefix": opened.identifier(1).rpartition("-")[0],
        "node": opened.identifier(1).partition("-")[0],
        "beside": "exact",
        "run": "node",
        "code": "1-0",
        "colour": "Column",
        "columns": "bm25",
    }


@pytest.fixture(scope="module")
def walker(browser):
    """One visitor who sees all pages, so that the client is loaded once, and what was wrong on the way."""
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    watch(page, faults)
    expect.set_options(timeout=PATIENCE_MS)
    yield page, faults
    context.close()


@pytest.mark.parametrize("name", TITLES)
def test_a_hostile_build_is_text_on_every_page(walker, hostile_server, opened, name):
    page, faults = walker
    visit(page, hostile_server, name, usual(opened))
    assert_plain(page)
    hover(page)
    assert faults == []


@pytest.mark.parametrize("name", TITLES)
def test_a_hostile_address_is_text_on_every_page(walker, hostile_server, name):
    """All of it at once; then, where a filter or a query stops a page early, what comes after them."""
    page, faults = walker
    everything = dict.fromkeys(WORDS.split(), hostile.WILD) | dict.fromkeys(NUMBERS.split(), IMAGE)
    visit(page, hostile_server, name, everything)
    assert_plain(page)
    later = {"query": "dreams", "force": IMAGE, "ban": f"{hostile.WILD},{IMAGE}", "node": IMAGE, "doc": IMAGE, "prefix": IMAGE}
    visit(page, hostile_server, name, later)
    assert_plain(page)
    assert faults == []


def test_a_table_has_no_download_that_writes_formulas(walker, hostile_server):
    page, faults = walker
    visit(page, hostile_server, "", {})
    page.locator("[data-testid=stDataFrame]").first.hover()
    expect(page.get_by_role("button", name="Search").first).to_be_visible()
    expect(page.get_by_role("button", name="Download as CSV")).to_have_count(0)
    assert page.locator("[aria-label^='Download as CSV']").count() > 0, "Streamlit calls it something else now"
    assert faults == []


@pytest.fixture(autouse=True)
def of_this_test_alone(walker):
    walker[1].clear()


def visit(page: Page, server: str, name: str, parameters: dict[str, str]) -> None:
    page.goto(f"{server}/{name}?{urlencode(parameters)}")
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[name])
    settled(page)


def hover(page: Page) -> None:
    """Move over the pictures, whose tooltips are HTML."""
    for picture in page.locator("[data-testid=stEChartsChart], [data-testid=stPlotlyChart]").all()[:2]:
        if box := picture.bounding_box():
            for x, y in ((0.5, 0.3), (0.3, 0.5), (0.7, 0.6)):
                page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
                page.wait_for_timeout(40)


def assert_plain(page: Page) -> None:
    """No image, no script and no way to another host in anything that the page drew."""
    assert page.locator("[data-testid=stException]").count() == 0
    main = page.get_by_test_id("stMain")
    assert main.locator("script:not(.st-key-scripts *)").count() == 0  # our own is there
    sources = main.locator("img").evaluate_all("found => found.map(one => one.src)")
    assert [source for source in sources if not source.startswith("data:")] == []
    targets = page.locator("a").evaluate_all("found => found.map(one => one.href.baseVal ?? one.href)")
    foreign = [
        one for one in targets if urlsplit(one).scheme not in ("", "http") or urlsplit(one).hostname not in (None, "127.0.0.1")
    ]
    assert set(foreign) <= {hostile.POSTER}
    coloured = main.locator("[data-testid=stMarkdownContainer] span.stMarkdownColoredText", has_text=re.compile("^x$"))
    assert coloured.count() == 0


@contextmanager
def alone(fresh, file):
    """A file opened in a browser without a network, and every request that it makes."""
    page, asked = fresh(offline=True), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.locator(".plotly .main-svg").first.wait_for()
    yield page
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_a_picture_saved_as_a_file_asks_nobody(fresh, tmp_path):
    """It plays, is gone through by keys, saves an image, and meets nothing that its policy forbids: that would be an error."""
    shown = shown_of([(0, 1), (0, 2), (3, 0), (3, 1)], beams=2, name=hostile.WILD + WILD, told=WILD)
    file = tmp_path / "decode.html"
    file.write_text(decoded.page(decoded.Asked(WILD, hostile.WILD, hostile.NAME), [shown]), "utf-8")
    page, asked = fresh(offline=True), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    play, slider = page.get_by_role("button", name="Play"), page.get_by_role("slider", name="Levels shown")
    for key, level in (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        expect(slider).to_have_value(str(level))
        assert page.locator("svg g:not(.off) .box").count() == len(
            beam_points.points(shown.trace, shown.tree, shown.names, level)
        )
        expect(page.locator(f".says [data-say='{level}']")).to_be_visible()
        expect(page.locator(".says li:visible")).to_have_count(1)
    play.click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(slider).to_have_value("2")
    expect(play).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as PNG").click()
    with Image.open(saved.value.path()) as image:
        box = page.locator("svg").evaluate("svg => [2 * svg.getAttribute('width'), 2 * svg.getAttribute('height')]")
        assert list(image.size) == box
        assert len(image.convert("RGB").getcolors(1 << 20)) > 20
    assert page.locator("main img, main script, main a").count() == 0
    assert serious(page) == {}
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_curves_saved_as_a_file_ask_nobody(fresh, tmp_path, opened):
    history = [Evaluation.model_validate(hostile._evaluation(opened, step)) for step in (0, 5)]
    rows = curves.table(history)
    figures = [curves.quality(rows, hostile.WILD, None, 5), curves.accuracy(rows), curves.losses(rows)]
    file = tmp_path / "curves.html"
    file.write_text(curves.page(hostile.WILD, hostile.WILD, figures), "utf-8")
    with alone(fresh, file) as page:
        hover_file(page)
        assert page.locator("h1 img, p img, h1 script, p script, h1 a, p a").count() == 0


def hover_file(page: Page) -> None:
    for mark in page.locator(".plotly .points path").all()[:2]:
        mark.hover(force=True)
    assert page.locator(".plotly .main-svg a, .hoverlayer a").count() == 0


def test_the_first_visit_builds_the_films(fresh, warm_home):
    page = fresh()
    with serving(warm_home, warm_home / "server.log") as address:
        page.goto(address)
        page.get_by_role("button", name="Build the films catalogue").click()
        page.get_by_role("button", name="Cancel").wait_for()
        expect(page.get_by_role("progressbar")).to_be_visible()
        landed(page, "")
        assert "The open build: films" in subheadings(page)
        page.goto("about:blank")  # leave before the server does, or the client complains of it
