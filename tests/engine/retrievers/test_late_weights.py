"""Where a build has token vectors its hybrids are weighed with them, and without them they are as they were."""

import shutil

import numpy as np
import pytest

from engine.builds import late_weights, living, runs, tokens, weighing
from engine.builds.opened import Build
from engine.builds.stages import TRAIN, Choosing, with_train
from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.retrievers.weighting import LATE, MEMBERS, UNTUNED_LATE, Tuning
from engine.scorers import node
from engine.text import encoders, hub, late_encoder, token_vectors
from engine.text.late_encoder import Tokens
from engine.training.models.node import create
from engine.training.spec import TrainSpec
from engine.training.train import train
from tests.engine.stored_runs import stored_run

ASKED = 6


class Encoder:
    """One token a text: that of a document is its place, that of a query the place of the document ten further on."""

    trained, dimensions, key = False, 64, ""

    def __init__(self, texts):
        self.place, self.seen = {text: place for place, text in enumerate(texts)}, []

    def encode(self, texts, role):
        self.seen += texts
        places = [self.place[text] + 10 * (role == "query") for text in texts]
        return [Tokens(np.zeros(1, np.int32), np.eye(1, 64, place, dtype=np.float32)) for place in places]

    def words(self, ids):
        return ["t"] * len(ids)


@pytest.fixture
def planted(small_build, tmp_path, monkeypatch):
    """A build, its encoder of tokens, and a function that says by what the choosing queries are answered: the first documents'
    texts ask for themselves (``words``) or for the document ten further on (``tokens``)."""
    folder = shutil.copytree(small_build, tmp_path / "sixty")
    build = Build(folder)
    encoder = Encoder(build.texts())
    encoder.key = encoders.fingerprint(build.model)
    monkeypatch.setattr(late_encoder, "load", lambda model: encoder)
    texts = build.texts()[:ASKED]

    def answered(by):
        further = 10 if by == "tokens" else 0
        asked = Choosing(texts, [{row + further: 1} for row in range(ASKED)] if by else [], ASKED if by else 0)
        monkeypatch.setattr(weighing, "choosing", lambda corpus: asked if by else Choosing([], [], 0))

    answered("tokens")
    return folder, encoder, answered


def found(folder, name="hybrid"):
    build = Build(folder)
    return [build.row_of[hit.id] for hit in build.search(build.texts()[3], name, 5).hits]


def with_run(folder, name="mine", seed=1, **more):
    """A build with a stored run that gives its generative member all weight."""
    settings = {option.name: option.default for option in node.KIND.options}
    alone = Tuning(weights=dict.fromkeys(MEMBERS, 0.0) | {"generative": 1.0}, method="z")
    state = create(Build(folder).parts, settings, seed=seed).state_dict()
    spread = {key: value.numpy() + np.float32(0.01 * seed) for key, value in state.items()}
    runs.store(folder, stored_run(name=name, settings=settings, tuning=alone, **more), spread)
    return alone


def test_train_queries_choose_where_nothing_learned_from_them(opened):
    corpus = opened.corpus
    ids = [document.id for document in corpus.documents]
    judged = {f"q{n}": {ids[n % 60]: 1} for n in range(400)} | {"lost": {"no document": 1}}
    asked = corpus._replace(queries={query: f"text of {query}" for query in judged}, qrels={"train": judged, "test": judged})
    few = Choosing(["dev"], [{7: 1}], 2)
    found = with_train(asked, few)
    assert found.asked == 2 + TRAIN
    assert TRAIN <= len(found.texts) <= TRAIN + 1  # the lost one may be among those drawn
    assert (found.texts[0], found.gains[0]) == ("dev", {7: 1})
    of = {f"text of q{n}": {n % 60: 1} for n in range(400)}
    assert all(of[text] == gains for text, gains in zip(found.texts[1:], found.gains[1:], strict=True))
    assert with_train(asked, few) == found
    assert with_train(asked._replace(qrels={"test": judged}), few) == few


