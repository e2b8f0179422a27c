"""Chart builders as what they are: data in, data out. Nothing here starts the app or the encoder."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts import beams, icicle, latency, palette, ranks, tree
from app.charts.window import LIMIT, Cell, window
from engine import paths
from engine.store import Hit

HOSTILE = '<script>alert(1)</script> {b} {@x} & "quoted" <img src=x onerror=alert(1)>'
QUERY = "the vector counts, not these words"


@pytest.fixture(scope="module", params=[1, 3, 10, 40])
def trace(request, films):
    """A document's own embedding is the query: no encoder needed."""
    return films.decode(QUERY, request.param, np.array(films.embeddings[17]))


@pytest.fixture(scope="module")
def drawn(trace, films):
    return beams.points(trace, films.trie, films.names, films.trie.levels)


@pytest.fixture(scope="module")
def narrow(films):
    return films.decode(QUERY, 10, np.array(films.embeddings[3]))


@pytest.fixture(scope="module")
def cells(films):
    return window(films.trie, films.names, 0, 2)


@pytest.fixture(scope="module")
def cosines(films):
    """Of nodes with several documents; a single one has none."""
    spread = np.linspace(0, 1, len(films.trie.code))
    spread[films.trie.counts == 1] = np.nan
    return spread


class TestBeams:
    def test_one_point_a_kept_beam_and_at_most_eight_cut_ones_a_step(self, trace, drawn):
        for step in trace.steps:
            here = [point for point in drawn if point.step == step.level]
            assert sum(point.state != "pruned" for point in here) == len(step.kept.node)
            assert sum(point.state == "pruned" for point in here) == min(beams.PRUNED_DRAWN, len(step.pruned.node))
            assert [point.rank for point in here] == list(range(1, len(here) + 1))

    def test_a_parent_is_a_kept_point_of_the_step_before(self, drawn):
        assert drawn[0].parent == -1
        for point in drawn[1:]:
            parent = drawn[point.parent]
            assert (parent.step, parent.prefix) == (point.step - 1, point.prefix.rpartition("-")[0])
            assert parent.state != "pruned"

    def test_the_leading_points_are_one_path_that_ends_at_the_best_beam(self, trace, drawn):
        leading = [point for point in drawn if point.state == "leading"]
        assert [point.step for point in leading] == list(range(len(trace.steps) + 1))
        assert leading[-1].rank == 1
        for above, below in itertools.pairwise(leading):
            assert drawn[below.parent] == above

    def test_points_tell_what_the_trie_and_the_trace_hold(self, trace, drawn, films):
        for point in drawn[1:]:
            node = films.trie.find(tuple(map(int, point.prefix.split("-"))))
            assert (point.name, point.documents) == (films.names[node], films.trie.counts[node])
            assert point.code == int(point.prefix.split("-")[-1])
            assert 0 <= point.probability <= 1
        best = next(point for point in drawn if point.step == len(trace.steps) and point.rank == 1)
        assert best.total == pytest.approx(float(trace.steps[-1].kept.total[0]))

    def test_the_odds_of_siblings_sum_to_one_at_most(self, drawn):
        sums: dict[int, float] = {}
        for point in drawn[1:]:
            sums[point.parent] = sums.get(point.parent, 0.0) + point.probability
        assert max(sums.values()) <= 1 + 1e-4

    @pytest.mark.parametrize("shown", range(5))
    def test_only_the_steps_shown_are_drawn(self, narrow, films, shown):
        some = beams.points(narrow, films.trie, films.names, shown)
        assert max(point.step for point in some) == shown
        assert sum(point.state == "leading" for point in some) == shown + 1

    def test_the_lead_may_change_from_step_to_step_but_the_points_do_not_move(self, narrow, films):
        whole = beams.points(narrow, films.trie, films.names, 4)
        for shown in range(4):
            part = beams.points(narrow, films.trie, films.names, shown)
            assert [p._replace(state="") for p in part] == [p._replace(state="") for p in whole[: len(part)]]

    def test_the_option_is_json_with_a_node_a_point_and_an_edge_a_parent(self, trace, drawn):
        option = json.loads(json.dumps(beams.option(trace, drawn)))
        graph = option["series"][0]
        assert [node["value"] for node in graph["data"]] == [[point.step, point.rank] for point in drawn]
        assert len({node["name"] for node in graph["data"]}) == len(drawn)
        assert [(link["source"], link["target"]) for link in graph["links"]] == [
            (str(point.parent), str(place)) for place, point in enumerate(drawn) if place
        ]
        assert len(option["xAxis"]["data"]) == len(trace.steps) + 1
        assert option["yAxis"]["max"] > max(point.rank for point in drawn)

    def test_states_differ_by_more_than_colour(self, narrow, films):
        drawn = beams.points(narrow, films.trie, films.names, 4)
        graph = beams.option(narrow, drawn)["series"][0]
        size = {point.state: node["symbolSize"] for point, node in zip(drawn, graph["data"], strict=True)}
        dash = {drawn[int(link["target"])].state: link["lineStyle"]["type"] for link in graph["links"]}
        assert size["pruned"] < size["kept"] == size["leading"]
        assert dash == {"leading": "solid", "kept": "solid", "pruned": "dashed"}

    def test_a_likelier_code_has_a_wider_line(self, trace, drawn):
        links = beams.option(trace, drawn)["series"][0]["links"]
        odds = [drawn[int(link["target"])].probability for link in links]
        widths = [link["lineStyle"]["width"] for link in links]
        assert np.argsort(odds, kind="stable").tolist() == np.argsort(widths, kind="stable").tolist()

    def test_names_cannot_become_markup_or_templates(self, narrow, films):
        drawn = beams.points(narrow, films.trie, [HOSTILE] * len(films.names), 4)
        written = beams.option(narrow, drawn)["series"][0]["data"]
        for node in written:
            told = node["tooltip"]["formatter"]
            assert "<script" not in told
            assert "<img" not in told
            assert not set(told) & set("{}")
            assert set(node["label"]) == {"show", "formatter"}
            assert node["label"]["formatter"].isdigit()

    def test_the_tooltip_tells_rank_state_odds_and_documents(self, narrow, films):
        drawn = beams.points(narrow, films.trie, films.names, 4)
        told = [node["tooltip"]["formatter"] for node in beams.option(narrow, drawn)["series"][0]["data"]]
        assert told[0] == "the query"
        for point, text in zip(drawn[1:], told[1:], strict=True):
            assert f"<b>{point.prefix}</b>" in text
            assert f"rank {point.rank}, {point.state}" in text
            assert ("1 document below" in text) == (point.documents == 1)

    def test_the_description_names_the_lead_and_counts_what_was_cut(self, narrow, films):
        drawn = beams.points(narrow, films.trie, films.names, 4)
        best = next(point for point in drawn if point.step == 4 and point.rank == 1)
        cut = sum(len(step.pruned.node) for step in narrow.steps)
        assert beams.describe(narrow, drawn) == (
            f"Decoding by beam after 4 of 4 levels with 10 beams; {cut} candidates cut. Leading: {best.prefix}, {best.name}."
        )

    def test_the_description_before_the_first_step_has_no_lead(self, narrow, films):
        drawn = beams.points(narrow, films.trie, films.names, 0)
        assert beams.describe(narrow, drawn) == "Decoding by beam after 0 of 4 levels with 10 beams; 0 candidates cut."


