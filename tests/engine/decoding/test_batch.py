import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding import decode, search
from engine.decoding.exact import exact_search
from engine.errors import TriescopeError
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from tests.engine.kernels.test_kernels_decode import scored_trie, some_view
from tests.engine.oracles import SumScorer, beam_search, identifiers, padded, random_sums, unit

seeds, widths = st.integers(0, 1 << 30), st.integers(1, 30)
ALONE = {"explain": False}


def assert_same(one, other):
    """Two traces are the same, bit for bit; milliseconds aside."""
    assert (one.beams, one.scored, one.strategy, one.absent) == (other.beams, other.scored, other.strategy, other.absent)
    assert one.leaves.tolist() == other.leaves.tolist()
    assert one.scores.tobytes() == other.scores.tobytes()
    assert len(one.steps) == len(other.steps)
    for step, twin in zip(one.steps, other.steps, strict=True):
        assert (step.level, step.masked_mass) == (twin.level, twin.masked_mass)
        for part, twin_part in ((step.kept, twin.kept), (step.pruned, twin.pruned)):
            for array, twin_array in zip(part, twin_part, strict=True):
                assert array.dtype == twin_array.dtype
                np.testing.assert_array_equal(array, twin_array)


@given(identifiers(), seeds, widths, st.booleans(), st.booleans(), st.sampled_from([0.5, 1.0, 3.0]))
def test_a_batch_finds_what_one_by_one_finds(words, seed, beams, twins, restricted, temperature):
    built, scorer, queries = scored_trie(words, seed, twins)
    tree = some_view(built, seed) if restricted else built
    found = decode(tree, scorer, queries, beams, temperature=temperature)
    for trace, query in zip(found, queries, strict=True):
        assert_same(trace, beam_search(tree, scorer, query, beams, explain=False, temperature=temperature))


@given(identifiers(), seeds, widths, st.booleans(), st.booleans())
def test_the_hits_are_those_of_the_search_that_scores_everything(words, seed, beams, twins, restricted):
    built, scorer, queries = scored_trie(words, seed, twins)
    tree = some_view(built, seed) if restricted else built
    for trace, query in zip(decode(tree, scorer, queries, beams), queries, strict=True):
        told = beam_search(tree, scorer, query, beams)
        assert trace.leaves.tolist() == told.leaves.tolist()
        assert trace.scores.tobytes() == told.scores.tobytes()
        assert trace.scored == told.scored
        for step, twin in zip(trace.steps, told.steps, strict=True):
            assert step.kept.node.tolist() == twin.kept.node.tolist()
            assert step.kept.parent.tolist() == twin.kept.parent.tolist()
            assert step.kept.total.tobytes() == twin.kept.total.tobytes()
            assert len(step.pruned.node) == 0


@given(identifiers(), seeds, st.booleans())
def test_beams_wider_than_the_trie_rank_every_identifier(words, seed, twins):
    built, scorer, queries = scored_trie(words, seed, twins)
    for trace, query in zip(decode(built, scorer, queries, 1000), queries, strict=True):
        leaves, totals = exact_search(built, scorer, query)
        assert trace.leaves.tolist() == leaves.tolist()
        assert trace.scores.tolist() == totals.tolist()


@given(identifiers(), seeds, widths)
def test_a_scorer_that_cannot_select_is_asked_query_by_query(words, seed, beams):
    built = trie.build(padded(words))
    scorer, queries = random_sums(built, seed), np.zeros((3, 2), np.float32)
    for trace in decode(built, scorer, queries, beams):
        assert_same(trace, beam_search(built, scorer, queries[0], beams, explain=False))


@given(identifiers(), seeds, st.integers(1, 5))
def test_the_size_of_a_group_changes_nothing(words, seed, together):
    built, scorer, queries = scored_trie(words, seed)
    whole = decode(built, scorer, queries, 6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "TOGETHER", together)
        for trace, twin in zip(decode(built, scorer, queries, 6), whole, strict=True):
            assert_same(trace, twin)


