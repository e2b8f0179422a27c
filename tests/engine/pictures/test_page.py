"""The file that plays: strict about what it lets in, text whatever comes from people, and the same figures as the trace."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from engine.pictures.page import COLUMNS, Asked, page
from engine.pictures.shown import drawn
from tests.engine.pictures.shows import WILD, shown_of

WORDS = [(0, 1, 0), (0, 1, 1), (0, 2), (3, 0), (3, 1), (4, 4, 4), (5,)]
TAGS = set(
    "html head meta link title style body main h1 h2 bdi p div button label input figure ul ol li svg clippath rect g text path "
    "details summary table thead tbody tr th td script span".split()
)
RAW = ("style", "script")


class Reader(HTMLParser):
    """Elements with their attributes, and the text inside each kind."""

    def __init__(self, text):
        super().__init__()
        self.found, self.texts, self.inside = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "input"):
            self.inside.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.inside.pop() == tag

    def handle_data(self, data):
        if self.inside:
            self.texts.setdefault(self.inside[-1], []).append(data)

    def attributes(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def wild():
    shows = [shown_of(WORDS, seed, name=WILD, told=WILD) for seed in (0, 1)]
    return page(Asked(WILD, WILD, WILD, (WILD,)), shows)


def test_whatever_the_texts_there_is_nothing_in_it_but_what_it_is_made_of(wild):
    wild.encode("utf-8")
    read = Reader(wild)
    assert read.inside == []
    assert {tag for tag, _ in read.found} <= TAGS
    names = {name for _, attributes in read.found for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("src", "style", "srcdoc", "xlink:href", "action")]
    assert [attributes["href"] for _, attributes in read.found if "href" in attributes] == ["data:,"]
    assert "evil" in "".join(read.texts["bdi"])
    assert "\u202e" not in wild


def test_its_policy_lets_in_its_own_styles_and_script_and_nothing_else(wild):
    read = Reader(wild)
    policy = next(m["content"] for m in read.attributes("meta") if m.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules.pop("default-src") == rules.pop("base-uri") == rules.pop("form-action") == "'none'"
    assert rules.pop("img-src") == "data:"
    for kind, rule in (("style", "style-src"), ("script", "script-src")):
        hashes = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in read.texts[kind]}
        assert set(rules.pop(rule).split()) == {f"'sha256-{one}'" for one in hashes}
    assert rules == {}


def test_no_text_of_its_own_names_another_place():
    text = page(Asked("q", "films", "centroid"), [shown_of(WORDS)])
    assert set(re.findall(r"https?://[^\"'\s)]+", text)) == {"http://www.w3.org/2000/svg"}


def test_it_says_what_was_asked_and_what_was_written():
    shown = shown_of(WORDS, beams=2)
    read = Reader(page(Asked("a query", "films", "centroid", ("strategy beam",)), [shown]))
    assert read.texts["bdi"][:5] == ["a query", "build films", "scorer centroid", "2 beams", "strategy beam"]
    rows = shown.trace.documents(shown.tree, 10)[0]
    titles = [text for text in read.texts["bdi"] if re.fullmatch(r"words of \d+", text)]
    assert titles[: len(rows)] == [f"words of {row}" for row in rows]


def test_the_table_has_a_row_for_each_point():
    shown = shown_of(WORDS, beams=2)
    read = Reader(page(Asked("q", "films", "centroid"), [shown]))
    assert len(read.attributes("tr")) == len(drawn(shown).points)
    assert read.texts["th"] == list(COLUMNS)


def test_two_decodes_are_named_and_played_together():
    shows = [shown_of(WORDS, 0, told="beam"), shown_of(WORDS, 1, told="beam, banned 0")]
    read = Reader(page(Asked("q", "films", "centroid"), shows))
    assert len(read.attributes("svg")) == 2
    assert len({one["height"] for one in read.attributes("svg")}) == 1
    assert len(read.attributes("script")) == 1
    assert {"beam", "beam, banned 0"} <= set(read.texts["bdi"])
