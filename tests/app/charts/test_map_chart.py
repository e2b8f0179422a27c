"""The map's picture and its colours as what they are: data in, data out. No UMAP, no encoder, no app."""

import base64
import html
import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts import groups, map_colours, map_marks, map_words
from app.charts import map as picture
from app.charts.groups import HUES, NO_IDENTIFIER, NO_VALUE, SYMBOLS
from app.charts.map_marks import Chosen, Map
from app.charts.palette import GREY, ORANGE, RED, retriever, shades
from engine.data.corpus import Document
from engine.trie import build

HOSTILE = '<script>alert(1)</script> {b} & "quoted" <img src=x onerror=alert(1)>'
CODES = np.array([[0, 1, 0], [0, 1, 1], [0, 2, 0], [3, 0, -1], [-1, -1, -1]], np.int32)


def films(*shelves, **more) -> list[Document]:
    return [Document(str(place), f"Film {place}", "", {"shelf": shelf} | more) for place, shelf in enumerate(shelves)]


class TestGroups:
    @given(st.lists(st.text(st.characters(codec="ascii"), max_size=2), max_size=60))
    def test_every_point_is_in_one_group_and_the_largest_have_a_hue(self, labels):
        found = groups.largest(labels)
        assert sorted(place for group in found for place in group.places.tolist()) == list(range(len(labels)))
        coloured = [group for group in found if group.colour != GREY]
        assert len(coloured) == min(len(set(labels)), len(HUES))
        assert [group.colour for group in coloured] == list(HUES[: len(coloured)])
        for group in coloured:
            assert group.places.tolist() == [place for place, label in enumerate(labels) if label == group.name]
        sizes = [len(group.places) for group in coloured]
        assert sizes == sorted(sizes, reverse=True)

    def test_what_is_left_is_grey_and_counted(self):
        found = groups.largest([chr(97 + min(place, 10)) for place in range(20)])
        assert (found[-1].name, found[-1].colour, len(found[-1].places)) == ("3 others", GREY, 3)

    def test_hues_differ_from_the_accent_and_late_ones_have_symbols_of_their_own(self):
        assert len(set(HUES)) == len(HUES) == len(SYMBOLS) == 8
        assert not {RED, GREY} & set(HUES)
        assert len(set(SYMBOLS[5:])) == 3

    @pytest.mark.parametrize(
        ("depth", "expected"),
        [
            (1, ["0 · n1", "0 · n1", "0 · n1", "3 · n2", NO_IDENTIFIER]),
            (2, ["0-1 · n3", "0-1 · n3", "0-2 · n4", "3-0 · n5", NO_IDENTIFIER]),
            (3, ["0-1-0 · n6", "0-1-1 · n7", "0-2-0 · n8", "3-0 · n5", NO_IDENTIFIER]),
        ],
    )
    def test_a_prefix_and_its_words_label_a_document(self, depth, expected):
        trie = build(CODES)
        names = [f"n{node}" for node in range(len(trie.code))]
        assert groups.prefix_labels(trie, names, np.arange(5), depth) == expected
        assert groups.prefix_labels(trie, names, np.array([4, 2]), depth) == [expected[4], expected[2]]

    @given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=40), st.integers(1, 3))
    def test_documents_with_the_same_first_codes_have_one_label_and_others_another(self, codes, depth):
        trie = build(np.array(codes, np.int32))
        labels = groups.prefix_labels(trie, [""] * len(trie.code), np.arange(len(codes)), depth)
        assert labels == ["-".join(map(str, code[:depth])) + " · " for code in codes]

    def test_a_column_is_told_by_its_first_level(self):
        documents = films(["Drama", "War"], "Toys > Kites", "plain", None, "", [])
        labels = groups.column_labels(documents, np.arange(6), "shelf")
        assert labels == ["Drama", "Toys", "plain", NO_VALUE, NO_VALUE, NO_VALUE]
        assert groups.column_labels(documents, np.array([1]), "no such column") == [NO_VALUE]

    def test_only_columns_that_group_are_offered_and_categories_come_first(self):
        documents = [
            Document(
                str(n), "", "", {"year": 1990 + n, "sku": f"s{n}", "mood": "ab"[n % 2], "one": "x", "genre": ["c", "d"][n % 2]}
            )
            for n in range(12)
        ]
        assert groups.group_columns(documents) == ["genre", "mood"]
        assert groups.group_columns(films("a", None, None, None)) == []
        assert groups.group_columns([]) == []

    def test_hits_are_told_apart_by_who_found_them(self):
        found = {group.name: group for group in groups.hit_groups(np.array([2, 3, 5, 8, 9]), dense=[3, 5, 77], generative=[5, 8])}
        assert {name: group.places.tolist() for name, group in found.items()} == {
            "not found": [0, 4],
            "dense only": [1],
            "generative only": [3],
            "dense and generative": [2],
        }
        assert next(iter(found)) == "not found"
        colours = [group.colour for group in found.values()]
        assert colours == [GREY, retriever("dense"), retriever("generative"), ORANGE]
        assert len({group.symbol for group in found.values()} - {"circle"}) == 2

    def test_without_a_query_all_is_grey(self):
        assert [group.colour for group in groups.hit_groups(np.arange(3), [], [])] == [GREY]


