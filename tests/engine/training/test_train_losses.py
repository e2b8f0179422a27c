"""Every loss against loops over pairs and levels, and against sums done by hand."""

from itertools import pairwise
from math import exp, log

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.training.losses import codes, paths
from engine.training.losses import vectors as vector_losses
from tests.engine.training.ragged import candidates, cases, log_probs, true_entry
from tests.engine.training.slow_losses import level_of, slow_contrastive, slow_margin, slow_next_code, slow_prefix, slow_soft


@given(cases(without=True), st.sampled_from([0.0, 0.1, 0.5]))
def test_next_code_is_the_mean_over_levels_then_pairs(case, smoothing):
    _, tree, own, _, rng, dense = case
    levels = candidates(tree, own, rng.standard_normal, dense)
    found = codes.next_code(levels, len(own), smoothing)
    assert float(found) == pytest.approx(slow_next_code(levels, len(own), smoothing))


@given(cases(without=True), st.booleans())
def test_soft_is_the_mean_over_levels_with_mass_then_pairs(case, sparse):
    _, tree, own, _, rng, dense = case
    levels = candidates(tree, own, rng.standard_normal, dense)
    targets = []
    for level in levels:
        mass = rng.random(len(level.node)) * (level.node >= 0).numpy() * (rng.random(len(level.node)) < (0.2 if sparse else 1))
        whole = np.bincount(level.pair, weights=mass)[level.pair]
        targets.append(torch.from_numpy(np.divide(mass, whole, out=np.zeros_like(mass), where=whole > 0)))
    assert float(codes.soft(levels, targets, len(own))) == pytest.approx(slow_soft(levels, targets, len(own)))


@given(cases(without=True))
def test_a_teacher_that_knows_the_document_for_sure_gives_next_code(case):
    _, tree, own, _, rng, dense = case
    levels = candidates(tree, own, rng.standard_normal, dense)
    targets = [torch.zeros(len(level.node)).index_fill(0, level.target, 1) for level in levels]
    assert float(codes.soft(levels, targets, len(own))) == pytest.approx(float(codes.next_code(levels, len(own))))


@given(cases(without=True), st.floats(0, 5))
def test_margin_is_a_hinge_on_whole_paths(case, size):
    _, tree, own, other, rng, dense = case
    levels, negatives = (candidates(tree, words, rng.standard_normal, dense) for words in (own, other))
    found = paths.margin(levels, negatives, len(own), size)
    assert float(found) == pytest.approx(slow_margin(levels, negatives, len(own), size))


@given(cases(without=True), st.floats(0, 1))
def test_prefix_matches_the_teacher_at_every_length(case, progress):
    _, tree, own, other, rng, dense = case
    levels, negatives = (candidates(tree, words, rng.standard_normal, dense) for words in (own, other))
    teacher = rng.normal(0, 3, len(own))
    teacher[rng.random(len(own)) < 0.2] = np.nan
    found = paths.prefix(levels, negatives, torch.from_numpy(teacher), len(own), progress)
    assert float(found) == pytest.approx(slow_prefix(levels, negatives, teacher, own, other, progress))


@given(st.integers(1, 7), st.sampled_from([0.05, 1.0]), st.integers(0, 1000))
def test_contrastive_leaves_equal_documents_and_equal_queries_out(pairs, temperature, seed):
    rng = np.random.default_rng(seed)
    queries, documents = rng.standard_normal((2, pairs, 3))
    leaf, query = rng.integers(0, 4, (2, pairs))
    sides = torch.from_numpy(queries), torch.from_numpy(documents), torch.from_numpy(leaf), temperature
    found = vector_losses.contrastive(*sides, torch.from_numpy(query))
    assert float(found) == pytest.approx(slow_contrastive(queries, documents, leaf, temperature, query))
    unknown = slow_contrastive(queries, documents, leaf, temperature, np.arange(pairs))
    assert float(vector_losses.contrastive(*sides)) == pytest.approx(unknown)


def test_next_code_by_hand():
    # Pair 0 has a half, then a quarter; the identifier of pair 1 ends after its half.
    levels = [level_of([[0.5, 0.5], [0.5, 0.25, 0.25]], [0, 2]), level_of([[0.75, 0.25]], [1], rows=[0])]
    assert float(codes.next_code(levels, 2)) == pytest.approx((1.5 * log(2) + log(2)) / 2)
    # A third pair without a document changes nothing.
    assert float(codes.next_code(levels, 3)) == pytest.approx(1.25 * log(2))


