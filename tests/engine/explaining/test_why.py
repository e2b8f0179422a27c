import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import trie
from engine.decoding.exact import exact_search, score_all
from engine.errors import TriescopeError
from engine.explaining.smallest_beam import on_path, order_levels, smallest_beams
from engine.explaining.survival import survival
from engine.explaining.why import DISPLACING, why, why_json
from engine.scorers.centroid import CentroidScorer, node_means
from engine.trie import restrict
from tests.engine.oracles import DictTrie, SumScorer, beam_search, identifiers, padded, random_sums, slow_beam_search, unit

QUERY = np.zeros(2, np.float32)
seeds, widths = st.integers(0, 1 << 30), st.integers(1, 12)


@st.composite
def cases(draw):
    """Words, their trie, a scorer, a tree (the trie or a view of it) and the rows that the tree has."""
    words = draw(identifiers())
    built = trie.build(padded(words))
    scorer = random_sums(built, draw(seeds))
    rows = [row for row, word in enumerate(words) if word]
    kept = draw(st.just(rows) | st.lists(st.sampled_from(rows), min_size=1))
    allowed = np.isin(np.arange(len(words)), kept)
    return words, built, scorer, built if set(kept) == set(rows) else restrict(built, allowed), sorted(set(kept))


def reached(tree, scorer, leaf, beams):
    return leaf in beam_search(tree, scorer, QUERY, beams, explain=False).leaves


@given(cases())
def test_the_smallest_beam_is_the_first_of_all_widths_that_keeps_the_document(case):
    words, built, scorer, tree, rows = case
    for row in rows:
        found = why(tree, scorer, QUERY, row, beams=1)
        leaf = built.find(words[row])
        kept = [width for width in range(1, len(built.code) + 1) if reached(tree, scorer, leaf, width)]
        assert found.smallest_beams == kept[0]


@settings(max_examples=10)
@given(seeds)
def test_the_smallest_beam_keeps_the_document_and_one_less_does_not(seed):
    random = np.random.default_rng(seed)
    built = trie.build(random.integers(0, 12, (200, 4)).astype(np.int32))
    scorer = SumScorer(random.normal(size=len(built.code)))
    orders = order_levels(built, score_all(built, scorer, QUERY))
    for row in random.integers(0, 200, 5):
        path = built.path(int(row))
        width = smallest_beams(on_path(orders, path))
        assert reached(built, scorer, path[-1], width)
        assert not any(reached(built, scorer, path[-1], narrower) for narrower in range(1, width))


def not_monotone():
    """At width 2 the beam holds the document (1, 0); at width 3 it also admits prefix 2, whose children beat it."""
    built = trie.build(np.array([[0, 0], [1, 0], [2, 0], [2, 1], [2, 2]], np.int32))
    log_probs = np.zeros(len(built.code))
    for prefix, log_prob in {(0,): -1, (1,): -2, (2,): -3, (0, 0): -9, (1, 0): -5, (2, 0): -1, (2, 1): -1, (2, 2): -1}.items():
        log_probs[built.find(prefix)] = log_prob
    return built, SumScorer(log_probs)


def test_a_wider_beam_can_lose_a_document():
    built, scorer = not_monotone()
    leaf = built.find((1, 0))
    assert [reached(built, scorer, leaf, width) for width in range(1, 6)] == [False, True, False, True, True]
    found = why(built, scorer, QUERY, 1, beams=3)
    assert (found.smallest_beams, found.cut_at, found.exact_rank) == (2, 2, 4)
    assert found.verdict == "Cut at level 2: its prefix ranked 4 and 3 beams are kept. 2 beams would keep it."
    assert [beam.prefix for beam in found.displaced_by] == [(2, 0), (2, 1), (2, 2)]


@given(cases(), widths)
def test_steps_are_the_ranks_of_a_slow_beam_search_and_of_one_without_limit(case, beams):
    words, built, scorer, tree, rows = case
    left = DictTrie([word if row in rows else () for row, word in enumerate(words)])
    log_probs = [float(scorer.log_probs[built.find(prefix)]) for prefix in left.nodes]
    narrow, unlimited = (slow_beam_search(left, log_probs, width) for width in (beams, len(left.nodes)))
    for row in rows:
        found = why(tree, scorer, QUERY, row, beams)
        assert found.identifier == words[row]
        assert [step.level for step in found.steps] == list(range(1, built.levels + 1))
        for step, (kept, pruned), (every, none) in zip(found.steps, narrow, unlimited, strict=False):
            own = words[row][: step.level]
            assert not none
            assert (step.node, step.code) == (built.find(own), own[-1])
            assert step.log_prob == (scorer.log_probs[step.node] if step.level <= len(words[row]) else 0)
            ranks = {prefix: rank for rank, (prefix, _) in enumerate([*kept, *pruned], 1)}
            assert (step.rank, step.kept) == (ranks.get(own), own in dict(kept))
            assert (step.rank_of_all, step.score) == ([prefix for prefix, _ in every].index(own) + 1, dict(every)[own])
        cut = [step.level for step in found.steps if not step.kept]
        assert found.cut_at == (cut[0] if cut else None)
        if not cut:
            assert found.displaced_by == []
            assert found.smallest_beams <= beams
            continue
        shown = narrow[cut[0] - 1][0][-DISPLACING:]
        assert [(beam.prefix, beam.score, beam.node) for beam in found.displaced_by] == [
            (prefix, total, built.find(prefix)) for prefix, total in shown
        ]
        assert [beam.rank for beam in found.displaced_by] == list(range(beams - len(shown) + 1, beams + 1))
        assert found.smallest_beams != beams