CODE_TABLES = st.lists(st.lists(st.integers(0, 11), min_size=3, max_size=3), min_size=1, max_size=80)


class TestBranches:
    @given(CODE_TABLES, st.integers(2, 3))
    def test_every_branch_has_the_hue_of_its_first_code_and_siblings_differ(self, codes, depth):
        trie = build(np.array(codes, np.int32))
        names, rows = [""] * len(trie.code), np.arange(len(codes))
        found = groups.branches(trie, names, rows, depth)
        first = groups.largest(groups.prefix_labels(trie, names, rows, 1))
        assert [(one.name, one.colour, one.places.tolist()) for one in found] == [
            (one.name, one.colour, one.places.tolist()) for one in first
        ]
        labels = groups.prefix_labels(trie, names, rows, depth)
        shade_of: dict[str, set[int]] = {}
        for group in found:
            assert list(group.labels) == [labels[place] for place in group.places]
            for label, shade in zip(group.labels, group.shades.tolist(), strict=True):
                shade_of.setdefault(label, set()).add(shade)
        assert all(len(shades) == 1 for shades in shade_of.values())
        # In the order of their codes, two branches of one first code that stand side by side have two shades.
        ordered = sorted({tuple(code[:depth]) for code in codes})
        for one, other in pairwise(ordered):
            if one[0] == other[0]:
                assert shade_of["-".join(map(str, one)) + " · "] != shade_of["-".join(map(str, other)) + " · "]

    def test_a_document_without_an_identifier_and_one_with_a_short_one_have_a_place(self):
        trie = build(CODES)
        found = groups.branches(trie, ["w"] * len(trie.code), np.arange(5), 3)
        labels = {place: label for group in found for place, label in zip(group.places.tolist(), group.labels, strict=True)}
        assert (labels[3], labels[4]) == ("3-0 · w", NO_IDENTIFIER)

    @given(CODE_TABLES, st.data())
    def test_under_a_filter_the_others_are_grey_and_come_first(self, codes, data):
        trie = build(np.array(codes, np.int32))
        passes = np.array(data.draw(st.lists(st.booleans(), min_size=len(codes), max_size=len(codes))))
        whole = groups.branches(trie, [""] * len(trie.code), np.arange(len(codes)), 2)
        found = groups.under(whole, passes)
        assert sorted(place for group in found for place in group.places.tolist()) == list(range(len(codes)))
        kind = {
            place: (group.name, label)
            for group in whole
            for place, label in zip(group.places.tolist(), group.labels, strict=True)
        }
        for group in found:
            if group.name == groups.LEFT_OUT:
                assert group is found[0]
                assert not passes[group.places].any()
                continue
            assert passes[group.places].all()
            assert [kind[place] for place in group.places.tolist()] == [(group.name, label) for label in group.labels]
            assert len(group.shades) == len(group.places)


