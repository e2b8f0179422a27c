"""The app as a person meets it: the real server, Debian's Chromium, real keys and clicks.

Every page opened here is watched: at the end of each test no error may have been written to the console, no script may
have failed and no request may have gone anywhere but to the server.
"""

import csv
import io
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

from app import state
from engine import paths
from engine.store import Build

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
SERVER_STARTS_S, PATIENCE_MS = 120, 60_000
QUERY = "a heist that happens inside dreams"
SAMURAI = "seven-samurai-1954"
# On a deep link Streamlit's client first takes the page's path for the server's; both probes answer 404 and it goes on.
PROBES = re.compile(r"http://127\.0\.0\.1:\d+/[a-z]+/_stcore/(health|host-config)")
TITLES = {
    "": "Watch a model write down the document it wants",
    "decode": "Watch it decode",
    "trie": "The tree of identifiers",
    "compare": "Compare retrievers",
}
DRAWN = {
    "": "[data-testid=stEChartsChart] canvas",
    "decode": "[data-testid=stEChartsChart] svg text",
    "trie": "[data-testid=stPlotlyChart] .slice",
    "compare": "[data-testid=stPlotlyChart] >> nth=1 >> .barlayer .point path",
}


@pytest.fixture(scope="session")
def hostile(hostile_build) -> str:
    """Id of a document of the hostile catalogue."""
    return Build(hostile_build).corpus.documents[3].id


# Notes every change of the URL's step with its moment in milliseconds.
NOTE_STEPS = """() => {
    window.steps = [];
    for (const name of ["pushState", "replaceState"]) {
        const change = history[name];
        history[name] = function (...given) {
            change.apply(this, given);
            window.steps.push([new URLSearchParams(location.search).get("step"), performance.now()]);
        };
    }
}"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(home: Path, log: Path) -> Iterator[str]:
    """The app's own server on a free port; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    with log.open("w") as told:
        process = subprocess.Popen(
            command, cwd=paths.ROOT, env=os.environ | {"TRIESCOPE_HOME": str(home)}, stdout=told, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_healthy(address, process, log)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def wait_until_healthy(address: str, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + SERVER_STARTS_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"the app's server did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def server(films_home, hostile_build, tmp_path_factory) -> Iterator[str]:
    """Serves the films and the hostile catalogue."""
    home = tmp_path_factory.mktemp("served")
    (home / "builds").mkdir()
    (home / "builds" / "films").symlink_to(films_home / "builds" / "films")
    (home / "builds" / "hostile").symlink_to(hostile_build)
    with serving(home, home / "server.log") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM.exists(), f"{CHROMIUM} is missing: install Debian's chromium (apt-get install chromium); .ci/run does"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


Opener = Callable[..., Page]


@pytest.fixture
def fresh(browser) -> Iterator[Opener]:
    """Opens a page in a context of its own, as another visitor would, and watches it."""
    faults: list[str] = []
    contexts = []

    def opener(**options) -> Page:
        context = browser.new_context(**({"viewport": {"width": 1400, "height": 1000}} | options))
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        watch(page, faults)
        return page

    expect.set_options(timeout=PATIENCE_MS)
    yield opener
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(fresh) -> Page:
    return fresh()


def watch(page: Page, faults: list[str]) -> None:
    def console(message: ConsoleMessage) -> None:
        if message.type == "error" and not PROBES.fullmatch(message.location.get("url", "")):
            faults.append(f"console: {message.text} ({message.location.get('url')})")

    def requested(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            faults.append(f"left this machine: {url}")

    page.on("console", console)
    page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
    page.on("request", lambda request: requested(request.url))
    page.on("websocket", lambda websocket: requested(websocket.url))
    page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))


def go(page: Page, server: str, name: str, **parameters: object) -> Page:
    """Open a deep link and wait until its picture stands."""
    page.goto(f"{server}/{name}?{urlencode(parameters)}")
    return landed(page, name)


def landed(page: Page, name: str) -> Page:
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[name])
    page.locator(DRAWN[name]).first.wait_for()
    return settled(page)


