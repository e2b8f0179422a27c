"""Pictures of a training as data: the curves, and the watched queries that sharpen."""

import json

import pytest

from app.charts import curves, sharpen
from app.charts.palette import ORANGE
from engine.builds.history import Evaluation, Watched, WatchedBeam, WatchedHit, WatchedLevel

HTML = "<script>alert(1)</script>"


def beams(*shares: float) -> tuple[WatchedBeam, ...]:
    """Kept beams of a level; the first has the prefix asked for below."""
    return tuple(WatchedBeam(prefix=prefix, total=-1.0, share=share) for prefix, share in zip("123", shares, strict=False))


def watched(first: str, second: str, share: float, rank: int | None = None) -> Watched:
    hits = tuple(
        WatchedHit(id=name, title=name.upper(), score=-place, identifier="1-4" if name == "a" else "2-5")
        for place, name in enumerate((first, second), 1)
    )
    levels = (
        WatchedLevel(level=1, kept=beams(share, 1 - share)),
        WatchedLevel(level=2, kept=(WatchedBeam(prefix="1-4", total=-2.0, share=share / 2),)),
    )
    return Watched(query="q", hits=hits, judged_rank=rank, levels=levels)


def entry(step: int, dev: float, loss: float | None, seen: Watched) -> Evaluation:
    return Evaluation(
        step=step,
        seconds=step / 10,
        steps_per_second=10.0,
        loss=loss,
        losses={} if loss is None else {"next_code": loss},
        dev={"nDCG@10": dev, "Recall@100": dev * 2},
        code_accuracy=(dev, dev + 0.1),
        detectors=(),
        watched=(seen,),
    )


HISTORY = [
    entry(0, 0.2, None, watched("b", "c", 0.1)),
    entry(10, 0.4, 3.0, watched("a", "b", 0.6, 3)),
    entry(20, 0.3, 2.0, watched("a", "d", 0.8, 1)),
]
FLOOR = curves.Floor(0.25, (0.2, 0.3), {"BM25": 0.1, "Dense": 0.251})


class TestCurves:
    def test_one_evaluation_is_seen_as_a_point(self):
        rows = curves.table(HISTORY[:2])
        for drawn in (
            curves.losses(rows),
            curves.accuracy(rows),
            curves.quality(rows, "nDCG@10", curves.Floor(0.1, (0, 1), {})),
        ):
            assert {trace.mode for trace in drawn.data} == {"lines+markers"}

    @pytest.fixture
    def rows(self):
        return curves.table(HISTORY)

    def test_a_row_an_evaluation_with_every_figure(self, rows):
        assert rows["Step"].tolist() == [0, 10, 20]
        assert rows["nDCG@10"].tolist() == [0.2, 0.4, 0.3]
        assert rows["Loss, next_code"].tolist()[1:] == [3.0, 2.0]
        assert rows["Loss"].isna().tolist() == [True, False, False]
        assert curves.levels(rows) == ["Codes right, level 1", "Codes right, level 2"]

    def test_the_floor_is_a_line_and_a_band_and_the_kept_weights_a_ring(self, rows):
        figure = curves.quality(rows, "nDCG@10", FLOOR, 10, 20)
        kinds = [(shape.type, shape.y0, shape.y1, shape.x0) for shape in figure.layout.shapes]
        assert ("rect", 0.2, 0.3, 0) in kinds
        assert ("line", 0.25, 0.25, 0) in kinds
        assert ("line", 0, 1, 20) in kinds
        line, ring = figure.data
        assert list(line.y) == [0.2, 0.4, 0.3]
        assert (list(ring.x), list(ring.y)) == ([10], [0.4])
        assert {("line", value, value, 0) for value in (0.1, 0.251)} <= set(kinds)
        told = {(one.text, one.y) for one in figure.layout.annotations}
        assert told == {("BM25 .100", 0.1), ("centroid scorer, untrained .250, Dense .251", 0.251)}

    def test_the_axis_holds_the_curve_and_every_line_and_little_more(self, rows):
        low, high = curves.quality(rows, "nDCG@10", FLOOR).layout.yaxis.range
        assert (low, high) == pytest.approx((0.07, 0.43))
        low, high = curves.quality(rows, "nDCG@10", curves.Floor(0.9, None, {"BM25": 0.0})).layout.yaxis.range
        assert (low, high) == pytest.approx((0, 0.99))
        low, high = curves.quality(rows.assign(**{"nDCG@10": 1.0}), "nDCG@10").layout.yaxis.range
        assert low < 1 < high

    def test_without_a_floor_there_is_only_the_curve(self, rows):
        figure = curves.quality(rows, "nDCG@10")
        assert len(figure.data) == 1
        assert not figure.layout.shapes

    def test_one_loss_is_drawn_once_and_several_with_their_sum(self, rows):
        assert [line.name for line in curves.losses(rows).data] == ["next code"]
        both = rows.assign(**{"Loss, soft": [None, 1.0, 1.0]})
        assert [line.name for line in curves.losses(both).data] == ["all together", "next code", "soft"]
        assert list(curves.losses(rows).data[0].x) == [10, 20]

    def test_a_line_a_level_told_apart_by_dash(self, rows):
        lines = curves.accuracy(rows).data
        assert [line.name for line in lines] == ["level 1", "level 2"]
        assert len({line.line.dash for line in lines}) == 2

    def test_runs_stand_side_by_side_over_seconds(self, rows):
        figure = curves.side_by_side({"x": rows, "y": rows}, "nDCG@10", {"x": 0.25, "y": 0.25})
        assert [line.name for line in figure.data] == ["x", "y"]
        assert list(figure.data[0].x) == [0.0, 1.0, 2.0]
        assert len(figure.layout.shapes) == 1

    def test_in_words(self, rows):
        assert curves.describe(rows, "nDCG@10", FLOOR) == (
            "nDCG@10 on the development queries over 20 steps: 0.200 before the first, at best 0.400 after 10, 0.300 at the end. "
            "Without training: centroid scorer, untrained 0.250, BM25 0.100, Dense 0.251."
        )
        assert curves.describe_losses(rows) == "The loss went from 3 to 2."
        assert "level 2 from 30% to 40%" in curves.describe_accuracy(rows)
        assert curves.describe_losses(curves.table(HISTORY[:1])) == "No step yet, so no loss."
        assert "x 0.400" in curves.describe_runs({"x": rows}, "nDCG@10")

    def test_the_file_stands_alone_and_its_text_is_escaped(self, rows):
        page = curves.page(HTML, HTML, [curves.quality(rows, "nDCG@10"), curves.losses(rows)])
        assert page.startswith("<!doctype html>")
        assert HTML not in page
        assert 'src="http' not in page
        assert page.count('class="plotly-graph-div"') == 2