def test_token_vectors_get_the_weight_that_development_gives_them_and_are_gone_without_a_trace(planted):
    folder, _, answered = planted
    before = found(folder)
    assert before[0] == 3
    tokens.make(folder)
    assert Build(folder).stored_tuning("centroid").weights[LATE] >= 0.5
    assert found(folder)[0] == 13
    answered("words")
    weighing.weigh(folder)
    assert Build(folder).stored_tuning("centroid").weights[LATE] < 0.5
    assert found(folder)[0] == 3
    tokens.remove(folder)
    assert found(folder) == before


def test_without_development_queries_the_usual_weights_and_no_other_hybrid_changes(planted):
    folder, _, answered = planted
    alone = with_run(folder)
    answered("")
    tokens.make(folder)
    assert Build(folder).stored_tuning("centroid") == UNTUNED_LATE
    assert Build(folder).stored_tuning("mine") == alone


def test_each_scorer_has_weights_of_its_own_until_it_is_trained_anew(planted):
    folder, _, _ = planted
    alone = with_run(folder)
    with_run(folder, "of-dev", spec={"train": "dev"})
    tokens.make(folder)
    assert Build(folder).stored_tuning("mine").weights[LATE] >= 0.5
    assert Build(folder).stored_tuning("of-dev") == alone  # it learned from the queries that would choose
    assert set(late_weights.read(folder, "centroid").weights) == {"bm25", "dense", LATE}
    with_run(folder, seed=2)
    assert Build(folder).stored_tuning("mine") == alone
    assert Build(folder).stored_tuning("centroid").weights[LATE] >= 0.5


def test_a_training_weighs_its_own_hybrid(planted):
    folder, _, _ = planted
    tokens.make(folder)
    before = late_weights.read(folder, "centroid")
    train(folder, TrainSpec(scorer="node", steps=2, batch=8, train="", mix={"title": 1.0}), "mine")
    assert Build(folder).stored_tuning("mine").weights[LATE] >= 0.5
    assert late_weights.read(folder, "centroid") == before


def test_what_came_since_is_not_in_the_token_vectors_so_the_hybrid_is_the_builds_own(planted):
    folder, _, _ = planted
    tokens.make(folder)
    living.add(folder, [Document("new", "A new film", "A lighthouse keeper learns to sail.", {})])
    assert LATE not in Build(folder).stored_tuning("centroid").weights
    assert found(folder)[0] == 3


def test_a_run_that_was_killed_before_it_weighed_goes_on_there(planted, monkeypatch):
    folder, encoder, _ = planted
    with monkeypatch.context() as patch:
        patch.setattr(weighing, "weigh", lambda folder: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            tokens.make(folder)
    assert found(folder)[0] == 3
    documents = len(encoder.seen)
    tokens.make(folder)
    assert found(folder)[0] == 13
    assert len(encoder.seen) < documents + len(Build(folder).texts())
    tokens.make(folder)  # asked for once more, all of it is made anew
    assert encoder.seen.count(Build(folder).texts()[-1]) == 2


def test_weights_that_somebody_damaged_are_named(planted):
    folder, _, _ = planted
    tokens.make(folder)
    token_vectors.weights_of(folder).write_text('{"of": {"centroid": {"scorer": "centroid", "tuning": {"weights": {"x": 1}}}}}')
    with pytest.raises(TriescopeError, match=r"weights\.json: damaged"):
        found(folder)


def test_the_shell_says_how_the_hybrid_is_fused(planted, shell, monkeypatch):
    folder, _, _ = planted
    monkeypatch.setattr(hub, "check_here", lambda model: None)
    code, out, _ = shell("tokens", folder)
    assert code == 0
    assert f"{LATE} " in out.splitlines()[-1]
    assert "6 development queries" in out.splitlines()[-1]
