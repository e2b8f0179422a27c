"""The index of n-grams against all n-grams written out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.text import ngrams
from engine.text.words import words

texts = st.lists(st.lists(st.sampled_from(["a1", "b1", "c1", "d1"]), max_size=12).map(" ".join), min_size=1, max_size=6)


def written_out(texts, length):
    """Each n-gram of so many words -> the documents of its occurrences, one an occurrence."""
    found = {}
    for document, text in enumerate(texts):
        known = text.split()
        for place in range(len(known) - length + 1):
            found.setdefault(" ".join(known[place : place + length]), []).append(document)
    return found


@given(texts)
def test_every_ngram_is_a_run_of_its_occurrences_and_what_follows_it_are_longer_ones(texts):
    known = ngrams.index(texts)
    runs = [(int(low), int(high)) for low, high in zip(known.first().low, known.first().high, strict=True)]
    for length in range(1, ngrams.DEPTH + 1):
        found = {known.text(low, length): sorted(known.document[low:high].tolist()) for low, high in runs}
        assert found == written_out(texts, length)
        assert len(found) == len(runs)
        if length < ngrams.DEPTH:
            parts = [known.after(low, high, length) for low, high in runs]
            runs = [(int(low), int(high)) for part in parts for low, high in zip(part.low, part.high, strict=True)]
    assert known.lengths.tolist() == [len(text.split()) for text in texts]


def test_words_are_those_of_keyword_search_and_it_takes_less_than_three_times_the_text(opened):
    known = ngrams.index(["The director's Cut!", "", "北京烤鸭"])
    assert [known.vocabulary[word] for word in known.words[:3]] == words("The director's Cut!")
    assert known.lengths.tolist() == [3, 0, 3]
    texts = opened.texts()
    assert ngrams.index(texts).nbytes < 3 * sum(len(text.encode()) for text in texts)


def test_nothing_to_index_has_no_ngrams():
    known = ngrams.index(["", " - "])
    assert len(known.first().low) == 0
    assert np.array_equal(known.lengths, [0, 0])
