import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.levels import Best
from engine.kernels import best_children as kernels
from engine.kernels import means as kernels_means
from engine.paths import ROOT
from engine.scorers.centroid import CentroidScorer, holders, node_means
from engine.trie import restrict
from engine.trie.view import View
from tests.engine.oracles import DictTrie, identifiers, padded, unit

seeds, widths = st.integers(0, 1 << 30), st.integers(1, 30)


def scored_trie(words, seed, twins=False, dimensions=7):
    """A trie over random unit vectors (few different ones, if twins) and its centroid scorer."""
    rng = np.random.default_rng(seed)
    embeddings = unit(rng.normal(size=(len(words), dimensions)))
    if twins:
        embeddings = embeddings[rng.integers(0, min(3, len(words)), len(words))]
    built = trie.build(padded(words))
    return built, CentroidScorer(built, node_means(built, embeddings), []), unit(rng.normal(size=(4, dimensions)))


def some_view(built, seed):
    """A view of about half of the documents, at least one."""
    rng = np.random.default_rng(seed)
    allowed = rng.random(built.documents.max() + 1) < 0.5
    allowed[rng.choice(built.documents)] = True
    return restrict(built, allowed)


def empty(queries, width):
    return Best(
        np.zeros((queries, width), np.int64),
        np.zeros((queries, width), np.int64),
        np.zeros((queries, width), np.float32),
        np.ones(queries, np.int64),
        np.zeros(queries, np.int64),
    )


def filled(best):
    """What a Best holds, without what lies behind its sizes."""
    return [
        (node[:size].tolist(), parent[:size].tolist(), total[:size].tolist(), size, seen)
        for node, parent, total, size, seen in zip(*(array for array in best), strict=True)
    ]


@given(identifiers(), seeds, widths, st.booleans(), st.booleans())
def test_the_best_children_are_those_that_scoring_and_sorting_all_of_them_gives(words, seed, width, twins, restricted):
    built, scorer, queries = scored_trie(words, seed, twins)
    state = scorer.start_all(some_view(built, seed) if restricted else built, queries)
    old = empty(len(queries), 1)
    for _ in range(built.levels):
        found, expected = empty(len(queries), width), empty(len(queries), width)
        tables = (state.shape, scorer.search.vectors, scorer.search.rough, state.vectors, state.rough, old)
        kernels.best_children(*tables, found)
        kernels.best_children_plain(*tables, expected)
        assert filled(found) == filled(expected)
        old = found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("restricted", [False, True])
def test_also_where_most_children_are_never_scored_exactly(seed, restricted):
    rng = np.random.default_rng(seed)
    words = [(int(a), int(b), place) for place, (a, b) in enumerate(rng.integers(0, (12, 40), (3000, 2)))]
    built, scorer, queries = scored_trie(words, seed, dimensions=48)
    state = scorer.start_all(some_view(built, seed) if restricted else built, queries)
    old = empty(len(queries), 1)
    for _ in range(3):
        found, expected = empty(len(queries), 9), empty(len(queries), 9)
        tables = (state.shape, scorer.search.vectors, scorer.search.rough, state.vectors, state.rough, old)
        kernels.best_children(*tables, found)
        kernels.best_children_plain(*tables, expected)
        assert filled(found) == filled(expected)
        old = found


@given(seeds, st.sampled_from([1, 3, 16, 384, 1000]), st.sampled_from([1e-20, 1e-3, 1, 1e4]))
def test_the_bound_of_a_rough_product_holds(seed, dimensions, size):
    rng = np.random.default_rng(seed)
    means = (rng.normal(size=(5, dimensions)) * size).astype(np.float32)
    means[0] = 0
    queries = (rng.normal(size=(3, dimensions)) * [[0], [1], [20]]).astype(np.float32).astype(np.float64)
    rough, asked = kernels_means.roughen(means, np.arange(5)), kernels_means.roughen_queries(queries)
    whole = asked.code.astype(np.int64) @ rough.code.T.astype(np.int64)
    assert np.abs(asked.code.astype(np.int64)).sum(axis=1).max() * 127 < 2**31
    value = whole * asked.scale[:, None] * rough.scale.astype(np.float64)
    bound = asked.norm[:, None] * rough.error.astype(np.float64) + asked.error[:, None] * rough.norm
    assert (np.abs(value - queries @ means.T.astype(np.float64)) <= bound * (1 + 1e-9)).all()


