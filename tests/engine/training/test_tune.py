"""Fine-tuning a build's encoder: which pairs a step has, the loss, the layers, and the whole on a build of sixty films."""

import itertools
import json
import shutil

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.text import embed, encoders, tuned
from engine.text.layered import LayeredEncoder, token_ids
from engine.training.encoder.draws import Draws
from engine.training.encoder.model import Loss, ranking
from engine.training.encoder.spec import TuneSpec
from engine.training.encoder.tune import tune

MODEL = embed.DEFAULT_MODEL
# The sixty films have no train split: they learn from dev, a part of which is held out to watch.
SPEC = TuneSpec(train="dev", dev="", steps=2, evaluate_every=1, batch=3, tokens=16)
pairs = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), min_size=1, max_size=40, unique=True)


@given(pairs, st.integers(2, 9), st.integers(0, 5))
def test_an_epoch_has_each_pair_once_and_no_batch_a_query_or_a_document_twice(some, batch, seed):
    query, row = np.array(some).T
    draws = Draws(query, row, batch, seed)
    epochs = [draws._batches(epoch) for epoch in range(2)]
    for batches in epochs:
        drawn = np.concatenate(batches)
        assert len(set(drawn.tolist())) == len(drawn)
        for taken in batches:
            assert len(set(query[taken])) == len(set(row[taken])) == len(taken) <= batch
        # Left out is what stood alone: at most the last one where no two pairs have anything in common.
        if len(set(query)) == len(set(row)) == len(some):
            assert len(some) - len(drawn) <= (len(some) > 1)
        assert len(batches) == 1 or min(map(len, batches)) > 1
    steps = [taken for batches in epochs for taken in batches]
    for step in reversed(range(len(steps))):  # by the number alone, whatever was drawn before
        assert Draws(query, row, batch, seed)(step).tolist() == steps[step].tolist()


def test_the_loss_is_that_of_sentence_transformers():
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    theirs = MultipleNegativesRankingLoss(SentenceTransformer(modules=[torch.nn.Identity()], device="cpu"), scale=20.0)
    generator = torch.Generator().manual_seed(1)
    query, own, hard = (torch.nn.functional.normalize(torch.randn(5, 8, generator=generator), dim=1) for _ in range(3))
    expected = theirs.compute_loss_from_embeddings([query, own, hard], None)
    assert float(ranking(query, [own, hard])) == pytest.approx(float(expected), abs=1e-6)


def test_hard_negatives_are_of_those_mined_for_the_query_else_a_neighbours_document():
    draws = Draws(np.array([0, 1, 2]), np.array([5, 6, 7]), 3, seed=0)
    mined = np.array([[1, 2, 3], [4, -1, -1], [-1, -1, -1]], np.int32)
    loss, drawn = Loss(draws, [], [], mined, each=2), set()
    for step in range(40):
        for column in loss.hard(np.array([0, 1, 2]), np.array([5, 6, 7]), step):
            drawn.add(int(column[0]))
            assert column[1:].tolist() == [4, 6]
    assert drawn == {1, 2, 3}


class TestLayeredEncoder:
    TEXTS = ("x", "a heist that happens inside dreams", "雪 ?!", " ".join(f"word{place}" for place in range(300)))

    def test_before_it_learns_its_vectors_are_the_encoders(self):
        ours = LayeredEncoder(MODEL).vectors(token_ids(self.TEXTS, MODEL))
        assert np.einsum("nd,nd->n", ours, encoders.load(MODEL).encode(self.TEXTS, "query")) == pytest.approx(1, abs=1e-5)

    def test_only_the_layers_asked_for_learn_and_the_encoder_itself_never(self):
        before = encoders.load(MODEL).encode(self.TEXTS[:2])
        encoder = LayeredEncoder(MODEL, 2)
        encoder.units(token_ids(self.TEXTS[:2], MODEL)).sum().backward()
        learning = [any(weight.grad is not None for weight in layer.parameters()) for layer in encoder.layers]
        assert learning == [False] * 4 + [True] * 2
        with torch.no_grad():
            for weight in encoder.parameters():
                weight += 0.1
        assert np.array_equal(encoders.load(MODEL).encode(self.TEXTS[:2]), before)

    def test_what_was_saved_is_taken_and_what_is_of_another_refused(self):
        one = LayeredEncoder(MODEL)
        with torch.no_grad():
            next(one.layers.parameters()).add_(0.01)
        state = {name: tensor.numpy() for name, tensor in one.state_dict().items()}
        tokens = token_ids(self.TEXTS[:2], MODEL)
        assert np.array_equal(LayeredEncoder(MODEL).take(state).vectors(tokens), one.vectors(tokens))
        del state[next(iter(state))]
        with pytest.raises(TriescopeError, match="not of the build's encoder"):
            LayeredEncoder(MODEL).take(state)
        with pytest.raises(TriescopeError, match="has 6 layers: 7 of them cannot learn"):
            LayeredEncoder(MODEL, 7)


