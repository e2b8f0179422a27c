"""N-grams as identifiers: what is written and how documents are scored, against loops; and that a hit shows its n-grams."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builds.hits import evidence
from engine.retrievers import Queries, ngrams
from engine.text import ngrams as indexed
from engine.text.words import words
from tests.engine.oracles import unit
from tests.engine.text.test_ngrams import texts, written_out

QUERY = "a war at sea"


def slow_write(texts, share, beams, longest):
    """n-gram -> its weight, of all that ever stayed in the beam."""
    lengths = [max(1, len(text.split())) for text in texts]

    def mass(documents, shares):
        return sum(shares[document] / lengths[document] for document in documents)

    even, kept, found = [1 / len(texts)] * len(texts), [""], {}
    for length in range(1, longest + 1):
        telling = {}
        for ngram, documents in written_out(texts, length).items():
            if length == 1 or ngram.rpartition(" ")[0] in kept:
                here, there = mass(documents, share), mass(documents, even)
                telling[ngram] = here * np.log(here / there)
                odds = np.log(here * max(1 - there, ngrams.TINY)) - np.log(there * max(1 - here, ngrams.TINY))
                found[ngram] = odds
        kept = [ngram for ngram in sorted(telling, key=lambda one: -telling[one])[:beams] if telling[ngram] > 1e-12]
        found = {ngram: odds for ngram, odds in found.items() if len(ngram.split()) < length or ngram in kept}
    return {ngram: odds for ngram, odds in found.items() if odds > 0}


@given(texts, st.integers(0, 1 << 20), st.integers(1, 3))
@settings(max_examples=40)
def test_what_is_written_and_its_weight_are_those_of_loops(texts, seed, longest):
    rng = np.random.default_rng(seed)
    vectors, query = unit(rng.normal(size=(len(texts), 4))), unit(rng.normal(size=4))
    by = ngrams.NgramRetriever(indexed.index(texts), vectors, beams=1000, longest=longest)
    written = by.write(query)
    share = np.exp(ngrams.SCALE * (vectors @ query).astype(np.float64))
    expected = slow_write(texts, share / share.sum(), 1000, longest)
    found = [by.index.text(int(low), int(length)) for low, length in zip(written.low, written.length, strict=True)]
    assert written.weight.tolist() == sorted(written.weight.tolist(), reverse=True)
    known = dict(zip(found, written.weight, strict=True))
    for ngram in {*known, *expected}:
        assert known.get(ngram, 0.0) == pytest.approx(expected.get(ngram, 0.0), abs=1e-6)


@given(texts, st.integers(0, 1 << 20))
@settings(max_examples=40)
def test_a_document_counts_the_weights_of_its_ngrams_fresh_words_more(texts, seed):
    rng = np.random.default_rng(seed)
    vectors, query = unit(rng.normal(size=(len(texts), 4))), unit(rng.normal(size=4))
    by = ngrams.NgramRetriever(indexed.index(texts), vectors)
    written = by.write(query)
    scores = by.document_scores(written)
    for row, text in enumerate(texts):
        counted, expected = set(), 0.0
        for low, length, weight in zip(written.low, written.length, written.weight, strict=True):
            ngram = by.index.text(int(low), int(length))
            if f" {ngram} " in f" {text} ":
                own = set(ngram.split())
                expected += weight**ngrams.POWER * (1 - ngrams.FRESH + ngrams.FRESH * len(own - counted) / len(own))
                counted |= own
        assert scores[row] == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_every_ngram_beside_a_hit_occurs_in_its_document(opened):
    by = opened.retriever("seal")
    hits = opened.search(QUERY, "seal", 10).hits
    assert len(hits) == 10
    for hit in hits:
        row = opened.row_of[hit.id]
        held = by.held(QUERY, row)
        text = f" {' '.join(words(opened.texts()[row]))} "
        assert held
        assert all(f" {ngram} " in text for ngram in held)
    assert evidence(opened, QUERY, "seal", hits[:1])[0] == f"n-grams: {', '.join(by.held(QUERY, opened.row_of[hits[0].id])[:3])}"
    assert by.held("never asked", 0) == []


def test_a_filter_leaves_scores_as_they_are_and_any_document_has_one(opened):
    by, queries = opened.retriever("seal"), Queries([QUERY], opened.embed_queries([QUERY]))
    whole = by.search(queries, 60)
    allowed = np.zeros(len(opened.documents), bool)
    allowed[whole.rows[0][1:4]] = True
    some = by.search(queries, 60, allowed)
    assert some.rows[0][some.rows[0] >= 0].tolist() == whole.rows[0][1:4].tolist()
    assert by.scores(queries, [whole.rows[0][:3]])[0].tolist() == whole.scores[0][:3].tolist()


def test_the_shell_takes_its_settings_and_says_what_was_lost(opened, shell, told):
    hits = told("search", opened.folder, QUERY, "-r", "seal:beams=5,longest=1", "-k", "3")["hits"]
    assert len(hits) == 3
    code, _, err = shell("search", opened.folder, QUERY, "-r", "seal:longest=9")
    assert code == 2
    assert "longest must lie between 1 and 8" in err
    lost = opened.lost(QUERY, [opened.documents[row].id for row in range(20)], "seal", 1)
    assert all("rank" in one.told or "no n-gram" in one.told for one in lost)
