"""SEAL with a language model: what it writes occurs, is the model's likeliest, and finds who holds it."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import TriescopeError
from engine.retrievers import Queries, ngrams, ngrams_lm
from engine.retrievers.ngrams_lm import WritingRetriever
from engine.text import language_model, models
from tests.engine import tiny_models
from tests.engine.tiny_models import WORDS

texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "llama"
    tiny_models.llama(folder)
    return language_model.load(str(folder))


def slow_write(texts, model, query, beams, longest):
    """n-gram -> its log-probability, of all that ever stayed in the beam; each prefix read anew."""
    prompt = model.prompt_tokens(ngrams_lm.ASKED.format(query))
    every = [model.tokens(text) for text in texts]
    kept, found = {(): 0.0}, {}
    for size in range(1, longest + 1):
        grown = {}
        for prefix, before in kept.items():
            with torch.no_grad():
                logits = model.model(input_ids=torch.tensor([[*prompt, *prefix]])).logits[0, -1].double()
            logs = torch.log_softmax(logits, dim=0).tolist()
            for tokens in every:
                for place in range(len(tokens) - size + 1):
                    if tuple(tokens[place : place + size - 1]) == prefix:
                        grown[(*prefix, tokens[place + size - 1])] = before + logs[tokens[place + size - 1]]
        share = {gram: sum(_occurs(gram, tokens) for tokens in every) / sum(map(len, every)) for gram in grown}
        telling = {gram: np.exp(logs) * (logs - np.log(share[gram])) for gram, logs in grown.items()}
        kept = {gram: grown[gram] for gram in sorted(grown, key=lambda one: -telling[one])[:beams] if telling[gram] > 0}
        found |= kept
    return found


@given(texts, st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_what_a_search_over_all_occurrences_keeps(writer, texts, beams, longest):
    by = WritingRetriever(texts, writer, beams, longest)
    written, expected = by.write_for("war at sea"), slow_write(texts, writer, "war at sea", beams, longest)
    tokens = sum(len(writer.tokens(text)) for text in texts)
    found = {
        tuple(number - 1 for number in by.numbers(int(low), int(length))): float(weight)
        for low, length, weight in zip(written.low, written.length, written.weight, strict=True)
    }
    counts = {gram: sum(_occurs(gram, writer.tokens(text)) for text in texts) for gram in expected}
    weights = {
        gram: np.log(np.exp(logs) * max(1 - counts[gram] / tokens, ngrams.TINY))
        - np.log(counts[gram] / tokens * max(1 - np.exp(logs), ngrams.TINY))
        for gram, logs in expected.items()
    }
    positive = {gram: weight for gram, weight in weights.items() if weight > 1e-6}
    assert {gram for gram, weight in found.items() if weight > 1e-6} == set(positive)
    assert all(found[gram] == pytest.approx(weight, abs=1e-4) for gram, weight in positive.items())


def _occurs(gram, tokens):
    return sum(tuple(tokens[place : place + len(gram)]) == gram for place in range(len(tokens) - len(gram) + 1))


@given(texts, st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_ngram_that_is_reported_occurs_in_its_document(writer, texts, query):
    by = WritingRetriever(texts, writer)
    found = by.search(Queries([query], None), len(texts))
    rows = found.rows[0][found.rows[0] >= 0].tolist()
    for row in rows:
        held = by.held(query, row)
        assert held
        assert all(f" {gram} " in f" {texts[row]} " for gram in held)
    assert all(not by.held(query, row) for row in set(range(len(texts))) - set(rows))


def test_it_is_a_retriever_named_by_its_model(opened, writer, tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    models.add("small", writer.name)
    hits = opened.search("a war at sea", "seal-lm:small", 3).hits
    by = opened.retriever("seal-lm:small")
    for hit in hits:
        assert by.held("a war at sea", opened.row_of[hit.id])
    with pytest.raises(TriescopeError, match="no language model is known as 'other'"):
        opened.retriever("seal-lm:other")


def test_an_ngram_begins_where_a_word_does_if_the_tokenizer_says_so(writer, monkeypatch):
    every = WritingRetriever(["war sea", "sea love"], writer)
    assert len(every.words.word) == 3
    monkeypatch.setattr(ngrams_lm, "STARTS", ("s",))
    assert [every.index.vocabulary[word] for word in WritingRetriever(["war sea", "sea love"], writer).words.word] == ["sea"]