def always_better(patch):
    """So few queries are answered from the start: let the weights of the last step be kept all the same."""
    counted = itertools.count(1)
    patch.setattr("engine.training.encoder.tune.look", lambda *given: next(counted) / 10)
    patch.setattr("engine.training.encoder.tune.among_all", lambda *given: next(counted) / 10)


@pytest.fixture(scope="module")
def finished(small_build, tmp_path_factory, home):
    """A build whose encoder is fine-tuned, and what is known of it; not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(home))
        always_better(patch)
        copy = shutil.copytree(small_build, tmp_path_factory.mktemp("tuned") / "sixty")
        return copy, tune(copy, SPEC)


class TestWhole:
    def test_it_is_searched_by_its_own_vectors_of_documents_and_query(self, finished):
        folder, known = finished
        build = Build(folder)
        layers, query = tuned.open_layers(folder, MODEL), "an old samurai"
        texts = [document.searched_text(("title", "text")) for document in build.documents]
        documents = layers.vectors(token_ids(texts, MODEL, "document"))
        assert np.abs(documents - build.embeddings).max() > 1e-4  # it has learned
        cosines = documents @ layers.vectors(token_ids([query], MODEL))[0]
        found = build.search(query, "tuned", k=5)
        assert [build.row_of[hit.id] for hit in found.hits] == np.argsort(-cosines)[:5].tolist()
        assert found.hits[0].score == pytest.approx(cosines.max(), abs=1e-4)
        assert (known.seen, known.steps, len(known.history)) == (3 + 2, 2, 3)

    def test_a_training_that_goes_on_comes_to_the_same(self, finished, small_build, tmp_path, monkeypatch):
        folder = shutil.copytree(small_build, tmp_path / "sixty")
        embedded = LayeredEncoder.vectors
        always_better(monkeypatch)

        def killed(self, tokens, tell=None):
            if tell:
                raise KeyboardInterrupt
            return embedded(self, tokens)

        monkeypatch.setattr(LayeredEncoder, "vectors", killed)  # when all has been learned and the documents are embedded
        with pytest.raises(KeyboardInterrupt):
            tune(folder, SPEC.model_copy(update={"steps": 1}))
        assert not tuned.is_there(folder)
        monkeypatch.setattr(LayeredEncoder, "vectors", embedded)
        again = tune(folder, SPEC)
        assert (again.layers, again.vectors) == (finished[1].layers, finished[1].vectors)
        assert [turn.dev for turn in again.history] == [turn.dev for turn in finished[1].history]
        assert sorted(path.name for path in (folder / tuned.FOLDER).iterdir()) == sorted(
            [tuned.ABOUT, again.layers, again.vectors]
        )
        assert not list(folder.glob(".tuned*"))

    def test_whoever_has_it_open_sees_the_next_one(self, finished, tmp_path):
        folder = shutil.copytree(finished[0], tmp_path / "sixty")
        build = Build(folder)
        before = build.search("an old samurai", "tuned").hits[0].score
        layers = tuned.open_layers(folder, MODEL).state_dict()
        known = tuned.read(folder)
        turned = np.roll(tuned.open_vectors(folder, 60), 1, axis=0)
        tuned.store(folder, known, {name: tensor.numpy() for name, tensor in layers.items()}, turned)
        after = build.search("an old samurai", "tuned").hits
        assert after[0].score == before
        assert build.row_of[after[0].id] > 0

    def test_what_is_not_there_or_not_whole_is_said_in_a_line(self, finished, small_build, tmp_path):
        with pytest.raises(TriescopeError, match="no fine-tuned encoder: `python -m engine tune sixty` makes one"):
            Build(small_build).search("x", "tuned")
        folder = shutil.copytree(finished[0], tmp_path / "sixty")
        path = folder / tuned.FOLDER / finished[1].layers
        path.write_bytes(path.read_bytes()[:-4] + b"0000")
        with pytest.raises(TriescopeError, match="layers have changed since they were saved"):
            Build(folder).search("x", "tuned")
        about = folder / tuned.FOLDER / tuned.ABOUT
        for change, says in (({"layers": "../x"}, "a name that is none"), ({"steps": "many"}, "steps")):
            about.write_text(json.dumps(finished[1].model_dump(mode="json") | change), "utf-8")
            with pytest.raises(TriescopeError, match=says):
                tuned.read(folder)

    def test_with_train_queries_its_documents_can_be_moved_too(self, finished):
        with pytest.raises(TriescopeError, match="tuned-moved needs train queries"):
            Build(finished[0]).search("x", "tuned-moved")
        found = finished[1].judged
        assert set(found.of) == {"bm25", "dense", "moved", "tuned", "tuned-moved"}
        assert set(found.ahead) == set(found.of) - {"tuned"}

    def test_the_shell_says_what_was_seen_and_writes_the_encoder_for_use_elsewhere(self, finished, shell, tmp_path):
        lines = tuned.told(finished[1])
        assert lines[0].startswith("5 pairs were seen in 2 steps, of 5 there are")
        code, _, err = shell("tune", finished[0], "--train", "nothing")
        assert code == 2
        assert "no judged queries in split 'nothing'" in err
        assert shell("tune", finished[0], "--export", tmp_path / "model")[0] == 0
        theirs = encoders.load(str(tmp_path / "model")).encode(["an old samurai"], "query")
        ours = tuned.open_layers(finished[0], MODEL).vectors(token_ids(["an old samurai"], MODEL))
        assert float((theirs * ours).sum()) == pytest.approx(1, abs=1e-5)
        code, _, err = shell("tune", finished[0], "--export", tmp_path / "model")
        assert code == 2
        assert "is there already" in err


def test_queries_of_development_are_not_learned_from(small_build, home, monkeypatch):
    from engine.training.encoder.tune import prepare
    from engine.training.source import open_source

    made = prepare(open_source(small_build), SPEC, lambda stage, done, total: None)
    assert made.pairs.texts
    assert not set(made.pairs.texts) & {*made.choosing.texts, *made.judging.texts}
    positives = {(int(query), int(row)) for query, row in zip(made.pairs.query, made.pairs.row, strict=True)}
    assert not positives & {(query, int(row)) for query, mined in enumerate(made.mined) for row in mined}


def test_the_untuned_encoder_is_kept_where_it_is_no_worse_among_all_documents(small_build, tmp_path, monkeypatch):
    folder, seen = shutil.copytree(small_build, tmp_path / "sixty"), itertools.count(1)
    always_better(monkeypatch)
    monkeypatch.setattr("engine.training.encoder.tune.among_all", lambda *given: 1 / next(seen))
    known = tune(folder, SPEC.model_copy(update={"steps": 1}))
    assert (known.best_step, known.whole) == (0, (1.0, 0.5))
    assert "Among all documents: 1.000 before, 0.500 then: the untuned encoder is kept." in tuned.told(known)[1]
    build = Build(folder)
    assert np.array_equal(tuned.open_vectors(folder, 60), build.embeddings)
    found, untuned = (build.search("an old samurai", name, 10).hits for name in ("tuned", "dense"))
    assert [hit.id for hit in found] == [hit.id for hit in untuned]


def test_the_pool_is_filled_without_a_look_at_what_any_encoder_ranks_high(small_build, monkeypatch):
    from engine.training.encoder import watched
    from engine.training.encoder.tune import prepare
    from engine.training.source import open_source

    source = open_source(small_build)
    asked = prepare(source, SPEC, lambda stage, done, total: None).choosing
    monkeypatch.setattr(watched, "POOL", 20)
    pools = [watched.pool(source, of, 0).rows for of in (asked, asked._replace(vectors=-asked.vectors))]
    assert [len(rows) for rows in pools] == [20, 20]
    assert pools[0].tolist() == pools[1].tolist()
    assert watched.pool(source, asked, 1).rows.tolist() != pools[0].tolist()
    everything = source.embeddings @ asked.vectors.T
    assert watched.among_all(source, asked, asked.vectors, source.embeddings) == pytest.approx(
        np.mean(
            [
                1 / np.log2(2 + (column > column[source.row_of[next(iter(own))]]).sum())
                for column, own in zip(everything.T, asked.qrels, strict=True)
            ]
        ),
        abs=1e-6,
    )


def test_the_pool_has_every_relevant_document_and_a_look_is_the_measure_among_it(small_build):
    from engine.training.encoder.tune import prepare
    from engine.training.encoder.watched import look, pool
    from engine.training.source import open_source

    source = open_source(small_build)
    asked = prepare(source, SPEC, lambda stage, done, total: None).choosing
    found = pool(source, asked, 0)
    assert {source.row_of[one] for judged in found.asked.qrels for one in judged} <= set(found.rows.tolist())
    # A query whose document is ranked first, second, not at all: 1, 1 / log2(3), 0.
    own = [source.row_of[next(iter(judged))] for judged in found.asked.qrels]
    documents = np.zeros((len(found.rows), 2), np.float32)
    documents[:, 1] = 1
    documents[np.searchsorted(found.rows, own)] = (1, 0)
    assert look(source, found, np.array([[1, 0]] * len(own), np.float32), documents) == pytest.approx(1)
    documents[np.searchsorted(found.rows, own)] = (0.5, 0.5)
    assert look(source, found, np.array([[0, 1]] * len(own), np.float32), documents) == pytest.approx(0)
