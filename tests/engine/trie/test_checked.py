"""Whatever is changed in a trie's arrays so that they are no trie any more is refused, by file and place."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.errors import TriescopeError
from engine.live.mapping import identifiers_of
from engine.trie.checked import check

CODES = np.array([[0, 1, 2], [0, 1, 2], [0, 3, -1], [4, 0, 0], [4, 0, 5], [7, -1, -1], [-1, -1, -1]], np.int32)
GOOD = trie.build(CODES)
PLACE = Path("trie")


def changed(name, at, value):
    array = np.array(getattr(GOOD, name))
    array[at] = value
    return GOOD._replace(**{name: array})


@pytest.mark.parametrize("codes", [CODES, CODES[:1], CODES[5:], np.arange(300, dtype=np.int32)[:, None] % 70])
def test_what_build_makes_is_right(codes):
    check(trie.build(codes), len(codes), PLACE)


def refused(other):
    try:
        check(other, len(CODES), PLACE)
    except TriescopeError:
        return True
    return False


def test_every_single_number_that_is_changed_is_noticed_or_makes_another_trie_that_is_one():
    """Exhaustive over places and a few values: what passes must be what ``build`` makes of its own identifiers."""
    passed = 0
    for name in GOOD._fields:
        for at in range(len(getattr(GOOD, name))):
            for value in (0, 1, 2, 3, 5, 6, 9, 11, 60_000, *([-1, 2**31 - 1, -(2**31)] if name != "code" else [])):
                other = changed(name, at, value)
                if refused(other):
                    continue
                passed += 1
                rows = np.full((len(CODES), other.levels), -1, np.int32)
                rows[other.documents] = identifiers_of(other)
                assert all(np.array_equal(one, two) for one, two in zip(trie.build(rows), other, strict=True))
    assert passed > 30  # a number that is changed to itself, a code that stays in order


@given(st.sampled_from(GOOD._fields), st.data())
def test_arrays_of_other_lengths_are_refused(name, data):
    array = np.array(getattr(GOOD, name))
    size = data.draw(st.integers(0, len(array) + 3).filter(lambda size: size != len(array)))
    if name == "level_start" and size == 0:
        array = array[:0]
    with pytest.raises(TriescopeError):
        check(GOOD._replace(**{name: np.resize(array, size)}), len(CODES), PLACE)


def test_documents_of_one_leaf_stand_in_order_the_later_ones_too():
    one_leaf = trie.build(np.zeros((4, 1), np.int32))
    for rows, at in (([1, 0, 2, 3], 1), ([0, 2, 1, 3], 2), ([0, 1, 3, 2], 3)):
        with pytest.raises(TriescopeError, match=rf"damaged at {at} \(documents of one leaf out of order\)"):
            check(one_leaf._replace(documents=np.array(rows, np.int32)), 4, PLACE)


def test_it_says_which_file_and_where():
    for other, told in (
        (changed("documents", 2, 99), "trie/documents.npy: damaged at 2 (a row out of range)"),
        (changed("documents", 2, 3), "trie/documents.npy: damaged at 0 (a row twice)"),
        (changed("first_child", -1, 2**31 - 1), "trie/first_child.npy: damaged at 10 (children behind the last node)"),
        (changed("code", 1, 9), "trie/code.npy: damaged at 2 (siblings out of order)"),
        (changed("doc_stop", 0, 5), "trie/doc_start.npy: damaged at 0 (the root does not hold all documents)"),
        (changed("doc_stop", 9, 99), "trie/doc_start.npy: damaged at 9 (documents out of range)"),
        (changed("level_start", 0, 1), "trie/level_start.npy: damaged at 0 (the root is not a level of its own)"),
        (changed("level_start", -1, 99), "trie/level_start.npy: damaged at 4 (the levels end at 99 of 10 nodes)"),
        (changed("code", 0, 5), "trie/code.npy: damaged at 0 (the root has a code)"),
    ):
        with pytest.raises(TriescopeError) as caught:
            check(other, len(CODES), PLACE)
        assert str(caught.value) == told
