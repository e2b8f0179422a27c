"""What holds for every trained scorer and the model it is trained as, whatever they compute: the tests of the transformer and of
the one-pass scorer call these with models of their own."""

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from engine import trie
from engine.decoding.branching import branch
from engine.decoding.exact import exact_search, score_all
from engine.decoding.strategies import STRATEGIES, decode
from engine.errors import TriescopeError
from engine.explaining.why import why
from engine.scorers.centroid import node_means
from engine.scorers.kinds import Parts
from engine.training.losses.codes import next_code
from engine.training.models.base import path_log_probs
from engine.trie import restrict
from tests.engine.oracles import beam_search, identifiers, padded, unit

DIMENSIONS = 5
ENCODER = "all-MiniLM-L6-v2"
# Identifiers with a level of one code, collisions, variable length, a single level of many codes, and whatever hypothesis finds.
WORDS = [
    [(0, 0, 0), (0, 0, 1), (0, 1, 0), (2, 0, 0), (2, 0, 0), (2, 3, 0)],
    [(0,), (1, 0), (1, 2, 0), (1, 2, 5), (3, 1), (3, 1), ()],
    [(code,) for code in range(12)],
]
words = st.sampled_from(WORDS) | identifiers()
seeds = st.integers(0, 1 << 30)


def parts_of(words, seed=0, dimensions=DIMENSIONS, codebooks=False):
    """Parts of a build of random unit vectors."""
    rng = np.random.default_rng(seed)
    built = trie.build(padded(words))
    embeddings = unit(rng.normal(size=(len(words), dimensions)))
    largest = padded(words).max(axis=0)[: built.levels]
    # A code more than any document has, and none for the last level, as where it only tells collisions apart.
    books = [unit(rng.normal(size=(code + 2, dimensions))) for code in largest[:-1]] if codebooks else []
    return Parts(built, node_means(built, embeddings), books, ENCODER)


def shaken(model, seed=0):
    """The model with every weight moved at random: an untrained one is zero in places, where nothing could be seen."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=generator)
    return model.eval()


def leaves_of(built):
    return np.flatnonzero(np.diff(built.first_child) == 0)


def every_pair(model, queries):
    """Candidates for every query with every leaf, and the two of each pair."""
    leaves = leaves_of(model.parts.trie)
    query = torch.arange(len(queries)).repeat_interleave(len(leaves))
    leaf = torch.from_numpy(np.tile(leaves, len(queries)))
    with torch.no_grad():
        return model.candidates(model.encode(queries), query, leaf), query, leaf


def check_candidates(model, queries, codes=None):
    """They are the children of the path's nodes, or all ``codes`` of a level, with the path's own among them."""
    built = model.parts.trie
    levels, _, leaf = every_pair(model, queries)
    lengths = built.level_of(leaf.numpy())
    assert len(levels) == lengths.max()
    for level, found in enumerate(levels, 1):
        rows = np.flatnonzero(lengths >= level)
        assert found.rows.tolist() == rows.tolist()
        assert found.pair.tolist() == sorted(found.pair.tolist())
        for place, row in enumerate(rows):
            path = built.path(int(built.leaf_documents(int(leaf[row]))[0]))
            above = 0 if level == 1 else path[level - 2]
            children = built.children(np.array([above])).node.tolist()
            here = found.node[found.pair == row].tolist()
            if codes is None:
                assert here == children
            else:
                assert here == [next((c for c in children if built.code[c] == code), -1) for code in range(codes[level - 1])]
            assert found.pair[found.target[place]] == row
            assert found.node[found.target[place]] == path[level - 1]
        assert found.score.dtype == torch.float32
        assert len(found.score) == len(found.node) == len(found.pair)


def check_path(model, queries):
    """The model's log-probability of a path is the decoder's total of its leaf."""
    levels, query, leaf = every_pair(model, queries)
    forced = path_log_probs(levels, len(leaf)).sum(1).numpy()
    scorer, built = model.scorer(), model.parts.trie
    for place, one in enumerate(queries):
        found, totals = exact_search(built, scorer, one)
        assert totals.dtype == np.float32
        of_leaf = dict(zip(found.tolist(), totals.tolist(), strict=True))
        mine = (query == place).numpy()
        expected = [of_leaf[node] for node in leaf[mine].tolist()]
        np.testing.assert_allclose(forced[mine], expected, atol=1e-4)


def check_searches(scorer, built, query, dense):
    """A wide beam is exact search to the bit, a narrow one and a filter change no total, and every strategy and ``why`` work."""
    leaves, totals = exact_search(built, scorer, query)
    of_leaf = dict(zip(leaves.tolist(), totals.tolist(), strict=True))
    wide = beam_search(built, scorer, query, beams=1000)
    assert (wide.leaves.tolist(), wide.scores.tolist()) == (leaves.tolist(), totals.tolist())
    for beams in (1, 2, 3):
        trace = beam_search(built, scorer, query, beams)
        assert trace.scores.tolist() == [of_leaf[leaf] for leaf in trace.leaves.tolist()]
        assert all(0 <= step.masked_mass <= 1 for step in trace.steps)
    for level in score_all(built, scorer, query):
        assert level.log_prob.dtype == level.total.dtype == np.float32
        sums = np.bincount(level.parent, np.exp(level.log_prob.astype(np.float64)))
        np.testing.assert_allclose(sums[np.unique(level.parent)], 1, atol=1e-5)
    rows = np.sort(built.documents)
    view = restrict(built, np.isin(np.arange(rows.max() + 1), rows[::2]))
    some, some_totals = exact_search(view, scorer, query)
    assert some.tolist() == [leaf for leaf in leaves.tolist() if view.counts_of(np.array([leaf]))[0]]
    assert some_totals.tolist() == [of_leaf[leaf] for leaf in some.tolist()]
    for name in STRATEGIES:
        able = {"best-first": False, "unconstrained": dense, "look-ahead": scorer.abilities.ahead}
        if not able.get(name, True):
            with pytest.raises(TriescopeError, match=scorer.name):
                decode(name, built, scorer, query)
            continue
        trace = decode(name, built, scorer, query, beams=3, seed=1)
        assert name == "unconstrained" or len(trace.leaves)
        assert set(trace.leaves.tolist()) <= set(leaves.tolist())
    first = decode("beam", built, scorer, query, beams=2)
    for node in (first.steps[0].kept.node[-1], *first.steps[-1].pruned.node[:1]):
        prefix = built.prefix(int(node))
        if len(prefix) in (1, built.levels):
            other = branch(first, built, scorer, query, prefix)
            assert other.scores.tolist() == [of_leaf[leaf] for leaf in other.leaves.tolist()]
            assert {built.prefix(int(leaf))[: len(prefix)] for leaf in other.leaves} == {prefix}
    found = why(built, scorer, query, int(built.leaf_documents(int(leaves[-1]))[0]), beams=1)
    assert found.exact_rank > int(built.counts[leaves[:-1]].sum())


def check_stored(model, open_kind, queries, folder):
    """Weights written with safetensors and read back give the same totals, and other weights' shapes are refused."""
    scorer, built = model.scorer(), model.parts.trie
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / "weights.safetensors")
    again = open_kind(model.parts, load_file(folder / "weights.safetensors"), model.settings)
    for query in queries:
        assert exact_search(built, again, query)[1].tolist() == exact_search(built, scorer, query)[1].tolist()
    other = parts_of([(0, 0, 9), (8, 7, 1), (30, 2, 3)])
    with pytest.raises(TriescopeError, match="another tree"):
        open_kind(other, tensors, model.settings)
    tensors.popitem()
    with pytest.raises(TriescopeError, match="another tree"):
        open_kind(model.parts, tensors, model.settings)


