"""Fine-tuning a cross-encoder: what a step reads, whether it can learn, and the whole on a build of sixty films."""

import itertools
import shutil

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import BertModel

from engine import paths
from engine.builds.opened import Build
from engine.data import tables
from engine.errors import TriescopeError
from engine.text import cross_encoder, cross_tuned, models
from engine.training.encoder import cross
from engine.training.encoder.cross_model import CrossLoss, CrossModel
from engine.training.encoder.draws import Draws
from engine.training.encoder.spec import CrossSpec
from tests.engine import tiny_models

# The sixty films have no train split: they learn from dev, a part of which is held out to watch.
SPEC = CrossSpec(train="dev", dev="", steps=2, evaluate_every=1, batch=3, tokens=24, negatives=2)


def quiet(stage, done, total):
    """Nobody is told."""


def test_a_step_reads_each_own_document_first_and_then_those_mined_for_its_query_each_once():
    draws = Draws(np.array([0, 1, 2]), np.array([5, 6, 7]), 3, seed=0)
    mined = np.array([[1, 2, 3, 4], [8, -1, -1, -1], [-1, -1, -1, -1]], np.int32)
    loss, drawn = CrossLoss(draws, [], [], mined, each=2), set()
    for step in range(40):
        rows = loss.rows(np.array([0, 1, 2]), np.array([5, 6, 7]), step)
        assert rows[:, 0].tolist() == [5, 6, 7]
        assert all(len(set(row)) == 3 for row in rows.tolist())
        drawn |= set(rows[0, 1:].tolist())
        assert rows[1, 1:].tolist() == [8, 7]  # too few were mined: another pair's document follows
        assert rows[2, 1:].tolist() == [5, 6]
    assert drawn == {1, 2, 3, 4}
    assert loss.rows(np.array([0]), np.array([5]), 3).tolist() == loss.rows(np.array([0]), np.array([5]), 3).tolist()


def test_it_memorises_a_few_pairs(tmp_path):
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    tiny_models.bert(BertModel, tmp_path / "encoder", initializer_range=0.2, **still)
    model = CrossModel(str(tmp_path / "encoder"), 24, 1e-2, seed=0)
    queries, documents = ["kite moor", "whale tide", "sea storm", "film war"], ["old man", "woman house", "love city", "night"]
    own = np.arange(4)
    mined = np.array([[row for row in range(4) if row != place] for place in range(4)], np.int32)
    loss, optimiser = CrossLoss(Draws(own, own, 4, 0), queries, documents, mined, each=3), torch.optim.AdamW(model.groups())
    for step in range(150):
        optimiser.zero_grad()
        loss(model.train(), step, 0.0)[0].backward()
        optimiser.step()
    assert [int(np.argmax(model.scores(query, documents))) for query in queries] == [0, 1, 2, 3]


def test_what_is_saved_scores_as_the_library_has_it(tmp_path):
    from sentence_transformers import CrossEncoder

    tiny_models.bert(BertModel, tmp_path / "encoder")
    model = CrossModel(str(tmp_path / "encoder"), 12, 1e-3, seed=1)
    model.save(tmp_path / "judge")
    documents = ["kite", "a whale in the sea", "old man " * 30]  # the last is longer than what is read
    theirs = CrossEncoder(str(tmp_path / "judge"), activation_fn=torch.nn.Identity())
    expected = theirs.predict([("storm love", document) for document in documents], batch_size=1)
    np.testing.assert_allclose(model.scores("storm love", documents), expected, atol=1e-4)
    assert not list((tmp_path / "judge").glob("*.bin"))
    assert CrossModel(str(tmp_path / "encoder"), 12, 1e-3, seed=2).scores("storm love", documents).tolist() != expected.tolist()


