"""Queries read again: every change is one error of typing away, what is known stays, and typing errors are undone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.studies import typos
from engine.text.rewriting import ASKS, Vocabulary, edits, rewritten, whole_words

LETTERS = "abcdefghijklmnopqrstuvwxyz"
VOCABULARY = Vocabulary(["a heist inside dreams", "heist and robots", "roast", "a space ship"], ["watch", "movie", "beast"])


def apart(one: str, other: str) -> int:
    """Edits between two words, two swapped letters among them: the slow twin (optimal string alignment)."""
    table = np.add.outer(np.arange(len(one) + 1), np.arange(len(other) + 1))
    for a in range(1, len(one) + 1):
        for b in range(1, len(other) + 1):
            table[a, b] = min(table[a - 1, b] + 1, table[a, b - 1] + 1, table[a - 1, b - 1] + (one[a - 1] != other[b - 1]))
            if a > 1 and b > 1 and one[a - 1] == other[b - 2] and one[a - 2] == other[b - 1]:
                table[a, b] = min(table[a, b], table[a - 2, b - 2] + 1)
    return int(table[-1, -1])


@given(st.text("abc", min_size=1, max_size=4), st.text("abc", min_size=1, max_size=5))
def test_what_is_one_edit_away_is_what_a_table_of_edits_says(one, other):
    assert (other in set(edits(one, "abc")) - {one}) == (apart(one, other) == 1)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("hiest inside dreams", "heist inside dreams"),
        ("Hiest inside dreamz!", "heist inside dreams!"),
        ("heists of robots", "heists of robots"),  # forms of words that are there
        ("watch a beast", "watch a beast"),  # the encoder knows them
        ("waatch", "watch"),  # and is asked where the catalogue has none
        ("raost", "roast"),  # the same first letter before the commoner word
        ("zzzzzz 1984 r2d2 hei", "zzzzzz 1984 r2d2 hei"),
        ("I'm looking for a hiest", "heist"),
        ("show me a", "show me a"),  # nothing would be left
    ],
)
def test_queries_become(query, expected):
    found = rewritten(query, VOCABULARY)
    assert found.text == expected
    assert bool(found.changes) == (query != expected)
    assert rewritten(found.text, VOCABULARY).text == expected  # once is enough


@given(st.sampled_from(["heist", "inside", "dreams", "robots"]), st.integers(0, 1 << 20))
def test_one_typing_error_in_a_word_of_the_catalogue_is_undone(word, seed):
    typed = typos.edited(word, np.random.default_rng(seed))
    assert rewritten(typed, VOCABULARY).text in (word, typed)
    if not VOCABULARY.knows(typed):
        assert rewritten(typed, VOCABULARY).text == word


def test_a_build_knows_its_own_words_and_its_encoders(opened):
    others = whole_words(opened.model)
    assert {"watch", "movie"} <= set(others)
    assert others.index("the") < others.index("watch")
    assert whole_words("no-such-model") == ()
    title = next(word for document in opened.documents for word in document.text.split() if len(word) > 6 and word.isalpha())
    assert opened.rewritten(title).text == title
    assert not ASKS.match("me and you and everyone")
