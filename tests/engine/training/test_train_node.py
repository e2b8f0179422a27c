import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.exact import score_all
from engine.retrievers.moved import LENDERS, moved
from engine.scorers.centroid import CentroidScorer, node_means
from engine.scorers.kinds import Parts
from engine.scorers.node import KIND
from engine.training.models import node as node_model
from engine.training.models.base import log_probs, log_softmax_within, path_log_probs
from engine.training.models.node import create
from engine.training.models.siblings import path_nodes, siblings, tree_of
from engine.training.pairs.sources import Pairs
from tests.engine.oracles import beam_search

SETTINGS = {option.name: option.default for option in KIND.options}


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def some_parts(codes, seed=0, width=16):
    tree = trie.build(np.asarray(codes, np.int32))
    vectors = unit(np.random.default_rng(seed).normal(size=(len(codes), width)))
    return Parts(tree, node_means(tree, vectors), [], "none"), vectors


def leaves(parts, rows):
    return torch.tensor([parts.trie.path(row)[-1] for row in rows])


@st.composite
def identifiers(draw):
    """Different identifiers of one to three codes, none the beginning of another."""
    found = draw(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple), min_size=1, max_size=12, unique=True))
    kept = [one for one in found if not any(one != other and other[: len(one)] == one for other in found)]
    return [[*one, *[-1] * (3 - len(one))] for one in kept] + [[*kept[0], *[-1] * (3 - len(kept[0]))]]


@given(identifiers())
def test_paths_and_siblings_are_those_of_the_trie(codes):
    tree = trie.build(np.array(codes, np.int32))
    tensors = tree_of(tree)
    paths = [tree.path(row) for row in range(len(codes))]
    leaf = torch.tensor([path[-1] for path in paths])
    found = path_nodes(tensors, leaf)
    assert [[node for node in row if node >= 0] for row in found.tolist()] == paths
    for level, column in enumerate(found.T, 1):
        beside = siblings(tensors, column)
        expected = [
            (pair, child)
            for pair, path in enumerate(paths)
            if len(path) >= level
            for child in tree.children(np.array([path[level - 2] if level > 1 else 0])).node.tolist()
        ]
        assert list(zip(beside.pair.tolist(), beside.node.tolist(), strict=True)) == expected
        assert beside.node[beside.target].tolist() == [path[level - 1] for path in paths if len(path) >= level]


@pytest.mark.parametrize("softmax", ["level", "siblings"])
def test_before_training_its_conditionals_are_those_of_the_centroid_scorer(softmax):
    parts, vectors = some_parts([[0, 1, -1], [0, 2, 0], [0, 2, 1], [3, -1, -1], [0, 2, 1]])
    centroid = CentroidScorer(parts.trie, parts.means, [])
    scorer = create(parts, SETTINGS | {"softmax": softmax}, 0).scorer()
    for ours, theirs in zip(score_all(parts.trie, scorer, vectors[0]), score_all(parts.trie, centroid, vectors[0]), strict=True):
        assert ours.log_prob == pytest.approx(theirs.log_prob, abs=1e-3)
        if softmax == "level":
            assert ours.total == pytest.approx(theirs.total, abs=1e-3)


def perturbed(parts, seed, softmax):
    """A model away from its start."""
    model = create(parts, SETTINGS | {"softmax": softmax}, seed).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(seed)) * 0.1)
    return model


@given(identifiers(), st.integers(0, 99))
def test_the_decoders_total_is_the_teacher_forced_log_probability(codes, seed):
    parts, vectors = some_parts(codes, seed)
    model, rows = perturbed(parts, seed, "siblings"), range(len(codes))
    with torch.no_grad():
        levels = model.candidates(model.encode(vectors), torch.arange(len(codes)), leaves(parts, rows))
        forced = path_log_probs(levels, len(codes)).sum(dim=1)
    for row in rows:
        trace = beam_search(parts.trie, model.scorer(), vectors[row], 99)
        place = trace.leaves.tolist().index(parts.trie.path(row)[-1])
        assert trace.scores[place] == pytest.approx(float(forced[row]), abs=5e-4)


