"""Every loss against loops over pairs and levels, and against sums done by hand."""

import subprocess
import sys
from itertools import pairwise
from math import exp, log

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TriescopeError
from engine.training.losses import LOSSES, OPTIONS, codes, needed, paths
from engine.training.losses import vectors as vector_losses
from engine.training.losses.base import NEEDS, Inputs
from engine.training.losses.total import total
from engine.training.models.base import Candidates
from tests.engine.training.ragged import candidates, cases, log_probs, true_entry

DEFAULTS = {option.name: option.default for option in OPTIONS}


def level_of(probabilities, target, node=None, rows=None):
    """A level by hand: the probabilities of each pair's entries, and where its own stands."""
    rows = list(range(len(probabilities))) if rows is None else rows
    score = torch.tensor([log(p) for row in probabilities for p in row], dtype=torch.float64)
    pair = torch.tensor([row for row, ps in zip(rows, probabilities, strict=True) for _ in ps])
    node = torch.arange(1, len(score) + 1) if node is None else torch.tensor(node)
    return Candidates(score, pair, node, torch.tensor(rows), torch.tensor(target))


def inputs_of(levels, pairs, **more):
    empty = dict.fromkeys(("negative_levels", "soft", "teacher_margin", "represented"))
    return Inputs(levels=levels, pairs=pairs, **(empty | {"leaf": torch.arange(pairs), "progress": 1.0} | more))


def path_logs(levels, pair):
    """log p of the pair's own code at each level it has."""
    entries = [(level, true_entry(level, pair)) for level in levels]
    return [log_probs(level, pair)[entry] for level, entry in entries if entry is not None]


def slow_next_code(levels, pairs, smoothing):
    means = []
    for pair in range(pairs):
        costs = []
        for level in levels:
            entry = true_entry(level, pair)
            if entry is not None:
                logs = log_probs(level, pair)
                real = [value for i, value in logs.items() if level.node[i] >= 0]
                costs.append(-(1 - smoothing) * logs[entry] - smoothing * sum(real) / len(real))
        if costs:
            means.append(np.mean(costs))
    return np.mean(means)


def slow_soft(levels, targets, pairs):
    means = []
    for pair in range(pairs):
        costs = []
        for level, target in zip(levels, targets, strict=True):
            logs = log_probs(level, pair) if true_entry(level, pair) is not None else {}
            if sum(float(target[i]) for i in logs) > 0:
                costs.append(-sum(float(target[i]) * value for i, value in logs.items()))
        if costs:
            means.append(np.mean(costs))
    return np.mean(means) if means else 0.0


def slow_margin(levels, negatives, pairs, size):
    costs = []
    for pair in range(pairs):
        own, other = path_logs(levels, pair), path_logs(negatives, pair)
        if own and other:
            costs.append(max(0.0, size - sum(own) + sum(other)))
    return np.mean(costs) if costs else 0.0


def slow_prefix(levels, negatives, teacher, words, others, progress):
    depth = max(len(levels), len(negatives))
    costs = []
    for pair, (word, other) in enumerate(zip(words, others, strict=True)):
        if not word or not other or not np.isfinite(teacher[pair]):
            continue
        summed = weights = 0.0
        for length in range(1, max(len(word), len(other)) + 1):
            # Length 1 counts always; length l fades in while training goes from (l - 2) / depth to (l - 1) / depth.
            weight = min(1.0, max(0.0, progress * depth - (length - 2)))
            weights += weight
            if word[:length] != other[:length]:
                ahead = sum(path_logs(levels, pair)[:length]) - sum(path_logs(negatives, pair)[:length])
                summed += weight * (ahead - teacher[pair]) ** 2
        costs.append(summed / weights)
    return np.mean(costs) if costs else 0.0


def slow_contrastive(queries, documents, leaf, temperature, query):
    costs = []
    for i, q in enumerate(queries):
        cosine = [q @ d / np.linalg.norm(q) / np.linalg.norm(d) / temperature for d in documents]
        among = [j for j in range(len(leaf)) if j == i or (leaf[j] != leaf[i] and query[j] != query[i])]
        costs.append(log(sum(exp(cosine[j]) for j in among)) - cosine[i])
    return np.mean(costs)


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