class TestWords:
    @given(st.integers(1, 40), st.integers(0, 9))
    def test_no_words_lie_on_others_and_each_stands_at_a_point_of_its_branch(self, branches, seed):
        random = np.random.default_rng(seed)
        xy = random.normal(size=(200, 2)).astype(np.float32)
        nodes = random.integers(0, branches + 1, 200)
        names = [f"words of branch {node} " * (node % 3) for node in range(branches + 1)]
        found = map_words.largest(nodes, names)
        assert [len(one.places) for one in found] == sorted((len(one.places) for one in found), reverse=True)
        written = map_words.annotations(xy, found, (-3.0, 3.0), (-3.0, 3.0), 640)
        assert len(written) <= map_words.MOST
        assert bool(written) == bool(found)
        boxes = []
        for one in written:
            assert len(html.unescape(one["text"])) <= map_words.LETTERS
            assert (xy == np.array([one["x"], one["y"]], np.float32)).all(axis=1).any()
            half = len(html.unescape(one["text"])) * map_words.LETTER / 2 * 6 / map_words.WIDTH, map_words.LINE / 2 * 6 / 620
            left = one["x"] - half[0] * {"left": 0, "center": 1, "right": 2}[one["xanchor"]]
            boxes.append((left, left + 2 * half[0], one["y"] - half[1], one["y"] + half[1]))
            assert left >= -3
            assert left + 2 * half[0] <= 3
        for place, (left, right, low, high) in enumerate(boxes):
            for other in boxes[place + 1 :]:
                assert left >= other[1] - 1e-6 or other[0] >= right - 1e-6 or low >= other[3] - 1e-6 or other[2] >= high - 1e-6

    def test_words_are_text_and_those_outside_the_window_are_not_written(self):
        xy = np.array([[0, 0], [9, 9]], np.float32)
        found = [map_words.Branch("<b>&</b>", np.array([0])), map_words.Branch("far", np.array([1]))]
        assert [one["text"] for one in map_words.annotations(xy, found, (-1, 1), (-1, 1), 640)] == ["&lt;b&gt;&amp;&lt;/b&gt;"]

    def test_a_filter_leaves_points_out(self):
        nodes = np.array([1, 1, 1, 2])
        found = map_words.largest(nodes, ["", "a", "b"], np.array([True, False, False, True]))
        assert [(one.words, one.places.tolist()) for one in found] == [("a", [0]), ("b", [3])]


@pytest.fixture
def parts():
    """Twelve points on rows 100.., three groups."""
    xy = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)
    return xy, np.arange(100, 112), groups.largest(["a"] * 6 + ["b"] * 4 + ["c"] * 2), [f"Film {n}" for n in range(12)]


def drawn_by(told, xy, rows):
    """What ``map_marks.js`` makes of the colours, the slow way: traces with their points."""
    numbers = np.frombuffer(base64.b64decode(told["of"]["bdata"]), np.uint16)
    traces = [dict(trace) for trace in told["traces"]]
    for at, trace in enumerate(traces):
        mine = [
            (place, *told["kinds"][kind][1:])
            for place, kind in enumerate(numbers)
            if kind < len(told["kinds"]) and told["kinds"][kind][0] == at
        ]
        trace["xy"], trace["rows"] = (of[[place for place, _, _ in mine]] for of in (xy, rows))
        trace["shades"], trace["says"] = [shade for _, shade, _ in mine], [label for _, _, label in mine]
    return traces


class TestFigure:
    def test_one_webgl_trace_with_the_row_of_every_point(self, parts):
        xy, rows, _, titles = parts
        (trace,) = picture.figure(xy, rows, titles).data
        assert trace.type == "scattergl"
        assert np.array_equal(np.column_stack([trace.x, trace.y]), xy)
        assert list(trace.customdata) == rows.tolist()
        assert trace.meta == {picture.POINTS: True}

    def test_zoom_survives_and_both_axes_have_one_scale(self, parts):
        xy, rows, _, titles = parts
        layout = picture.figure(xy, rows, titles).layout
        assert layout.uirevision == "map"
        assert layout.yaxis.scaleanchor == "x"
        assert not layout.xaxis.showticklabels
        assert layout.xaxis.range[0] < xy[:, 0].min() < xy[:, 0].max() < layout.xaxis.range[1]

    def test_a_map_of_twenty_thousand_is_below_a_megabyte(self):
        xy, rows = np.zeros((20_000, 2), np.float32), np.arange(20_000, dtype=np.int32)
        assert len(picture.figure(xy, rows, ["t" * 20] * 20_000).to_json()) < 1_000_000

    def test_titles_cannot_become_markup_and_long_ones_are_cut(self, parts):
        xy, rows, _, _ = parts
        trace = picture.figure(xy, rows, [HOSTILE, "t" * 999] * 6).data[0]
        assert trace.hovertext[0].startswith(html.escape("<script>"))
        assert "<img" not in trace.hovertext[0]
        assert trace.hovertext[1] == "t" * 89 + "…"

    @pytest.mark.parametrize("points", [1, 2])
    def test_one_point_and_points_in_one_place_can_be_drawn(self, points):
        low, high = picture.figure(np.zeros((points, 2), np.float32), np.arange(points), ["t"] * points).layout.xaxis.range
        assert low < 0 < high

    def test_points_get_smaller_as_there_are_more(self):
        assert picture.point_size(10) > picture.point_size(1200) > picture.point_size(20_000) >= 2.5


