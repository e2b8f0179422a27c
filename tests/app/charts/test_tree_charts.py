"""The window of the tree and its two pictures, icicle and sunburst, say what the trie says; no builder knows Streamlit."""

import html
import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts import icicle, palette, tree
from app.charts.window import LIMIT, Cell, whole_limit, window
from engine import paths, trie

HOSTILE = '<script>alert(1)</script> {b} {@x} & "quoted" <img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def cells(films):
    return window(films.trie, films.names, 0, 2)


@pytest.fixture(scope="module")
def cosines(films):
    """Of nodes with several documents; a single one has none."""
    spread = np.linspace(0, 1, len(films.trie.code))
    spread[films.trie.counts == 1] = np.nan
    return spread


def below(cells: list[Cell]) -> dict[str, list[Cell]]:
    grouped: dict[str, list[Cell]] = {}
    for cell in cells[1:]:
        grouped.setdefault(cell.parent, []).append(cell)
    return grouped


def places(share: float, count: int) -> int:
    return min(int(share * count), count - 1)


class TestWindow:
    def test_no_cell_but_a_gathering_one_is_smaller_than_asked_and_none_stands_alone(self, films):
        least = 12
        cells = window(films.trie, films.names, 0, 2, least=least)
        drawn = {cell.prefix for cell in cells if cell.node >= 0}
        large = {c.prefix for c in window(films.trie, films.names, 0, 2) if c.node >= 0 and c.documents >= least}
        assert drawn == large
        gathered = [cell for cell in cells if cell.node < 0]
        assert gathered
        assert all(any(other.parent == cell.parent and other.node >= 0 for other in cells) for cell in gathered)

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
    def test_a_cell_lies_inside_its_parent_and_beside_its_siblings(self, films, cosines, share, depth, limit):
        cells = window(films.trie, films.names, places(share, len(films.trie.code)), depth, limit)
        bars = icicle.figure(cells, cosines, set()).data[0]
        assert len(set(bars.ids)) == len(bars.ids) == len(cells)
        spans = {cell.prefix: (top, top + cell.documents) for cell, top in zip(cells, bars.base, strict=True)}
        for parent, children in below(cells).items():
            found = sorted(spans[child.prefix] for child in children)
            assert found[0][0] == spans[parent][0]
            assert found[-1][1] == spans[parent][1]
            assert all(one[1] == other[0] for one, other in itertools.pairwise(found))
        columns = {cell.depth: (x - width / 2, x + width / 2) for cell, x, width in zip(cells, bars.x, bars.width, strict=True)}
        assert all(columns[level][1] == columns[level + 1][0] for level in range(max(columns)))

    def test_the_id_of_a_cell_is_its_prefix_and_the_root_has_a_name(self, cells, cosines):
        bars = icicle.figure(cells, cosines, set()).data[0]
        assert list(bars.ids) == [icicle.ROOT_ID, *(cell.prefix for cell in cells[1:])]
        assert list(bars.y) == [cell.documents for cell in cells]

    def test_labels_and_hover_texts_are_escaped(self, cells, cosines):
        bars = icicle.figure(hostile(cells), cosines, set()).data[0]
        for text in [*bars.text, *bars.hovertext]:
            assert "<" not in text
        assert all("&lt;script&gt;" in text for text in bars.hovertext)

    def test_a_label_is_cut_to_its_column_and_left_out_where_no_line_fits(self, cells, cosines):
        bars = icicle.figure(hostile(cells), cosines, set()).data[0]
        for cell, text in zip(cells, bars.text, strict=True):
            high = cell.documents / cells[0].documents * icicle.HEIGHT > icicle.LINE
            assert bool(text) == high
            assert len(html.unescape(text)) <= icicle.LETTERS * icicle.WIDTHS[2][cell.depth] / 7

    def test_the_hover_text_tells_prefix_documents_and_how_alike_they_are(self, cells, cosines):
        bars = icicle.figure(cells, cosines, set()).data[0]
        assert [part in bars.hovertemplate for part in ("%{id}", "%{y:,}", "%{customdata}", "%{hovertext}")] == [True] * 4
        for cell, told in zip(cells, bars.customdata, strict=True):
            alike = cosines[cell.node] if cell.node >= 0 else np.nan
            assert told == (f"{alike:.2f}" if np.isfinite(alike) else "none, a single document")

    def test_a_hundred_thousand_documents_send_a_small_picture(self):
        codes = (np.random.default_rng(0).random((100_000, 3)) ** 2 * 256).astype(np.int32)
        built = trie.build(np.unique(codes, axis=0))
        names = ["three telling · words of · the node"] * len(built.code)
        cells = window(built, names, 0, 3, least=icicle.least(len(built.documents)))
        assert 100 < len(cells) < 500
        assert min(cell.documents for cell in cells) >= icicle.least(len(built.documents))
        assert len(icicle.figure(cells, np.ones(len(built.code)), {1}).to_json()) < 60_000

    def test_a_label_begins_with_the_code_and_a_rest_cell_with_its_count(self, films, cosines):
        cells = window(films.trie, films.names, 0, 1, 5)
        labels = icicle.figure(cells, cosines, set()).data[0].hovertext
        assert labels[0] == "all documents"
        for cell, label in zip(cells[1:-1], labels[1:-1], strict=True):
            assert label.startswith(f"{cell.prefix} · ")
        assert cells[-1].node == -1
        assert "more codes" in labels[-1]

    def test_colour_follows_the_cosine_and_a_single_document_is_light(self, cells, cosines):
        colours = icicle.figure(cells, cosines, set()).data[0].marker.color
        for cell, colour in zip(cells, colours, strict=True):
            assert (colour == icicle.LEAF) == (cell.documents == 1)
        known = [(cosines[c.node], palette.RAMP.index(k)) for c, k in zip(cells, colours, strict=True) if c.documents > 1]
        shades = [shade for _, shade in sorted(known)]
        assert shades == sorted(shades)
        assert {shades[0], shades[-1]} == {0, len(palette.RAMP) - 1}

    def test_only_the_marked_path_is_outlined(self, films, cells, cosines):
        path = set(films.trie.path(5))
        line = icicle.figure(cells, cosines, path).data[0].marker.line
        for cell, width in zip(cells, line.width, strict=True):
            assert (width == 3) == (cell.node in path)

    def test_a_window_without_a_pair_of_documents_can_be_drawn(self, films, cosines):
        leaf = window(films.trie, films.names, len(films.trie.code) - 1, 2)
        figure = icicle.figure(leaf, np.full(len(films.trie.code), np.nan), set())
        assert list(figure.data[0].marker.color) == [icicle.LEAF]

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


def test_no_chart_builder_imports_streamlit():
    modules = ", ".join(
        f"app.charts.{name}" for name in ("beams", "curves", "icicle", "latency", "palette", "ranks", "sharpen", "tree", "window")
    )
    code = f"import sys, {modules}; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT, check=False).returncode == 0


def test_codes_that_were_left_out_of_a_whole_tree_are_grey_and_counted():
    codes = np.array([(first, number) for first in range(400) for number in range(2 if first < 7 else 1)], np.int32)
    built = trie.build(codes)
    cells = window(built, [f"name {node}" for node in range(len(built.code))], 0, 2, whole_limit(400))
    assert sum(cell.depth == 1 for cell in cells) == 300
    more = next(cell for cell in cells if cell.node < 0 and cell.depth == 1)
    assert more.documents == len(codes) - sum(cell.documents for cell in cells if cell.depth == 1 and cell.node >= 0)
    colours = {branch["name"]: branch["itemStyle"]["color"] for branch in tree.option(cells)["series"][0]["data"]}
    assert colours.pop(more.name) == palette.GREY
    assert palette.GREY not in colours.values()
