"""A scorer over an overlay gives the totals of one that was built anew."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine import identifiers, trie
from engine.decoding.exact import exact_search
from engine.errors import TriescopeError
from engine.kernels import sums as kernels_overlay
from engine.kernels.compiled import fixed
from engine.live.additions import add_documents, identify
from engine.live.overlay import Overlay
from engine.live.scorer import TOLERANCE, OverlayMeans, overlay_scorer
from engine.scorers.centroid import CentroidScorer, node_means
from tests.engine.live.test_overlay import histories, living
from tests.engine.oracles import beam_search, padded, unit

WIDTH = 8


def books(seed, levels=2, codes=5):
    return list(np.random.default_rng(seed).normal(size=(levels, codes, WIDTH)).astype(np.float32))


def both(overlay, words, vectors, seed=0):
    """Scorer over the overlay, and one over the rebuilt trie with the trie."""
    base = CentroidScorer(overlay.base, node_means(overlay.base, vectors), books(seed))
    rebuilt = trie.build(padded(words))
    scorer = overlay_scorer(base, overlay, vectors[: overlay.base_rows], vectors[overlay.base_rows :])
    return scorer, rebuilt, CentroidScorer(rebuilt, node_means(rebuilt, vectors), base.codebooks)


@given(histories().filter(living), st.integers(0, 1 << 30))
def test_means_and_scores_are_those_of_a_scorer_built_anew(history, seed):
    overlay, words = history
    vectors = unit(np.random.default_rng(seed).normal(size=(len(words), WIDTH)))
    scorer, _, expected = both(overlay, words, vectors, seed)
    np.testing.assert_allclose(scorer.means[overlay.nodes], expected.means, rtol=0, atol=3e-7)
    state, nodes = scorer.start(vectors[0]), np.arange(len(overlay.nodes))
    np.testing.assert_allclose(
        scorer.node_scores(state, overlay.nodes), expected.node_scores(expected.start(vectors[0]), nodes), atol=TOLERANCE
    )


@given(histories().filter(living), st.integers(0, 1 << 30), st.integers(1, 20))
def test_searches_rank_as_with_a_scorer_built_anew(history, seed, beams):
    overlay, words = history
    rng = np.random.default_rng(seed)
    vectors, query = unit(rng.normal(size=(len(words), WIDTH))), unit(rng.normal(size=WIDTH))
    scorer, rebuilt, plain = both(overlay, words, vectors, seed)
    (leaves, totals), (wanted, expected) = exact_search(overlay, scorer, query), exact_search(rebuilt, plain, query)
    np.testing.assert_allclose(totals, expected, atol=TOLERANCE)
    # Only what is as good as equal may trade places.
    far = np.append(np.diff(expected) < -2 * TOLERANCE, True)
    settled = far & np.append(True, far[:-1])
    assert leaves[settled].tolist() == overlay.nodes[wanted[settled]].tolist()
    found, trace = beam_search(overlay, scorer, query, beams), beam_search(rebuilt, plain, query, beams)
    # A near tie at the cut may go either way, and what is below with it.
    cuts = [step.kept.total[-1] - step.pruned.total[0] for step in trace.steps if len(step.pruned.node)]
    assume(min(cuts, default=1) > 2 * TOLERANCE)
    for mine, theirs in zip(found.steps, trace.steps, strict=True):
        np.testing.assert_allclose(mine.kept.total, theirs.kept.total, atol=TOLERANCE)
        assert mine.masked_mass == pytest.approx(theirs.masked_mass, abs=1e-3)


def clustered(documents, seed=0):
    rng = np.random.default_rng(seed)
    return unit(rng.normal(size=(20, 16))[rng.integers(0, 20, documents)] * 2 + rng.normal(size=(documents, 16)))


def test_documents_added_to_a_fitted_scheme_are_found_as_after_a_rebuild():
    vectors = clustered(700)
    fitted = identifiers.fit("rq-kmeans", vectors[:600], {"levels": 2, "codes": 16})
    base = trie.build(fitted.codes)
    overlay, added = add_documents("rq-kmeans", fitted, Overlay.of(base, 600), vectors[600:])
    overlay = overlay.remove(np.arange(0, 700, 7))
    codes = np.vstack([fitted.codes, added])
    codes[::7] = -1
    rebuilt = trie.build(codes)
    scorer = overlay_scorer(
        CentroidScorer(base, node_means(base, vectors), fitted.codebooks), overlay, vectors[:600], vectors[600:]
    )
    plain = CentroidScorer(rebuilt, node_means(rebuilt, vectors), fitted.codebooks)
    for query in clustered(30, seed=1):
        mine, theirs = beam_search(overlay, scorer, query, 20), beam_search(rebuilt, plain, query, 20)
        assert mine.documents(overlay, 20)[0].tolist() == theirs.documents(rebuilt, 20)[0].tolist()
        np.testing.assert_allclose(mine.scores, theirs.scores, atol=TOLERANCE)
    # Compacted, the means are carried over and the flat scorer goes on from them.
    np.testing.assert_allclose(scorer.means[overlay.nodes], plain.means, rtol=0, atol=3e-7)


def test_means_that_nothing_touches_are_read_from_the_base():
    vectors = unit(np.random.default_rng(0).normal(size=(5, WIDTH)))
    overlay = Overlay.of(trie.build(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.int32)), 4).add(np.array([[1, 2]], np.int32))
    means = node_means(overlay.base, vectors)
    scorer = overlay_scorer(CentroidScorer(overlay.base, means, []), overlay, vectors[:4], vectors[4:])
    assert scorer.means.base is means
    assert [overlay.prefix(node) for node in np.flatnonzero(scorer.means.slot >= 0)] == [(), (1,), (1, 2)]
    assert len(scorer.means.fresh) == 3


def test_what_is_left_of_a_large_sum_loses_no_digits():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(5000, WIDTH)).astype(np.float32) * np.append(np.full(4999, 1e3), 1e-3)[:, None].astype(np.float32)
    overlay = Overlay.of(trie.build(np.zeros((5000, 1), np.int32)), 5000).remove(range(4999))
    base = CentroidScorer(overlay.base, node_means(overlay.base, vectors), [])
    assert (overlay_scorer(base, overlay, vectors, vectors[:0]).means[overlay.nodes] == vectors[4999]).all()


def test_embeddings_that_are_not_as_many_as_the_rows_are_refused():
    overlay = Overlay.of(trie.build(np.array([[0], [1]], np.int32)), 2)
    base = CentroidScorer(overlay.base, np.zeros((3, WIDTH), np.float32), [])
    with pytest.raises(ValueError, match="2 and 1 embeddings for 2 rows"):
        overlay_scorer(base, overlay, np.zeros((2, WIDTH)), np.zeros((1, WIDTH)))


def test_means_are_gathered_from_both_arrays():
    means = OverlayMeans(np.array([[1.0], [2.0]], np.float32), np.array([[3.0], [4.0]], np.float32), np.array([1, -1, 0]))
    assert means[np.array([2, 1, 0, 0])].tolist() == [[3], [2], [4], [4]]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_compiled_loops_do_what_their_twins_do(kind):
    rng = np.random.default_rng(0)
    vectors, bounds = rng.normal(size=(20, WIDTH)).astype(kind), np.array([0, 1, 1, 7, 20])
    found, expected = np.empty((4, WIDTH)), np.empty((4, WIDTH))
    kernels_overlay.sum_runs(vectors, bounds, found)
    kernels_overlay.slow_sum_runs(vectors, bounds, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    means, nodes = rng.normal(size=(9, WIDTH)).astype(np.float32), np.array([3, 0, 8, 3])
    weight, counts = np.array([4, 0, 1, 2]), np.array([5, 1, 9, 2], np.int32)
    ours, theirs = (np.empty((4, WIDTH), np.float32) for _ in range(2))
    kernels_overlay.blend(fixed(means), nodes, weight, found.astype(kind), counts, ours)
    kernels_overlay.slow_blend(means, nodes, weight, found.astype(kind), counts, theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def slow_identify(name, fitted, taken, embeddings):
    """Content codes, then the number after the largest in use, one document at a time."""
    taken = {word for word in taken if word}
    added = []
    for content in identifiers.assign(name, fitted, embeddings).tolist():
        word = tuple(code for code in content if code >= 0)
        if len(word) < fitted.codes.shape[1]:
            numbers = [other[-1] for other in taken if other[:-1] == word]
            of_that_length = [
                [c for c in row if c >= 0][-1] for row in fitted.codes.tolist() if sum(c >= 0 for c in row) == len(word) + 1
            ]
            word = (*word, max(numbers) + 1 if numbers else min(of_that_length))
        taken.add(word)
        added.append(word)
    return added


@pytest.mark.parametrize(
    ("name", "settings", "resolver"),
    [
        ("rq-kmeans", {"levels": 2, "codes": 8}, "extra-code"),
        ("rq-kmeans", {"levels": 2, "codes": 8}, "leave"),
        ("rq-kmeans", {"levels": 2, "codes": 8}, "reassign"),
        ("rq-kmeans", {"levels": 1, "codes": 8}, "one-more-level"),
        ("cluster-index", {"clusters": 6}, None),
        ("hierarchical-kmeans", {"branching": 3, "leaf": 5}, None),
    ],
)
def test_newcomers_take_the_next_free_number(name, settings, resolver):
    vectors = clustered(260)
    fitted = identifiers.fit(name, vectors[:200], settings, resolver=resolver)
    words = [tuple(code for code in row if code >= 0) for row in fitted.codes.tolist()]
    gone = list(range(0, 200, 3))
    tree = Overlay.of(trie.build(fitted.codes), 200).remove(gone)
    taken = [word for row, word in enumerate(words) if row not in gone]
    for part in (vectors[200:230], vectors[230:]):
        tree, codes = add_documents(name, fitted, tree, part)
        found = [tuple(code for code in row if code >= 0) for row in codes.tolist()]
        assert codes.shape[1] == fitted.codes.shape[1]
        assert found == slow_identify(name, fitted, taken, part)
        taken += found
    if resolver != "leave":
        assert len(set(taken)) == len(taken)
    assert tree.counts[trie.ROOT] == len(taken)


def test_a_scheme_without_vectors_cannot_place_a_newcomer():
    fitted = identifiers.fit("random", clustered(10), {})
    with pytest.raises(TriescopeError, match="cannot place a new document"):
        identify("random", fitted, Overlay.of(trie.build(fitted.codes), 10), clustered(1))