class TestSharpen:
    seen = [now.watched[0] for now in HISTORY]  # noqa: RUF012

    def test_the_share_on_each_prefix_of_the_end(self):
        assert sharpen.shares(self.seen, "1-4") == [[0.1, 0.6, 0.8], [0.05, 0.3, 0.4]]

    def test_a_prefix_that_is_not_among_the_best_counts_as_nothing(self):
        assert sharpen.shares(self.seen, "9-4-2") == [[0.0] * 3, [0.0] * 3, [0.0] * 3]

    def test_ranks_of_all_that_were_ever_among_the_first(self):
        assert sharpen.ranks(self.seen) == {"a": [None, 1, 1], "d": [None, None, 2], "b": [1, 2, None], "c": [2, None, None]}

    def test_the_picture_ends_with_the_winner_in_orange(self):
        figure = sharpen.figure([0, 10, 20], self.seen, 2, 1)
        assert [line.name for line in figure.data if line.xaxis == "x"] == ["level 1", "level 2"]
        winner = figure.data[-1]
        assert (list(winner.y), winner.line.color) == ([None, 1, 1], ORANGE)
        assert "A: rank 1 after step 20" in winner.hovertext
        assert [note.text for note in figure.layout.annotations[2:]] == ["<b>A</b>", "D"]
        json.loads(figure.to_json())

    def test_titles_cannot_become_markup(self):
        hostile = [
            now.model_copy(update={"hits": tuple(hit.model_copy(update={"title": HTML}) for hit in now.hits)})
            for now in self.seen
        ]
        assert "<script" not in sharpen.figure([0, 10, 20], hostile, 2, 2).to_json().replace("\\u003c", "<")

    def test_a_query_without_a_hit_can_be_drawn(self):
        nothing = [now.model_copy(update={"hits": (), "levels": ()}) for now in self.seen]
        assert len(sharpen.figure([0, 10, 20], nothing, 2, 0).data) == 0
        assert sharpen.describe([0, 10, 20], nothing, 2) == "q: no hit after 20 steps."

    def test_in_words(self):
        assert sharpen.describe([0, 10, 20], self.seen, 2) == (
            "q: after 20 steps the first hit is A; the beam's share on it went from 5% to 40%."
        )
        assert sharpen.describe([0], self.seen[:1], 0).endswith("the first hit is B; the beam's share on it went from 0% to 0%.")

    def test_hits_know_where_they_came_from(self):
        table = sharpen.hits_table(self.seen[1], self.seen[0])
        assert table["Title"].tolist() == ["A", "B"]
        assert table["Before"].isna().tolist() == [True, False]
        assert table["Before"].iloc[1] == 1
        assert sharpen.hits_table(self.seen[0], None)["Before"].isna().all()

    def test_beams_with_their_words(self):
        table = sharpen.beams_table(self.seen[0], {"1": "one"})
        assert table[["Level", "Prefix", "Words"]].values.tolist() == [[1, "1", "one"], [1, "2", ""], [2, "1-4", ""]]

    def test_the_rows_hold_every_hit_of_every_evaluation(self):
        table = sharpen.rows(HISTORY)
        assert len(table) == 6
        assert table["Id"].tolist() == ["b", "c", "a", "b", "a", "d"]
        assert table["Rank of the first judged"].tolist()[2:] == [3, 3, 1, 1]