@given(identifiers(), seeds, st.integers(5, 30), st.lists(st.integers(1, 4), max_size=3), st.booleans())
def test_narrower_upper_levels_are_the_same_search_by_every_route(words, seed, beams, narrow, restricted):
    built, scorer, queries = scored_trie(words, seed)
    tree, narrow = some_view(built, seed) if restricted else built, tuple(narrow)
    for trace, query in zip(decode(tree, scorer, queries, beams, narrow=narrow), queries, strict=True):
        told = beam_search(tree, scorer, query, beams, narrow=narrow)
        assert trace.leaves.tolist() == told.leaves.tolist()
        assert trace.scores.tobytes() == told.scores.tobytes()
        assert [len(step.kept.node) for step in trace.steps] == [len(step.kept.node) for step in told.steps]
        assert all(len(step.kept.node) <= width for step, width in zip(told.steps, narrow, strict=False))
    sums = random_sums(built, seed)
    for trace in decode(tree, sums, queries, beams, narrow=narrow):
        assert trace.leaves.tolist() == beam_search(tree, sums, queries[0], beams, narrow=narrow).leaves.tolist()


def test_no_queries_have_no_traces():
    built, scorer, queries = scored_trie([(0, 0), (1, 0)], seed=2)
    assert decode(built, scorer, queries[:0], 5) == []


def test_one_document_is_found_by_every_query():
    built, scorer, queries = scored_trie([(3, 1, 2)], seed=2)
    assert [trace.leaves.tolist() for trace in decode(built, scorer, queries, 50)] == [[3]] * len(queries)


def test_equal_scores_stand_in_node_order():
    built = trie.build(np.array([[a, b] for a in range(4) for b in range(4)], np.int32))
    same = np.tile(unit(np.ones(5)), (16, 1))
    scorer = scored_trie([(a, b) for a in range(4) for b in range(4)], seed=0, dimensions=5)[1]
    scorer = type(scorer)(built, np.tile(same[0], (len(built.code), 1)), [])
    for trace in decode(built, scorer, same[:2], 6):
        assert trace.steps[0].kept.node.tolist() == [1, 2, 3, 4]
        assert trace.leaves.tolist() == list(range(5, 11))


@pytest.mark.parametrize("beams", [0, -3])
def test_a_beam_of_no_width_is_refused(beams):
    built, scorer, queries = scored_trie([(0, 0), (1, 0)], seed=2)
    with pytest.raises(TriescopeError, match="beams must be at least 1"):
        decode(built, scorer, queries, beams)
    with pytest.raises(TriescopeError, match="beams must be at least 1"):
        decode(built, scorer, queries, 5, narrow=(3, beams))
    with pytest.raises(TriescopeError, match="beams must be at least 1"):
        decode(built, SumScorer(np.zeros(len(built.code))), queries, beams)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_an_error_that_names_the_scorer(wrong):
    built, scorer, queries = scored_trie([(0, 0), (0, 1), (2, 0)], seed=3)
    spoiled = queries.copy()
    spoiled[2, 0] = wrong
    with pytest.raises(TriescopeError, match="scorer centroid: a score at level 1 is not a finite number"):
        decode(built, scorer, spoiled, 5)
    scorer.means[1, 0] = wrong
    with pytest.raises(TriescopeError, match="scorer centroid: a score at level 1 is not a finite number"):
        decode(built, type(scorer)(built, scorer.means, []), queries, 5)
    sums = SumScorer(np.zeros(len(built.code)))
    sums.log_probs[2] = wrong
    with pytest.raises(TriescopeError, match="scorer sums: a score at level 1 is not a finite number"):
        decode(built, sums, queries, 5)


def test_a_retriever_answers_many_queries_as_one_by_one(monkeypatch):
    words = [(a, b, c) for a in range(3) for b in range(4) for c in range(2)]
    built, scorer, queries = scored_trie(words, seed=4)
    monkeypatch.setattr("engine.retrievers.generative.TOGETHER", 3)
    retriever = GenerativeRetriever(built, scorer, beams=7)
    together = retriever.search(Queries([""] * 4, queries), 5)
    for place in range(4):
        alone = retriever.search(Queries([""], queries[place : place + 1]), 5)
        assert together.rows[place].tolist() == alone.rows[0].tolist()
        assert together.scores[place].tolist() == alone.scores[0].tolist()
