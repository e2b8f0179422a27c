"""Looking ahead: the best sum below every node, and the beam that counts it, each against the same written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.ahead import look_ahead
from engine.decoding.strategies import decode
from engine.errors import TriescopeError
from engine.scorers import centroid
from engine.scorers.one_pass import OnePassScorer
from tests.engine.decoding.test_strategies import QUERY, Case, cases, seeds, widths
from tests.engine.decoding.test_strategies_beams import children_or_self, steps_of
from tests.engine.oracles import SumScorer, identifiers, padded, unit


def promise(case, prefix):
    """The best sum of code scores of any legal identifier that begins so."""
    known = case.scorer.promised
    below = [leaf for leaf in case.legal.leaves if leaf[: len(prefix)] == prefix]
    return max(sum(scores[code] for scores, code in zip(known, leaf, strict=False) if code < len(scores)) for leaf in below)


def promised(seed, levels):
    """Code scores in quarters; the last levels may have none, and the last code of each has none."""
    rng = np.random.default_rng(seed)
    return [-rng.integers(0, 12, 3) / 4 for _ in range(int(rng.integers(1, levels + 1)))]


@given(cases(), seeds)
def test_the_best_below_is_the_best_of_all_identifiers_below(case, seed):
    case.scorer.promised = promised(seed, case.built.levels)
    ahead = look_ahead(case.tree, case.scorer.promised)
    prefixes = case.legal.nodes[:0:-1]
    found = ahead.of(np.array([case.number[prefix] for prefix in prefixes]))
    assert found.tolist() == [promise(case, prefix) for prefix in prefixes]


@given(cases(), widths, seeds, st.sampled_from([0.0, 0.25, 0.5, 1.0]))
def test_a_prefix_ranks_by_its_total_and_by_what_lies_ahead(case, beams, seed, weight):
    case.scorer.promised = promised(seed, case.built.levels)
    kept, trace = [()], case.decode("look-ahead", beams, {"weight": weight})
    for step in trace.steps:
        share = weight if step.level < case.built.levels else 0

        def rank(prefix, share=share):
            return (-((1 - share) * case.total(prefix) + share * promise(case, prefix)), case.number[prefix])

        found = sorted((child for prefix in kept for child in children_or_self(case, prefix)), key=rank)
        kept, pruned = found[:beams], found[beams:]
        for part, expected in ((step.kept, kept), (step.pruned, pruned)):
            assert case.prefixes(trace, part) == [(prefix, -rank(prefix)[0]) for prefix in expected]


@given(cases(), widths)
def test_weight_zero_is_plain_beam_search(case, beams):
    assert steps_of(case, case.decode("look-ahead", beams, {"weight": 0.0})) == steps_of(case, case.decode("beam", beams))


@given(identifiers(variable=False), seeds, st.integers(1, 4))
def test_at_weight_one_the_one_pass_scorer_is_exact_at_any_width(words, seed, beams):
    rng, built = np.random.default_rng(seed), trie.build(padded(words))
    heads = [rng.normal(size=(4, 6)).astype(np.float32) for _ in range(built.levels)]
    scorer = OnePassScorer(built, heads, [np.zeros(4, np.float32)] * built.levels, lambda query: query)
    query = unit(rng.normal(size=6))
    exact = decode("exact", built, scorer, query, beams)
    found = decode("look-ahead", built, scorer, query, beams, {"weight": 1.0})
    np.testing.assert_allclose(found.scores, exact.scores, atol=1e-4)


def test_a_good_document_below_a_middling_prefix_is_found_by_one_beam():
    # Below code 0 one vector is the query itself and the other its opposite; below code 1 both are half like it.
    vectors = unit(np.array([[1, 0], [-1, 0.1], [1, 1], [1, 1.1]], np.float32))
    built = trie.build(np.array([[0, 0], [0, 1], [1, 2], [1, 3]], np.int32))
    first = np.array([vectors[:2].mean(0), vectors[2:].mean(0)])
    books = [first.astype(np.float32), (vectors - first.repeat(2, axis=0)).astype(np.float32)]
    scorer = centroid.CentroidScorer(built, centroid.node_means(built, vectors), books)
    found = {name: decode(name, built, scorer, vectors[0], 1, of) for name, of in (("beam", {}), ("look-ahead", {"weight": 1.0}))}
    assert [built.prefix(int(trace.leaves[0])) for trace in found.values()] == [(1, 2), (0, 0)]


def test_a_scorer_that_scores_no_code_alone_is_named():
    built = trie.build(np.array([[0]], np.int32))
    with pytest.raises(TriescopeError, match="scorer sums scores no code without its prefix"):
        decode("look-ahead", built, SumScorer([0, 0]), QUERY)
    without = Case([(0,)], 0)
    without.scorer.promised = []
    with pytest.raises(TriescopeError, match="the codes of this tree have no vectors"):
        without.decode("look-ahead", 1)
