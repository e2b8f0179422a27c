"""What axe-core finds on every page, on light and dark; headings without a jump; text of charts that can be read."""

import itertools
import re

import pytest

from tests.app.browser.driving import QUERY, SAMURAI, go, serious
from tests.app.test_contrast import contrast

pytestmark = pytest.mark.browser

PLACES = {
    "": {},
    "decode": {"query": QUERY, "doc": SAMURAI, "tour": "3", "beams": "10"},
    "trie": {"doc": SAMURAI},
    "compare": {"query": QUERY, "doc": SAMURAI},
    "identifiers": {},
    "codebooks": {"code": "1-17"},
    "train": {"build": "sixty", "run": "node"},
    "map": {"doc": SAMURAI},
    "glossary": {"word": "beam"},
}
GROUND = {"light": "#ffffff", "dark": "#11181f"}
LEVELS = "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(heading => Number(heading.tagName[1]))"
# Marks carry their codes in white, cells their words in an ink of their own; all other text stands on the page.
TEXTS = """() => [...document.querySelectorAll('[data-testid=stEChartsChart] svg text, [data-testid=stPlotlyChart] svg text')]
    .filter(text => !text.closest('.slice, .bars')).map(text => getComputedStyle(text).fill)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(fresh, server, scheme):
    page = fresh(color_scheme=scheme, viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    found = {}
    for name, asked in PLACES.items():
        go(page, server, name, **asked)
        found |= {(name, rule): nodes for rule, nodes in serious(page).items()}
        levels = page.evaluate(LEVELS)
        assert levels[0] == 1
        assert levels.count(1) == 1, name
        assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels)), name
        for fill in set(page.evaluate(TEXTS)) - {"rgb(255, 255, 255)"}:
            colour = "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", fill)[:3])
            assert contrast(colour, GROUND[scheme]) >= 4.5, (name, fill)
    assert found == {}