def test_smoothing_by_hand():
    # Half of the target goes evenly to the two codes that exist; the third is no target but still costs probability.
    levels = [level_of([[0.5, 0.25, 0.25]], [0], node=[1, 2, -1])]
    assert float(codes.next_code(levels, 1, 0.5)) == pytest.approx(0.75 * log(2) + 0.25 * log(4))


def test_soft_by_hand():
    levels = [level_of([[0.5, 0.5]], [0]), level_of([[0.25, 0.75]], [0])]
    targets = [torch.tensor([0.5, 0.5]), torch.zeros(2)]
    # The second level has no mass, so it does not count.
    assert float(codes.soft(levels, targets, 1)) == pytest.approx(log(2))
    assert float(codes.soft(levels, [torch.zeros(2)] * 2, 1)) == 0


def test_margin_by_hand():
    # Path of the document: 1/2 * 1/2. Of the negative: 1/8.
    levels = [level_of([[0.5, 0.5]], [0]), level_of([[0.5, 0.5]], [1])]
    negatives = [level_of([[0.125, 0.875]], [0])]
    assert float(paths.margin(levels, negatives, 1, 1.0)) == pytest.approx(1 - log(2))
    assert float(paths.margin(levels, negatives, 1, 0.5)) == 0


def test_prefix_by_hand():
    levels = [level_of([[0.5, 0.5]], [0]), level_of([[0.5, 0.5]], [0])]
    negatives = [level_of([[0.5, 0.5]], [1]), level_of([[0.25, 0.75]], [0], node=[3, 4])]
    teacher = torch.tensor([log(2)], dtype=torch.float64)
    # Length 1: 0 against log 2. Length 2: 0 + log 2 against log 2.
    early, late = (float(paths.prefix(levels, negatives, teacher, 1, progress)) for progress in (0.0, 1.0))
    assert early == pytest.approx(log(2) ** 2)
    assert late == pytest.approx(log(2) ** 2 / 2)


def test_prefix_asks_nothing_of_a_shared_prefix():
    levels = [level_of([[0.5, 0.5]], [0]), level_of([[0.5, 0.5]], [0])]
    negatives = [levels[0], levels[1]._replace(target=torch.tensor([1]))]
    teacher = torch.tensor([2.0])
    assert float(paths.prefix(levels, negatives, teacher, 1, 0.0)) == 0
    assert float(paths.prefix(levels, negatives, teacher, 1, 1.0)) == pytest.approx(2.0**2 / 2)


def test_a_step_without_any_negative_costs_nothing():
    levels = [level_of([[0.5, 0.5]], [0])]
    levels[0].score.requires_grad_()
    teacher = torch.tensor([1.0])
    for value in (paths.margin(levels, [], 1, 1.0), paths.prefix(levels, [], teacher, 1, 1.0)):
        assert float(value.detach()) == 0
        assert not torch.autograd.grad(value, levels[0].score)[0].any()


def test_contrastive_by_hand():
    vectors = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    found = vector_losses.contrastive(vectors, vectors, torch.tensor([4, 7]), 1.0)
    assert float(found) == pytest.approx(log(exp(1) + 1) - 1)
    assert float(vector_losses.contrastive(vectors, vectors, torch.tensor([4, 4]), 1.0)) == 0


def test_stages_go_from_the_first_length_to_all():
    course = [paths.stages(4, step / 40).tolist() for step in range(41)]
    assert course[0] == [1, 0, 0, 0]
    assert course[30] == course[-1] == [1, 1, 1, 1]
    assert all(one <= two for early, late in pairwise(course) for one, two in zip(early, late, strict=True))
    assert paths.stages(1, 0.0).tolist() == [1]


@given(cases(without=True), st.integers(1, 4))
def test_code_accuracy_counts_who_is_alone_at_the_top(case, values):
    _, tree, own, _, rng, dense = case
    levels = candidates(tree, own, lambda: float(rng.integers(0, values)), dense)
    expected = []
    for level in levels:
        right = []
        for pair in level.rows.tolist():
            entry = true_entry(level, pair)
            rivals = [i for i in log_probs(level, pair) if i != entry and level.node[i] >= 0]
            right.append(all(level.score[i] < level.score[entry] for i in rivals))
        expected.append(np.mean(right))
    assert codes.code_accuracy(levels, len(own)) == pytest.approx(expected)
