"""Which recommender to use: what the command kept is what the page shows, and what it may say of it."""

import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from app.sessions import judged
from engine.builds.opened import Build
from engine.cli.main import app
from engine.data.figures import Difference, Interval
from engine.errors import TriescopeError
from engine.recommending import judging, kept_judging, kinds, on_disk
from engine.recommending.kept_judging import Judging
from tests.app.at import infos, said, table, visit
from tests.taken import join


@pytest.fixture
def build(sixty_home, tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    folder = shutil.copytree(sixty_home / "builds" / "sixty", tmp_path / "builds" / "sixty")
    join(folder, tmp_path / "sequences.txt")
    return Build(folder)


def judge(build, *flags):
    done = CliRunner().invoke(app, ["evaluate-next", str(build.folder), *flags])
    assert done.exit_code == 0, done.output


def box(**parameters):
    """The page with the box open."""
    at = visit("sessions", **parameters)
    at.session_state["judged-box"] = True
    return at.run()


def test_what_was_kept_is_shown_and_goes_when_others_are_joined(build, tmp_path):
    assert kept_judging.read(build, "dev") is None
    judge(build, "-m", "counting", "-m", "item-item+knn", "--split", "dev", "--keep")
    judge(build, "-m", "popularity")  # not kept
    assert kept_judging.read(build, "test") is None
    found = kept_judging.read(build, "dev")
    assert found.questions == len(kinds.Opened(build).known.dev.targets)
    rows = table(box(), "NDCG@10", "Against counting")
    assert rows["Recommender"].tolist() == ["counting", "item-item+knn"]
    assert rows["R@10"].tolist() == judged.table(found)["R@10"].tolist()
    assert sum(group.questions for group in found.models[0].groups) == found.questions
    join(build.folder, tmp_path / "others.txt", people=30)
    assert kept_judging.read(build, "dev") is None


def test_whom_lists_show_is_what_counting_one_by_one_finds(build):
    judge(build, "-m", "popularity", "--split", "dev", "--by", "genre", "--keep")
    opened, found = kinds.Opened(build), kept_judging.read(build, "dev").parity
    held = opened.known.dev
    first, genres = judging.judge(opened.get("popularity"), held).first, [of.metadata["genre"] for of in build.documents]
    for one in found.values:
        assert one.relevant == pytest.approx(np.mean([one.value in genres[row] for row in held.targets]))
        shares = [np.mean([one.value in genres[row] for row in rows if row >= 0]) for rows in first]
        assert one.shown["popularity"].mean == pytest.approx(np.mean(shares))
    at = box()
    rows = table(at, "Value", "Of what was taken next")
    assert rows["Value"].tolist() == [one.value for one in found.values]
    assert "share of what was taken next is certainly not zero" in said(at)
    with pytest.raises(TriescopeError, match="no column 'nonesuch'"):
        CliRunner().invoke(app, ["evaluate-next", str(build.folder), "--by", "nonesuch"], catch_exceptions=False)


def test_without_a_judging_there_is_a_form_alone(build):
    at = box(**{"judged-by": "test"})
    assert "Choose by development" in said(at)
    assert at.multiselect[0].value == kinds.usual(build)
    assert not [frame for frame in at.dataframe if "NDCG@10" in frame.value.columns]


def test_a_name_that_is_none_starts_nothing(build):
    at = box()
    at.multiselect[0].set_value(["counting", "item-item+nobody"])
    next(one for one in at.button if one.label == "Judge them").click().run()
    assert "There is no recommender nobody" in at.error[0].value


def test_a_damaged_file_is_said(build):
    judge(build, "-m", "counting", "--split", "dev", "--keep")
    kept_judging.path_of(build, "dev").write_text("{}")
    assert "damaged" in box().error[0].value
    with pytest.raises(TriescopeError, match="test or dev"):
        kept_judging.questions(kinds.Opened(build).known, "train")


def test_a_model_that_was_trained_anew_is_named(build, monkeypatch):
    judge(build, "-m", "counting", "--split", "dev", "--keep")
    found = kept_judging.read(build, "dev").model_copy(update={"weights": {"sasrec": "weights-0"}})
    kept_judging.keep(build, found)
    assert "Trained anew since this was measured: sasrec" in infos(box()).replace("\\", "")
    assert kept_judging.trained_since(build, found.model_copy(update={"weights": {}})) == []
    assert (build.folder / on_disk.FOLDER / "judged-dev.json").is_file()


def made(*rows):
    """A judging of recommenders ``(name, mean, difference to the first)``."""
    return Judging.model_construct(
        models=tuple(
            kept_judging.OfRecommender.model_construct(name=name, means={"NDCG@10": Interval(mean, mean, mean)}, ahead=ahead)
            for name, mean, ahead in rows
        )
    )


def difference(low, high, p):
    return Difference((low + high) / 2, low, high, p, p)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("a", 0.5, None)], "nothing beside it"),
        ([("a", 0.5, None), ("b", 0.4, difference(-0.2, -0.05, 0.001))], "all others are below it"),
        ([("a", 0.5, None), ("b", 0.4, difference(-0.2, 0.01, 0.06))], "not told apart from it: b."),
        ([("a", 0.5, None), ("b", 0.4, difference(-0.2, -0.05, 0.2))], "not told apart from it: b."),
        (
            [("a", 0.4, None), ("b", 0.5, difference(0.05, 0.2, 0.001))],
            "b has the highest NDCG@10, 0.500 [0.500, 0.500], above a",
        ),
        ([("a", 0.4, None), ("b", 0.5, difference(-0.05, 0.2, 0.3))], "not told apart from a"),
    ],
)
def test_the_sentence_says_no_more_than_is_sure(rows, expected):
    assert expected in judged.said(made(*rows))
