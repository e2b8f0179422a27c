"""Interactions joined to a build: kept in parts, opened as they were, refused when damaged or of another catalogue; the shell."""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from engine.builds.opened import Build
from engine.builds.packed import pack, unpack
from engine.cli.main import app
from engine.data.interactions import Rules
from engine.errors import TriescopeError
from engine.recommending import asked, joined, kinds, on_disk
from engine.recommending.models import train
from engine.recommending.models.spec import SequenceSpec


def test_what_was_joined_is_there_when_it_is_opened(told, build):
    known, lists = on_disk.Interactions(build), [line.split() for line in told[1].read_text().splitlines()]
    assert known.users == [line[0] for line in lists]
    assert [build.documents[row].id for row in known.test.targets] == [line[-1] for line in lists]
    assert [build.documents[row].id for row in known.dev.targets] == [line[-2] for line in lists]
    assert [build.documents[row].id for row in known.train.one(0)] == lists[0][1:-2]
    about = known.about
    assert (about.users, about.train, about.dev, about.test) == (40, sum(len(line) - 3 for line in lists), 40, 40)
    assert known.matrix.weights.shape == (60, 60)
    assert known.matrix.share == about.text_share


def test_every_usual_one_recommends_what_was_not_taken(build):
    opened = kinds.Opened(build, 60)
    history = asked.of_user(opened, "u3")
    for name in [*kinds.usual(build), "item-item+knn"]:
        hits = asked.recommended(opened, name, history, 5)
        assert len(hits) == 5, name
        assert not {hit.id for hit in hits} & {build.documents[row].id for row in history}
    best = asked.recommended(opened, "counting", history, 3)[0]
    assert best.because.endswith("%)")
    with pytest.raises(TriescopeError, match="counting writes its list code by code"):
        opened.get("counting+knn")
    with pytest.raises(TriescopeError, match="there is no recommender 'gru'; there are counting"):
        opened.get("gru")


def test_without_interactions_there_is_content(small_build):
    bare = Build(small_build)
    assert kinds.there(bare) == ["knn", "content"]
    hits = asked.recommended(kinds.Opened(bare, 60), "content", [0, 1], 4)
    assert [hit.taken for hit in hits] == [None] * 4
    with pytest.raises(TriescopeError, match="has no interactions: `python -m engine interactions"):
        kinds.Opened(bare).get("counting")


def test_training_needs_no_test(told, build, tmp_path):
    folder = shutil.copytree(told[0], tmp_path / "sixty")
    (folder / on_disk.FOLDER / "test.npz").unlink()
    done = CliRunner().invoke(app, ["train-next", str(folder), "--epochs", "2", "--width", "16", "--longest", "8", "--json"])
    assert done.exit_code == 0, done.output
    assert kinds.trained(folder) == ["sasrec"]
    assert len(asked.recommended(kinds.Opened(Build(folder)), "sasrec", [0, 1], 5)) == 5
    with pytest.raises(TriescopeError, match=r"test\.npz"):
        _ = on_disk.Interactions(Build(folder)).test


@pytest.mark.parametrize("model", ["tree", "tiger"])
def test_a_model_is_taught_by_the_matrix_that_is_there(build, tmp_path, monkeypatch, model):
    made = []
    monkeypatch.setattr("engine.recommending.item_item.made", lambda *given: made.append(given))
    spec = SequenceSpec(model=model, distill=0.5, epochs=1, width=8, blocks=1, heads=1)
    assert train.train(on_disk.Interactions(build).material, spec, tmp_path / model).steps
    assert made == []


@pytest.mark.parametrize("name", ["train.npz", "test.npz", "matrix.npz", "about.json"])
def test_damage_is_refused_in_a_line(told, build, tmp_path, name):
    folder = shutil.copytree(told[0], tmp_path / "sixty")
    path = folder / on_disk.FOLDER / name
    if name == "about.json":
        path.write_text('{"source": 1}')
    elif name == "matrix.npz":
        np.savez(path, indptr=np.array([0, 1]), indices=np.array([99], np.int32), data=np.ones(1, np.float32))
    else:
        np.savez(
            path, starts=np.array([0, 2]), items=np.array([5, 99], np.int32), people=np.zeros(1, np.int32), targets=np.zeros(1)
        )
    opened = Build(folder)
    with pytest.raises(TriescopeError):
        _all_of(opened)


def _all_of(build):
    known = on_disk.Interactions(build)
    return known.train, known.test, known.matrix


def test_another_catalogue_is_refused_and_nothing_is_handed_on(told, build, tmp_path):
    folder = shutil.copytree(told[0], tmp_path / "sixty")
    path = folder / on_disk.FOLDER / on_disk.ABOUT
    path.write_text(json.dumps(json.loads(path.read_text()) | {"corpus": "0" * 64}))
    with pytest.raises(TriescopeError, match="joined to another catalogue; join them again"):
        on_disk.Interactions(Build(folder))
    pack(told[0], tmp_path / "handed.zip")
    assert not on_disk.is_there(unpack(tmp_path / "handed.zip", tmp_path, "taken"))


