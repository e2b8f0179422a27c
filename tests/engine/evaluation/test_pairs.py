"""All pairs of systems: against scipy and by hand; and how they are written."""

import csv
import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.data.figures import Difference, Interval
from engine.evaluation import difference, holm
from engine.evaluation.pairs import Pair, count, pairs
from engine.evaluation.power import TIE, needed, smallest
from engine.evaluation.tables import COLUMNS, Table, latex, marks, rows


@given(st.integers(3, 10).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n)] * 3)))
def test_every_pair_is_compared_once_and_corrected_among_all(three):
    of = {name: {"m": np.array(one) / 4} for name, one in zip("abc", three, strict=True)}
    found = pairs(of)["m"]
    assert [(pair.ours, pair.theirs) for pair in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    alone = [difference(of[pair.ours]["m"], of[pair.theirs]["m"]) for pair in found]
    for pair, one, p in zip(found, alone, holm([one.p for one in alone]), strict=True):
        assert pair.difference == one._replace(holm=p)
        both = list(zip(of[pair.ours]["m"], of[pair.theirs]["m"], strict=True))
        assert (pair.wins, pair.ties, pair.losses) == (
            sum(ours > theirs for ours, theirs in both),
            sum(ours == theirs for ours, theirs in both),
            sum(ours < theirs for ours, theirs in both),
        )
        less = of[pair.ours]["m"] - of[pair.theirs]["m"]
        assert (pair.shows, pair.needed) == (smallest(less), needed(less))


def test_a_difference_of_rounding_is_a_tie():
    assert count(np.array([TIE / 2, -TIE / 2, 0.0, 1e-6])) == (1, 3, 0)


def test_one_query_shows_nothing():
    assert pairs({"a": {"m": np.array([1.0])}, "b": {"m": np.array([0.0])}})["m"][0].as_json()["shows"] is None
    assert pairs({}) == {}


def table():
    sure, unsure = Difference(0.1, 0.05, 0.15, 0.001, 0.002), Difference(-0.1, -0.2, 0.1, 0.4, 0.4)
    found = {
        "nDCG@10": [
            Pair("bm25", "a_b&c", sure, 9, 1, 0, 0.05, 7),
            Pair("bm25", "dense", sure._replace(mean=-0.1), 0, 1, 9, 0.05, 7),
            Pair("a_b&c", "dense", unsure, 3, 3, 4, float("nan"), None),
        ]
    }
    figures = {name: {"nDCG@10": Interval(mean, 0.1, 0.5)} for name, mean in (("bm25", 0.3), ("a_b&c", 0.2), ("dense", 0.4))}
    return Table(figures, found)


def test_marks_name_whom_a_system_certainly_beats():
    assert marks(table()) == {"bm25": {"nDCG@10": "b"}, "a_b&c": {"nDCG@10": ""}, "dense": {"nDCG@10": "a"}}


def test_the_table_for_a_paper_bears_any_name_and_has_the_best_in_bold():
    assert latex(table()).splitlines() == [
        r"\begin{tabular}{llc}",
        r" & system & nDCG@10 \\ \hline",
        r"a & bm25 & 0.300$^{b}$ \\",
        r"b & a\_b\&c & 0.200 \\",
        r"c & dense & \textbf{0.400}$^{a}$ \\",
        r"\end{tabular}",
    ]


def test_the_table_for_a_spreadsheet_has_every_figure_and_pair():
    read = list(csv.DictReader(io.StringIO(rows(table()))))
    assert list(read[0]) == COLUMNS
    assert [(row["system"], row["against"]) for row in read] == [
        *[("bm25", ""), ("a_b&c", ""), ("dense", "")],
        *[("bm25", "a_b&c"), ("bm25", "dense"), ("a_b&c", "dense")],
    ]
    assert (read[0]["mean"], read[3]["holm"], read[3]["needed"], read[5]["shows"], read[5]["needed"]) == (
        "0.3",
        "0.002",
        "7",
        "",
        "",
    )
