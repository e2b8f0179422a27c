"""Shares of a column's values in lists: as counted one by one, and what is said of them."""

import numpy as np
import pytest

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.evaluation import interval, parity
from engine.filters.columns import Columns

GENRES = [["War"], ["War", "Drama"], ["Drama"], ["Drama"], None]
FILMS = [Document(f"d{row}", f"Film {row}", "", {"genre": of} if of else {}) for row, of in enumerate(GENRES)]
ROW = {film.id: row for row, film in enumerate(FILMS)}
QRELS = {"q": {"d0": 1, "d2": 2, "d3": 0}, "r": {"d1": 1, "gone": 1}, "s": {"d4": 0}}
RUNS = {"ours": {"q": ["d0", "d1", "d9"], "r": ["d3", "d4"], "s": ["d2"]}, "none": {}}


def counted(value, ids):
    """Share of documents with a value, one by one."""
    rows = [ROW[one] for one in ids if one in ROW]
    return sum(value in (GENRES[row] or []) for row in rows) / len(rows) if rows else 0.0


def test_shares_are_those_counted_one_by_one():
    found = parity.of_runs(Columns(FILMS), "genre", RUNS, QRELS, ROW)
    assert (found.queries, found.others, found.without, [one.value for one in found.values]) == (2, 0, 1, ["Drama", "War"])
    for one in found.values:
        assert one.documents == counted(one.value, ROW)
        asked = [counted(one.value, [i for i, grade in QRELS[query].items() if grade]) for query in "qr"]
        shown = [counted(one.value, RUNS["ours"][query]) for query in "qr"]
        assert one.relevant == np.mean(asked)
        assert one.shown["ours"].mean == pytest.approx(np.mean(shown))
        assert one.over["ours"].mean == pytest.approx(np.mean(shown) - np.mean(asked))
        assert one.shown["none"] == (0.0, 0.0, 0.0)
    far = np.mean([abs(one.shown["ours"].mean - one.documents) for one in found.values])
    assert found.from_documents["ours"].mean == pytest.approx(far)
    assert found.from_documents["ours"].low <= far <= found.from_documents["ours"].high
    assert found.from_relevant["ours"].mean == pytest.approx(np.mean([abs(one.over["ours"].mean) for one in found.values]))
    assert found.as_json()["values"][0]["shown"]["ours"]["mean"] == found.values[0].shown["ours"].mean
    lines = parity.lines(found, "questions", "what came next")
    assert lines[0] == "by genre, 2 questions: share of the documents, of what came next, of the first 10 places"
    assert lines[1].startswith("Drama")
    assert lines[-1] == "Documents without a value, which stand in no line: 1."


def test_intervals_are_those_of_the_bootstrap_value_by_value():
    found = np.random.default_rng(1).random((60, 3))
    low, high = np.quantile(parity.drawn(found), (0.025, 0.975), axis=0)
    for at, of in enumerate(found.T):
        assert (low[at], high[at]) == pytest.approx(interval(of)[1:], abs=0.01)


def test_the_shell_tells_it_and_refuses_a_column_that_is_none(small_build, told, shell):
    asked = ("evaluate", small_build, "--split", "dev", "-r", "bm25", "-r", "dense")
    found = told(*asked, "--by", "genre")["parity"]
    assert list(found["values"][0]["shown"]) == ["bm25", "dense"]
    assert "apart from what is relevant: bm25" in shell(*asked, "--by", "genre")[1]
    code, _, err = shell(*asked, "--by", "nonesuch")
    assert (code, "no column 'nonesuch'" in err) == (2, True)


def test_under_a_filter_the_documents_are_those_that_pass_and_what_cannot_be_told_is_refused():
    allowed = np.array([True, True, False, False, True])
    found = parity.of_runs(Columns(FILMS), "genre", RUNS, QRELS, ROW, allowed)
    assert {one.value: one.documents for one in found.values} == {"War": 2 / 3, "Drama": 1 / 3}
    for column, qrels, says in (("mood", QRELS, "no column"), ("genre", {"s": {"d4": 0}}, "no query has a relevant")):
        with pytest.raises(TriescopeError, match=says):
            parity.of_runs(Columns(FILMS), column, RUNS, qrels, ROW)