def settled(page: Page) -> Page:
    """The script has ended and the client has attached its keys and clicks to what it drew."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.evaluate("() => new Promise(done => requestIdleCallback(() => requestAnimationFrame(() => requestIdleCallback(done))))")
    return page


def parameters(page: Page) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query).items()}


def expect_parameter(page: Page, name: str, value: str | None) -> None:
    """Wait until a URL parameter has a value, or is gone."""
    if value is None:
        expect(page).not_to_have_url(re.compile(rf"[?&]{name}="))
    else:
        expect(page).to_have_url(re.compile(rf"[?&]{name}={re.escape(value)}(&|$)"))
    settled(page)


def beam_nodes(page: Page) -> Locator:
    """The codes written on the nodes of the beam picture; axis labels are grey."""
    return page.locator("[data-testid=stEChartsChart] svg text[fill='#FFFFFF' i]")


def slices(page: Page) -> Locator:
    return page.locator("[data-testid=stPlotlyChart] .slice")


def subheadings(page: Page) -> list[str]:
    return page.get_by_role("heading", level=3).all_inner_texts()


def slider(page: Page, label: str) -> Locator:
    return page.get_by_role("slider", name=label)


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

    def test_an_example_opens_decode(self, page, server):
        go(page, server, "").get_by_role("radio", name=state.EXAMPLES[3]).click()
        landed(page, "decode")
        assert parameters(page)["query"] == state.EXAMPLES[3]

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
        for key, step in (("ArrowLeft", "3"), ("ArrowLeft", "2"), ("ArrowRight", "3"), ("ArrowRight", None)):
            page.keyboard.press(key)
            expect_parameter(page, "step", step)
            expect(beam_nodes(page)).to_have_count(10 * int(step or 4))
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

    def test_play_ends_at_the_last_level(self, page, server):
        go(page, server, "decode", query=QUERY, step=2)
        page.get_by_role("button", name="Play", exact=True).click()
        expect_parameter(page, "step", None)  # the default, the last level, is left out of the URL
        expect(beam_nodes(page)).to_have_count(40)
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()

    def test_play_shows_each_level_for_most_of_a_second(self, page, server):
        go(page, server, "decode", query=QUERY, step=2)
        page.evaluate(NOTE_STEPS)
        page.get_by_role("button", name="Play", exact=True).click()
        expect_parameter(page, "step", None)
        since: dict[str, float] = {}
        for step, moment in page.evaluate("window.steps"):
            since.setdefault(step or "4", moment)
        assert list(since) == ["0", "1", "2", "3", "4"]
        assert all(later - earlier > 500 for earlier, later in itertools.pairwise(since.values()))

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
        cell.click()
        expect_parameter(page, "prefix", "15")
        slices(page).nth(1).click()
        expect(page).to_have_url(re.compile(r"prefix=15-\d+"))
        settled(page).locator(DRAWN["trie"]).first.click()
        expect_parameter(page, "prefix", "15")
        slices(page).first.click()
        expect_parameter(page, "prefix", None)
        expect(slices(page).first).to_contain_text("all documents")

    def test_the_way_back_leads_to_what_was_seen_before(self, page, server):
        go(page, server, "trie")
        slices(page).filter(has_text=re.compile("^15 · ")).first.click()
        expect_parameter(page, "prefix", "15")
        page.go_back()
        expect_parameter(page, "prefix", None)
        expect(slices(page).first).to_contain_text("all documents")

    def test_a_film_is_found_by_its_title(self, page, server, films):
        go(page, server, "trie")
        page.get_by_role("combobox", name="Find a document").fill("Seven Samurai")
        page.get_by_role("option", name="Seven Samurai").click()
        expect_parameter(page, "doc", SAMURAI)
        path = films.identifier(films.row_of[SAMURAI])
        expect(page.get_by_text(f"Seven Samurai has identifier {path}")).to_be_visible()
        expect_parameter(page, "prefix", "-".join(path.split("-")[:-2]))
        outlined = slices(page).filter(has=page.locator("path.surface[style*='rgb(213, 94, 0)']"))
        expect(outlined.first).to_be_visible()

    def test_unpin_takes_the_film_off(self, page, server):
        go(page, server, "trie", doc=SAMURAI).get_by_role("button", name="Unpin").click()
        expect_parameter(page, "doc", None)
        expect(page.get_by_text("has identifier")).to_have_count(0)

    def test_the_levels_shown_are_in_the_url(self, page, server):
        go(page, server, "trie").get_by_test_id("stButtonGroup").get_by_text("1", exact=True).click()
        expect_parameter(page, "depth", "1")
        expect(slices(page)).to_have_count(33)


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
        assert [slider(other, "Beams kept").input_value(), *subheadings(other)] == ["7", *subheadings(first)]
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
        assert [slider(page, name).input_value() for name in ("Results shown", "Beams kept")] == ["7", "20"]
        expect(page.get_by_text("rank if nothing were cut")).to_be_visible()
        expect(page.get_by_role("combobox", name="Pin a document")).to_have_value(re.compile("^Seven Samurai"))

    def test_a_reload_changes_nothing(self, page, server):
        before = parameters(go(page, server, "decode", query=QUERY, beams=5, step=1))
        page.reload()
        assert parameters(landed(page, "decode")) == before
        expect(beam_nodes(page)).to_have_count(5)


PLACES = {
    "": {},
    "decode": {"query": QUERY, "node": "16"},
    "trie": {"prefix": "15", "doc": SAMURAI},
    "compare": {"query": QUERY, "doc": SAMURAI},
}


@pytest.mark.parametrize("width", [1400, 800])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_its_window_on_light_and_dark(fresh, server, scheme, width):
    page = fresh(color_scheme=scheme, viewport={"width": width, "height": 900})
    for name, asked in PLACES.items():
        go(page, server, name, **asked)
        assert overflow(page) == [0, 0], f"/{name} is wider than its window"
        ground = page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
        assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 24, 31)"}[scheme]


def overflow(page: Page) -> list[int]:
    """Pixels by which the main block and the page are wider than what is visible of them."""
    return page.evaluate("""() => ["[data-testid=stMainBlockContainer]", "[data-testid=stMain]"].map(name => {
        const block = document.querySelector(name);
        return Math.max(0, block.scrollWidth - block.clientWidth);
    })""")


class TestDownloads:
    """What is made on demand is asked for first: while the run that another download starts goes on, its old name is void."""

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


class TestHostileText:
    """A catalogue's text is text: it becomes no markup, and it makes the browser ask nobody for anything."""

    def test_on_start_and_decode(self, page, server, hostile):
        assert_plain(go(page, server, "", build="hostile"))
        assert_plain(go(page, server, "decode", build="hostile", query=f"dreams {hostile}"))

    def test_on_a_leaf_of_the_trie(self, page, server, hostile):
        go(page, server, "trie", build="hostile", doc=hostile)
        page.get_by_role("button", name="Unpin").wait_for()
        assert_plain(page)

    def test_of_a_pinned_document(self, page, server, hostile):
        assert_plain(go(page, server, "compare", build="hostile", query="dreams", doc=hostile))

    def test_in_the_address(self, page, server):
        go(page, server, "trie", prefix="![x](http://127.0.0.1:9/a.png)")
        page.get_by_text("showing the root").wait_for()
        assert_plain(page)


def assert_plain(page: Page) -> None:
    """No image and no foreign link in what the page wrote as text."""
    written = page.locator("[data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]")
    assert written.locator("img").count() == 0
    targets = written.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert [target for target in targets if "192.0.2.1" in urlsplit(target).netloc] == []


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
