"""A language model that can only write identifiers of a build: ``python docs/examples/bridge.py EXPORTED [CHECKPOINT]``.

``EXPORTED`` is a folder that ``python -m engine export BUILD --to safetensors --out EXPORTED`` wrote; nothing else of the build
is needed. ``CHECKPOINT`` is a seq2seq model that was trained on these identifiers, whose last tokens are their codes, level by
level; without one a small T5 of random weights stands in, which writes real documents all the same: the trie sees to that.
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq
import torch
from safetensors.numpy import load_file
from transformers import AutoModelForSeq2SeqLM, LogitsProcessorList, PreTrainedModel, T5Config, T5ForConditionalGeneration

from engine import trie
from engine.bridge import TrieLogitsProcessor, offset_tokens

WORDS, PAD, EOS, BEAMS = 100, 0, 1, 5


def main(exported: Path, checkpoint: str = "") -> list[str]:
    """Generate with the model and give the titles of what it wrote, likeliest first."""
    codes = load_file(exported / "build.safetensors")["identifiers.codes"]
    titles = pq.read_table(exported / "documents.parquet", columns=["title"]).column("title").to_pylist()
    sizes = [int(level.max()) + 1 for level in codes.T]
    model = (
        AutoModelForSeq2SeqLM.from_pretrained(checkpoint, use_safetensors=True) if checkpoint else stand_in(WORDS + sum(sizes))
    )
    first = model.config.vocab_size - sum(sizes)
    legal = trie.build(codes)
    only_documents = TrieLogitsProcessor(legal, offset_tokens(sizes, first), eos_token_id=EOS, pad_token_id=PAD)
    out = model.generate(
        torch.tensor([[5, 6, 7, EOS]]),  # a query's tokens
        num_beams=BEAMS,
        num_return_sequences=BEAMS,
        max_new_tokens=legal.levels + 1,
        logits_processor=LogitsProcessorList([only_documents]),
    )
    return [titles[int(rows[0])] for rows in only_documents.documents(out)]


def stand_in(vocabulary: int) -> PreTrainedModel:
    """A T5 of random weights with so many tokens."""
    torch.manual_seed(0)
    sizes = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 1, "num_heads": 4}
    return T5ForConditionalGeneration(
        T5Config(vocab_size=vocabulary, pad_token_id=PAD, eos_token_id=EOS, decoder_start_token_id=PAD, **sizes)
    ).eval()


if __name__ == "__main__":
    print("\n".join(main(Path(sys.argv[1]), *sys.argv[2:3])))