def below(cells: list[Cell]) -> dict[str, list[Cell]]:
    grouped: dict[str, list[Cell]] = {}
    for cell in cells[1:]:
        grouped.setdefault(cell.parent, []).append(cell)
    return grouped


def places(share: float, count: int) -> int:
    return min(int(share * count), count - 1)


class TestWindow:
    @given(share=st.floats(0, 1), depth=st.integers(1, 4), limit=st.integers(1, 400))
    def test_any_window_is_a_sound_tree(self, films, share, depth, limit):
        trie = films.trie
        focus = places(share, len(trie.code))
        cells = window(trie, films.names, focus, depth, limit)
        by_prefix = {cell.prefix: cell for cell in cells}
        assert len(by_prefix) == len(cells)
        assert (cells[0].node, cells[0].depth, cells[0].documents) == (focus, 0, trie.counts[focus])
        for cell in cells[1:]:
            assert by_prefix[cell.parent].depth == cell.depth - 1
            assert cell.depth <= depth
            if cell.node >= 0:
                assert cell.prefix == "-".join(map(str, trie.prefix(cell.node)))
                assert (cell.documents, cell.name) == (trie.counts[cell.node], films.names[cell.node])

    @given(share=st.floats(0, 1), depth=st.integers(1, 4), limit=st.integers(1, 400))
    def test_children_and_what_is_left_out_add_up_to_their_parent(self, films, share, depth, limit):
        cells = window(films.trie, films.names, places(share, len(films.trie.code)), depth, limit)
        documents = {cell.prefix: cell.documents for cell in cells}
        for parent, children in below(cells).items():
            assert sum(child.documents for child in children) == documents[parent]

    @given(depth=st.integers(1, 4), limit=st.integers(1, 400))
    def test_the_limit_bounds_the_codes_and_the_rest_is_one_cell_a_parent(self, films, depth, limit):
        cells = window(films.trie, films.names, 0, depth, limit)
        codes, rest = [c for c in cells if c.node >= 0], [c for c in cells if c.node < 0]
        assert len(codes) <= max(limit, 1)
        assert len(rest) <= len(codes)
        assert len({cell.parent for cell in rest}) == len(rest)

    @given(depth=st.integers(1, 4), limit=st.integers(2, 400))
    def test_a_more_cell_says_how_many_codes_and_documents_it_stands_for(self, films, depth, limit):
        cells = window(films.trie, films.names, 0, depth, limit)
        nodes = {cell.prefix: cell.node for cell in cells}
        grouped = below(cells)
        for cell in (cell for cell in cells if cell.node < 0):
            children = films.trie.children(np.array([nodes[cell.parent]])).node
            left_out = len(children) - sum(child.node >= 0 for child in grouped[cell.parent])
            assert cell.name == f"{left_out:,} more codes, {cell.documents:,} documents"

    @given(limit=st.integers(2, 32))
    def test_the_largest_codes_are_the_ones_shown(self, films, limit):
        cells = window(films.trie, films.names, 0, 1, limit)
        shown = sorted((cell.documents for cell in cells[1:] if cell.node >= 0), reverse=True)
        counts = films.trie.counts[films.trie.children(np.array([0])).node]
        assert shown == sorted(counts.tolist(), reverse=True)[: limit - 1]

    def test_a_leaf_is_a_window_of_one_cell(self, films):
        assert len(window(films.trie, films.names, len(films.trie.code) - 1, 3)) == 1

    def test_the_whole_tree_needs_no_more_cells_when_it_fits(self, films):
        cells = window(films.trie, films.names, 0, films.trie.levels, 10**6)
        assert len(cells) == len(films.trie.code)
        assert all(cell.node >= 0 for cell in cells)

    def test_the_usual_window_stays_near_its_limit(self, films):
        assert len(window(films.trie, films.names, 0, 3)) <= 2 * LIMIT


