"""How many texts are longer than an encoder reads: it cuts them without a word, and nobody finds what stands behind the cut.

The tokenizer is read alone, so counting loads no model.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.text import hub

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Texts that are taken apart together.
BATCH = 1024


class Cut(NamedTuple):
    """Tokens that the encoder reads of a text at most, its own marks included, and how many texts have more."""

    reads: int
    texts: int


def cut(texts: Sequence[str], model: str = hub.DEFAULT_MODEL) -> Cut | None:
    """How many of the texts are cut; None where the encoder does not say how much it reads, or has no tokenizer of its own.

    Raises
    ------
    TriescopeError
        As :func:`engine.text.hub.locate`.

    >>> cut(["a red kite", "kite " * 300])
    Cut(reads=256, texts=1)
    """
    found = tokenizer_of(hub.locate(model))
    if found is None:
        return None
    tokenizer, reads = found
    # A token has a character at least: what is shorter than what is read need not be taken apart.
    long = [text for text in texts if len(text) > reads - 2]
    count = 0
    for start in range(0, len(long), BATCH):
        count += sum(len(one.ids) > reads for one in tokenizer.encode_batch(long[start : start + BATCH]))
    return Cut(reads, count)


def tokenizer_of(folder: Path) -> "tuple[Tokenizer, int] | None":
    """The tokenizer of an encoder, which cuts nothing and fills nothing up, and how many tokens the encoder reads; None where it
    does not say, or has none of its own."""
    for one in hub.folders_of(folder):
        try:
            told = json.loads((one / "sentence_bert_config.json").read_text("utf-8"))
            reads = int(told["max_seq_length"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if reads > 2 and (one / "tokenizer.json").is_file():
            return _opened(one / "tokenizer.json"), reads
    return None


def _opened(path: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