def test_a_model_stays_with_the_split_that_it_was_trained_on_alone(told, build, tmp_path):
    folder = shutil.copytree(told[0], tmp_path / "sixty")
    assert run("train-next", folder, "--epochs", "1", "--width", "16", "--longest", "8").exit_code == 0
    assert joined.join(Build(folder), told[1]).notes == ()
    assert kinds.trained(folder) == ["sasrec"]
    known = joined.join(Build(folder), told[1], rules=Rules(shortest=6))
    assert "sasrec: trained on other interactions, and deleted" in known.notes
    assert kinds.trained(folder) == []


def test_dates_need_times(told, build, tmp_path):
    with pytest.raises(TriescopeError, match="no times to split by"):
        joined.join(build, told[1], dates=("2024", "2025"))
    source = tmp_path / "log.csv"
    rows = [
        f"{line.split()[0]},{item},{place}"
        for line in told[1].read_text().splitlines()
        for place, item in enumerate(line.split()[1:])
    ]
    source.write_text("user,item,time\n" + "\n".join(rows) + "\n")
    other = Build(shutil.copytree(told[0], tmp_path / "sixty"))
    known = joined.join(other, source, rules=Rules(shortest=2), dates=("1970-01-01T00:00:02", "1970-01-01T00:00:04"))
    assert (known.split, known.timed) == ("time", True)
    assert any("have nothing that could be asked for" in note for note in known.notes)


def test_what_came_since_is_not_recommended_and_harms_nothing(told, build, tmp_path):
    folder = shutil.copytree(told[0], tmp_path / "sixty")
    source = tmp_path / "more.jsonl"
    source.write_text(json.dumps({"id": "new-one", "title": "A heist", "text": "inside dreams"}) + "\n")
    done = run("add", folder, source)
    assert done.exit_code == 0, done.output
    grown = Build(folder)
    assert "new-one" in grown.row_of
    found = kinds.Opened(on_disk.as_made(grown), 60)
    assert len(asked.recommended(found, "counting", [0, 1], 5)) == 5
    done = run("recommend", folder, "--history", build.documents[0].id, "--json")
    assert len(json.loads(done.stdout)["lists"]["counting"]) == 10


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_shell_joins_recommends_and_judges(told, build, tmp_path):
    folder = shutil.copytree(told[0], tmp_path / "sixty")
    done = run("interactions", folder, told[1])
    assert done.exit_code == 0, done.output
    assert "40 people" in done.output
    ids = [document.id for document in build.documents[:2]]
    done = run("recommend", folder, "--history", ",".join(ids), "-m", "counting", "-m", "knn", "--json")
    lists = json.loads(done.stdout)["lists"]
    assert {name: len(hits) for name, hits in lists.items()} == {"counting": 10, "knn": 10}
    done = run("evaluate-next", folder, "-m", "item-item", "-m", "counting", "--beams", "60", "--json")
    found = json.loads(done.stdout)
    assert (found["questions"], found["seen"], found["rule"]) == (40, False, "last item of each person")
    ours, theirs = ({name: of["mean"] for name, of in one["means"].items()} for one in found["models"])
    # What the matrix says nothing of stands in the catalogue's order there, by popularity here.
    assert ours == pytest.approx(theirs, abs=0.01)
    arranged = json.loads(run("evaluate-next", folder, "-m", "item-item", "--slate", "rare=0.5,quota=1", "--json").stdout)
    assert (arranged["slate"], arranged["parity"]) == ("quota=1,rare=0.5", None)
    assert arranged["models"][0]["means"]["NDCG@10"]["mean"] != ours["NDCG@10"]


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["recommend"], "a history needs an item"),
        (["recommend", "--history", "nope,neither"], "has no item 'nope', 'neither'"),
        (["recommend", "--history", ",".join(["x"] * 1001)], "at most 1,000 are read"),
        (["recommend", "--user", "nobody"], "has nobody called 'nobody'"),
        (["evaluate-next", "--split", "train"], "split: test or dev"),
        (["train-next", "--name", "../out"], "cannot be the name of a trained model"),
        (["train-next", "--name", "counting"], "is the name of another recommender"),
        (["interactions", "FILE", "--dev-from", "2020"], "needs both dates"),
    ],
)
def test_what_is_wrong_is_a_sentence(told, build, words, match):
    done = run(words[0], told[0], *[told[1] if word == "FILE" else word for word in words[1:]])
    assert isinstance(done.exception, TriescopeError)
    assert match in str(done.exception)