@given(identifiers(), st.integers(0, 99))
def test_node_scores_softmaxed_over_a_level_are_the_teacher_forced_log_probability(codes, seed):
    parts, vectors = some_parts(codes, seed)
    model, rows = perturbed(parts, seed, "level"), range(len(codes))
    with torch.no_grad():
        encoded = model.encode(vectors)
        for row in rows:
            found = model.candidates(encoded, torch.tensor([row]), leaves(parts, [row]))
            path = parts.trie.path(row)
            assert len(found) == len(path)
            scorer = model.scorer()
            for depth, level in enumerate(found):
                frontier = [
                    node
                    for node in range(1, len(parts.trie.code))
                    if parts.trie.level_of(node) == depth + 1 or (parts.trie.is_leaf(node) and parts.trie.level_of(node) <= depth)
                ]
                scores = scorer.node_scores(scorer.start(vectors[row]), np.array(frontier)).astype(np.float64)
                expected = scores[frontier.index(path[depth])] - np.log(np.exp(scores).sum())
                forced = log_softmax_within(level.score, level.pair, 1)[level.target]
                assert float(forced[0]) == pytest.approx(expected, abs=5e-4)


@given(identifiers(), st.integers(0, 99), st.integers(1, 6))
def test_the_quick_search_is_the_general_one(codes, seed, beams):
    parts, vectors = some_parts(codes, seed)
    scorer = perturbed(parts, seed, "level").scorer()
    quick = beam_search(parts.trie, scorer, vectors[0], beams, explain=False)
    general = beam_search(parts.trie, scorer, vectors[0], beams)
    assert quick.leaves.tolist() == general.leaves.tolist()
    assert np.array_equal(quick.scores, general.scores)


def test_priming_moves_documents_towards_the_queries_they_answer():
    parts, vectors = some_parts([[0, 0], [0, 1], [1, 0]])
    queries = unit(np.random.default_rng(5).normal(size=(3, 16)))
    pairs = Pairs(["a", "b", "c"], np.array([0, 1, 2]), np.array([0, 0, 1]), np.array([0, 0, 1], np.int8), np.ones(3, np.float32))
    model = create(parts, SETTINGS | {"expand": 0.5}, 0)
    model.prime(vectors, pairs, queries)
    # The third pair is a title, which the text already has; documents without queries borrow those of the only one with some.
    expected = CentroidScorer(parts.trie, node_means(parts.trie, unit(vectors + 0.5 * (queries[0] + queries[1]) / 2)), [])
    for ours, theirs in zip(
        score_all(parts.trie, model.scorer(), vectors[2]), score_all(parts.trie, expected, vectors[2]), strict=True
    ):
        assert ours.total == pytest.approx(theirs.total, abs=1e-3)


def test_a_document_without_queries_borrows_those_of_its_nearest():
    rng = np.random.default_rng(0)
    documents, queries, row = unit(rng.normal(size=(40, 8))), unit(rng.normal(size=(60, 8))), rng.integers(0, 25, 60)
    means = {r: queries[row == r].mean(axis=0) for r in set(row.tolist())}
    found = moved(documents, queries, row, 0.7)
    for r, document in enumerate(documents):
        near = sorted(means, key=lambda other: (-float(document @ documents[other]), other))[:LENDERS]
        towards = means[r] if r in means else np.mean([means[other] for other in near], axis=0)
        assert found[r] == pytest.approx(unit((document + 0.7 * towards)[None])[0], abs=1e-5)


@pytest.mark.parametrize("softmax", ["level", "siblings"])
def test_gradients_reach_every_parameter(softmax):
    parts, vectors = some_parts([[0, 0], [0, 1], [1, 0], [1, 1]])
    model = create(parts, SETTINGS | {"softmax": softmax}, 0)
    torch.nn.init.normal_(model.out.weight)
    levels = model.candidates(model.encode(vectors), torch.arange(4), leaves(parts, range(4)))
    path_log_probs(levels, 4).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    # The root competes with nobody: it alone has nothing to learn.
    assert (model.vectors.grad[1:].abs().sum(dim=1) > 0).all()