@given(cases(), widths)
def test_document_ranks_are_places_in_the_exact_list_and_in_the_decode(case, beams):
    words, _, scorer, tree, rows = case
    exact = [row for leaf in exact_search(tree, scorer, QUERY)[0] for row in tree.leaf_documents(int(leaf)).tolist()]
    decoded = beam_search(tree, scorer, QUERY, beams).documents(tree, len(words) + 1)[0].tolist()
    assert sorted(exact) == rows
    # The list of documents is cut at as many leaves, so all of the beam's are in it.
    for row in rows:
        found = why(tree, scorer, QUERY, row, beams)
        assert found.exact_rank == exact.index(row) + 1
        assert found.beam_rank == (decoded.index(row) + 1 if row in decoded else None)


@given(cases(), widths)
def test_the_answer_agrees_with_the_survival_line_and_is_json(case, beams):
    words, built, scorer, tree, rows = case
    trace = beam_search(tree, scorer, QUERY, beams)
    for row in rows:
        found = why(tree, scorer, QUERY, row, beams)
        stages = survival(trace, built, row)
        assert [(s.level, s.code, s.node, s.rank, s.kept) for s in stages] == [
            (s.level, s.code, s.node, s.rank, s.kept) for s in found.steps
        ]
        written = json.loads(json.dumps(why_json(found)))
        assert written["identifier"] == "-".join(map(str, words[row]))
        assert list(written["steps"][0]) == ["level", "code", "node", "score", "log_prob", "rank", "kept", "rank_of_all"]
        assert written["smallest_beams"] == found.smallest_beams
        assert all(isinstance(beam["prefix"], str) for beam in written["displaced_by"])


def test_a_leaf_that_waits_can_still_be_cut():
    built = trie.build(np.array([[0, -1], [1, 0], [1, 1]], np.int32))
    scorer = SumScorer([0, -2, -1, -0.25, -0.5])
    found = why(built, scorer, QUERY, 0, beams=2)
    assert [(step.rank, step.kept) for step in found.steps] == [(2, True), (3, False)]
    assert (found.cut_at, found.smallest_beams, found.exact_rank, found.beam_rank) == (2, 3, 3, None)


def test_all_scores_equal_are_ranked_in_node_order():
    built = trie.build(np.array([[a, b] for a in range(3) for b in range(3)], np.int32))
    scorer = SumScorer(np.zeros(len(built.code)))
    assert [why(built, scorer, QUERY, row, 1).smallest_beams for row in range(9)] == list(range(1, 10))
    assert [why(built, scorer, QUERY, row, 1).exact_rank for row in range(9)] == list(range(1, 10))


def test_one_document_is_reached_by_any_beam():
    built = trie.build(np.array([[3, 1, 2]], np.int32))
    found = why(built, SumScorer([0, -1, -2, -4]), QUERY, 0, beams=50)
    assert (found.exact_rank, found.beam_rank, found.cut_at, found.smallest_beams) == (1, 1, None, 1)
    assert found.verdict == "Reached: its identifier ended at rank 1."


def test_a_document_that_cannot_be_reached_is_an_error_that_says_why():
    built = trie.build(padded([(0, 1), (), (2, 2)]))
    scorer = SumScorer(np.zeros(len(built.code)))
    for row in (1, 3, -1):
        with pytest.raises(TriescopeError, match="has no identifier in the trie"):
            why(built, scorer, QUERY, row, 3)
    with pytest.raises(TriescopeError, match="is left out by the filter, the forced prefix or the bans"):
        why(restrict(built, ban=[(2,)]), scorer, QUERY, 2, 3)
    with pytest.raises(TriescopeError, match="beams must be at least 1"):
        why(built, scorer, QUERY, 0, 0)


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_a_score_that_is_no_number_names_the_scorer(bad):
    built = trie.build(padded([(0, 1), (2, 2)]))
    with pytest.raises(TriescopeError, match="scorer sums: a score at level 2 is not a finite number"):
        why(built, SumScorer([0, 0, 0, 0, bad]), QUERY, 0, 3)


def test_the_temperature_reaches_the_scorer():
    random = np.random.default_rng(0)
    vectors = unit(random.normal(size=(60, 8)))
    built = trie.build(random.integers(0, 4, (60, 3)).astype(np.int32))
    scorer = CentroidScorer(built, node_means(built, vectors), [])
    for temperature in (0.5, 1.0, 4.0):
        trace = beam_search(built, scorer, vectors[0], 5, temperature=temperature)
        for row in range(0, 60, 4):
            found = why(built, scorer, vectors[0], row, 5, temperature)
            assert (found.cut_at is None) == (row in trace.documents(built, 60)[0])
            assert found.steps[0].score == scorer.node_scores(
                scorer.start(vectors[0], temperature), np.array([found.steps[0].node])
            )