class TestColours:
    def test_a_trace_a_group_with_its_points(self, parts):
        xy, rows, found, _ = parts
        traces = drawn_by(map_colours.colours(len(xy), found), xy, rows)
        assert [trace["name"] for trace in traces] == ["a (6)", "b (4)", "c (2)"]
        for trace, group in zip(traces, found, strict=True):
            assert np.array_equal(trace["xy"], xy[group.places])
            assert trace["rows"].tolist() == rows[group.places].tolist()
            assert (trace["marker"]["color"], trace["marker"]["symbol"]) == (group.colour, group.symbol)
            assert set(trace["shades"] + trace["says"]) == {None}

    def test_shades_are_numbers_of_one_trace_and_the_legend_has_the_hue(self, parts):
        xy, rows, found, _ = parts
        shaded = [
            group._replace(
                labels=[f"branch {place} {HOSTILE}" for place in group.places], shades=(group.places % 5).astype(np.int8)
            )
            for group in found
        ]
        traces = drawn_by(map_colours.colours(len(xy), shaded), xy, rows)
        legend, points = traces[0::2], traces[1::2]
        assert [trace["name"] for trace in legend] == ["a (6)", "b (4)", "c (2)"]
        assert [trace["marker"]["color"] for trace in legend] == [group.colour for group in found]
        for head, trace, group in zip(legend, points, shaded, strict=True):
            assert (head["legendgroup"], trace["showlegend"]) == (trace["legendgroup"], False)
            assert trace["shades"] == group.shades.tolist()
            assert [shade for _, shade in trace["marker"]["colorscale"]] == shades(group.colour)
            assert trace["rows"].tolist() == rows[group.places].tolist()
            assert all(html.escape(label)[:20] in told for label, told in zip(group.labels, trace["says"], strict=True))
            assert not any("<script" in told for told in trace["says"])

    def test_a_point_of_no_group_is_not_drawn(self, parts):
        xy, rows, found, _ = parts
        assert [len(trace["rows"]) for trace in drawn_by(map_colours.colours(len(xy), found[1:]), xy, rows)] == [4, 2]

    def test_other_colours_have_another_name_and_the_same_have_the_same(self, parts):
        named = [
            map_colours.colours(12, groups.largest(labels))["id"] for labels in ("aaaaaaaabbbb", "aaaaaaabbbbb", "aaaaaaaabbbb")
        ]
        assert named[0] == named[2] != named[1]

    def test_names_cannot_become_markup_and_long_ones_are_cut(self, parts):
        xy, rows, _, _ = parts
        cloud = groups.largest(["%{x}" + HOSTILE] * 12)
        over = map_marks.marks(Map(xy, rows, [HOSTILE] * 12), cloud, cloud, Chosen(0, [1, 2]))["traces"]
        (trace,) = map_colours.colours(12, cloud)["traces"]
        told = [
            text for of in [trace, *over] for text in (*of.get("hovertext", ()), of.get("name", ""), of.get("hovertemplate", ""))
        ]
        assert told
        for text in told:
            assert "<script" not in text
            assert "<img" not in text
        assert trace["hovertemplate"].startswith("<b>%{hovertext}</b><br>&#37;{x}&lt;")
        assert len(map_colours.colours(12, groups.largest(["n" * 99] * 12))["traces"][0]["name"]) < 50

    def test_colours_of_twenty_thousand_points_in_a_thousand_branches_weigh_less_than_a_hundred_kilobytes(self):
        found = groups.largest([f"{place % 32}" for place in range(20_000)])
        shaded = [
            group._replace(
                labels=[f"{place % 1024} · sea, ship" for place in group.places], shades=(group.places % 1024 % 5).astype(np.int8)
            )
            for group in found
        ]
        assert len(json.dumps(map_colours.colours(20_000, shaded))) < 100_000