def test_an_encoder_without_layers_is_refused_in_a_line(tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(TriescopeError, match=r"no \.safetensors file"):
        CrossModel(str(tmp_path / "none"), 12, 1e-3, seed=0)


def always_better(patch):
    """So few queries are answered from the start: let the weights of the last step be kept all the same."""
    counted = itertools.count(1)
    patch.setattr(cross, "_judged", lambda source, asked, rows: np.full(len(rows), next(counted) / 1000))


@pytest.fixture(scope="module")
def finished(small_build, tmp_path_factory):
    """A home where one was fine-tuned, the build, and what is known of it; not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        here = tmp_path_factory.mktemp("crossed")
        patch.setenv("TRIESCOPE_HOME", str(here / "home"))
        always_better(patch)
        copy = shutil.copytree(small_build, here / "sixty")
        return here / "home", copy, cross.tune(copy, "judge", SPEC, quiet)


class TestWhole:
    def test_it_orders_what_another_found_and_is_no_test_query_s(self, finished, monkeypatch):
        home, folder, known = finished
        monkeypatch.setenv("TRIESCOPE_HOME", str(home))
        assert (known.steps, known.best_step, len(known.history), known.build) == (2, 2, 3, "sixty")
        assert models.everything()["judge"].kind == "cross"
        assert cross_tuned.read(paths.home() / "models" / "judge") == known
        build, query = Build(folder), "an old samurai"
        found = [hit.id for hit in build.search(query, "bm25", 60).hits][:50]
        hits = build.search(query, "bm25~cross:judge", 60).hits
        texts = [build.texts()[build.row_of[one]] for one in found]
        read = cross_encoder.load(str(home / "models" / "judge")).predict([(query, text) for text in texts], batch_size=1)
        assert sorted(hit.id for hit in hits[: len(found)]) == sorted(found)
        np.testing.assert_allclose([hit.score for hit in hits[: len(found)]], np.sort(read)[::-1], atol=1e-3)
        assert not list(folder.glob(".cross*"))
        assert sorted(path.name for path in (home / "models").iterdir()) == ["judge"]

    def test_one_that_was_killed_leaves_no_half_and_goes_on_to_the_same(self, finished, small_build, tmp_path, monkeypatch):
        monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
        folder, saved = shutil.copytree(small_build, tmp_path / "sixty"), CrossModel.save
        always_better(monkeypatch)

        def killed(self, out):
            saved(self, out)
            raise KeyboardInterrupt

        monkeypatch.setattr(CrossModel, "save", killed)  # when all has been learned and half is written
        with pytest.raises(KeyboardInterrupt):
            cross.tune(folder, "judge", SPEC.model_copy(update={"steps": 1}), quiet)
        assert not (tmp_path / "home" / "models" / "judge").exists()
        assert models.everything() == {}
        monkeypatch.setattr(CrossModel, "save", saved)
        again = cross.tune(folder, "judge", SPEC, quiet)
        assert [turn.dev for turn in again.history[:1]] == [turn.dev for turn in finished[2].history[:1]]
        ours, theirs = (load_file(home / "models" / "judge" / "model.safetensors") for home in (tmp_path / "home", finished[0]))
        assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)

    def test_test_queries_are_never_read(self, finished, small_build, tmp_path, monkeypatch):
        monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
        folder, splits, read = shutil.copytree(small_build, tmp_path / "sixty"), [], tables.read_judged
        monkeypatch.setattr(tables, "read_judged", lambda build, split: splits.append(split) or read(build, split))
        always_better(monkeypatch)
        cross.tune(folder, "judge", SPEC.model_copy(update={"steps": 1}), quiet)
        assert set(splits) == {"dev"}
        with pytest.raises(TriescopeError, match="training never reads the test split"):
            cross.tune(folder, "judge", SPEC.model_copy(update={"train": "test"}), quiet)

    def test_a_name_of_another_model_is_left_alone(self, small_build, tmp_path, monkeypatch):
        monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
        tiny_models.llama(tmp_path / "writer")
        models.add("writer", str(tmp_path / "writer"))
        for name, says in (("writer", "not fine-tuned here"), ("../x", "cannot name a model")):
            with pytest.raises(TriescopeError, match=says):
                cross.tune(small_build, name, SPEC, quiet)

    def test_where_no_look_is_better_than_the_start_nothing_is_kept(self, small_build, tmp_path, monkeypatch):
        monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
        folder = shutil.copytree(small_build, tmp_path / "sixty")
        monkeypatch.setattr(cross, "_judged", lambda source, asked, rows: np.zeros(len(rows)))
        with pytest.raises(TriescopeError, match="after 1 step no look was better than the start"):
            cross.tune(folder, "judge", SPEC.model_copy(update={"steps": 1}), quiet)
        assert models.everything() == {}

    def test_the_shell_says_what_it_is_worth_beside_the_lists_themselves(self, finished, shell):
        lines = cross_tuned.told(finished[2])
        assert lines[0].startswith("5 pairs were seen in 2 steps, of 5 there are (5 queries)")
        assert lines[2].endswith("of the first 20 in its order:")
        assert [line.split()[1] for line in lines[3:]] == ["bm25", "dense"]
        code, _, err = shell("tune-cross", finished[1], "judge", "--train", "nothing")
        assert (code, "no judged queries in split 'nothing'" in err) == (2, True)


def test_it_is_said_whether_it_is_ahead_of_the_list_behind_it_or_neither():
    from engine.data.figures import Difference, Interval

    def ordered(mean, p, chance):
        ahead = Difference(mean, mean - 0.01, mean + 0.01, p, p)
        middle = Interval(0.2, 0.1, 0.3)
        over = Difference(chance, chance - 0.01, chance + 0.01, 0.001, 0.001)
        return cross_tuned.Ordered(found=middle, crossed=middle, shuffled=middle, ahead=ahead, ahead_of_chance=over)

    for one, says in (
        (ordered(0.1, 0.001, 0.1), ", ahead of its own, "),
        (ordered(-0.1, 0.001, 0.1), ", behind its own, "),
        (ordered(0.0, 0.9, 0.1), ", not certainly ahead of its own, "),
        (ordered(-0.1, 0.001, 0.0), ", which it is not certainly ahead of either."),
    ):
        assert says in cross_tuned.line("bm25", one)
