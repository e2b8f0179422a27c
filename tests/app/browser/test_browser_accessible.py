"""What axe-core finds on every page, on light and dark; headings without a jump; text of charts that can be read; no page wider
than its window."""

import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from tests.app.browser.driving import QUERY, SAMURAI, go, serious, settled
from tests.app.test_contrast import contrast

pytestmark = pytest.mark.browser

PLACES = {
    "": {},
    "decode": {"query": QUERY, "doc": SAMURAI, "tour": "3", "beams": "10"},
    "trie": {"doc": SAMURAI},
    "compare": {"query": QUERY, "doc": SAMURAI},
    "evaluate": {},
    "verdict": {},
    "claims": {"claim": "bounded-recall"},
    "catalogue": {},
    "builds": {},
    "identifiers": {},
    "codebooks": {"code": "1-17"},
    "train": {"build": "sixty", "run": "node"},
    "map": {"doc": SAMURAI},
    "sessions": {"history": SAMURAI},
    "glossary": {"word": "beam"},
}
GROUND = {"light": "#ffffff", "dark": "#11181f"}
LEVELS = "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(heading => Number(heading.tagName[1]))"
# Marks carry their codes in white, cells their words in an ink of their own; all other text stands on the page.
TEXTS = """() => [...document.querySelectorAll('[data-testid=stEChartsChart] svg text, [data-testid=stPlotlyChart] svg text')]
    .filter(text => !text.closest('.slice, .bars')).map(text => getComputedStyle(text).fill)"""


# Two parts, so that two workers can share them; a page is loaded once and looked at in every light and width.
PARTS = [list(PLACES)[:5], list(PLACES)[5:]]


@pytest.mark.parametrize("names", PARTS, ids=lambda names: f"{len(names)} pages")
def test_every_page_can_be_read_and_fits_its_window_on_light_and_dark(fresh, server, names):
    page = fresh(color_scheme="light", viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    found = {}
    for name in names:
        go(page, server, name, **PLACES[name])
        levels = page.evaluate(LEVELS)
        assert levels[0] == 1
        assert levels.count(1) == 1, name
        assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels)), name
        for scheme, ground in GROUND.items():
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            expect(page.get_by_test_id("stApp")).to_have_css("background-color", rgb(ground))
            found |= {(name, scheme, rule): nodes for rule, nodes in serious(settled(page)).items()}
            for fill in set(page.evaluate(TEXTS)) - {"rgb(255, 255, 255)"}:
                colour = "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", fill)[:3])
                assert contrast(colour, ground) >= 4.5, (name, scheme, fill)
            for width in (800, 1400):
                page.set_viewport_size({"width": width, "height": 900})
                assert overflow(settled(page)) == [0, 0], f"/{name} is wider than its window of {width} pixels, {scheme}"
    assert found == {}


def rgb(colour: str) -> str:
    """As a browser says it."""
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def overflow(page: Page) -> list[int]:
    """Pixels by which the main block and the page are wider than what is visible of them."""
    return page.evaluate("""() => ["[data-testid=stMainBlockContainer]", "[data-testid=stMain]"].map(name => {
        const block = document.querySelector(name);
        return Math.max(0, block.scrollWidth - block.clientWidth);
    })""")
