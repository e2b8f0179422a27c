"""Driving the app in Debian's Chromium: its own server, and what a test does and reads on a page.

Every page opened by the fixture ``fresh`` is watched: at the end of each test no error may have been written to the console, no
script may have failed and no request may have gone anywhere but to the server.
"""

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
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from engine import paths

# The shell draws the same pages as the browser, without the browser around them, for half of the processor's time.
CHROMIUMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
# What moves on a page is painted sixty times a second, without a graphics card by the processor: most of what a page would cost.
USUAL = {"viewport": {"width": 1400, "height": 1000}, "reduced_motion": "reduce"}
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
    "evaluate": "Evaluate retrievers",
    "verdict": "Does generative retrieval suit this catalogue?",
    "claims": "Claims of the field, made anew here",
    "catalogue": "Your own catalogue",
    "builds": "Builds",
    "identifiers": "Identifiers: which scheme suits this catalogue?",
    "codebooks": "Codebooks: which codes are used?",
    "train": "Train a scorer",
    "map": "A map of the documents",
    "sessions": "What comes next",
    "glossary": "The words",
}
DRAWN = {
    "": "[data-testid=stEChartsChart] canvas",
    "decode": "[data-testid=stEChartsChart] svg text",
    "trie": "[data-testid=stPlotlyChart] .barlayer .point",
    "compare": "[data-testid=stPlotlyChart] .scatterlayer .trace",
    "evaluate": "[data-testid=stExpander]",
    "verdict": "[data-testid=stNumberInput]",
    "claims": "[data-testid=stPlotlyChart] .scatterlayer .trace",
    "catalogue": "[data-testid=stFileUploaderDropzone]",
    "builds": "[data-testid=stDataFrame]",
    "identifiers": "[data-testid=stPlotlyChart] .scatterlayer .point",
    "codebooks": "[data-testid=stEChartsChart] canvas",
    "train": "[data-testid=stPlotlyChart] .scatterlayer .trace",
    "map": "[data-testid=stPlotlyChart] canvas",
    "sessions": "[data-testid=stAlert], [data-testid=stEChartsChart]",
    "glossary": "[data-testid=stHeading] h3",
}

Opener = Callable[..., Page]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(home: Path, log: Path) -> Iterator[str]:
    """The app's own server on a free port; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "app.serve", "--server.port", str(port)]
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


def watch(page: Page, faults: list[str]) -> None:
    def console(message: ConsoleMessage) -> None:
        if message.type == "error" and not PROBES.fullmatch(message.location.get("url", "")):
            faults.append(f"console: {message.text} ({message.location.get('url')})")

    def requested(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "file") and parts.hostname != "127.0.0.1":
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


def choose_page(page: Page, group: str, name: str) -> None:
    """Go to a page by the menu of its group."""
    page.get_by_test_id("stTopNavSection").filter(has_text=group).click()
    page.get_by_role("menuitem", name=name).click()


def landed(page: Page, name: str) -> Page:
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[name])
    page.locator(DRAWN[name]).first.wait_for()
    return settled(page)


def settled(page: Page) -> Page:
    """The script has ended and the client has attached its keys and clicks to what it drew."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    # A page that Chromium does not paint just then gets no animation frame, and nothing else would end the wait.
    page.evaluate("""() => new Promise(done => {
        setTimeout(done, 3000);
        requestIdleCallback(() => requestAnimationFrame(() => requestIdleCallback(done)));
    })""")
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


def choose(page: Page, label: str, title: str) -> None:
    """Search a document in a picker by its title, and choose it."""
    page.get_by_role("searchbox", name=label).fill(title)
    page.get_by_role("combobox", name=re.compile(r"^\d+ found")).click()
    page.get_by_role("option", name=re.compile(f"^{title}")).click()


def beam_nodes(page: Page) -> Locator:
    """The codes written on the nodes of the beam picture; axis labels are grey, and what is gathered says +N."""
    return page.locator("[data-testid=stEChartsChart] svg text[fill='#FFFFFF' i]").filter(has_text=re.compile(r"^\d+$"))


def slices(page: Page) -> Locator:
    """The cells of the trie's picture. Plotly lays its own sheet over them, so a click has to be forced through."""
    return page.locator("[data-testid=stPlotlyChart] .barlayer .point")


def saved_and_opened(page: Page, fresh: Opener, button: str, file: Path) -> Page:
    """Download what a button offers and open it in a browser without a network."""
    with page.expect_download() as started:
        page.get_by_role("button", name=button).click()
    started.value.save_as(file)
    alone = fresh(offline=True)
    alone.goto(file.as_uri())
    return alone


def subheadings(page: Page) -> list[str]:
    return page.get_by_role("heading", level=2).all_inner_texts()


def slider(page: Page, label: str) -> Locator:
    return page.get_by_role("slider", name=label)


def serious(page: Page) -> dict[str, list[str]]:
    """Rules broken seriously, each with the elements that break it."""
    violations = Axe().run(page).response["violations"]
    return {
        violation["id"]: [node["html"][:200] for node in violation["nodes"]]
        for violation in violations
        if violation["impact"] in ("serious", "critical")
    }