def hostile(cells: list[Cell]) -> list[Cell]:
    return [cell._replace(name=HOSTILE) for cell in cells]


class TestIcicle:
    @given(share=st.floats(0, 1), depth=st.integers(1, 3), limit=st.integers(1, 300))
    def test_ids_are_unique_and_every_parent_is_one_of_them(self, films, cosines, share, depth, limit):
        cells = window(films.trie, films.names, places(share, len(films.trie.code)), depth, limit)
        trace = icicle.figure(cells, cosines, set()).data[0]
        assert len(set(trace.ids)) == len(trace.ids) == len(cells)
        assert trace.parents[0] == ""
        assert set(trace.parents[1:]) <= set(trace.ids)

    def test_the_id_of_a_cell_is_its_prefix_and_the_root_has_a_name(self, cells, cosines):
        trace = icicle.figure(cells, cosines, set()).data[0]
        assert list(trace.ids) == [icicle.ROOT_ID, *(cell.prefix for cell in cells[1:])]
        assert list(trace.values) == [cell.documents for cell in cells]
        assert trace.branchvalues == "total"

    def test_labels_and_hover_texts_are_escaped(self, cells, cosines):
        trace = icicle.figure(hostile(cells), cosines, set()).data[0]
        for text in [*trace.labels, *trace.hovertext]:
            assert "<script" not in text
            assert "<img" not in text
            assert "&lt;script&gt;" in text

    def test_a_label_begins_with_the_code_and_a_rest_cell_with_its_count(self, films, cosines):
        cells = window(films.trie, films.names, 0, 1, 5)
        labels = icicle.figure(cells, cosines, set()).data[0].labels
        assert labels[0] == "all documents"
        for cell, label in zip(cells[1:-1], labels[1:-1], strict=True):
            assert label.startswith(f"{cell.prefix} · ")
        assert cells[-1].node == -1
        assert "more codes" in labels[-1]

    def test_colour_follows_the_cosine_and_a_single_document_is_grey(self, cells, cosines):
        colours = icicle.figure(cells, cosines, set()).data[0].marker.colors
        for cell, colour in zip(cells, colours, strict=True):
            assert (colour == palette.GREY) == (cell.documents == 1)
        known = [(cosines[c.node], palette.RAMP.index(k)) for c, k in zip(cells, colours, strict=True) if c.documents > 1]
        shades = [shade for _, shade in sorted(known)]
        assert shades == sorted(shades)
        assert {shades[0], shades[-1]} == {0, len(palette.RAMP) - 1}

    def test_only_the_marked_path_is_outlined(self, films, cells, cosines):
        path = set(films.trie.path(5))
        line = icicle.figure(cells, cosines, path).data[0].marker.line
        for cell, width in zip(cells, line.width, strict=True):
            assert (width == 4) == (cell.node in path)

    def test_a_window_without_a_pair_of_documents_can_be_drawn(self, films, cosines):
        leaf = window(films.trie, films.names, len(films.trie.code) - 1, 2)
        figure = icicle.figure(leaf, np.full(len(films.trie.code), np.nan), set())
        assert list(figure.data[0].marker.colors) == [palette.GREY]

    def test_the_description_names_the_largest_code(self, films, cells):
        largest = max((cell for cell in cells if cell.depth == 1), key=lambda cell: cell.documents)
        told = icicle.describe(cells)
        assert told.startswith(f"Trie below the root: {films.trie.counts[0]} documents under 32 next codes.")
        assert f"Largest: code {largest.prefix}, {largest.name}, {largest.documents} documents." in told

    def test_the_description_of_a_leaf_has_no_largest(self, films):
        leaf = window(films.trie, films.names, len(films.trie.code) - 1, 2)
        assert icicle.describe(leaf) == f"Trie below {leaf[0].prefix}: {leaf[0].documents} documents under 0 next codes."


