"""Probes of behaviour, held to loops over all pairs."""

import itertools

import numpy as np
import pytest

from engine import trie
from engine.data.histories import Histories
from engine.health import behaviour
from engine.health.agreement import node_paths


def made(seed=0, items=12, levels=3):
    codes = np.random.default_rng(seed).integers(0, 2, (items, levels)).astype(np.int32)
    codes[0] = -1  # one without an identifier
    codes[1, 2] = -1 if not (codes[2:, :2] == codes[1, :2]).all(axis=1).any() else codes[1, 2]
    return codes, trie.build(codes)


def test_pairs_that_are_taken_together_and_chance_are_those_of_loops():
    codes, tree = made()
    rng = np.random.default_rng(1)
    rows = [rng.integers(0, len(codes), 6).tolist() for _ in range(9)]
    drawn = [item for row in rows for item in row]
    for found in behaviour.taken_together(Histories.of(rows), node_paths(tree, len(codes))):
        deep = [item for item in range(len(codes)) if codes[item, found.depth - 1] >= 0]

        def alike(one, other, depth=found.depth):
            return codes[one, :depth].tolist() == codes[other, :depth].tolist()

        pairs = [(a, b) for row in rows for a, b in itertools.pairwise(row) if a != b and a in deep and b in deep]
        any_two = [(a, b) for a in drawn for b in drawn if a != b and a in deep and b in deep]
        assert found.pairs == len(pairs)
        assert found.share == pytest.approx(np.mean([alike(*pair) for pair in pairs]))
        assert found.chance == pytest.approx(np.mean([alike(*pair) for pair in any_two]))


def test_a_third_of_what_was_taken_is_on_the_head():
    times = np.array([1, 30, 0, 10, 10, 10, 5, 4, 20])
    alone = times > 4
    parts = behaviour.by_frequency(times, alone, np.array([0, 1, 0, 1, 0, 1, -1, 0, 1]))
    assert [(one.name, one.items, one.interactions) for one in parts] == [("head", 1, 30), ("middle", 2, 30), ("tail", 6, 30)]
    assert [round(one.alone, 2) for one in parts] == [1, 1, 0.5]
    assert parts[0].evenness == 0  # one item has one code
    assert parts[2].evenness == pytest.approx(0.722, abs=1e-3)  # four of one code, one of the other


def test_what_a_search_scores_is_counted_node_by_node():
    codes = np.array(list(itertools.product(range(4), range(5), range(2))), np.int32)
    of = behaviour.structure(trie.build(codes))
    # Four at the first level, five under each of them, two under each of the ten beams that are kept.
    assert of == behaviour.Structure(1 + 4 + 20 + 40, 4 + 5 + 2, 3, 4 + 4 * 5 + 10 * 2)


def test_churn_is_the_share_of_pairs_that_a_loop_finds_together_again():
    (before, one), (after, other) = made(3), made(4)
    found = behaviour.churn(node_paths(one, len(before)), node_paths(other, len(after)))
    assert [row.depth for row in found] == [1, 2, 3]
    for row in found:

        def pairs(codes, depth=row.depth):
            known = [tuple(line[:depth]) if line[depth - 1] >= 0 else None for line in codes.tolist()]
            return {(a, b) for a, b in itertools.combinations(range(len(known)), 2) if known[a] and known[a] == known[b]}

        assert row.pairs == len(pairs(before))
        assert row.kept == pytest.approx(len(pairs(before) & pairs(after)) / len(pairs(before)))


def test_the_same_identifiers_under_other_names_have_not_changed():
    codes, tree = made()
    paths = node_paths(tree, len(codes))
    renamed = node_paths(trie.build(np.where(codes >= 0, 1 - codes, -1).astype(np.int32)), len(codes))
    assert {row.kept for row in behaviour.churn(paths, renamed)} == {1.0}
