"""The counting scorer: masses by brute force, probabilities that sum to one, and the matrix's own list from a full beam."""

import numpy as np
import pytest

from engine.data.histories import Histories
from engine.recommending import counting, item_item
from engine.recommending.base import Ranked, unseen
from engine.recommending.content import Content
from engine.recommending.plain import Semantic
from engine.scorers.centroid import CentroidScorer, node_means
from tests.engine.recommending.baskets import ITEMS, material


@pytest.fixture(scope="module")
def made():
    of = material()
    return of, item_item.made(of, {}, lambda stage, done, total: None)


def recommender(made, beams=ITEMS):
    of, matrix = made
    return counting.Counting(matrix, of.trie, np.bincount(of.split.train.items, minlength=ITEMS), beams)


def test_the_mass_of_a_prefix_is_the_sum_below_it(made):
    of, matrix = made
    scorer, trie = recommender(made).scorer, of.trie
    mass = matrix.mass(Histories.of([[1, 5, 9]])).toarray()[0].astype(float)
    state = scorer.start(mass)
    popularity = np.bincount(of.split.train.items, minlength=ITEMS) + 1.0
    whole = mass / mass.sum() + counting.FLOOR * popularity / popularity.sum()
    for node in range(len(trie.code)):
        below = [row for row in range(ITEMS) if node in [0, *trie.path(row)]]
        assert np.isclose(scorer.mass(state, np.array([node]))[0], whole[below].sum(), rtol=1e-9)


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("history", [[1, 5, 9], [2, 2], [7], []])
def test_leaves_sum_to_one_and_a_full_beam_is_the_matrix_itself(made, history, seen):
    of, matrix = made
    rows = np.array(history, np.int32)
    trace = recommender(made).trace(rows, seen=seen)
    assert np.isclose(np.exp(trace.scores.astype(float)).sum(), 1, atol=1e-5)
    found = recommender(made).recommend(Histories.of([rows]), ITEMS, seen)
    left = ITEMS if seen else ITEMS - len(set(history))
    assert (found.rows[0] >= 0).sum() == left
    mass = matrix.scores(Histories.of([rows]))[0].astype(float)
    if not seen:
        mass[rows] = 0
    whole = mass / max(mass.sum(), 1e-300) + counting.FLOOR * (np.bincount(of.split.train.items, minlength=ITEMS) + 1.0) / 1e3
    ranked = [row for row in np.argsort(-whole, kind="stable") if seen or row not in history]
    assert len(set(found.rows[0][:left]) & set(ranked)) == left
    # Where the matrix says something, in its order; float32 totals may swap what is nearly equal.
    spoken = [row for row in ranked if mass[row] > 1e-6]
    assert np.allclose(mass[found.rows[0][: len(spoken)]], mass[spoken], rtol=1e-3)


def test_a_history_that_says_nothing_gives_the_popular(made):
    of, _ = made
    popularity = np.bincount(of.split.train.items, minlength=ITEMS)
    found = recommender(made).recommend(Histories.of([[]]), 3).rows[0]
    assert popularity[found].tolist() == np.sort(popularity)[::-1][:3].tolist()


def test_a_narrow_beam_is_a_part_of_what_there_is(made):
    narrow = recommender(made, 2).recommend(Histories.of([[1, 5, 9]]), 2).rows[0]
    assert (narrow >= 0).all()
    assert not {1, 5, 9} & set(narrow.tolist())


def test_who_pays_is_what_each_item_of_the_history_gives(made):
    of, matrix = made
    history = np.array([3, 1, 5, 9], np.int32)
    nodes = np.arange(len(of.trie.code))
    paid = recommender(made).paid(history, nodes)
    alone = np.array([0.7 ** (3 - place) * matrix.weights[int(item)].toarray()[0] for place, item in enumerate(history)])
    for node in nodes:
        below = [row for row in range(ITEMS) if node in [0, *of.trie.path(row)]]
        of_node = alone[:, below].sum(1)
        expected = of_node / of_node.sum() if of_node.sum() else np.zeros(4)
        assert np.allclose(paid[:, node], expected, atol=1e-6)


def test_by_content_a_full_beam_is_the_nearest_by_text(made):
    of, _ = made
    scorer = CentroidScorer(of.trie, node_means(of.trie, of.embeddings), [])
    histories = Histories.of([[1, 5], [20]])
    found = Content(of.trie, of.embeddings, lambda: scorer, ITEMS).recommend(histories, 5)
    exact = Ranked(Semantic(of.embeddings, item_item.Recency())).recommend(histories, 5)
    assert np.array_equal(found.rows, exact.rows)


def test_what_is_banned_gives_nothing_to_its_neighbours(made):
    of, matrix = made
    history, banned = np.array([1, 5], np.int32), np.array([9, 13, 17])
    tree = unseen(of.trie, ITEMS, history, banned=banned)
    found = recommender(made).trace(history, tree=tree).documents(tree, ITEMS)[0]
    mass = matrix.scores(Histories.of([history]))[0]
    assert not set(found) & {1, 5, *banned.tolist()}
    spoken = [row for row in np.argsort(-mass, kind="stable") if row not in {1, 5, 9, 13, 17} and mass[row] > 1e-6]
    assert np.allclose(mass[found[: len(spoken)]], mass[spoken], rtol=1e-3)


def test_nothing_left_is_everything_again(made):
    of, _ = made
    assert unseen(of.trie, ITEMS, np.arange(ITEMS)) is of.trie
