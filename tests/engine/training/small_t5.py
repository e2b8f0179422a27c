"""A very small T5 for tests: as a checkpoint folder, as a model over any identifiers, and as the library's own class."""

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from engine import trie
from engine.options import check_options
from engine.scorers.kinds import Parts, kind
from engine.text.embed import DEFAULT_MODEL
from engine.training.models.t5 import create
from tests.engine.oracles import padded

WORDS = "red green blue dog cat bird runs sleeps flies over under near old new fast slow".split()
VARIABLE = [(0, 1, 2), (0, 1, 0), (0, 2), (3,), (1, 0, 1), (1, 3), (1, 2, 2), (2, 0, 0), (2, 2, 1), ()]
texts_of = st.lists(st.sampled_from(WORDS), min_size=0, max_size=6).map(" ".join)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def save_checkpoint(folder, seed=0, **changed):
    """A very small T5 with a tokenizer of whole words, as a folder; its weights are large, so that scores differ a lot."""
    vocabulary = {word: place for place, word in enumerate(["<pad>", "</s>", "<unk>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=32
    ).save_pretrained(folder)
    torch.manual_seed(seed)
    # More rows than words, as T5's own checkpoints have.
    shape = {"vocab_size": 24, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_heads": 2, "num_layers": 2, "decoder_start_token_id": 0}
    T5ForConditionalGeneration(T5Config(**shape | changed)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_checkpoint(tmp_path_factory.mktemp("checkpoint"))


def parts_of(words):
    built = trie.build(padded(words))
    return Parts(built, np.zeros((len(built.code), 4), np.float32), [], DEFAULT_MODEL)


def settings_of(**changed):
    """Settings as a training fills them in."""
    found = {option.name: option.default for option in kind("t5").options} | changed
    check_options("t5", kind("t5").options, found)
    return found


def model_of(words, checkpoint, seed=1, **changed):
    """(model in evaluation mode, its parts, its settings) of a checkpoint."""
    parts, chosen = parts_of(words), settings_of(checkpoint=str(checkpoint), **changed)
    return create(parts, chosen, seed).eval(), parts, chosen


def asked(texts, parts, chosen):
    return kind("t5").encode(texts, np.zeros((len(texts), 4), np.float32), parts, chosen)


def leaves_of(built):
    return np.flatnonzero(built.is_leaf(np.arange(len(built.code))))


def plain(model):
    """The same weights in the library's own class, the output vectors of the codes among its head's."""
    network = model.network
    plain = T5ForConditionalGeneration(network.config).eval()
    for half in ("encoder", "decoder"):
        getattr(plain, half).load_state_dict(getattr(network, half).state_dict(), strict=False)
    plain.shared.weight.data.copy_(network.embedding.weight.data)
    plain.encoder.embed_tokens = plain.decoder.embed_tokens = plain.shared
    head = torch.zeros_like(network.embedding.weight)
    if network.tied:
        head.copy_(network.embedding.weight.data)
    else:
        head[-sum(network.codes) :] = network.head.data
    plain.lm_head = torch.nn.Linear(*head.T.shape, bias=False)
    plain.lm_head.weight.data.copy_(head)
    return plain


def by_hand(model, tokens, word):
    """Full-softmax log-probabilities of every level after each prefix of ``word``, without any of our code."""
    twin, codes = plain(model), model.network.codes
    first = [twin.config.vocab_size - sum(codes[level:]) for level in range(len(codes))]
    written = [0] + [first[level] + code for level, code in enumerate(word)]
    with torch.inference_mode():
        logits = twin(input_ids=torch.tensor([tokens.tolist()]), decoder_input_ids=torch.tensor([written])).logits[0]
    return [
        torch.log_softmax(logits[level, first[level] :][: codes[level]], 0).numpy()
        for level in range(min(len(written), len(codes)))
    ]


def trace_totals(trace):
    return dict(zip(trace.leaves.tolist(), trace.scores.tolist(), strict=True))
