"""Misspelled queries: what an edit is, which words have one, and that the loss is that of the evaluation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.evaluation import Asked, evaluate
from engine.studies import typos

words = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzé"), min_size=4, max_size=12)


def one_edit(word):
    """Everything that one error makes of a word, its first letter left alone: the slow twin."""
    made = set()
    for place in range(1, len(word)):
        head, letter, tail = word[:place], word[place], word[place + 1 :]
        made |= {head + tail, head + letter + letter + tail} | {head + key + tail for key in typos.beside(letter)}
        made |= {head + tail[:1] + letter + tail[1:]}
    return made - {word}


@given(words, st.integers(0, 1 << 30))
def test_an_edit_is_one_error_and_never_the_word_itself(word, seed):
    assert typos.edited(word, np.random.default_rng(seed)) in one_edit(word)


@given(st.lists(words | st.sampled_from(["a", "the", "1984", "e-mail"]), min_size=1, max_size=8), st.floats(0.01, 1))
def test_only_longer_words_of_letters_are_edited_and_one_at_least(some, share):
    text = " ".join(some)
    made, count = typos.misspell(text, share, np.random.default_rng(1))
    changed = [before for before, after in zip(some, made.split(), strict=True) if before != after]
    able = [word for word in some if len(word) >= 4 and word.isalpha()]
    assert len(changed) == count >= min(1, len(able))
    assert set(changed) <= set(able)
    if share == 1:
        assert count == len(able)


def test_the_loss_is_the_difference_of_two_evaluations(opened):
    found = typos.run(opened, "dev", ["bm25", "dense"], share=1.0, seed=3)
    again = typos.run(opened, "dev", ["bm25", "dense"], share=1.0, seed=3)
    assert found.as_json()["losses"] == again.as_json()["losses"]
    clean = evaluate(opened, "dev", ["bm25", "dense"], measures=["nDCG@10"])
    rng = np.random.default_rng(3)
    texts = {query: typos.misspell(opened.corpus.queries[query], 1.0, rng)[0] for query in clean.qrels}
    typed = evaluate(opened, "dev", ["bm25", "dense"], measures=["nDCG@10"], asked=Asked(texts, clean.qrels))
    for one in found.losses:
        assert one.clean == clean.retrievers[one.name].measures["nDCG@10"]
        assert one.misspelled == typed.retrievers[one.name].measures["nDCG@10"]
        assert one.difference.mean == pytest.approx(one.misspelled.mean - one.clean.mean)
    assert found.losses[0].difference.mean < 0  # eight words of a document, each spelled wrong: keywords lose
    assert (found.queries, found.untouched) == (len(clean.qrels), 0)


def test_what_is_rewritten_gains_what_two_evaluations_say(opened):
    found = typos.run(opened, "dev", ["bm25"], share=1.0, seed=3, rewrite=True)
    (mended,) = found.mended
    assert mended.gain.mean == pytest.approx(mended.rewritten.mean - found.losses[0].misspelled.mean)
    assert mended.gain.mean > 0
    assert (mended.harm.mean, found.changed) == (0, 0)  # words of the documents themselves: none is unknown
    assert 0 < found.undone <= found.words
    for kind in typos.KINDS:
        parts = [one for one in found.kinds if one.kind == kind]
        if parts:  # every query is in one group of a kind, so their means add up to that of all
            assert sum(one.queries for one in parts) == found.queries
            assert sum(one.queries * one.means["bm25"].mean for one in parts) == pytest.approx(found.queries * mended.gain.mean)
    assert found.kinds
    assert found.losses == typos.run(opened, "dev", ["bm25"], share=1.0, seed=3).losses


def test_the_shell_says_what_was_edited_and_what_it_costs(small_build, told, shell):
    value = told("typos", small_build, "--split", "dev", "-r", "bm25", "--share", "0.5")
    assert set(value["losses"]) == {"bm25"}
    assert value["words"] >= value["queries"]
    code, out, _ = shell("typos", small_build, "--split", "dev", "-r", "bm25", "--rewrite")
    assert code == 0
    assert "words misspelled" in out
    assert "words are what they had been" in out
    value = told("search", small_build, "a hiest", "--rewrite")
    assert all(isinstance(change, str) for change in value["rewritten"])
    code, _, err = shell("typos", small_build, "--share", "0", "--split", "dev")
    assert code == 2
    assert "must lie above 0" in err
    with pytest.raises(TriescopeError, match="must lie above 0"):
        typos.run(Build(small_build), "dev", ["bm25"], share=2)


def test_the_shell_writes_every_count_alike(small_build, shell, monkeypatch):
    found = typos.run(Build(small_build), "dev", ["bm25"], rewrite=True)
    many = found._replace(queries=4040, words=11440, untouched=1200)
    monkeypatch.setattr(typos, "run", lambda *given, **more: many)
    first, *rest = shell("typos", small_build)[1].splitlines()
    assert "4,040 queries, 11,440 words misspelled (seed 0), 1,200 queries without" in first
    assert any("of 11,440 words are what they had been" in line for line in rest)
