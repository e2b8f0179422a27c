"""Paths of words become identifiers, whatever the words are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.errors import TriescopeError
from engine.identifiers.paths_of_words import DEEPEST, END, UNKNOWN, clipped, identifiers_of, is_beginning
from tests.engine.identifiers.words import any_words, few_words, resolved, spelled


@given(st.one_of(few_words, any_words), st.booleans())
def test_any_paths_become_a_trie_whose_leaves_are_the_documents(words, always_end):
    fitted = identifiers_of(words, always_end)
    trie.build(fitted.codes)
    resolved(fitted)
    rows = [tuple(row) for row in fitted.codes.tolist()]
    filled = [tuple(path) or (UNKNOWN,) for path in words]
    assert [[a == b for b in rows] for a in rows] == [[a == b for b in filled] for a in filled]


@given(few_words, st.booleans())
def test_identifiers_spell_their_paths_and_end_only_where_they_must(words, always_end):
    fitted = identifiers_of(words, always_end)
    filled = [path or [UNKNOWN] for path in words]
    begins = [any(other != path and other[: len(path)] == path for other in filled) for path in filled]
    expected = [[*path, END] if always_end or begin else path for path, begin in zip(filled, begins, strict=True)]
    assert spelled(fitted) == expected
    assert is_beginning(fitted.codes).sum() == 0


@given(any_words)
def test_codes_of_a_level_are_its_different_words_in_alphabetical_order(words):
    fitted = identifiers_of(words)
    assert fitted.codes.dtype == np.int32
    for level, (found, size) in enumerate(zip(fitted.words, fitted.vocabulary, strict=True)):
        own = [word for path in words for word in (path or [UNKNOWN])[level : level + 1]]
        assert found in (sorted(set(own)), [END, *sorted(set(own))])
        assert set(fitted.codes[:, level].tolist()) - {-1} == set(range(size))


@given(few_words.filter(lambda rows: any(rows)))
def test_a_row_is_a_beginning_when_a_longer_one_starts_with_it(words):
    width = max(map(len, words))
    codes = np.array([[*map(ord, (word[0] for word in path)), *[-1] * (width - len(path))] for path in words])
    short = [[word[0] for word in path] for path in words]
    assert is_beginning(codes).tolist() == [any(b != a and b[: len(a)] == a for b in short) for a in short]


def test_a_word_that_reads_like_an_end_is_not_one():
    fitted = identifiers_of([["a"], ["a", END], ["a", END, "b"]])
    assert spelled(fitted) == [["a", END], ["a", END, END], ["a", END, "b"]]
    assert len(np.unique(fitted.codes, axis=0)) == 3


def test_no_documents_are_said():
    with pytest.raises(TriescopeError, match="need the documents"):
        identifiers_of([])


@given(st.lists(st.text(min_size=1, max_size=3), max_size=40))
def test_a_clipped_path_is_short_and_holds_everything(path):
    short = clipped(path, "/")
    assert len(short) <= DEEPEST
    assert "/".join(short) == "/".join(path)
    assert len(path) > DEEPEST or short == path