@pytest.mark.parametrize("softmax", ["level", "siblings"])
def test_fifty_documents_are_memorised(softmax):
    rng = np.random.default_rng(0)
    codes = np.unique(rng.integers(0, 5, (70, 3)), axis=0)[:50]
    parts, _ = some_parts(codes)
    queries = unit(rng.normal(size=(50, 16)))
    model = create(parts, SETTINGS | {"dropout": 0.0, "learning_rate": 0.02, "softmax": softmax}, 0)
    optimiser = torch.optim.Adam(model.groups())
    leaf = leaves(parts, range(50))
    for _ in range(150):
        optimiser.zero_grad()
        (-path_log_probs(model.candidates(model.encode(queries), torch.arange(50), leaf), 50).sum()).backward()
        optimiser.step()
    scorer = model.eval().scorer()
    assert [int(beam_search(parts.trie, scorer, query, 10).leaves[0]) for query in queries] == leaf.tolist()


def test_a_snapshot_is_not_changed_by_further_training():
    parts, vectors = some_parts([[0, 0], [0, 1], [1, 0]])
    model = create(parts, SETTINGS, 0)
    scorer = model.scorer()
    before = beam_search(parts.trie, scorer, vectors[0], 3).scores
    with torch.no_grad():
        model.vectors.mul_(2)
    assert np.array_equal(before, beam_search(parts.trie, scorer, vectors[0], 3).scores)


def sampled(seed, at_once, train=True):
    """The level of 60 leaves, of which ``at_once`` compete, and the same as a whole."""
    parts, vectors = some_parts([[row // 6, row % 6] for row in range(60)], seed)
    model = perturbed(parts, seed, "level").train(train)
    with torch.no_grad():  # scores a few nats apart, as a sum of a few large ones needs many samples
        model.vectors.mul_(0.05)
    rows, query = [3, 17, 40], torch.tensor([0, 1, 2])
    leaf = leaves(parts, rows)

    def level(limit):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(node_model, "AT_ONCE", limit)
            encoded = model.encode(vectors[rows])
            return model.candidates(encoded, query, leaf)[1]

    model.dropout.p = 0.0
    return model, level(1000), lambda: level(at_once)


@pytest.mark.parametrize("corrected", [True, False])
def test_the_softmax_of_a_sample_is_that_of_the_whole_level_on_average(corrected):
    # The sum that a softmax divides by, its log (the loss) and its gradient: over many samples, against the whole level.
    model, whole, draw = sampled(0, 12)

    def plain(level):
        return level if corrected else level._replace(log_weight=None)

    def sums(level):
        weight = torch.zeros_like(level.score) if plain(level).log_weight is None else level.log_weight
        return torch.zeros(3).index_add(0, level.pair, (level.score.detach() + weight).exp())

    def cost(level):
        return -log_probs(plain(level), 3)[level.target].sum()

    torch.manual_seed(0)
    drawn = [draw() for _ in range(150)]
    share = torch.stack([sums(level) for level in drawn]).mean(dim=0) / sums(whole)
    more = float(torch.stack([cost(level).detach() for level in drawn]).mean() - cost(whole).detach())
    expected = torch.autograd.grad(cost(whole), model.vectors, retain_graph=True)[0]
    gradients = [torch.autograd.grad(cost(level), model.vectors, retain_graph=True)[0] for level in drawn]
    off = float((torch.stack(gradients).mean(dim=0) - expected).norm() / expected.norm())
    if corrected:
        assert share.tolist() == pytest.approx([1, 1, 1], abs=0.1)
        assert more == pytest.approx(0, abs=0.2)
        assert off < 0.1
    else:
        assert (share < 0.5).all()
        assert more < -2
        assert off > 0.2


def test_a_node_of_the_batch_stands_for_itself_and_a_drawn_one_for_those_that_were_not_drawn():
    _, _, draw = sampled(1, 15)
    level = draw()
    own = {int(node) for node in level.node[level.target]}
    for node, weight in zip(level.node.tolist(), level.log_weight.tolist(), strict=True):
        assert weight == pytest.approx(0 if node in own else np.log(60 / 15), abs=1e-6)


def test_nothing_is_drawn_where_a_model_is_judged():
    _, whole, draw = sampled(2, 10, train=False)
    level = draw()
    assert level.log_weight is None
    beside = {
        (pair, node): score
        for pair, node, score in zip(whole.pair.tolist(), whole.node.tolist(), whole.score.tolist(), strict=True)
    }
    assert level.score.tolist() == pytest.approx(
        [beside[place] for place in zip(level.pair.tolist(), level.node.tolist(), strict=True)], abs=1e-4
    )
    assert np.bincount(level.pair).tolist() == [6, 6, 6]
    assert level.node[level.target].tolist() == whole.node[whole.target].tolist()
