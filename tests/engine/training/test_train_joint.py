"""The joint scorer: before training the centroid scorer, behind an encoder that learns; after it what was saved."""

import shutil

import numpy as np
import pytest
import torch

from engine.builds import runs
from engine.builds.parts import Parts
from engine.decoding import decode
from engine.decoding.exact import score_all
from engine.errors import TriescopeError
from engine.scorers.centroid import CentroidScorer, node_means
from engine.scorers.joint import KIND
from engine.text import embed, encoders
from engine.text.layered import LayeredEncoder
from engine.training.models.joint import create
from engine.training.pairs.sources import Pairs
from engine.training.spec import TrainSpec
from engine.training.train import train
from tests.engine import stored_tuned

SETTINGS = {option.name: option.default for option in KIND.options}
QUERIES = ["an old samurai", "a heist inside dreams"]


@pytest.fixture(scope="module")
def parts(small_build):
    return Parts(small_build, embed.DEFAULT_MODEL).parts


def tokens(parts):
    return KIND.encode(QUERIES, np.zeros((2, 384), np.float32), parts, SETTINGS)


def test_before_training_it_scores_as_the_centroid_scorer(parts):
    centroid = CentroidScorer(parts.trie, parts.means, parts.codebooks)
    vectors = encoders.load(parts.encoder).encode(QUERIES, "query")
    scorer = create(parts, SETTINGS, 0).scorer()
    for query, vector in zip(tokens(parts), vectors, strict=True):
        for ours, theirs in zip(score_all(parts.trie, scorer, query), score_all(parts.trie, centroid, vector), strict=True):
            assert ours.total == pytest.approx(theirs.total, abs=1e-3)


def test_a_beam_search_of_several_queries_is_that_of_each(parts):
    scorer = create(parts, SETTINGS, 0).scorer()
    assert scorer.encode(QUERIES, None)[0].tolist() == tokens(parts)[0].tolist()
    together = decode(parts.trie, scorer, tokens(parts), 5)
    for query, found in zip(tokens(parts), together, strict=True):
        alone = decode(parts.trie, scorer, [query], 5)[0]
        assert found.documents(parts.trie, 10)[0].tolist() == alone.documents(parts.trie, 10)[0].tolist()
        assert found.documents(parts.trie, 10)[1].tolist() == alone.documents(parts.trie, 10)[1].tolist()


@pytest.mark.parametrize("layers", [0, 2, 9])
def test_the_last_layers_learn_with_the_tree_and_those_alone(parts, layers):
    model = create(parts, SETTINGS | {"layers": layers}, 0).train()
    leaf = torch.tensor([parts.trie.path(0)[-1], parts.trie.path(1)[-1]])
    levels = model.candidates(model.encode(tokens(parts)), torch.tensor([0, 1]), leaf)
    sum(level.score.sum() for level in levels).backward()
    learning = [any(weight.grad is not None for weight in layer.parameters()) for layer in model.text.layers]
    count = min(layers, 6)
    assert learning == [False] * (6 - count) + [True] * count
    assert model.vectors.grad is not None
    in_groups = {id(weight) for group in model.groups() for weight in group["params"]}
    assert in_groups == {id(weight) for weight in model.parameters() if weight.requires_grad}


def test_what_was_saved_scores_as_the_model(parts):
    model = create(parts, SETTINGS, 0).eval()
    with torch.no_grad():
        for weight in [*model.text.layers[5].parameters(), model.vectors, model.out.weight]:
            weight += 0.02 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(3))
    scorer = KIND.open(parts, {name: tensor.numpy() for name, tensor in model.state_dict().items()}, SETTINGS)
    leaf = torch.tensor([parts.trie.path(row)[-1] for row in range(6)])
    with torch.no_grad():
        levels = model.candidates(model.encode(tokens(parts)[:1]), torch.zeros(6, dtype=torch.int64), leaf)
    nodes = levels[0].node[levels[0].pair == 0]
    assert scorer.node_scores(scorer.start(tokens(parts)[0]), nodes.numpy()) == pytest.approx(
        levels[0].score[levels[0].pair == 0].numpy(), abs=1e-3
    )


def test_documents_are_moved_towards_queries_as_the_encoder_sees_them(parts, small_build):
    embeddings = np.load(small_build / "embeddings.npy")
    model = create(parts, SETTINGS, 0)
    one = np.array([0], np.int64)
    model.prime(embeddings, Pairs(QUERIES[:1], one, one + 7, np.zeros(1, np.int8), np.ones(1, np.float32)), tokens(parts)[:1])
    asked = encoders.load(parts.encoder).encode(QUERIES[:1], "query")[0]
    towards = embeddings + asked  # the only lender there is lends it to all
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    assert model.vectors.detach().numpy() == pytest.approx(node_means(parts.trie, towards)[model.held], abs=1e-5)


def test_it_can_begin_as_the_fine_tuned_encoder_with_the_documents_as_that_sees_them(small_build, tmp_path):
    folder = shutil.copytree(small_build, tmp_path / "sixty")
    layers, vectors = stored_tuned.store(folder, 0.01)
    parts = Parts(folder, embed.DEFAULT_MODEL).parts
    model = create(parts, SETTINGS | {"start": "tuned"}, 0)
    assert model.vectors.detach().numpy() == pytest.approx(node_means(parts.trie, vectors)[model.held], abs=1e-6)
    text = LayeredEncoder(embed.DEFAULT_MODEL).take(layers)
    assert model.text.vectors(tokens(parts)) == pytest.approx(text.vectors(tokens(parts)), abs=1e-6)


def test_it_can_begin_as_the_node_scorer_that_has_learned_and_then_scores_as_that(small_build, tmp_path):
    folder = shutil.copytree(small_build, tmp_path / "sixty")
    run = train(folder, TrainSpec(scorer="node", steps=1, evaluate_every=1, settings={"hidden": 32}), "node")
    draws = np.random.default_rng(3)
    weights = {
        name: tensor + 0.02 * draws.standard_normal(tensor.shape) for name, tensor in runs.tensors_of(folder, "node").items()
    }
    runs.store(folder, run, {name: tensor.astype(np.float32) for name, tensor in weights.items()})
    opened = Parts(folder, embed.DEFAULT_MODEL)
    node, parts = runs.open_scorer(folder, "node", opened.parts), opened.parts
    settings = SETTINGS | {"start": "node", "hidden": 32}
    model = create(parts, settings, 0)
    model.prime(np.load(folder / "embeddings.npy"), None, tokens(parts))
    scorer, vectors = model.scorer(), encoders.load(parts.encoder).encode(QUERIES, "query")
    for query, vector in zip(tokens(parts), vectors, strict=True):
        for ours, theirs in zip(score_all(parts.trie, scorer, query), score_all(parts.trie, node, vector), strict=True):
            assert ours.total == pytest.approx(theirs.total, abs=1e-3)
    with pytest.raises(TriescopeError, match="no node scorer with softmax level, hidden 64"):
        create(parts, settings | {"hidden": 64}, 0)
