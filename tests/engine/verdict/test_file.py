"""The file to hand to a colleague: nothing in it but what it is made of, whatever the catalogue says of itself."""

import base64
import hashlib
import math
import re
from html.parser import HTMLParser

import pytest
from pydantic import ValidationError

from engine.verdict import page
from engine.verdict.rule import Answer, Compared
from engine.verdict.shown import Dot, Picture, Point, Section, Verdict
from engine.verdict.svg import svg, ticks

WILD = "</style></svg><script>alert(1)</script><img src=http://192.0.2.1/a onerror=x> \u202e ' \" & \ud800 evil"
TAGS = set(
    "html head meta link title style body main h1 h2 bdi p div strong ul li code figure svg g text line circle polyline rect "
    "details summary table thead tbody tr th td section".split()
)


def verdict_of(text: str, **changes) -> Verdict:
    """A verdict in which every text is ``text``."""
    dots = Picture(kind="dots", x=text, dots=(Dot(name=text, mean=0.2, low=0.1, high=0.3), Dot(name=text, mean=0.5)), at=-0.01)
    lines = Picture(kind="lines", x=text, y=text, lines={text: (Point(x=10, y=1), Point(x=100, y=8, low=5, high=9))}, log=True)
    cells = Picture(kind="cells", x="", y=text, across=(text, text), down=(text,), cells=((0.25, 0.75),))
    sections = tuple(
        Section(
            key=f"key{place}",
            title=text,
            says=text,
            picture=picture,
            beside=None if picture else cells,
            columns=(text, "n"),
            rows=((text, 3), (None, 0.25)),
            notes=(text,),
            command=text,
        )
        for place, picture in enumerate((dots, lines, None))
    )
    known = {
        "build": text,
        "corpus": text,
        "documents": 3,
        "manifest": "0",
        "scorer": text,
        "scorer_stamp": text,
        "made": "2026-01-01T00:00:00",
        "device": text,
        "seconds": 1.0,
        "seed": 0,
        "beams": 100,
        "budget_ms": 100.0,
        "judged_by": text,
        "made_up": True,
        "answer": Answer(word="no", because=(text,)),
        "compared": (Compared(ours=text, theirs=text, mean=0, low=0, high=0),),
        "sections": sections,
    }
    return Verdict(**known | changes)


class Reader(HTMLParser):
    """Elements with their attributes; what is opened is closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.found, self.styles, self.inside = [], [], []
        self.feed(text)
        assert self.inside == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in ("meta", "link"):
            self.inside.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.inside.pop() == tag

    def handle_data(self, data):
        if self.inside[-1:] == ["style"]:
            self.styles.append(data)


@pytest.fixture(scope="module")
def wild():
    return page.html(verdict_of(WILD))


def test_whatever_the_texts_there_is_nothing_in_it_but_what_it_is_made_of(wild):
    wild.encode("utf-8")
    read = Reader(wild)
    assert {tag for tag, _ in read.found} == TAGS
    names = {name for _, attributes in read.found for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("src", "style", "srcdoc", "xlink:href", "action")]
    assert [attributes["href"] for _, attributes in read.found if "href" in attributes] == ["data:,"]
    assert wild.count("evil") > 10
    assert "\u202e" not in wild


def test_its_policy_lets_in_its_style_alone(wild):
    read = Reader(wild)
    policy = next(one["content"] for _, one in read.found if one.get("http-equiv") == "Content-Security-Policy")
    (style,) = read.styles
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'sha256-{hashed}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert set(re.findall(r"https?://[^\"'\s)]+", page.html(verdict_of("x")))) == {"http://www.w3.org/2000/svg"}
    assert "prefers-color-scheme: dark" in style


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "dots", "x": "x"},
        {"kind": "lines", "x": "x", "lines": {"a": []}},
        {"kind": "lines", "x": "x", "lines": {"a": [{"x": 0, "y": 1}]}},
        {"kind": "dots", "x": "x", "dots": [{"name": "a", "mean": math.nan}]},
        {"kind": "dots", "x": "x", "dots": [{"name": "a", "mean": 1}], "at": math.inf},
        {"kind": "cells", "x": "x", "across": ["a"], "down": ["b"], "cells": [[0.5, 0.5]]},
        {"kind": "cells", "x": "x", "across": ["a"], "down": ["b"], "cells": [[2.0]]},
    ],
)
def test_a_picture_that_cannot_be_drawn_is_none_and_a_row_has_a_cell_a_column(broken):
    with pytest.raises(ValidationError):
        Picture.model_validate(broken)
    with pytest.raises(ValidationError):
        Section(key="k", title="t", says="s", columns=("a",), rows=((1, 2),), command="c")


def test_it_gives_the_answer_its_reasons_and_the_rule():
    told = page.html(verdict_of("reason"))
    assert "No: generative retrieval does not suit this catalogue." in told
    assert "It rests on pseudo-queries" in told
    assert "so that there is no answer" in page.html(verdict_of("x", answer=None))


def test_dots_and_lines_stand_where_their_values_are():
    drawn = svg(Picture(kind="dots", x="x", dots=(Dot(name="a", mean=0.0), Dot(name="b", mean=0.5), Dot(name="c", mean=1.0))))
    first, middle, last = (float(x) for x in re.findall(r'<circle class="mark" cx="([\d.]+)"', drawn))
    assert middle == pytest.approx((first + last) / 2, abs=0.2)
    line = tuple(Point(x=10**power, y=10**power) for power in (1, 2, 3))
    places = re.findall(r'points="([^"]+)"', svg(Picture(kind="lines", x="x", lines={"a": line}, log=True)))[0].split()
    (x0, y0), (x1, y1), (x2, y2) = (map(float, place.split(",")) for place in places)
    assert (x1 - x0, y1 - y0) == pytest.approx((x2 - x1, y2 - y1), abs=0.2)
    assert y2 < y0
    one = svg(Picture(kind="lines", x="x", lines={"a": (Point(x=60, y=0.0),)}))
    assert "nan" not in one.lower()
    assert len(ticks(-1e-3, 1e-3)) <= 6
