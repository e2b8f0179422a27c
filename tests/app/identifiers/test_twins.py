"""Two trees of one catalogue: what is chosen in one is found in the other, counted one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts import tree as picture
from app.charts.window import window
from app.identifiers import spelling, twins
from engine import trie
from engine.builds.opened import Build
from tests.app.at import button, said, sound, visit


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans()), min_size=1, max_size=12), st.integers(2, 5))
def test_what_lies_below_a_cell_is_counted_document_by_document(drawn, limit):
    codes = np.array([(first, second, place) for place, (first, second, _) in enumerate(drawn)], np.int32)
    member = np.array([taken for *_, taken in drawn])
    built = trie.build(codes)
    cells = window(built, [""] * len(built.code), 0, 2, limit)
    for cell, found in zip(cells, twins.below(built, cells, member), strict=True):
        if cell.node < 0:
            assert found == -1
            continue
        prefix = [int(code) for code in cell.prefix.split("-")] if cell.prefix else []
        expected = sum(taken and list(row[: len(prefix)]) == prefix for row, taken in zip(codes, member, strict=True))
        assert found == expected


def test_a_branch_of_the_address_is_found_in_the_other_tree(studied):
    at = visit("identifiers", a="rq-kmeans", b="category", of="a:9")
    trees = [spelling.tree(studied, name) for name in ("rq-kmeans", "category")]
    rows = [row for row in range(len(studied.corpus.documents)) if trees[0].fitted.codes[row][0] == 9]
    firsts = [int(trees[1].fitted.codes[row][0]) for row in rows]
    most = max(set(firsts), key=lambda code: (firsts.count(code), -code))
    told = said(at).replace("\\", "")
    assert f"The {len(rows)} documents of rq-kmeans 9" in told
    assert f"lie below {len(set(firsts))} first codes of category, {firsts.count(most)} of them below {most}" in told
    tables = [frame.value for frame in at.dataframe if "Of the chosen" in frame.value.columns]
    assert [frame[~frame["Codes"].str.contains("-")]["Of the chosen"].sum() for frame in tables] == [len(rows)] * 2
    at = sound(button(at, "Show all").click().run())
    assert "Point at a branch of one tree" in said(at)


@pytest.mark.parametrize("branch", ["a:999", "c:9", "a", "![x](http://outside.invalid/a.png)", "b:"])
@pytest.mark.usefixtures("studied")
def test_a_branch_that_is_not_there_is_said(branch):
    at = visit("identifiers", of=branch)
    assert any("a branch that is in neither picture" in warning.value for warning in at.warning)
    assert "Point at a branch of one tree" in said(at)


def test_a_branch_is_as_strong_as_its_share_of_the_chosen(studied: Build):
    cells = window(studied.trie, studied.names, 0, 2)
    data = picture.option(cells, {cells[1].prefix: 0.5})["series"][0]["data"]
    strengths = {branch["name"]: branch["itemStyle"]["opacity"] for branch in data}
    assert strengths.pop(cells[1].name) == pytest.approx(picture.FAINT + (1 - picture.FAINT) / 2, abs=1e-3)
    assert set(strengths.values()) == {picture.FAINT}
