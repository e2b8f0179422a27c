"""Models of a few thousand random weights, saved as those of others are: what is read of a folder, without a download."""

import json

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Sequence, Split, Whitespace
from tokenizers.processors import BertProcessing
from transformers import BertConfig, BertForMaskedLM, BertModel, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

WORDS = "kite moor whale tide sea storm film war love city night old man woman house".split()
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[Q]", "[D]", ",", "."]


def tokenizer(longest=24):
    """Words as they stand between blanks, in BERT's frame."""
    vocabulary = {word: place for place, word in enumerate([*MARKS, *WORDS])}
    made = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = Lowercase(), Whitespace()
    made.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    marks = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    extra = ["[Q]", "[D]"]
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=longest, additional_special_tokens=extra, **marks)


def bert(kind, folder, seed=0, **changed):
    """A BERT of one layer with its tokenizer, saved; also returned."""
    torch.manual_seed(seed)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    shape = size | {"max_position_embeddings": 48, "initializer_range": 1.0, "vocab_size": len(MARKS) + len(WORDS)}
    model = kind(BertConfig(**shape | changed)).eval()
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return model


def colbert(folder, dimensions=8):
    """A ColBERT in the layout of PyLate: a transformer, a projection of its tokens, and words that go before the texts."""
    model = bert(BertModel, folder)
    torch.manual_seed(1)
    weight = torch.randn(dimensions, 16)
    (folder / "1_Dense").mkdir()
    save_file({"linear.weight": weight}, folder / "1_Dense" / "model.safetensors")
    dense = {
        "in_features": 16,
        "out_features": dimensions,
        "bias": False,
        "activation_function": "torch.nn.modules.linear.Identity",
    }
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"},
    ]
    settings = {"model_type": "ColBERT", "query_prefix": "[Q] ", "document_prefix": "[D] ", "query_length": 8}
    settings |= {"document_length": 16, "attend_to_expansion_tokens": False, "skiplist_words": [",", "."]}
    for name, content in (
        ("1_Dense/config.json", dense),
        ("modules.json", modules),
        ("config_sentence_transformers.json", settings),
        ("sentence_bert_config.json", {"max_seq_length": 24, "do_lower_case": False}),
    ):
        (folder / name).write_text(json.dumps(content), "utf-8")
    return model, weight


CITED = [f"[{number}]" for number in range(1, 10)]


def llama(folder, seed=0, words=WORDS):
    """A causal model of one layer that knows a few words, marks of citations, a full stop and the end of a line."""
    torch.manual_seed(seed)
    marks = ["<pad>", "<unk>", "<end>", "\n", "."]
    vocabulary = {word: place for place, word in enumerate([*marks, *CITED, *words])}
    made = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    made.normalizer = Lowercase()
    made.pre_tokenizer = Sequence([Split(" ", "removed"), Split("\n", "isolated")])
    told = {"pad_token": "<pad>", "unk_token": "<unk>", "eos_token": "<end>"}
    PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=4096, **told).save_pretrained(folder)
    size = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "intermediate_size": 16,
    }
    told = {"pad_token_id": 0, "eos_token_id": 2, "bos_token_id": None, "initializer_range": 1.0, "max_position_embeddings": 4096}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(vocabulary), **size, **told)).eval()
    model.save_pretrained(folder)
    return model


def splade(folder, seed=0):
    """A sparse encoder of one layer, in sentence-transformers' layout."""
    from sentence_transformers import SparseEncoder
    from sentence_transformers.sparse_encoder.modules import MLMTransformer, SpladePooling

    inner = folder.with_name(f"{folder.name}-inner")
    bert(BertForMaskedLM, inner, seed)
    SparseEncoder(modules=[MLMTransformer(str(inner)), SpladePooling()], device="cpu").save_pretrained(str(folder))
