import random

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from engine.errors import TriescopeError
from engine.training.pairs import generator
from engine.training.pairs.generator import generate

WORDS = "red green blue dog cat bird runs sleeps flies over under near old new fast slow".split()
TEXTS = ["red dog runs over old cat", "blue bird", "", "green cat sleeps near fast dog under new bird"]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A very small untrained T5 that writes words, as a folder."""
    folder = tmp_path_factory.mktemp("writer")
    vocabulary = {word: place for place, word in enumerate(["<pad>", "</s>", "<unk>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=32
    ).save_pretrained(folder)
    torch.manual_seed(2)
    config = T5Config(vocab_size=3 + len(WORDS), d_model=16, d_kv=8, d_ff=32, num_heads=2, num_layers=1, decoder_start_token_id=0)
    network = T5ForConditionalGeneration(config)
    # Short word vectors: what is written depends on what was read, not on the token before. Padding is never written.
    network.shared.weight.data *= 0.3
    network.shared.weight.data[0] = 0
    network.save_pretrained(folder)
    return str(folder)


def test_queries_are_words_of_the_model_without_repeats(folder):
    told = []
    queries = generate(folder, TEXTS, 6, seed=0, progress=lambda done, total: told.append((done, total)), batch=2)
    assert [bool(drawn) for drawn in queries] == [True, True, False, True]
    for drawn in queries:
        assert len(drawn) <= 6
        assert len(set(drawn)) == len(drawn)
        assert all(query == " ".join(query.split()) != "" for query in drawn)
        assert {word for query in drawn for word in query.split()} <= set(WORDS)
    assert told == [(3, 4), (4, 4)]


def test_the_seed_decides_and_no_other_random_state(folder):
    torch.manual_seed(1)
    random.seed(1)
    one = generate(folder, TEXTS, 5, seed=3)
    state = torch.get_rng_state()
    torch.manual_seed(2)
    assert generate(folder, TEXTS, 5, seed=3) == one
    assert generate(folder, TEXTS, 5, seed=4) != one
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


def test_each_token_is_one_of_the_ten_likeliest_of_the_library_itself(folder, monkeypatch):
    written = []
    original = T5ForConditionalGeneration.generate
    monkeypatch.setattr(
        T5ForConditionalGeneration,
        "generate",
        lambda self, **given: written.append((self, given, original(self, **given))) or written[-1][2],
    )
    generate(folder, TEXTS, 8, seed=0)
    ((network, given, tokens),) = written
    repeated = {name: given[name].repeat_interleave(8, dim=0) for name in ("input_ids", "attention_mask")}
    with torch.inference_mode():
        logits = network(**repeated, decoder_input_ids=tokens[:, :-1]).logits
    ranks = (logits > logits.gather(2, tokens[:, 1:, None])).sum(dim=2)
    open_ = (tokens[:, :-1] != 1).cumprod(dim=1).bool()
    assert open_.sum() > 8
    assert ranks[open_].max() < generator.TOP_K
    assert ranks[open_].max() > 0


def test_texts_do_not_change_places_when_they_are_sorted_by_length(folder, monkeypatch):
    # A model that repeats what it reads, so that each query tells its text.
    monkeypatch.setattr(
        T5ForConditionalGeneration,
        "generate",
        lambda self, input_ids, num_return_sequences, **given: input_ids.repeat_interleave(num_return_sequences, dim=0),
    )
    assert generate(folder, TEXTS, 3, seed=0, batch=2) == [[text] if text else [] for text in TEXTS]
    long = " ".join(["dog"] * 100)
    assert generate(folder, [long], 1, seed=0) == [[" ".join(["dog"] * 31)]]


def test_no_texts_no_queries(folder):
    assert generate(folder, [], 3, seed=0) == []


def test_models_that_cannot_be_used(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(TriescopeError, match="query generator 'nobody/writer' is neither a folder here nor a model"):
        generate("nobody/writer", TEXTS, 1, seed=0)
    with pytest.raises(TriescopeError, match=r"no \.safetensors file"):
        generate(str(tmp_path), TEXTS, 1, seed=0)
    (tmp_path / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(TriescopeError, match="cannot be loaded") as told:
        generate(str(tmp_path), TEXTS, 1, seed=0)
    assert "\n" not in str(told.value)
    for drawn, batch in ((0, 8), (1, 0)):
        with pytest.raises(TriescopeError, match="per_document and batch must be at least 1, not 0"):
            generate(folder, TEXTS, drawn, seed=0, batch=batch)
