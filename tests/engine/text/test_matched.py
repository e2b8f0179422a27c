"""Marks stand where the words of the query are; a snippet is the part that shows most of them, held to a search of every part."""

import bm25s
import pytest
import Stemmer
from bm25s.stopwords import STOPWORDS_EN
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.text.languages import STOP
from engine.text.matched import CUT, Snippet, marks, one_line, snippet, stems, wanted, whole
from engine.text.words import words

LOOKED_FOR = "a dream of heists, ships 烤鸭 ไทย 3"
WORDS = (
    "dream",
    "Dreams",
    "DREAMING",
    "heist",
    "ship's",
    "water",
    "of",
    "a",
    "烤鸭",
    "北京烤鸭店",
    "ภาษาไทยง่าย",
    "3",
    "café",
    "cafe\u0301",
)
texts = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([" ", ", ", "; ", "\n", " (", ") ", "\t"])), max_size=40).map(
    lambda pairs: "".join(word + mark for word, mark in pairs)
)


@settings(max_examples=20)
@given(st.one_of(texts, st.text(max_size=40)))
def test_stems_are_those_of_bm25s(text):
    theirs = bm25s.tokenize(
        [" ".join(words(text))],
        token_pattern=r"\S+",
        stopwords="en",
        stemmer=Stemmer.Stemmer("english"),
        return_ids=False,
        show_progress=False,
    )
    assert stems([text]) == theirs


def test_stop_words_are_those_of_bm25s():
    assert set(STOPWORDS_EN) == STOP


def looked_for(text: str) -> set[str]:
    """Stems of a text that the query has."""
    return set(stems([text])[0]) & wanted(LOOKED_FOR)


@given(texts)
def test_what_is_marked_is_wanted_and_what_is_not_is_not(text):
    found = whole(wanted(LOOKED_FOR), text)
    assert "".join(part for part, _ in found.parts()) == found.text == one_line(text)
    assert all(looked_for(part) for part, marked in found.parts() if marked)
    assert not any(looked_for(part) for part, marked in found.parts() if not marked)
    assert all(stop < start for (_, stop), (start, _) in zip(found.marks, found.marks[1:], strict=False))


@given(texts, st.integers(20, 60))
def test_a_snippet_has_as_many_of_the_words_as_any_part_of_its_length(text, letters):
    line = one_line(text)
    found = snippet(wanted(LOOKED_FOR), text, letters)
    every = marks(wanted(LOOKED_FOR), line)
    spelled = {line[start:stop] for start, stop in every}
    stem_of = dict(zip(spelled, map(frozenset, map(looked_for, spelled)), strict=True))

    def different(begin: int) -> int:
        inside = [line[start:stop] for start, stop in every if begin <= start and stop <= begin + letters]
        return len({stem_of[one] for one in inside})

    shown = {stem_of[found.text[start:stop]] for start, stop in found.marks}
    assert len(shown) >= max((different(begin) for begin in range(len(line) or 1)), default=0)
    assert found.text.removeprefix(CUT).removesuffix(CUT) in line
    assert len(found.text) <= max(letters, max((stop - start for start, stop in every), default=0)) + 2
    assert (found.text == line) == (len(line) <= letters)


def test_a_text_without_the_words_is_shown_from_its_start_cut_between_words():
    assert snippet(wanted("zeppelin"), "The red fox jumps over it", 12) == Snippet("The red fox…", [])


def test_words_stay_whole_at_both_ends():
    text = f"{'before ' * 30}heist {'after ' * 30}"
    found = snippet(wanted("heist"), text, 60)
    assert set(found.text.strip(CUT).split()) == {"before", "heist", "after"}
    assert found.text.startswith(CUT)
    assert found.text.endswith(CUT)


def test_the_part_with_both_words_is_chosen_before_one_with_one_of_them_often():
    text = "dream dream dream dream. " + "x " * 60 + "a heist in a dream"
    assert [found for found, marked in snippet(wanted("dream heist"), text, 40).parts() if marked] == ["heist", "dream"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\x1b]0;title\x07b", "a ]0;title b"),
        ("a\u202eb", "a b"),
        ("a\r\nb\u2028c", "a b c"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_what_steers_a_terminal_is_a_blank(text, line):
    assert one_line(text) == line


@pytest.mark.parametrize("query", ["", "the of and", "!?"])
def test_a_query_without_a_word_to_look_for_marks_nothing(query):
    assert marks(wanted(query), "the cat and the dog") == []


@pytest.mark.parametrize(("query", "text"), [("cafe\u0301", "Ｃafé"), ("x2", "ﬁlm ½ x2 ²"), ("film", "a ﬁlm")])
def test_signs_that_are_written_in_two_ways_are_found_in_either(query, text):
    ((start, stop),) = marks(wanted(query), text)
    assert set(words(text[start:stop])) == set(words(query))
