import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.kernels import compiled as decorator
from engine.kernels import mask as kernels
from engine.paths import ROOT
from tests.engine.oracles import DictTrie, identifiers, padded

seeds = st.integers(0, 1 << 30)
STEPS = [kernels.step, kernels.step_numpy]
MASKS = [kernels.mask_logits, kernels.mask_logits_numpy]


def some_rows(built, seed):
    """Nodes, -1 among them, and a code for each, some of which no node has."""
    rng = np.random.default_rng(seed)
    return rng.integers(-1, len(built.code), 12), rng.integers(-1, 6, 12)


@pytest.mark.parametrize("step", STEPS)
@given(identifiers(), seeds)
def test_a_step_finds_the_child_of_that_code_or_none(step, words, seed):
    built, tree = trie.build(padded(words)), DictTrie(words)
    nodes, codes = some_rows(built, seed)
    number = {prefix: node for node, prefix in enumerate(tree.nodes)}
    expected = [
        number.get((*tree.nodes[n], c), -1) if n >= 0 else -1 for n, c in zip(nodes.tolist(), codes.tolist(), strict=True)
    ]
    found = step(built.first_child, built.code, nodes, codes)
    assert found.dtype == np.int64
    assert found.tolist() == expected


@pytest.mark.parametrize("mask", MASKS)
@given(identifiers(), seeds)
def test_the_mask_keeps_the_logits_of_legal_codes_and_nothing_else(mask, words, seed):
    built, tree = trie.build(padded(words)), DictTrie(words)
    nodes, _ = some_rows(built, seed)
    rng = np.random.default_rng(seed)
    column = rng.permutation(9)[:4]
    logits = rng.standard_normal((12, 9)).astype(np.float32)
    logits[rng.random((12, 9)) < 0.3] = -np.inf
    expected = np.full_like(logits, -np.inf)
    for row, node in enumerate(nodes):
        for child in tree.children(tree.nodes[node]) if node >= 0 else []:
            expected[row, column[child[-1]]] = logits[row, column[child[-1]]]
    out = np.full_like(logits, np.nan)
    alive = mask(built.first_child, built.code, column, nodes, logits, out)
    assert np.array_equal(out, expected)
    assert alive.tolist() == (expected > -np.inf).any(axis=1).tolist()


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_logit_that_is_not_a_number_is_left_for_the_caller_to_see(mask, kind):
    built = trie.build(np.array([[0], [1]], np.int32))
    out = np.empty((1, 3), kind)
    alive = mask(built.first_child, built.code, np.arange(2), np.zeros(1, np.int64), np.array([[np.nan, -np.inf, 2]], kind), out)
    assert np.array_equal(out, [[np.nan, -np.inf, -np.inf]], equal_nan=True)
    assert alive.tolist() == [True]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mask", MASKS)
def test_one_document_and_no_rows(step, mask):
    built = trie.build(np.array([[3, 70_000]], np.int32))
    none = np.empty(0, np.int64)
    assert step(built.first_child, built.code, none, none).tolist() == []
    assert step(built.first_child, built.code, np.array([0, 1, 2]), np.array([3, 70_000, 0])).tolist() == [1, 2, -1]
    assert mask(built.first_child, built.code, np.arange(4), none, np.empty((0, 5)), np.empty((0, 5))).tolist() == []


@pytest.mark.parametrize("step", STEPS)
def test_a_mapped_trie_serves_as_well(step, tmp_path):
    trie.save(trie.build(np.array([[0, 1], [2, 0]], np.int32)), tmp_path)
    built = trie.load(tmp_path)
    assert step(built.first_child, built.code, np.array([0, 0]), np.array([2, 1])).tolist() == [2, -1]


def run(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def test_numpy_takes_over_where_numba_cannot_be_imported():
    names = "kernels.step is kernels.step_numpy, kernels.mask_logits is kernels.mask_logits_numpy"
    assert (
        run(f"import sys; sys.modules['numba'] = None; from engine.kernels import mask as kernels; print({names})") == "True True"
    )
    assert run(f"from engine.kernels import mask as kernels; print({names})") == "False False"


def test_a_machine_without_a_place_for_the_compiled_code_compiles_in_memory(monkeypatch):
    def njit(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda loop: (loop, options)

    monkeypatch.setattr(decorator, "njit", njit)
    assert decorator.compiled(len)(sum) == (sum, {"nogil": True})