def everything(case, scale=1.0, low=0.0):
    """Inputs with all there can be; scores that need a gradient."""
    _, tree, own, other, rng, dense = case

    def score():
        return -np.inf if rng.random() < low else scale * rng.standard_normal()

    sides = []
    for words in (own, other):
        levels = []
        for level in candidates(tree, words, score, dense):
            # What exists has a probability, however small.
            real = torch.where((level.node >= 0) & level.score.isinf(), -scale, level.score)
            levels.append(level._replace(score=real.requires_grad_()))
        sides.append(levels)
    soft = []
    for level in sides[0]:
        mass = rng.random(len(level.node)) * (level.node >= 0).numpy() * (rng.random(len(level.node)) < 0.5)
        whole = np.bincount(level.pair, weights=mass)[level.pair]
        soft.append(torch.from_numpy(np.divide(mass, whole, out=np.zeros_like(mass), where=whole > 0)))
    teacher = torch.from_numpy(rng.normal(0, 3, len(own)))
    teacher[rng.random(len(own)) < 0.3] = torch.nan
    vectors = torch.from_numpy(rng.standard_normal((2, len(own), 3)) * (rng.random((2, len(own), 1)) < 0.7))
    represented = vectors[0].requires_grad_(), vectors[1].requires_grad_()
    return inputs_of(
        sides[0],
        len(own),
        negative_levels=sides[1],
        soft=soft,
        teacher_margin=teacher,
        represented=represented,
        progress=rng.random(),
    )


ALL_ON = {"next_code": 1.0, "smoothing": 0.1, "soft": 0.5, "margin": 2.0, "prefix": 0.25, "contrastive": 1.5}


@given(cases(without=True), st.sampled_from([1.0, 50.0, 1e4]), st.sampled_from([0.0, 0.5]))
def test_losses_and_gradients_are_finite(case, scale, low):
    inputs = everything(case, scale, low)
    asked = [level.score for level in [*inputs.levels, *inputs.negative_levels]] + list(inputs.represented)
    for name in ("next_code", "soft", "margin", "prefix", "contrastive"):
        # Smoothing asks for a probability of every code that exists; each has one here.
        value, _ = total(inputs, DEFAULTS | {"next_code": 0.0, "smoothing": 0.1, name: 1.0})
        gradients = torch.autograd.grad(value, asked, allow_unused=True, retain_graph=True)
        assert torch.isfinite(value), name
        assert all(torch.isfinite(g).all() for g in gradients if g is not None), name


@given(cases(without=True))
def test_total_is_the_weighted_sum(case):
    inputs = everything(case)
    value, parts = total(inputs, ALL_ON)
    assert set(parts) == {"next_code", "soft", "margin", "prefix", "contrastive"}
    assert float(value.detach()) == pytest.approx(sum(ALL_ON[name] * part for name, part in parts.items()), rel=1e-5)
    levels, negatives, pairs = inputs.levels, inputs.negative_levels, inputs.pairs
    assert parts["next_code"] == pytest.approx(float(codes.next_code(levels, pairs, 0.1).detach()))
    assert parts["soft"] == pytest.approx(float(codes.soft(levels, inputs.soft, pairs).detach()))
    assert parts["margin"] == pytest.approx(float(paths.margin(levels, negatives, pairs, 1.0).detach()))


@given(cases(without=True), st.integers(0, 99))
def test_each_loss_is_given_its_own_inputs_and_settings(case, seed):
    rng = np.random.default_rng(seed)
    inputs = everything(case)
    pairs = inputs.pairs
    # Some pairs ask the same, some have the same document.
    leaf, query = (torch.from_numpy(rng.integers(0, 3, pairs)) for _ in range(2))
    inputs = inputs._replace(leaf=leaf, query=query)
    at = {"smoothing": 0.25, "margin_size": 3.5, "contrastive_temperature": 0.7}
    _, parts = total(inputs, ALL_ON | at)
    levels, negatives, (queries, documents) = inputs.levels, inputs.negative_levels, inputs.represented
    expected = {
        "next_code": codes.next_code(levels, pairs, 0.25),
        "soft": codes.soft(levels, inputs.soft, pairs),
        "margin": paths.margin(levels, negatives, pairs, 3.5),
        "prefix": paths.prefix(levels, negatives, inputs.teacher_margin, pairs, inputs.progress),
        "contrastive": vector_losses.contrastive(queries, documents, leaf, 0.7, query),
    }
    assert parts == pytest.approx({name: float(value.detach()) for name, value in expected.items()}, rel=1e-4, abs=1e-6)