def check_snapshot(model, queries):
    """A scorer keeps the weights it was made with."""
    scorer, built = model.scorer(), model.parts.trie
    before = exact_search(built, scorer, queries[0])
    shaken(model, seed=9)
    assert [part.tolist() for part in exact_search(built, scorer, queries[0])] == [part.tolist() for part in before]
    assert exact_search(built, model.scorer(), queries[0])[1].tolist() != before[1].tolist()


def check_half_precision(model, queries):
    """Where training computes in half precision, logits are still float32, and those that need no network keep their digits."""
    plain, _, _ = every_pair(model, queries)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half, _, _ = every_pair(model, queries)
    for one, other in zip(plain, half, strict=True):
        assert other.score.dtype == torch.float32
        np.testing.assert_allclose(one.score, other.score, atol=1e-4)


def without_gradient(model, queries):
    """Names of the weights that next-code and contrastive training together leave alone."""
    built = model.parts.trie
    leaf = torch.from_numpy(leaves_of(built))
    query = torch.arange(len(leaf)) % len(queries)
    encoded = model.encode(queries)
    asked, told = model.represent(encoded, query, leaf)
    assert asked.shape == told.shape
    assert torch.isfinite(asked).all()
    assert torch.isfinite(told).all()
    loss = next_code(model.candidates(encoded, query, leaf), len(leaf)) + (asked * told).sum()
    model.zero_grad()
    loss.backward()
    return [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.abs().max() > 0]


def fifty(dimensions, seed=0):
    """Parts of 50 documents with identifiers of two codes, or three where two would be shared, and the leaf of each."""
    rng = np.random.default_rng(seed)
    pairs = [tuple(pair) for pair in rng.integers(0, 7, (50, 2)).tolist()]
    found = [(*pair, pairs[:row].count(pair)) if pairs.count(pair) > 1 else pair for row, pair in enumerate(pairs)]
    embeddings = unit(rng.normal(size=(50, dimensions)))
    built = trie.build(padded(found))
    parts = Parts(built, node_means(built, embeddings), [], ENCODER)
    return parts, embeddings, torch.tensor([built.path(row)[-1] for row in range(50)])


def memorise(model, queries, leaf, steps, rate):
    """Share of the queries whose first hit is their document, before and after training on just these pairs."""
    before = first_hits(model, queries, leaf)
    optimiser = torch.optim.Adam(model.parameters(), rate)
    model.train()
    for _ in range(steps):
        optimiser.zero_grad()
        next_code(model.candidates(model.encode(queries), torch.arange(len(queries)), leaf), len(queries)).backward()
        optimiser.step()
    return before, first_hits(model, queries, leaf)


def first_hits(model, queries, leaf):
    scorer = model.eval().scorer()
    found = [beam_search(model.parts.trie, scorer, query, beams=5).leaves[0] for query in queries]
    return float((np.array(found) == leaf.numpy()).mean())
