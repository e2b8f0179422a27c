"""Decoding without a mask, against the same written out with dictionaries."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.strategies import decode, existing_share
from engine.decoding.trace import steps_json
from engine.errors import TriescopeError
from engine.scorers import centroid
from tests.engine.decoding.test_strategies import QUERY, AbleScorer, Case, cases, seeds, widths
from tests.engine.oracles import DictTrie, SumScorer, identifiers, padded, unit

NONE = np.empty(0, np.int64)


def slow_unconstrained(case, beams):
    """(kept, pruned, all absent prefixes that were numbered) with (prefix, total), level by level."""
    everything = DictTrie(case.words)
    numbers = dict(case.number)
    kept, steps, absent = [((), 0.0)], [], []
    for level in range(1, case.built.levels + 1):
        found = []
        for prefix, total in kept:
            if prefix in everything.below and not everything.children(prefix):
                found.append((prefix, total))
                continue
            for code in range(AbleScorer.codes):
                child = (*prefix, code)
                if child not in everything.below:
                    absent.append(child)
                    numbers[child] = len(case.number) + len(absent)
                step = case.log_prob[child] if child in everything.below else case.scorer.absent(level, code)
                found.append((child, total + step))
        found.sort(key=lambda one: (-one[1], numbers[one[0]]))
        kept = found[:beams]
        steps.append((kept, found[beams:]))
    return steps, absent


@given(cases(), widths)
def test_every_code_may_follow_every_prefix(case, beams):
    trace = case.decode("unconstrained", beams)
    steps, absent = slow_unconstrained(case, beams)
    assert [(case.prefixes(trace, step.kept), case.prefixes(trace, step.pruned)) for step in trace.steps] == steps
    assert list(trace.absent) == absent
    last = steps[-1][0]
    assert case.prefixes(trace, None) == [(prefix, total) for prefix, total in last if prefix in case.legal.leaves]
    assert existing_share(trace) == sum(prefix in DictTrie(case.words).below for prefix, _ in last) / len(last)
    assert all(step.masked_mass == 0 for step in trace.steps)


@given(cases(), widths)
def test_nodes_parents_and_probabilities_of_the_steps(case, beams):
    trace = case.decode("unconstrained", beams)
    before = [()]
    for step in trace.steps:
        odds = {}
        for part in (step.kept, step.pruned):
            for node, parent, log_prob in zip(part.node, part.parent, part.log_prob, strict=True):
                prefix = trace.prefix(case.built, int(node))
                assert (node >= 0) == (prefix in case.number)
                assert prefix in (before[parent], (*before[parent], prefix[-1]))
                odds.setdefault(int(parent), []).append(math.exp(log_prob))
        assert [sum(values) for values in odds.values()] == pytest.approx([1] * len(odds), abs=1e-5)
        before = [trace.prefix(case.built, int(node)) for node in step.kept.node]


@given(st.integers(1, 3), st.integers(1, 2), seeds, widths)
def test_where_every_code_is_taken_it_is_a_beam_search(codes, levels, seed, beams):
    words = [tuple(word) for word in np.ndindex(*[codes] * levels)]
    case = Case(words, seed)
    case.scorer.codes = codes
    free, bound = case.decode("unconstrained", beams), case.decode("beam", beams)
    assert free.leaves.tolist() == bound.leaves.tolist()
    assert free.scores.tolist() == bound.scores.tolist()
    assert free.absent == ()
    assert existing_share(free) == 1


def test_the_trace_is_written_like_any_other():
    case = Case([(0, 1), (2, 0)], seed=3)
    trace = case.decode("unconstrained", 4)
    written = steps_json(trace, case.built)
    assert [len(step["kept"]) for step in written] == [4, 4]
    assert {entry["documents"] for step in written for entry in step["kept"]} <= {0, 1}
    assert any(entry["documents"] == 0 for entry in written[1]["kept"])


def test_a_scorer_that_cannot_is_named():
    built = trie.build(np.array([[0]], np.int32))
    with pytest.raises(TriescopeError, match="scorer sums cannot score codes that the trie lacks"):
        decode("unconstrained", built, SumScorer([0, 0]), QUERY)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_an_absent_code_with_no_number_is_an_error_that_names_the_scorer(wrong):
    case = Case([(0, 1), (2, 0)], seed=3)
    case.scorer.absent = lambda level, code: wrong if level == 2 else 0
    with pytest.raises(TriescopeError, match="scorer sums: a score at level 2 is not a finite number"):
        case.decode("unconstrained", 4)


def centroid_case(words, seed, vectors=None):
    rng = np.random.default_rng(seed)
    embeddings = unit(rng.normal(size=(len(words), 5)))
    built = trie.build(padded(words))
    books = [rng.normal(size=(4, 5)).astype(np.float32) / 4 for _ in range(vectors or max(1, built.levels - 1))]
    return (
        built,
        embeddings,
        centroid.CentroidScorer(built, centroid.node_means(built, embeddings), books),
        unit(rng.normal(size=5)),
    )


def dense_by_hand(tree, embeddings, scorer, query, prefix):
    """Total of each code that may follow a prefix, existing or not: from the definition, in float64."""
    level = len(prefix)
    if level >= len(scorer.codebooks):
        codes = {child[-1] for child in tree.children(prefix)} if prefix in tree.below else set()
    else:
        codes = range(len(scorer.codebooks[level]))
    totals = {}
    for code in codes:
        child = (*prefix, code)
        last = next(child[:n] for n in range(len(child), -1, -1) if child[:n] in tree.below)
        mean = embeddings[tree.below[last]].astype(np.float64).mean(axis=0)
        added = sum((scorer.codebooks[n][child[n]].astype(np.float64) for n in range(len(last), len(child))), np.zeros(5))
        count = len(tree.below[child]) if last == child else 1
        totals[code] = centroid.SCALE * float(query.astype(np.float64) @ (mean + added)) + math.log(count)
    return totals


@given(identifiers(), seeds, st.data())
def test_the_centroid_scorer_counts_an_absent_code_as_one_document_at_mean_plus_vectors(words, seed, data):
    built, embeddings, scorer, query = centroid_case(words, seed)
    tree = DictTrie(words)
    trace = decode("unconstrained", built, scorer, query, data.draw(widths))
    before = [()]
    for step in trace.steps:
        expected = {}
        for prefix in before:
            is_leaf = prefix in tree.below and not tree.children(prefix)
            following = {} if is_leaf else dense_by_hand(tree, embeddings, scorer, query, prefix)
            expected |= {(*prefix, code): total for code, total in following.items()} or {prefix: None}
        found = {
            trace.prefix(built, int(node)): float(total)
            for part in (step.kept, step.pruned)
            for node, total in zip(part.node, part.total, strict=True)
        }
        assert found.keys() == expected.keys()
        assert all(found[prefix] == pytest.approx(total, abs=2e-3) for prefix, total in expected.items() if total is not None)
        before = [trace.prefix(built, int(node)) for node in step.kept.node]


@given(identifiers(), seeds)
def test_codes_that_exist_have_the_totals_of_the_masked_search(words, seed):
    built, _, scorer, query = centroid_case(words, seed)
    state = scorer.start(query)
    for level in range(1, built.levels + 1):
        nodes = np.arange(built.level_start[level - 1], built.level_start[level])
        nodes = nodes[~built.is_leaf(nodes)]
        totals = scorer.node_scores(state, nodes)
        children = built.children(nodes)
        scored = scorer.score(state, nodes, totals, children)
        prefixes = np.array([built.prefix(node) for node in nodes], np.int64).reshape(len(nodes), level - 1)
        dense = scorer.dense(state, level, nodes, totals, prefixes)
        assert dense[children.parent, built.code[children.node]].tolist() == scored.total.tolist()
        if level <= len(scorer.codebooks):
            absent = np.exp(dense.astype(np.float64))
            absent[children.parent, built.code[children.node]] = 0
            masked = absent.sum(axis=1) / np.exp(dense.astype(np.float64)).sum(axis=1)
            np.testing.assert_allclose(scorer.masked(state, level, nodes, children), masked, atol=1e-4)


def test_an_absent_prefix_ends_where_codes_have_no_vectors():
    built, _, scorer, query = centroid_case([(0, 0, 0), (0, 0, 1), (3, 2, 0)], seed=2, vectors=2)
    trace = decode("unconstrained", built, scorer, query, 20)
    assert {len(trace.prefix(built, int(node))) for node in trace.steps[-1].kept.node} == {2, 3}
    assert all(len(prefix) <= 2 for prefix in trace.absent)
    waiting = trace.steps[2].kept.node < 0
    assert waiting.any()
    assert (trace.steps[2].kept.log_prob[waiting] == 0).all()
    assert 0 < existing_share(trace) < 1


def test_a_scorer_without_any_vectors_can_only_write_what_exists():
    built, _, scorer, query = centroid_case([(0, 0), (0, 1), (2, 5)], seed=2)
    scorer.codebooks = []
    trace = decode("unconstrained", built, scorer, query, 5)
    assert len(trace.leaves) == 3
    assert trace.absent == ()


def test_no_beam_scores_nothing():
    built, _, scorer, query = centroid_case([(0, 0), (0, 1)], seed=5)
    for level in (1, 2):
        prefixes = np.empty((0, level - 1), np.int64)
        assert scorer.dense(scorer.start(query), level, NONE, np.empty(0, np.float32), prefixes).shape[0] == 0
    assert built.levels == 2
