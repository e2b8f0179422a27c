"""The SVG draws what the trace holds, and each step of it is the whole with some of it hidden."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pictures import beam_points, svg
from engine.pictures.shown import drawn, told_of
from tests.engine.oracles import identifiers
from tests.engine.pictures.shows import WILD, shown_of

SVG = "{http://www.w3.org/2000/svg}"
TAGS = {"svg", "style", "clipPath", "rect", "g", "text", "path", "title"}
ATTRIBUTES = set(
    "viewBox width height class role aria-label id x y rx d stroke-width transform clip-path text-anchor data-s data-l".split()
)
WORDS = [(0, 1, 0), (0, 1, 1), (0, 2), (3, 0), (3, 1), (4, 4, 4), (5,)]
shows = st.builds(shown_of, identifiers(), st.integers(0, 1 << 30), st.integers(1, 30))


def read(text):
    return ElementTree.fromstring(text)


def of_class(root, name):
    return [one for one in root.iter() if name in (one.get("class") or "").split()]


def boxes(root):
    """The group of each point, in order."""
    return [group for group in root.iter(f"{SVG}g") if group.get("transform")]


@given(shows)
def test_each_point_has_a_box_at_its_step_and_row_with_its_odds_told(shown):
    found, root = drawn(shown), read(svg.svg(shown))
    groups = boxes(root)
    assert len(groups) == len(found.points)
    lefts = {}
    for group, point in zip(groups, found.points, strict=True):
        x, y = (float(one) for one in re.findall(r"[\d.]+", group.get("transform")))
        lefts.setdefault(point.step, x)
        assert (x, y) == (lefts[point.step], svg.TOP + (point.drawn_at - 0.5) * svg.ROW)
        assert int(group.get("data-s")) == point.step
        assert group.find(f"{SVG}title").text == svg.tip(point, "")
    assert sorted(lefts.values()) == list(lefts.values())


@given(shows)
def test_a_line_leads_from_a_parents_box_and_is_as_wide_as_the_code_is_likely(shown):
    found = drawn(shown)
    root = read(svg.svg(shown))
    lines = of_class(root, "line")
    at = {}
    for group, point in zip(boxes(root), found.points, strict=True):
        x, y = (float(one) for one in re.findall(r"[\d.]+", group.get("transform")))
        at[x, y] = (point, x + float(group.find(f"{SVG}rect").get("width")))
    ends = {(right, place[1]): point for place, (point, right) in at.items()}
    assert len(lines) == len(found.points) - 1
    for line in lines:
        x, y, *_, to, down = (float(one) for one in re.findall(r"[\d.]+", line.get("d")))
        point = at[to, down][0]
        assert ends[x, y] == found.points[point.parent]
        share = (float(line.get("stroke-width")) - svg.THINNEST) / (svg.WIDEST - svg.THINNEST)
        assert share == pytest.approx(point.probability, abs=0.01)


@given(shows)
def test_what_was_masked_is_drawn_to_scale(shown):
    root = read(svg.svg(shown))
    shares = [float(one.get("width")) / svg.BAR for one in of_class(root, "masked")]
    masked = [step.masked_mass for step in shown.trace.steps]
    assert shares == pytest.approx(masked if any(masked) else [], abs=0.001)


@settings(max_examples=15)
@given(shows)
def test_a_step_is_the_whole_with_what_is_deeper_hidden_and_its_own_path_marked(shown):
    """What the script does with the whole picture gives the picture of so many levels."""
    for level in range(len(shown.trace.steps) + 1):
        whole = read(svg.svg(shown))
        for one in whole.iter():
            names = set((one.get("class") or "").split()) - {"off", "lead"}
            names |= {"off"} if int(one.get("data-s", 0)) > level else set()
            names |= {"lead"} if str(level) in one.get("data-l", "").split() else set()
            one.set("class", " ".join(sorted(names)))
        part = read(svg.svg(shown, level))
        for one in part.iter():
            one.set("class", " ".join(sorted((one.get("class") or "").split())))
        assert ElementTree.tostring(part) == ElementTree.tostring(whole)
        points = beam_points.points(shown.trace, shown.tree, shown.names, level)
        seen = [group for group in boxes(part) if "off" not in group.get("class").split()]
        assert len(seen) == len(points)
        for group, point in zip(seen, points, strict=True):
            assert ("lead" in group.get("class").split()) == (point.state == "leading")


def test_the_last_level_has_titles_and_the_others_words():
    shown = shown_of(WORDS, beams=2)
    for point, text in zip(drawn(shown).points, drawn(shown).texts, strict=True):
        if point.step == len(shown.trace.steps) and not point.gathered:
            (row,) = shown.tree.leaf_documents(shown.tree.find(tuple(map(int, point.prefix.split("-")))))
            assert text == f"words of {row}"
        else:
            assert text == point.name


def test_two_pictures_have_one_scale():
    shown = shown_of(WORDS, beams=2)
    rows = max(point.drawn_at for point in drawn(shown).points)
    assert read(svg.svg(shown, rows=rows + 3)).get("height") == str(svg.TOP + (rows + 3) * svg.ROW + svg.EDGE)
    assert svg.svg(shown, rows=1) == svg.svg(shown)


def test_it_can_be_said_what_a_level_came_to():
    shown = shown_of(WORDS, beams=2)
    assert told_of(shown, 0).startswith(f"Before the first code: {len(WORDS)} documents lie below")
    for step in shown.trace.steps:
        kept, cut = len(step.kept.node), len(step.pruned.node)
        told = told_of(shown, step.level)
        assert told.startswith(f"Level {step.level}: {kept} of {kept + cut} prefixes are kept, {cut} cut.")
        assert f"{step.masked_mass:.0%} of the probability" in told
        first = int(shown.trace.leaves[0] if step.level == shown.tree.levels else step.kept.node[0])
        assert f"First is {'-'.join(map(str, shown.tree.prefix(first)))}, " in told


def test_it_holds_nothing_but_the_shapes_it_is_made_of_whatever_the_texts():
    text = svg.svg(shown_of(WORDS, name=WILD, told=WILD))
    text.encode("utf-8")
    root = read(text)
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= TAGS
    assert {name for one in root.iter() for name in one.attrib} <= ATTRIBUTES
    assert "evil" in root.get("aria-label")
    assert "\u202e" not in text
    assert [one.text for one in root.iter(f"{SVG}style")] == [svg.style()]
