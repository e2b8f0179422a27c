"""Strategies, filters and *why* over a live catalogue give what they give over the trie that a rebuild would make of it."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import trie
from engine.decoding.strategies import STRATEGIES, decode
from engine.errors import TriescopeError
from engine.explaining.difference import diff
from engine.explaining.survival import survival
from engine.explaining.why import why
from engine.live.overlay import Overlay
from engine.live.scorer import overlay_scorer
from engine.scorers.centroid import CentroidScorer, node_means
from engine.trie import restrict
from tests.engine.decoding.test_strategies import AbleScorer
from tests.engine.live.test_live_scorer import WIDTH, both
from tests.engine.live.test_overlay import QUERY, lives, scorers, widths
from tests.engine.oracles import padded, unit

seeds = st.integers(0, 1 << 30)


class Pair:
    """A live catalogue and its rebuilt trie, both under the same restriction or none, with scorers that agree."""

    def __init__(self, history, seed, restricted):
        overlay, words = history
        rebuilt = trie.build(padded(words))
        plain, over = scorers(rebuilt, overlay, seed)
        self.nodes, self.words = overlay.nodes, words
        self.plain, self.over = AbleScorer(rebuilt, plain.log_probs), AbleScorer(overlay, over.log_probs)
        self.trees = overlay, rebuilt
        if restricted:
            rows = rebuilt.documents
            self.allowed = np.random.default_rng(seed).random(len(words)) < 0.6
            self.allowed[rows[seed % len(rows)]] = True
            self.trees = restrict(overlay, self.allowed), restrict(rebuilt, self.allowed)

    def here(self, nodes):
        """Nodes of the rebuilt trie as they are numbered in the overlay; absent prefixes keep their numbers."""
        nodes = np.asarray(nodes, np.int64)
        return np.where(nodes >= 0, self.nodes[np.maximum(nodes, 0)], nodes).tolist()

    def decode(self, name, beams, **others):
        return tuple(
            decode(name, tree, scorer, QUERY, beams, **others)
            for tree, scorer in zip(self.trees, (self.over, self.plain), strict=True)
        )


pairs = st.builds(Pair, lives, seeds, st.booleans())


@given(pairs, st.sampled_from(sorted(STRATEGIES)), widths, seeds, st.sampled_from([0.5, 1.0, 3.0]))
@settings(max_examples=150)
def test_every_strategy_finds_what_it_finds_over_the_rebuilt_trie(pair, name, beams, seed, temperature):
    found, expected = pair.decode(name, beams, seed=seed, temperature=temperature)
    assert found.leaves.tolist() == pair.here(expected.leaves)
    assert found.scores.tolist() == expected.scores.tolist()
    assert (found.scored, found.absent, found.strategy) == (expected.scored, expected.absent, name)
    assert found.confidence == pytest.approx(expected.confidence)
    for ours, theirs in zip(found.steps, expected.steps, strict=True):
        assert ours.masked_mass == theirs.masked_mass
        for mine, wanted in ((ours.kept, theirs.kept), (ours.pruned, theirs.pruned)):
            assert mine.node.tolist() == pair.here(wanted.node)
            assert mine.parent.tolist() == wanted.parent.tolist()
            assert mine.total.tolist() == wanted.total.tolist()
            assert mine.log_prob.tolist() == wanted.log_prob.tolist()
    for k in (1, 100):
        assert found.documents(pair.trees[0], k)[0].tolist() == expected.documents(pair.trees[1], k)[0].tolist()


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_where_all_scores_are_equal_additions_stand_where_their_codes_put_them(name):
    words, added = [(0, 1), (2, 0), (2, 2), (4, 1)], [(0, 0), (1, 3), (2, 1), (3, 0), (4, 0)]
    overlay = Overlay.of(trie.build(padded(words)), len(words)).add(padded(added))
    pair = Pair((overlay, words + added), 0, restricted=False)
    for scorer in (pair.over, pair.plain):
        scorer.log_probs[:] = 0
    for beams in range(1, 8):
        found, expected = pair.decode(name, beams)
        assert found.leaves.tolist() == pair.here(expected.leaves)
        for ours, theirs in zip(found.steps, expected.steps, strict=True):
            assert ours.kept.node.tolist() == pair.here(theirs.kept.node)
            assert ours.pruned.node.tolist() == pair.here(theirs.pruned.node)


@given(pairs, widths, st.data())
@settings(max_examples=60)
def test_why_says_of_every_document_what_it_says_over_the_rebuilt_trie(pair, beams, data):
    row = data.draw(st.integers(0, len(pair.words) - 1))
    told = []
    for tree, scorer in zip(pair.trees, (pair.over, pair.plain), strict=True):
        try:
            told.append(why(tree, scorer, QUERY, row, beams))
        except TriescopeError as error:
            told.append(str(error))
    found, expected = told
    if not isinstance(expected, str):
        expected = expected._replace(
            steps=[step._replace(node=pair.here(step.node)) for step in expected.steps],
            displaced_by=[beam._replace(node=pair.here(beam.node)) for beam in expected.displaced_by],
        )
    assert found == expected


@given(pairs, widths, st.sampled_from(["greedy", "diverse"]))
@settings(max_examples=30)
def test_fates_and_differences_are_those_over_the_rebuilt_trie(pair, beams, other):
    (found, expected), (found_after, expected_after) = pair.decode("beam", beams), pair.decode(other, beams)
    assert diff(found, found_after, pair.trees[0]) == diff(expected, expected_after, pair.trees[1])
    for row in range(len(pair.words)):
        stages = [stage._replace(node=pair.here(stage.node)) for stage in survival(expected, pair.trees[1], row)]
        assert survival(found, pair.trees[0], row) == stages


@given(lives, st.data())
@settings(max_examples=60)
def test_a_filter_a_forced_prefix_a_ban_and_a_given_leaf_leave_what_they_leave_of_the_rebuilt_trie(history, data):
    overlay, words = history
    rebuilt = trie.build(padded(words))
    known = [word for word in words if word]
    prefix = st.sampled_from(known).flatmap(lambda word: st.integers(0, len(word)).map(lambda n: word[:n]))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words))))
    asked = {
        "allowed": allowed if data.draw(st.booleans()) else None,
        "force": data.draw(st.just(()) | prefix),
        "ban": [word for word in data.draw(st.lists(prefix, max_size=2)) if word],
    }
    gone = [rebuilt.find(word) for word in data.draw(st.lists(st.sampled_from(known), max_size=2))]
    left = []
    for tree, without in ((overlay, overlay.nodes[gone] if gone else []), (rebuilt, gone)):
        try:
            left.append(restrict(tree, **asked, without=without))
        except TriescopeError as error:
            left.append(str(error))
    found, expected = left
    if isinstance(expected, str):
        assert found == expected
        return
    nodes = np.arange(len(rebuilt.code))
    here = overlay.nodes
    assert (found.levels, found.whole) == (expected.levels, overlay)
    assert found.documents.tolist() == expected.documents.tolist()
    assert found.counts[here].tolist() == found.counts_of(here).tolist() == expected.counts.tolist()
    assert found.legal[here].tolist() == expected.legal.tolist() == (expected.counts > 0).tolist()
    assert found.is_leaf(here).tolist() == expected.is_leaf(nodes).tolist()
    assert found.level_of(here).tolist() == expected.level_of(nodes).tolist()
    assert found.parent(here).tolist() == here[expected.parent(nodes)].tolist()
    assert found.children(here).node.tolist() == here[expected.children(nodes).node].tolist()
    assert [found.leaf_documents(node).tolist() for node in here] == [expected.leaf_documents(n).tolist() for n in nodes]
    assert [found.path(row) for row in range(len(words))] == [here[expected.path(row)].tolist() for row in range(len(words))]
    assert [found.prefix(node) for node in here] == [expected.prefix(node) for node in nodes]
    assert [found.find(expected.prefix(node)) for node in nodes] == here.tolist()
    for mine, theirs in zip(found.compact(), expected.compact(), strict=True):
        assert (mine.dtype, mine.tolist()) == (theirs.dtype, theirs.tolist())
    # A restriction of a restriction is that of both.
    again = np.arange(len(words)) % 2 == 0
    assert found.restricted(again).documents.tolist() == expected.restricted(again).documents.tolist()
    assert expected.restricted(again).documents.tolist() == [row for row in expected.documents.tolist() if row % 2 == 0]


@given(lives, seeds, widths, st.booleans())
@settings(max_examples=40)
def test_best_first_search_is_exact_with_the_centroid_scorer_of_a_live_catalogue(history, seed, beams, restricted):
    overlay, words = history
    rng = np.random.default_rng(seed)
    vectors, query = unit(rng.normal(size=(len(words), WIDTH))), unit(rng.normal(size=WIDTH))
    scorer = both(overlay, words, vectors, seed)[0]
    tree = restrict(overlay, np.arange(len(words)) % 2 == overlay.documents[0] % 2) if restricted else overlay
    found, expected = (decode(name, tree, scorer, query, beams) for name in ("best-first", "exact"))
    assert found.leaves.tolist() == expected.leaves.tolist()
    assert found.scores.tolist() == expected.scores.tolist()


@given(lives, seeds, st.integers(1, 10))
@settings(max_examples=40)
def test_decoding_without_a_mask_ranks_absent_codes_as_a_scorer_built_anew_does(history, seed, beams):
    overlay, words = history
    rng = np.random.default_rng(seed)
    vectors, query = unit(rng.normal(size=(len(words), WIDTH))), unit(rng.normal(size=WIDTH))
    scorer, rebuilt, plain = both(overlay, words, vectors, seed)
    found, expected = (
        decode("unconstrained", overlay, scorer, query, beams),
        decode("unconstrained", rebuilt, plain, query, beams),
    )
    # A near tie may go either way.
    totals = [np.append(step.kept.total, step.pruned.total) for step in expected.steps]
    assume(all((np.diff(part[np.isfinite(part)]) < -3e-4).all() for part in totals))
    for ours, theirs in zip(found.steps, expected.steps, strict=True):
        np.testing.assert_allclose(ours.kept.total, theirs.kept.total, atol=2e-4)
        prefixes = [
            [trace.prefix(tree, int(node)) for node in step.kept.node]
            for trace, tree, step in ((found, overlay, ours), (expected, rebuilt, theirs))
        ]
        assert prefixes[0] == prefixes[1]


def test_an_empty_live_catalogue_is_searched_and_nothing_is_found():
    vectors = unit(np.random.default_rng(0).normal(size=(2, WIDTH)))
    full = Overlay.of(trie.build(np.array([[0, 1], [0, 2]], np.int32)), 2)
    empty = full.remove([0, 1])
    scorer = overlay_scorer(CentroidScorer(full.base, node_means(full.base, vectors), []), empty, vectors, vectors[:0])
    for name in ("beam", "exact", "best-first"):
        trace = decode(name, empty, scorer, vectors[0], 3)
        assert trace.leaves.tolist() == []
        assert trace.confidence == 0
    with pytest.raises(TriescopeError, match="no document is left"):
        restrict(full, np.zeros(2, bool))