class TestMarks:
    def test_the_chosen_one_and_its_neighbours_are_marked_and_the_rest_steps_back(self, parts):
        xy, rows, found, titles = parts
        drawn = map_marks.marks(Map(xy, rows, titles), found, (), Chosen(3, [7, 1]), "Film 3")
        lines, ring, star = drawn["traces"]
        assert {lines["line"]["color"], ring["marker"]["color"], star["marker"]["color"]} == {RED}
        assert (ring["customdata"], star["customdata"]) == ([107, 101], [103])
        joined = np.column_stack([lines["x"], lines["y"]]).astype(float)
        assert np.allclose(joined[[0, 1, 3, 4]], xy[[3, 7, 3, 1]])
        assert np.isnan(joined[[2, 5]]).all()
        assert lines["hoverinfo"] == "skip"
        assert drawn["told"] == "Marked: Film 3 and its nearest documents."
        assert [now < before for now, before in zip(drawn["opacity"], map_colours.strengths(found), strict=True)] == [True] * 3

    def test_unmarked_every_trace_of_the_colours_keeps_its_strength(self, parts):
        xy, rows, found, titles = parts
        shaded = [found[0]._replace(shades=np.zeros(6, np.int8)), *found[1:]]
        drawn = map_marks.marks(Map(xy, rows, titles), shaded)
        told = [trace.get("opacity") for trace in map_colours.colours(12, shaded)["traces"]]
        assert told[0] is None  # the hue of the legend
        assert drawn["opacity"] == told
        assert (drawn["traces"], drawn["told"]) == ([], "")

    def test_words_of_branches_are_written_on_it(self, parts):
        xy, rows, found, titles = parts
        branches = [map_words.Branch("sea · ship", np.arange(6))]
        written = map_marks.marks(Map(xy, rows, titles), found, branches=branches)["view"]["words"]
        assert [one["text"] for one in written] == ["sea · ship"]

    def test_dragging_moves_the_map_unless_a_lasso_is_asked_for(self, parts):
        xy, rows, found, titles = parts
        assert [map_marks.marks(Map(xy, rows, titles), found, lasso=lasso)["drag"] for lasso in (False, True)] == ["pan", "lasso"]

    def test_a_chosen_one_may_have_no_neighbour_that_is_drawn(self, parts):
        xy, rows, found, titles = parts
        assert map_marks.marks(Map(xy, rows, titles), found, (), Chosen(3, []))["traces"][-1]["customdata"] == [103]

    def test_a_close_up_is_a_quarter_as_wide_and_centred(self, parts):
        xy, rows, found, titles = parts
        view = map_marks.marks(Map(xy, rows, titles), found, (), Chosen(3, [], close=True))["view"]
        for axis, column in (("across", 0), ("down", 1)):
            low, high = view[axis]
            assert (low + high) / 2 == pytest.approx(float(xy[3, column]), abs=1e-5)
            assert high - low == pytest.approx(max(float(np.ptp(xy[:, column])), 1.0) / 4, rel=1e-5)

    def test_few_hits_among_many_points_are_larger(self):
        xy, rows = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32), np.arange(200)
        cloud = groups.largest(["documents"] * 200)
        (hit, both) = map_marks.marks(Map(xy, rows, ["t"] * 200), cloud, groups.hit_groups(rows, [5], [5, 6])[1:])["traces"]
        assert [hit["customdata"], both["customdata"]] == [[6], [5]]
        assert both["marker"]["size"] > picture.point_size(200)

    def test_marks_weigh_little(self):
        """Fifty neighbours among twenty thousand with the longest titles."""
        points = Map(np.ones((20_000, 2), np.float32) / 3, np.arange(20_000), ["t" * 99] * 20_000)
        drawn = map_marks.marks(points, groups.largest(["a"] * 20_000), (), Chosen(3, list(range(50))))
        assert len(json.dumps(drawn)) < 20_000


def test_the_descriptions_name_points_colours_and_the_largest_group(parts):
    assert picture.describe(12) == "Map of 12 documents in two dimensions. Its colours are told after it."
    told = map_colours.describe(parts[2], "the first code")
    assert told == "Coloured by the first code: 3 colours, the largest group is a with 6."