@given(seeds, st.integers(1, 40), st.integers(0, 12))
def test_products_are_those_of_numpy_in_double_precision(seed, dimensions, rows):
    rng = np.random.default_rng(seed)
    means, vector = rng.normal(size=(9, dimensions)).astype(np.float32), rng.normal(size=dimensions) * 20
    asked = rng.integers(0, 9, rows)
    assert kernels.products(means, asked, vector).tolist() == kernels.products_plain(means, asked, vector).tolist()


@given(seeds, st.sampled_from([1, 5, 384]))
def test_rough_copies_are_those_of_numpy(seed, dimensions):
    means = np.random.default_rng(seed).normal(size=(6, dimensions)).astype(np.float32)
    means[2] = 0
    nodes = np.array([5, 0, 2, 2])
    found = kernels_means.roughen(means, nodes)
    plain = kernels_means.Rough(np.empty_like(found.code), *(np.empty_like(found.scale) for _ in range(3)))
    kernels_means.roughen_plain(means, nodes, *plain)
    assert found.code.tolist() == plain.code.tolist()
    for one, other in zip(found[1:], plain[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@given(seeds, st.sampled_from([1, 5, 384]))
def test_rough_queries_are_those_of_numpy(seed, dimensions):
    vectors = np.random.default_rng(seed).normal(size=(3, dimensions)) * [[0], [1], [20]]
    found = kernels_means.roughen_queries(vectors)
    plain = kernels_means.RoughQuery(*(np.empty_like(array) for array in found))
    kernels_means.roughen_queries_plain(vectors, *plain)
    assert np.abs(found.code.astype(int) - plain.code).max() <= 1
    for one, other in zip(found[1:], plain[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-9)


@given(identifiers())
def test_a_mean_is_held_by_the_highest_node_with_the_same_documents(words):
    built, tree = trie.build(padded(words)), DictTrie(words)
    expected = [
        min(
            tree.nodes.index(prefix[:length])
            for length in range(len(prefix) + 1)
            if tree.below[prefix[:length]] == tree.below[prefix]
        )
        for prefix in tree.nodes
    ]
    assert holders(built).tolist() == expected


def test_without_numba_the_search_is_the_same():
    code = """
import sys
if {hide}: sys.modules["numba"] = None
import numpy as np
from engine import trie
from engine.decoding import decode
from engine.scorers.centroid import CentroidScorer, node_means
rng = np.random.default_rng(0)
points = rng.normal(size=(200, 8)).astype(np.float32)
built = trie.build(np.column_stack([rng.integers(0, 6, (200, 2)), np.arange(200)]).astype(np.int32))
trace = decode(built, CentroidScorer(built, node_means(built, points), []), points[:1], 12)[0]
print(trace.leaves.tolist(), trace.scores.tolist(), "numba.core" in sys.modules)
"""
    with_it, without = (
        subprocess.run(
            [sys.executable, "-c", code.format(hide=hide)],
            cwd=ROOT,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hide in (False, True)
    )
    assert with_it.endswith("True")
    assert without.endswith("False")
    assert with_it.removesuffix("True") == without.removesuffix("False")


def test_opening_a_build_prepares_no_kernel():
    code = "import sys, engine.builds.opened, engine.retrievers; print('engine.kernels.best_children' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_view_of_another_trie_is_left_to_the_general_search():
    built, scorer, queries = scored_trie([(0, 0), (0, 1), (2, 0)], seed=1)
    other = trie.build(padded([(0, 0), (0, 1), (2, 0)]))
    assert scorer.start_all(other, queries) is None
    assert scorer.start_all(View(other, np.arange(4, dtype=np.int32)), queries) is None
    assert scorer.start_all(built, queries) is not None


def test_a_query_or_a_mean_that_is_no_number_is_left_to_the_general_search():
    built, scorer, queries = scored_trie([(0, 0), (0, 1), (2, 0)], seed=1)
    queries[1, 2] = np.nan
    assert scorer.start_all(built, queries) is None
    scorer.means[4, 0] = np.inf
    broken = CentroidScorer(built, scorer.means, [])
    assert broken.start_all(built, queries[:1]) is None
