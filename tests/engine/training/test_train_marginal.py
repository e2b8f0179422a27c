"""Soft targets against summing up documents one by one."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.training.losses.marginal import marginalise, places_of
from engine.training.models.base import Candidates
from engine.trie import build
from tests.engine.oracles import padded
from tests.engine.training.ragged import candidates, cases


def pointers(trie):
    return torch.from_numpy(np.array(trie.doc_start)), torch.from_numpy(np.array(trie.doc_stop))


def slow_targets(level, tree, rows, mass):
    """The teacher's mass of every document below a node, and its share among the pair's nodes."""
    given_mass = []
    for pair, node in zip(level.pair.tolist(), level.node.tolist(), strict=True):
        below = tree.below[tree.nodes[node]] if node >= 0 else []
        given_mass.append(sum(m for row, m in zip(rows[pair], mass[pair], strict=True) if row in below))
    result = []
    for pair, own in zip(level.pair.tolist(), given_mass, strict=True):
        whole = sum(m for p, m in zip(level.pair.tolist(), given_mass, strict=True) if p == pair)
        result.append(own / whole if whole else 0.0)
    return result


@given(cases(without=True), st.integers(1, 6), st.booleans())
def test_targets_are_the_mass_of_the_documents_below(case, k, sparse):
    words, tree, own, _, rng, dense = case
    trie = build(padded(words))
    rows = rng.integers(-1, len(words), (len(own), k))
    mass = rng.random((len(own), k)).astype(np.float32)
    if sparse:
        mass[rng.random(mass.shape) < 0.6] = 0
    places = np.where(rows >= 0, places_of(trie, len(words))[rows], -1)
    for level in candidates(tree, own, rng.random, dense):
        found = marginalise(level, torch.from_numpy(places), torch.from_numpy(mass), *pointers(trie))
        np.testing.assert_allclose(found, slow_targets(level, tree, rows, mass.astype(np.float64)), rtol=1e-12)
        sums = np.bincount(level.pair, weights=found)
        assert all(value == 0 or value == pytest.approx(1) for value in sums)
        assert not found[level.node < 0].any()


@given(cases(), st.permutations(range(30)))
def test_the_order_of_a_pairs_entries_does_not_matter(case, order):
    words, tree, own, _, rng, _ = case
    trie = build(padded(words))
    places = torch.from_numpy(rng.integers(-1, len(trie.documents), (len(own), 4)))
    mass = torch.from_numpy(rng.random((len(own), 4)))
    for level in candidates(tree, own, rng.random, dense=True):
        shuffled = torch.tensor(sorted(range(len(level.pair)), key=lambda i: (int(level.pair[i]), order[i % 30], i)))
        moved = Candidates(level.score[shuffled], level.pair[shuffled], level.node[shuffled], level.rows, level.target)
        found = marginalise(level, places, mass, *pointers(trie))
        np.testing.assert_allclose(found[shuffled], marginalise(moved, places, mass, *pointers(trie)), rtol=1e-12)


def test_by_hand():
    # Documents 0 and 1 share an identifier, 2 lies beside them, 3 below another first code, 4 has none.
    words = [(0, 1), (0, 1), (0, 2), (3,), ()]
    trie = build(padded(words))
    places = places_of(trie, 5)
    assert places.tolist() == [0, 1, 2, 3, -1]
    level = Candidates(
        torch.zeros(4), torch.tensor([0, 0, 1, 1]), torch.tensor([1, 2, 3, 4]), torch.tensor([0, 1]), torch.tensor([0, 2])
    )
    rows = np.array([[0, 2, 3, 4], [0, 1, 2, 3]])
    mass = torch.tensor([[0.1, 0.2, 0.1, 0.6], [0.1, 0.2, 0.1, 0.6]])
    found = marginalise(level, torch.from_numpy(places[rows]), mass, *pointers(trie))
    # Pair 0 at the root: document 4 is nobody's. Pair 1 below code 0: document 3 lies elsewhere.
    np.testing.assert_allclose(found, [0.75, 0.25, 0.75, 0.25], rtol=1e-6)


def test_a_small_mass_keeps_its_digits_beside_a_large_one():
    trie = build(np.array([[0, 0], [1, 0], [1, 1]]))
    level = Candidates(torch.zeros(2), torch.tensor([0, 0]), torch.tensor([4, 5]), torch.tensor([0]), torch.tensor([0]))
    mass = torch.tensor([[1.0, 3e-20, 1e-20]], dtype=torch.float64)
    found = marginalise(level, torch.tensor([[0, 1, 2]]), mass, *pointers(trie))
    np.testing.assert_allclose(found, [0.75, 0.25], rtol=1e-12)


@given(cases())
def test_places_are_where_the_documents_stand(case):
    words = [*case[0], ()]
    trie = build(padded(words))
    places = places_of(trie, len(words))
    assert [row for row in range(len(words)) if places[row] < 0] == [row for row, word in enumerate(words) if not word]
    assert all(trie.documents[place] == row for row, place in enumerate(places) if place >= 0)


def test_of_a_sample_the_teachers_mass_counts_for_as_many_as_an_entry_stands_for():
    # Two of the pair's documents lie below listed nodes; the second node stands for four.
    start, stop = torch.tensor([0, 0, 1, 2]), torch.tensor([3, 1, 2, 3])
    level = Candidates(
        torch.zeros(2), torch.zeros(2, dtype=torch.int64), torch.tensor([1, 3]), torch.tensor([0]), torch.tensor([0])
    )
    places, mass = torch.tensor([[0, 1, 2]]), torch.tensor([[0.5, 0.3, 0.2]])
    assert marginalise(level, places, mass, start, stop).tolist() == pytest.approx([0.5 / 0.7, 0.2 / 0.7])
    level = level._replace(log_weight=torch.tensor([0.0, 4.0]).clamp(min=1).log())
    assert marginalise(level, places, mass, start, stop).tolist() == pytest.approx([0.5 / 1.3, 0.8 / 1.3])
