"""A tree put together from shards is the tree of all identifiers, array by array."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.trie import build
from engine.trie.joined import dealt, joined


def whole_and_joined(codes, shards):
    rows = dealt(codes[:, 0], shards)
    return build(codes), joined([build(codes[of]) for of in rows], rows)


def check(codes, shards):
    whole, put_together = whole_and_joined(codes, shards)
    for name, array in whole._asdict().items():
        assert getattr(put_together, name).dtype == array.dtype, name
        assert getattr(put_together, name).tolist() == array.tolist(), name


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=30), st.integers(1, 5))
def test_shards_of_identifiers_of_one_length(codes, shards):
    check(np.array(codes, np.int32), shards)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(1, 5))
def test_shards_that_end_on_different_levels_and_documents_without_an_identifier(numbers, shards):
    """A number below 8 is an identifier of one code, one below 20 of two, below 36 of three, another none at all."""
    rows = [[n] if n < 8 else [n // 4 + 8, n % 4] if n < 20 else [n // 8 + 20, n % 2, n % 3] if n < 36 else [] for n in numbers]
    codes = np.array([row + [-1] * (3 - len(row)) for row in rows], np.int32)
    if (codes >= 0).any():
        check(codes, shards)


def test_codes_that_need_more_than_sixteen_bits_in_one_shard_alone():
    check(np.array([[0, 1], [0, 70_000], [5, 2], [9, 9]], np.int32), 3)


@pytest.mark.parametrize("shards", [1, 2, 3, 50])
def test_rows_are_dealt_by_runs_of_first_codes_as_evenly_as_these_allow(shards):
    first = np.random.default_rng(0).integers(-1, 20, 400)
    rows = dealt(first, shards)
    assert sorted(np.concatenate(rows).tolist()) == np.flatnonzero(first >= 0).tolist()
    spans = [(first[of].min(), first[of].max()) for of in rows]
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    largest = np.bincount(first[first >= 0]).max()
    assert len(rows) == shards if shards < 20 else 3 < len(rows) <= 20
    assert max(len(of) for of in rows) <= (first >= 0).sum() / len(rows) + largest
