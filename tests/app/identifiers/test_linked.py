"""What the pointer joins in two trees, counted one by one."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts import linked
from app.charts.tree import option, preorder
from app.charts.window import window
from engine import trie
from tests.app.at import said, visit

CODES = st.lists(st.tuples(*[st.integers(0, 2)] * 4), min_size=1, max_size=15)


@given(CODES, st.integers(3, 12))
def test_pairs_are_those_that_share_a_document(drawn, limit):
    codes = [np.array([(*row[side : side + 2], place) for place, row in enumerate(drawn)], np.int32) for side in (0, 2)]
    tries = [trie.build(one) for one in codes]
    cells = [window(built, [""] * len(built.code), 0, 2, limit) for built in tries]
    expected: Counter = Counter()
    for row in range(len(drawn)):
        above = [
            [
                index
                for index, cell in enumerate(of[1:])
                if cell.node > 0 and list(one[row][: cell.depth]) == [int(code) for code in cell.prefix.split("-")]
            ]
            for one, of in zip(codes, cells, strict=True)
        ]
        expected.update((first, second) for first in above[0] for second in above[1])
    found = linked.pairs(tries, cells)
    assert {(int(a), int(b)): int(count) for a, b, count in found} == dict(expected)
    assert len(found) == len(expected)


@given(CODES, st.integers(3, 12))
def test_arcs_are_laid_as_echarts_lays_them(drawn, limit):
    codes = np.array([(*row[:2], place) for place, row in enumerate(drawn)], np.int32)
    built = trie.build(codes)
    cells = window(built, [""] * len(built.code), 0, 2, limit)
    arcs = dict(zip([cell.prefix for cell in cells[1:]], linked.arcs(cells), strict=True))
    order = iter(preorder(cells))
    begun = 0
    for branch in option(cells)["series"][0]["data"]:
        expected = begun
        assert arcs[next(order).prefix] == pytest.approx(
            [1, begun / len(drawn), (begun + branch["value"]) / len(drawn)], abs=1e-6
        )
        for twig in branch["children"]:
            stop = expected + twig["value"]
            assert arcs[next(order).prefix] == pytest.approx([2, expected / len(drawn), stop / len(drawn)], abs=1e-6)
            expected = stop
        begun += branch["value"]
    assert begun == len(drawn)


@pytest.mark.usefixtures("studied")
def test_where_only_first_codes_are_joined_it_is_said(monkeypatch):
    assert "Only first codes are joined" not in said(visit("identifiers"))
    monkeypatch.setattr(linked, "PAIRS", 40)
    assert "Only first codes are joined: there are more than 40 pairs" in said(visit("identifiers"))