class TestTree:
    def test_rings_hold_all_documents(self, cells):
        data = tree.option(cells)["series"][0]["data"]
        assert sum(branch["value"] for branch in data) == cells[0].documents
        for branch in data:
            assert sum(twig["value"] for twig in branch["children"]) == branch["value"]

    def test_the_option_is_json(self, cells):
        assert json.loads(json.dumps(tree.option(cells)))["series"][0]["type"] == "sunburst"

    def test_preorder_is_the_order_in_which_the_data_is_nested(self, cells):
        nested = []
        for branch in tree.option(cells)["series"][0]["data"]:
            nested += [(branch["name"], branch["value"]), *((twig["name"], twig["value"]) for twig in branch["children"])]
        assert [(cell.name, cell.documents) for cell in tree.preorder(cells)] == nested

    def test_preorder_has_every_cell_but_the_first_once(self, cells):
        assert sorted(tree.preorder(cells)) == sorted(cells[1:])

    def test_a_focus_below_the_root_works_too(self, films):
        cells = window(films.trie, films.names, 1, 2)
        assert len(tree.preorder(cells)) == len(cells) - 1
        assert sum(branch["value"] for branch in tree.option(cells)["series"][0]["data"]) == cells[0].documents

    def test_the_tooltip_takes_names_only_where_echarts_escapes_them(self, cells):
        option = tree.option(hostile(cells))
        assert option["tooltip"]["formatter"] == "{b}<br>{c} documents"
        assert "<script" not in json.dumps({key: value for key, value in option.items() if key != "series"})


def hits(*ids: str) -> list[Hit]:
    return [Hit(rank, name, name.upper(), 1.0 / rank, "1-2-3", "here") for rank, name in enumerate(ids, 1)]


RESULTS = {"bm25": hits("a", "b", "c"), "dense": hits("b", "a", "d"), "generative": []}
TITLES = dict.fromkeys("abcd", "a title")


