"""A catalogue of one's own in the browser: a file handed over, its columns named, built, opened, and searched."""

import pytest
from playwright.sync_api import expect

from tests.app.browser.driving import go, landed, serving, settled
from tests.homes import known_home, link_cache

pytestmark = pytest.mark.browser
CUPS = ["blue cup of clay", "green teapot with a lid", "red bowl for soup", "white plate for cake", "small jug for milk"]
BUILT_MS = 180_000


@pytest.fixture
def server(tmp_path, tmp_path_factory):
    (tmp_path / "builds").mkdir()
    link_cache(known_home(tmp_path_factory), tmp_path)
    with serving(tmp_path, tmp_path / "server.log") as address:
        yield address


def test_a_file_is_handed_over_mapped_built_and_searched(server, page, tmp_path):
    file = tmp_path / "shop.csv"
    rows = [f"{number},Ware {number},{text},{text.split()[0]}" for number, text in enumerate(CUPS)]
    file.write_text("\n".join(["sku,name,blurb,colour", *rows]) + "\n", "utf-8")
    go(page, server, "catalogue")
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.get_by_role("button", name="Build shop")).to_be_visible()
    box = page.get_by_role("combobox", name="Text", exact=True)
    box.click()
    box.fill("blurb")
    page.get_by_role("option", name="blurb", exact=True).click()
    settled(page)
    expect(page.get_by_text("Ware 0")).to_be_visible()  # what the encoder sees of the first document
    page.get_by_role("button", name="Build shop").click()
    page.get_by_role("button", name="Open shop").click(timeout=BUILT_MS)
    settled(page)
    go(page, server, "compare", build="shop", query="something to pour tea from", columns="dense")
    cards = page.get_by_test_id("stMain").get_by_text("Ware 1")
    expect(cards.first).to_be_visible()
    landed(page, "compare")