def test_a_loss_that_is_off_needs_nothing():
    inputs = inputs_of([level_of([[0.5, 0.5]], [0])], 1)
    value, parts = total(inputs, {})
    assert parts == {"next_code": pytest.approx(log(2))}
    assert float(value) == pytest.approx(log(2))


@pytest.mark.parametrize("name", ["soft", "margin", "prefix", "contrastive"])
def test_a_loss_without_its_input_says_so(name):
    with pytest.raises(TriescopeError, match=rf"the loss {name} .* needs"):
        total(inputs_of([level_of([[0.5, 0.5]], [0])], 1), {name: 0.5})


def test_prefix_names_the_teacher_when_only_that_is_missing():
    levels = [level_of([[0.5, 0.5]], [0])]
    with pytest.raises(TriescopeError, match=r"prefix .* a teacher's scores"):
        total(inputs_of(levels, 1, negative_levels=levels), {"prefix": 1.0})


@pytest.mark.parametrize(
    ("weights", "words"), [({"soft": -1.0}, "between"), ({"sfot": 1.0}, "no option"), ({"next_code": 0.0}, "every loss")]
)
def test_wrong_weights_are_refused(weights, words):
    with pytest.raises(TriescopeError, match=words):
        total(inputs_of([level_of([[0.5, 0.5]], [0])], 1), weights)


def test_half_precision_scores_are_summed_in_full():
    level = level_of([[0.25] * 4] * 3, [0, 1, 2])
    inputs = inputs_of([level._replace(score=level.score.to(torch.bfloat16))] * 4, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value, _ = total(inputs, {})
    assert value.dtype == torch.float32
    assert float(value) == pytest.approx(log(4), abs=1e-6)


def test_options_say_where_each_loss_comes_from():
    assert {option.name for option in OPTIONS} == set(ALL_ON) | {"margin_size", "contrastive_temperature"}
    assert DEFAULTS["next_code"] == 1
    assert [name for name in ALL_ON if DEFAULTS[name]] == ["next_code", "smoothing"]
    assert all("20" in option.help for option in OPTIONS if option.name in ALL_ON)


def test_listing_the_losses_does_not_load_torch():
    told = "import sys, engine.training.losses; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0


def test_what_is_made_for_a_step_is_what_the_losses_that_are_on_declare():
    assert needed({"next_code": 1.0, "soft": 0.0, "margin": None}) == set()
    assert needed({"soft": 1.0, "contrastive": 1.0}) == {"targets", "vectors"}
    assert needed({"prefix": 0.1}) == {"negatives", "margins"}
    assert {need for loss in LOSSES.values() for need in loss.needs} == set(NEEDS)


@given(cases(without=True), st.integers(1, 4))
def test_an_entry_that_stands_for_several_counts_as_so_many_in_every_loss_of_codes(case, copies):
    # The twin lists what an entry stands for; targets and path are the entries that stand for themselves.
    _, tree, own, _, rng, dense = case
    levels = candidates(tree, own, rng.standard_normal, dense)
    short, long, targets, spread = [], [], [], []
    for level in levels:
        times = torch.from_numpy(rng.integers(1, copies + 1, len(level.node)))
        times[level.target] = 1
        at = torch.arange(len(level.node)).repeat_interleave(times)
        first = torch.searchsorted(at, level.target)
        short.append(level._replace(log_weight=times.double().log()))
        long.append(level._replace(score=level.score[at], pair=level.pair[at], node=level.node[at], target=first))
        mass = torch.from_numpy(rng.random(len(level.node)))
        whole = torch.zeros(len(own), dtype=torch.float64).index_add(0, level.pair, mass * times)[level.pair]
        targets.append(mass * times / whole)
        spread.append((mass / whole)[at])
    pairs = len(own)
    assert float(codes.next_code(short, pairs, 0.3)) == pytest.approx(float(codes.next_code(long, pairs, 0.3)))
    assert float(codes.soft(short, targets, pairs)) == pytest.approx(float(codes.soft(long, spread, pairs)))
