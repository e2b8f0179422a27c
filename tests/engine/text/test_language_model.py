"""A causal model from the disk: what it writes and holds likely, token by token."""

import numpy as np
import pytest
import torch

from engine.errors import TriescopeError
from engine.retrievers import likelihood, listwise, method_of
from engine.text import language_model, models
from tests.engine import tiny_models

QUERY = "a film of love and war in the city"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "llama"
    return folder, tiny_models.llama(folder)


def slow_likelihood(model, before, own):
    """Mean log-probability of each token of ``own``, each after a pass of its own."""
    logs = []
    for place, token in enumerate(own):
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([before + own[:place]])).logits[0, -1]
        logs.append(float(torch.log_softmax(logits, 0)[token]))
    return sum(logs) / len(logs)


def test_a_continuation_is_as_likely_as_its_tokens_one_after_the_other(folder):
    where, theirs = folder
    model = language_model.load(str(where))
    prompts = ["sea", "kite moor whale tide sea storm film war", "night old man", "", "love . city"]
    found = model.likelihoods(prompts, "woman house")
    own = model.tokens("woman house")
    for prompt, value in zip(prompts, found, strict=True):
        assert value == pytest.approx(slow_likelihood(theirs, model.prompt_tokens(prompt), own), abs=1e-4)
    assert np.isneginf(model.likelihoods(["sea"], "")).all()
    assert len(model.likelihoods([], "sea")) == 0


def test_what_it_writes_is_the_likeliest_token_after_the_other(folder):
    where, theirs = folder
    model = language_model.load(str(where))
    ids, written = model.prompt_tokens("night old man"), []
    for _ in range(6):
        with torch.no_grad():
            best = int(theirs(input_ids=torch.tensor([ids + written])).logits[0, -1].argmax())
        written.append(best)
        if best == model.tokenizer.eos_token_id:
            break
    assert model.write("night old man", 6) == [model.tokenizer.decode(written, skip_special_tokens=True).strip()]
    assert len(model.prompt_tokens("sea " * 5000)) == language_model.LONGEST


def test_candidates_are_in_the_order_of_how_likely_the_query_is_behind_each(folder, opened, tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(likelihood.Likelihood, "depth", 6)
    assert models.add("small", str(folder[0])).kind == "lm"
    found = [opened.row_of[hit.id] for hit in opened.search(QUERY, "bm25", 10).hits]
    model = language_model.load(str(folder[0]))
    own = model.tokens(QUERY)
    scores = {}
    for row in found[:6]:
        asked = model.prompt(likelihood.ASKED.format(opened.texts()[row][: likelihood.READS]))
        scores[row] = round(slow_likelihood(folder[1], model.prompt_tokens(asked), own), 4)
    hits = opened.search(QUERY, "bm25~lm:small", 10).hits
    expected = sorted(scores, key=lambda row: (-scores[row], row)) + found[6:]
    np.testing.assert_allclose([hit.score for hit in hits[:6]], sorted(scores.values(), reverse=True), atol=2e-3)
    assert {opened.row_of[hit.id] for hit in hits[:6]} == set(expected[:6])
    assert [opened.row_of[hit.id] for hit in hits[6:]] == expected[6:]
    assert method_of("bm25~lm:small")[0].told(opened, method_of("bm25~lm:small")[1]).startswith("small reads the first 6")
    with pytest.raises(TriescopeError, match="only orders what another found"):
        opened.search(QUERY, "lm:small")
    with pytest.raises(TriescopeError, match="no cross-encoder is known as 'small'"):
        opened.search(QUERY, "bm25~cross:small")


def test_candidates_are_in_the_order_of_their_letters_read_both_ways(tmp_path, opened, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(listwise.Listwise, "depth", 5)
    theirs = tiny_models.llama(tmp_path / "lettered", words=dict.fromkeys([*tiny_models.WORDS, *"abcde"]))
    models.add("small", str(tmp_path / "lettered"))
    found = [opened.row_of[hit.id] for hit in opened.search(QUERY, "bm25", 8).hits]
    model, scores = language_model.load(str(tmp_path / "lettered")), dict.fromkeys(found[:5], 0.0)
    for order in (found[:5], found[4::-1]):
        listed = "\n\n".join(f"{'ABCDE'[at]}: {opened.texts()[row][: listwise.READS]}" for at, row in enumerate(order))
        ids = model.prompt_tokens(model.prompt(listwise.ASKED.format(listed, QUERY)))
        with torch.no_grad():
            odds = theirs(input_ids=torch.tensor([ids])).logits[0, -1].double().exp()
        letters = [odds[model.tokens(letter)[-1]] for letter in "ABCDE"]
        for row, letter in zip(order, letters, strict=True):
            scores[row] += float((letter / sum(letters)).log()) / 2
    hits = opened.search(QUERY, "bm25~lm-list:small", 8).hits
    assert [opened.row_of[hit.id] for hit in hits] == [*sorted(scores, key=scores.get, reverse=True), *found[5:]]
    np.testing.assert_allclose([hit.score for hit in hits[:5]], sorted(scores.values(), reverse=True), atol=1e-3)
    assert len({round(score, 3) for score in scores.values()}) == 5
    read = opened.retriever("bm25~lm-list:small").ranks.reader()
    first, other, again = read("sea", ["a kite", "a whale", "a kite"])
    assert first == again != other


def test_letters_that_a_model_cannot_tell_apart_are_said(folder):
    with pytest.raises(TriescopeError, match="no token of its own for each of A, B"):
        language_model.load(str(folder[0])).chosen("sea", ["A", "B"])


def test_what_is_no_gguf_and_what_wants_code_of_its_own_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    (tmp_path / "wrong.gguf").write_bytes(b"GGUF" + b"\0" * 60)
    with pytest.raises(TriescopeError, match="GGUF"):
        models.add("wrong", str(tmp_path / "wrong.gguf"))
    with pytest.raises(TriescopeError, match="no such file"):
        models.add("wrong", str(tmp_path / "nothing.gguf"))
    assert models.everything() == {}
    own = tmp_path / "own"
    tiny_models.llama(own)
    config = (own / "config.json").read_text("utf-8").replace('"model_type": "llama"', '"model_type": "ours"')
    own_code = config.replace("{", '{"auto_map": {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"},', 1)
    (own / "config.json").write_text(own_code, "utf-8")
    (own / "evil.py").write_text("raise SystemExit('it ran')", "utf-8")
    with pytest.raises(TriescopeError, match="cannot be loaded"):
        language_model.load(str(own))
