import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.errors import TriescopeError
from engine.kernels import trie_arrays as kernels_trie
from engine.trie import arrays as trie_arrays
from tests.engine.oracles import identifiers, padded


def same(found, expected):
    for name, one, other in zip(expected._fields, found, expected, strict=True):
        assert one.dtype == other.dtype, name
        assert one.tolist() == other.tolist(), name


def built_both_ways(codes):
    """The arrays of each way, of the rows that have an identifier."""
    length, largest = kernels_trie.lengths(codes)
    rows = np.flatnonzero(length).astype(np.int32)
    kind = np.uint16 if largest.max() < 1 << 16 else np.int32
    expected = trie_arrays.arrays_numpy(codes, rows, length[rows], kind)
    return kernels_trie.arrays(codes, rows.copy(), length[rows], largest, kind), expected


@given(identifiers(), st.integers(0, 2))
def test_the_compiled_arrays_are_those_of_numpy(words, extra_columns):
    same(*built_both_ways(np.pad(padded(words), ((0, 0), (0, extra_columns)), constant_values=-1)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("wide", [1, 2, 200, 70_000])
def test_also_with_thousands_of_rows_some_of_them_equal_or_without_an_identifier(seed, wide):
    random = np.random.default_rng(seed)
    codes = random.integers(0, (wide, 5, wide), (3000, 3)).astype([np.int32, np.int64][seed % 2])
    codes[random.random(3000) < 0.1] = -1
    if seed % 3:  # some end early, and those only: no identifier is the beginning of another one
        codes[codes[:, 0] % 3 == 0, 1:] = -1
    same(*built_both_ways(codes))


def test_identifiers_too_long_for_one_number_are_built_by_numpy():
    codes = np.random.default_rng(0).integers(0, 1 << 20, (50, 4), dtype=np.int32)
    same(*built_both_ways(codes))


@given(st.lists(st.lists(st.integers(-1, 2), min_size=3, max_size=3), min_size=1, max_size=6))
def test_the_compiled_lengths_are_those_of_numpy(rows):
    for kind in (np.int32, np.int64):
        codes = np.array(rows, kind)
        for found, expected in zip(kernels_trie.lengths(codes), trie_arrays.lengths_numpy(codes), strict=True):
            assert found.dtype == expected.dtype
            assert found.tolist() == expected.tolist()


@pytest.mark.parametrize(
    "codes",
    [
        [[1, 2], [-1, 3]],  # a gap
        [[-1, -1], [-1, -1]],  # nothing
        [[1, -1], [1, 2]],  # the beginning of another
        [[4, 1], [2, 5], [2, -1], [2, -1]],
        [[4, 1], [2, 5], [4, 0]],  # a trie
    ],
)
def test_a_trie_is_the_same_and_refused_alike_whichever_way_it_is_built(monkeypatch, codes):
    told = []
    for few in (0, 1 << 40):
        monkeypatch.setattr(trie, "COMPILED_FROM", few)
        try:
            told.append([array.tolist() for array in trie.build(np.array(codes, np.int32))])
        except TriescopeError as error:
            told.append(str(error))
    assert told[0] == told[1]


def test_a_read_only_or_strided_array_will_do(monkeypatch):
    monkeypatch.setattr(trie, "COMPILED_FROM", 0)
    codes = np.random.default_rng(0).integers(0, 5, (40, 6), dtype=np.int32)
    codes.flags.writeable = False
    same(trie.build(codes[:, ::2]), trie.build(codes[:, ::2].copy()))
    assert codes.tolist() == np.random.default_rng(0).integers(0, 5, (40, 6)).tolist()
