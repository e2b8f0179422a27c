import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.exact import exact_search
from engine.errors import TriescopeError
from tests.engine.oracles import DictTrie, SumScorer, beam_search, identifiers, padded, random_sums, slow_beam_search

QUERY = np.zeros(2, np.float32)
seeds, widths = st.integers(0, 1 << 30), st.integers(1, 30)


def prefixes(built, candidates):
    """Candidates as (prefix, total), in their order."""
    return [(built.prefix(int(node)), float(total)) for node, total in zip(candidates.node, candidates.total, strict=True)]


@given(identifiers(), seeds, widths)
def test_every_step_keeps_and_prunes_what_a_slow_beam_search_does(words, seed, beams):
    built = trie.build(padded(words))
    scorer = random_sums(built, seed)
    trace = beam_search(built, scorer, QUERY, beams)
    expected = slow_beam_search(DictTrie(words), scorer.log_probs.tolist(), beams)
    assert [(prefixes(built, step.kept), prefixes(built, step.pruned)) for step in trace.steps] == expected
    assert prefixes(built, trace.steps[-1].kept) == [
        (built.prefix(int(leaf)), float(score)) for leaf, score in zip(trace.leaves, trace.scores, strict=True)
    ]


@given(identifiers(), seeds)
def test_a_beam_as_wide_as_the_trie_scores_every_identifier(words, seed):
    built, tree = trie.build(padded(words)), DictTrie(words)
    scorer = random_sums(built, seed)
    total = {leaf: sum(scorer.log_probs[tree.nodes.index(leaf[:n])] for n in range(1, len(leaf) + 1)) for leaf in tree.leaves}
    ranked = sorted(tree.leaves, key=lambda leaf: (-total[leaf], tree.nodes.index(leaf)))
    leaves, totals = exact_search(built, scorer, QUERY)
    trace = beam_search(built, scorer, QUERY, beams=len(tree.nodes))
    assert [built.prefix(int(leaf)) for leaf in leaves] == ranked
    assert totals.tolist() == [total[leaf] for leaf in ranked]
    assert trace.leaves.tolist() == leaves.tolist()
    assert trace.scores.tolist() == totals.tolist()


@given(identifiers(), seeds, widths)
def test_kept_and_pruned_are_together_all_children_of_the_beams(words, seed, beams):
    built, tree = trie.build(padded(words)), DictTrie(words)
    before = [()]
    for step in beam_search(built, random_sums(built, seed), QUERY, beams).steps:
        legal = [child for prefix in before for child in tree.children(prefix) or [prefix]]
        nodes = np.concatenate([step.kept.node, step.pruned.node])
        assert sorted(built.prefix(int(node)) for node in nodes) == sorted(legal)
        before = [built.prefix(int(node)) for node in step.kept.node]


@given(identifiers(), seeds, widths)
def test_a_candidate_names_the_beam_it_came_from(words, seed, beams):
    built = trie.build(padded(words))
    before = [()]
    for step in beam_search(built, random_sums(built, seed), QUERY, beams).steps:
        for part in (step.kept, step.pruned):
            for node, parent in zip(part.node, part.parent, strict=True):
                assert built.prefix(int(node)) in (before[parent], (*before[parent], int(built.code[node])))
        before = [built.prefix(int(node)) for node in step.kept.node]


@given(identifiers(), seeds, widths)
def test_the_hits_are_the_same_without_an_explanation(words, seed, beams):
    built = trie.build(padded(words))
    scorer = random_sums(built, seed, masked=True)
    told, untold = (beam_search(built, scorer, QUERY, beams, explain=explain) for explain in (True, False))
    assert told.leaves.tolist() == untold.leaves.tolist()
    assert told.scores.tolist() == untold.scores.tolist()
    assert [step.kept.node.tolist() for step in told.steps] == [step.kept.node.tolist() for step in untold.steps]
    assert all(not len(step.pruned.node) and step.masked_mass == 0 for step in untold.steps)


@given(identifiers(), seeds, widths)
def test_the_masked_mass_is_averaged_over_the_beams_by_their_share(words, seed, beams):
    built, tree = trie.build(padded(words)), DictTrie(words)
    scorer = random_sums(built, seed, masked=True)
    before = [((), 0.0)]
    for step in beam_search(built, scorer, QUERY, beams).steps:
        going_on = [(tree.nodes.index(prefix), math.exp(total)) for prefix, total in before if tree.children(prefix)]
        share = sum(weight for _, weight in going_on) or 1.0
        expected = sum(scorer.mass[node] * weight for node, weight in going_on) / share
        assert step.masked_mass == pytest.approx(expected, rel=1e-5)
        before = prefixes(built, step.kept)


def test_an_identifier_that_ends_early_waits_unchanged():
    built = trie.build(np.array([[0, -1, -1], [1, 0, 0], [1, 1, 0]], np.int32))
    early = built.find((0,))
    trace = beam_search(built, SumScorer(np.full(len(built.code), -1.0)), QUERY, beams=2)
    places = [step.kept.node.tolist().index(early) for step in trace.steps]
    assert [float(step.kept.log_prob[place]) for step, place in zip(trace.steps, places, strict=True)] == [-1, 0, 0]
    assert [float(step.kept.total[place]) for step, place in zip(trace.steps, places, strict=True)] == [-1, -1, -1]
    assert trace.leaves.tolist() == [early, built.find((1, 0, 0))]


def test_equal_scores_stand_in_node_order():
    built = trie.build(np.array([[a, b] for a in range(4) for b in range(4)], np.int32))
    trace = beam_search(built, SumScorer(np.zeros(len(built.code))), QUERY, beams=6)
    assert trace.steps[0].kept.node.tolist() == [1, 2, 3, 4]
    assert trace.leaves.tolist() == list(range(5, 11))
    assert trace.steps[1].pruned.node.tolist() == list(range(11, 21))


def test_one_document_is_always_found():
    built = trie.build(np.array([[3, 1, 2]], np.int32))
    trace = beam_search(built, SumScorer([0, -1, -2, -4]), QUERY, beams=50)
    assert trace.leaves.tolist() == [3]
    assert trace.scores.tolist() == [-7]


@pytest.mark.parametrize("beams", [0, -1])
def test_a_beam_of_no_width_is_refused(beams):
    built = trie.build(np.array([[0]], np.int32))
    with pytest.raises(TriescopeError, match="beams must be at least 1"):
        beam_search(built, SumScorer([0, 0]), QUERY, beams)


@given(identifiers(), seeds, st.data())
def test_a_score_that_is_no_number_is_an_error_that_names_the_scorer(words, seed, data):
    built = trie.build(padded(words))
    scorer = random_sums(built, seed)
    scorer.log_probs[data.draw(st.integers(1, int(built.level_start[2]) - 1))] = np.nan
    with pytest.raises(TriescopeError, match="scorer sums: a score at level 1 is not a finite number"):
        beam_search(built, scorer, QUERY, data.draw(widths))
