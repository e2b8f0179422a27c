"""All losses at once: their sum, what each is given, what stays finite, what is refused."""

import subprocess
import sys
from math import log

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TriescopeError
from engine.training.losses import LOSSES, OPTIONS, codes, needed, paths
from engine.training.losses import vectors as vector_losses
from engine.training.losses.base import NEEDS
from engine.training.losses.total import total
from tests.engine.training.ragged import candidates, cases
from tests.engine.training.slow_losses import DEFAULTS, inputs_of, level_of


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
