"""Hostile text stays text, and the first visit builds the catalogue."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from engine.builds.opened import Build
from tests.app.browser.driving import (
    go,
    landed,
    serving,
    subheadings,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def hostile(hostile_build) -> str:
    """Id of a document of the hostile catalogue."""
    return Build(hostile_build).corpus.documents[3].id


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
