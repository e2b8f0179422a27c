"""Quality and time at several beam widths: those of an evaluation at each width, asked for or not there."""

from engine.evaluation import evaluate
from engine.evaluation import run as running
from engine.evaluation.widths import WIDTHS


def test_each_width_is_what_an_evaluation_at_that_width_gives(opened, monkeypatch):
    monkeypatch.setattr(running, "WIDTHS", (2, 5))
    found = evaluate(opened, "dev", ["bm25", "generative"], beams=3, widths=True, filter="year > 1900")
    assert list(found.widths) == ["generative"]
    for one, beams in zip(found.widths["generative"], (2, 5), strict=True):
        alone = evaluate(opened, "dev", ["generative"], beams=beams, filter="year > 1900").retrievers["generative"]
        assert (one.beams, one.measures) == (beams, alone.measures)
        assert one.ms > 0
    written = found.as_json()["widths"]["generative"][0]
    assert written["measures"]["Hit@1"]["mean"] == found.widths["generative"][0].measures["Hit@1"].mean


def test_without_being_asked_there_are_none(opened):
    assert evaluate(opened, "dev", ["generative"]).as_json()["widths"] == {}
    assert list(WIDTHS) == sorted(WIDTHS)


def test_the_shell_prints_a_line_a_width(shell, small_build):
    out = shell("evaluate", small_build, "--split", "dev", "-r", "generative", "-r", "bm25", "--widths")[1]
    assert [f"generative, {beams} beams: nDCG@10 " in out for beams in WIDTHS] == [True] * len(WIDTHS)
    assert "bm25, 5 beams" not in out
