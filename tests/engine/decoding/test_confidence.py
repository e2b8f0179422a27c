"""How sure a decode is does not depend on how wide it was, nor on how it was made."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding import decode
from engine.decoding.confidence import forks_to
from engine.decoding.strategies import STRATEGIES
from engine.decoding.strategies import decode as decode_by
from engine.scorers.base import log_softmax_within
from engine.scorers.centroid import CentroidScorer, node_means
from engine.trie import restrict
from tests.engine.decoding.test_strategies import AbleScorer
from tests.engine.kernels.test_kernels_decode import scored_trie, some_view
from tests.engine.oracles import DictTrie, beam_search, identifiers, padded, random_sums

QUERY = np.zeros(2, np.float32)
WORDS = [(a, b) for a in range(4) for b in range(3)]
seeds, widths = st.integers(0, 1 << 30), st.integers(1, 30)


def totals(built, scorer):
    """Total of a prefix by a scorer of sums."""
    return lambda prefix: sum(scorer.log_probs[built.find(prefix[:length])] for length in range(1, len(prefix) + 1))


def slow_confidence(tree, total, leaf):
    """Probability of a leaf in a dictionary trie; ``total`` is that of a prefix. Masses are plain numbers, not logarithms."""
    if not leaf:
        return 1.0
    probability, mass = 1.0, math.exp(total(leaf))
    for length in range(len(leaf), 0, -1):
        own = leaf[:length]
        gained = math.sqrt(mass / math.exp(total(own)))
        beside = sum(math.exp(total(other)) * gained for other in tree.children(own[:-1]) if other != own)
        probability *= mass / (mass + beside)
        mass += beside
    return probability


@given(identifiers(), seeds, widths, st.booleans())
def test_confidence_is_that_of_a_slow_count_of_the_masses_beside_the_path(words, seed, beams, restricted):
    built = trie.build(padded(words))
    scorer = random_sums(built, seed)
    rows = [row for row, word in enumerate(words) if word]
    left = [bool(word) and (not restricted or row % 2 == rows[0] % 2) for row, word in enumerate(words)]
    tree = restrict(built, np.array(left)) if restricted else built
    known = DictTrie([word if lives else () for word, lives in zip(words, left, strict=True)])
    trace = beam_search(tree, scorer, QUERY, beams)
    expected = slow_confidence(known, totals(built, scorer), built.prefix(int(trace.leaves[0])))
    assert trace.confidence == pytest.approx(expected, rel=1e-5)
    assert beam_search(tree, scorer, QUERY, beams, explain=False).confidence == trace.confidence


@given(identifiers(), seeds)
def test_where_totals_are_log_probabilities_it_is_the_probability_of_the_path(words, seed):
    built = trie.build(padded(words))
    scorer = random_sums(built, seed)
    nodes = np.arange(1, len(built.code))
    scorer.log_probs[1:] = log_softmax_within(scorer.log_probs[1:], built.parent(nodes), len(built.code))
    trace = beam_search(built, scorer, QUERY, 7)
    assert trace.confidence == pytest.approx(math.exp(trace.scores[0]), rel=1e-5)


@given(identifiers(), seeds, st.booleans(), st.sampled_from([0.5, 1.0, 3.0]))
def test_it_is_the_same_at_every_width_that_finds_the_same_leaf_and_by_every_route(words, seed, restricted, temperature):
    built, scorer, queries = scored_trie(words, seed)
    tree = some_view(built, seed) if restricted else built
    known = {}
    for beams in (1, 2, 5, 30):
        quick = decode(tree, scorer, queries, beams, temperature=temperature, sure=True)
        told = decode(tree, scorer, queries, beams, explain=True, temperature=temperature)
        for place, (one, other) in enumerate(zip(quick, told, strict=True)):
            assert one.confidence == other.confidence
            assert 0 < one.confidence <= 1
            assert known.setdefault((place, int(one.leaves[0])), one.confidence) == one.confidence


def test_other_queries_and_wider_beams_do_not_make_a_decode_less_sure():
    words = [(a, b) for a in range(8) for b in range(8)]
    built, scorer, queries = scored_trie(words, seed=3, dimensions=6)
    found = [[trace.confidence for trace in decode(built, scorer, queries, beams, sure=True)] for beams in (10, 20, 64)]
    assert found[0] == found[1] == found[2]
    assert len(set(found[0])) > 1


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_says_how_sure_its_first_leaf_is(name):
    built = trie.build(padded(WORDS))
    scorer = AbleScorer(built, random_sums(built, 5).log_probs)
    trace = decode_by(name, built, scorer, QUERY, 6)
    first = built.prefix(int(trace.leaves[0]))
    assert trace.confidence == pytest.approx(slow_confidence(DictTrie(WORDS), totals(built, scorer), first), rel=1e-5)


def test_a_search_that_skipped_candidates_refuses_to_say_unless_it_was_asked():
    built, scorer, queries = scored_trie([(0, 0), (0, 1), (2, 0)], seed=3)
    trace = decode(built, scorer, queries, 2)[0]
    with pytest.raises(ValueError, match="sure=True"):
        _ = trace.confidence


def test_unless_told_the_steps_to_a_leaf_are_scored_at_temperature_one():
    rng = np.random.default_rng(0)
    built = trie.build(np.array(WORDS, np.int32))
    scorer = CentroidScorer(built, node_means(built, rng.normal(size=(len(WORDS), 4)).astype(np.float32)), [])
    query = rng.normal(size=4).astype(np.float32)
    leaf = int(decode_by("beam", built, scorer, query, 3).leaves[0])
    told, untold = forks_to(built, scorer, query, leaf, 1.0), forks_to(built, scorer, query, leaf)
    assert [fork.own for fork in untold] == [fork.own for fork in told]
    assert [fork.own for fork in forks_to(built, scorer, query, leaf, 2.0)] != [fork.own for fork in told]
