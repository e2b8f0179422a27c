"""Charts of an evaluation: kinds of queries against retrievers, and quality against the time of a query."""

import pytest

from app.charts import kinds, pareto, systems, widths
from engine.data.figures import Interval
from engine.evaluation.groups import Group


def group(kind: str, label: str, *means: float) -> Group:
    return Group(kind, label, 7, {f"r{at}": Interval(mean, mean - 0.1, mean + 0.1) for at, mean in enumerate(means)})


GROUPS = [group("length", "1-3 words", 0.2, 0.4), group("length", "4 words", 0.5, 0.1), group("relevant", "1 relevant", 0.3, 0.6)]


class TestKinds:
    def test_a_cell_a_group_and_retriever_and_a_gap_between_kinds(self):
        (drawn,) = kinds.figure(GROUPS, "nDCG@10").data
        assert list(drawn.x) == ["r0", "r1"]
        assert [label.strip() for label in drawn.y] == ["1-3 words", "4 words", "", "1 relevant"]
        assert [list(row) for row in drawn.z] == [[0.2, 0.4], [0.5, 0.1], [None, None], [0.3, 0.6]]
        assert list(drawn.text[1]) == ["0.50 · n 7", "0.10 · n 7"]
        assert drawn.zmin == 0

    def test_the_table_has_the_intervals(self):
        rows = kinds.table(GROUPS).to_dict("records")
        assert rows[0] == {"Queries": "1-3 words", "n": 7, "r0": "0.200 [0.100, 0.300]", "r1": "0.400 [0.300, 0.500]"}

    def test_the_description_says_who_is_best_where(self):
        told = kinds.describe(GROUPS, "nDCG@10")
        assert told == "nDCG@10 by kind of query: 1-3 words: r1 0.40; 4 words: r0 0.50; 1 relevant: r1 0.60"


def found(**rows: tuple[float | None, float]) -> dict:
    """An evaluation of retrievers: milliseconds of a search, and a mean; ``dense`` needs the query encoded, 10 ms."""
    return {
        "encoding_ms": {"p50": 10.0},
        "encode": ["dense"],
        "retrievers": {
            name: {"m": {"mean": mean, "low": 0, "high": 1}, "latency_ms": {} if ms is None else {"p50": ms}}
            for name, (ms, mean) in rows.items()
        },
    }


class TestPareto:
    def test_encoding_counts_for_those_that_need_it_and_a_run_from_a_file_has_no_time(self):
        points = pareto.points(found(dense=(1.0, 0.4), bm25=(2.0, 0.3), theirs=(None, 0.9)), "m")
        assert points == [("bm25", 2.0, 0.3), ("dense", 11.0, 0.4)]

    def test_those_that_nobody_beats_on_both_are_joined(self):
        points = pareto.points(found(a=(1.0, 0.3), b=(2.0, 0.2), c=(3.0, 0.5), d=(3.0, 0.4), e=(9.0, 0.5)), "m")
        assert [one.name for one in pareto.front(points)] == ["a", "c"]
        for one in points:
            beaten = any(other.ms <= one.ms and other.mean >= one.mean and other != one for other in points)
            assert (one in pareto.front(points)) == (not beaten)
        line, dots = pareto.figure(points, "m").data
        assert (list(line.x), list(line.y)) == ([1.0, 3.0], [0.3, 0.5])
        assert list(dots.marker.color) == [pareto.BLUE, pareto.GREY, pareto.BLUE, pareto.GREY, pareto.GREY]
        assert [told for told in dots.text if told] == ["a", "b", "c", "d", "e"]

    def test_one_point_and_points_in_one_place_can_be_drawn(self):
        assert pareto.labels(pareto.points(found(a=(1.0, 0.3), b=(1.0, 0.3)), "m")) == ["a<br>b", ""]
        assert pareto.figure(pareto.points(found(a=(1.0, 0.3)), "m"), "m").layout.xaxis.type == "log"

    def test_the_description_tells_all(self):
        told = pareto.describe(pareto.points(found(a=(1.0, 0.3), b=(2.0, 0.2)), "m"), "m")
        assert told == "m against milliseconds: a 0.300 in 1.00 ms (on the front), b 0.200 in 2.00 ms"


def test_what_nobody_has_judged_is_said_where_there_is_some():
    assert "10% to 40% are judged" in systems.unseen({"judged": {"a": 0.4, "b": 0.1, "theirs": None}})
    assert systems.unseen({"judged": {"a": 1.0}}) == systems.unseen({}) == ""


WIDTHS = {
    name: [
        {"beams": beams, "measures": {"m": {"mean": mean + beams / 100, "low": mean, "high": 1.0}}, "ms": beams / 10}
        for beams in (5, 50)
    ]
    for name, mean in (("generative", 0.1), ("hybrid:<b>", 0.3))
}


class TestWidths:
    def test_a_line_a_retriever_by_width_with_intervals(self):
        lines = widths.quality(WIDTHS, "m").data
        assert [line.name for line in lines] == ["generative", "hybrid:&lt;b&gt;"]
        assert (list(lines[0].x), list(lines[1].y)) == ([5, 50], [0.35, 0.8])
        assert list(lines[0].error_y.arrayminus) == pytest.approx([0.05, 0.5])
        drawn = widths.time(WIDTHS)
        assert list(drawn.data[0].y) == [0.5, 5.0]
        assert (drawn.layout.yaxis.type, list(drawn.layout.xaxis.tickvals)) == ("log", [5, 50])

    def test_the_table_and_the_description_say_the_same(self):
        rows = widths.table(WIDTHS, "m")
        assert rows["Beams"].tolist() == [5, 50, 5, 50]
        assert rows["m"][0] == "0.150 [0.100, 1.000]"
        assert widths.describe(WIDTHS, "m").startswith("m by beam width: generative 0.150 at 5 beams, 0.600 at 50; hybrid")