class TestRanks:
    def test_ranks_by_document_and_retriever(self):
        assert ranks.ranks(RESULTS) == {
            "a": {"bm25": 1, "dense": 2},
            "b": {"bm25": 2, "dense": 1},
            "c": {"bm25": 3},
            "d": {"dense": 3},
        }

    def test_overlaps_of_every_pair_in_order(self):
        assert ranks.overlaps(RESULTS) == [
            ("bm25 → dense", 2, 1, 1, 0),
            ("bm25 → generative", 0, 0, 0, 0),
            ("dense → generative", 0, 0, 0, 0),
        ]

    def test_up_means_a_better_place_in_the_second_list(self):
        assert ranks.overlaps({"one": hits("x", "a"), "two": hits("a", "y")}) == [("one → two", 1, 1, 0, 0)]
        assert ranks.overlaps({"one": hits("a", "b"), "two": hits("a", "b")}) == [("one → two", 2, 0, 0, 2)]

    def test_a_line_a_document_and_the_row_below_for_where_it_is_missing(self):
        figure = ranks.figure(RESULTS, TITLES, "", 3)
        lines = {line.customdata[0]: tuple(line.y) for line in figure.data}
        assert lines == {"a": (1, 2, 4), "b": (2, 1, 4), "c": (3, 4, 4), "d": (4, 3, 4)}
        assert list(figure.layout.yaxis.ticktext) == ["1", "2", "3", "> 3"]
        assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]

    def test_the_pinned_document_is_drawn_last_and_in_accent(self):
        figure = ranks.figure(RESULTS, TITLES, "b", 3)
        assert figure.data[-1].customdata[0] == "b"
        assert [line.line.color == palette.ORANGE for line in figure.data] == [False, False, False, True]

    def test_a_document_in_all_lists_is_blue_and_the_others_grey(self):
        results = {"one": hits("a", "b"), "two": hits("b", "c")}
        colours = {line.customdata[0]: line.line.color for line in ranks.figure(results, TITLES, "", 2).data}
        assert colours == {"a": palette.GREY, "b": palette.BLUE, "c": palette.GREY}

    def test_the_hover_text_tells_rank_or_absence(self):
        line = next(line for line in ranks.figure(RESULTS, TITLES, "", 3).data if line.customdata[0] == "c")
        assert list(line.hovertext) == ["a title: rank 3", "a title: not in the first 3", "a title: not in the first 3"]

    def test_the_description_counts_the_documents_in_all(self):
        assert ranks.describe({"one": hits("a", "b"), "two": hits("b")}, 5) == (
            "Ranks of documents in the first 5 of one, two; 1 documents are in all of them."
        )
        assert "0 documents" in ranks.describe({}, 5)

    def test_empty_lists_can_be_drawn(self):
        assert len(ranks.figure({"one": [], "two": []}, {}, "", 5).data) == 0


MEDIANS = {"bm25": {"encode": 0.0, "search": 0.25}, "dense": {"encode": 12.5, "search": 1.5}}


class TestLatency:
    def test_one_bar_a_stage_and_a_row_a_retriever_first_on_top(self):
        figure = latency.figure(MEDIANS)
        assert [bar.name for bar in figure.data] == ["encode", "search"]
        assert [list(bar.y) for bar in figure.data] == [["dense", "bm25"]] * 2
        assert [list(bar.x) for bar in figure.data] == [[12.5, 0.0], [1.5, 0.25]]
        assert figure.layout.barmode == "stack"

    def test_labels_are_milliseconds_and_nothing_stands_at_zero(self):
        assert [list(bar.text) for bar in latency.figure(MEDIANS).data] == [["12.50 ms", ""], ["1.50 ms", "0.25 ms"]]

    def test_a_retriever_has_its_own_colour_everywhere(self):
        search = latency.figure(MEDIANS).data[1]
        assert list(search.marker.color) == [palette.RETRIEVERS["dense"], palette.RETRIEVERS["bm25"]]

    def test_the_description_tells_every_number(self):
        told = latency.describe(MEDIANS)
        assert told == "Milliseconds for encoding the query and searching: bm25 0.0 + 0.25; dense 12.5 + 1.50"


def test_no_chart_builder_imports_streamlit():
    modules = ", ".join(
        f"app.charts.{name}" for name in ("beams", "curves", "icicle", "latency", "palette", "ranks", "sharpen", "tree", "window")
    )
    code = f"import sys, {modules}; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT, check=False).returncode == 0
