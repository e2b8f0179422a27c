"""Texts that are longer than an encoder reads, cut into passages that it reads whole.

A passage ends where a sentence does, else between words, else wherever it has to; the passages of a text are about equally long,
so none is a scrap. All but the first begin with the document's title: a paragraph rarely says what it is about. The tokenizer is
read alone, as for :mod:`engine.text.lengths`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import TriescopeError
from engine.text import hub
from engine.text.lengths import BATCH, tokenizer_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# What stands behind the end of a sentence, in several scripts.
ENDS = frozenset(".!?。！？…\n")
# A title takes this share of a passage at most; what is cut again, because its tokens fell otherwise, is made this much shorter.
TITLE, SHORTER = 0.25, 0.8
# Under these names an encoder may have words that it puts before documents.
PROMPTS = ("document", "passage", "corpus")


def cut_up(texts: Sequence[str], titles: Sequence[str], model: str = hub.DEFAULT_MODEL) -> list[list[str]]:
    """The passages of each text, at least one; a text that the encoder reads whole is its own only passage.

    Parameters
    ----------
    texts : sequence of str
        What is searched of each document.
    titles : sequence of str
        Their titles, with which the texts begin; may be empty.
    model : str
        The encoder.

    Raises
    ------
    TriescopeError
        As :func:`engine.text.hub.locate`; or the encoder does not say how much it reads.

    >>> [len(passages) for passages in cut_up(["a red kite", "A kite flies. " * 200], ["", ""])]
    [1, 4]
    """
    found = tokenizer_of(hub.locate(model))
    if found is None:
        raise TriescopeError(f"encoder {model!r} does not say how many tokens it reads, so nobody knows where to cut passages")
    tokenizer, reads = found
    room = (
        reads - tokenizer.num_special_tokens_to_add(False) - len(tokenizer.encode(_prompt(model), add_special_tokens=False).ids)
    )
    if room < 8:
        raise TriescopeError(f"encoder {model!r} reads {reads} tokens: too few for passages")
    # A token has a character at least: what is shorter than what is read need not be taken apart.
    long = [place for place, text in enumerate(texts) if len(text) > room]
    passages = [[text] for text in texts]
    for start in range(0, len(long), BATCH):
        places = long[start : start + BATCH]
        for place, encoded in zip(
            places, tokenizer.encode_batch([texts[p] for p in places], add_special_tokens=False), strict=True
        ):
            if len(encoded.ids) > room:
                passages[place] = _of_one(texts[place], titles[place], tokenizer, room)
    return passages


def _of_one(text: str, title: str, tokenizer: "Tokenizer", room: int) -> list[str]:
    head = _head(title, tokenizer, int(room * TITLE))
    taken = len(tokenizer.encode(head, add_special_tokens=False).ids) if head else 0
    first, *rest = _parts(text, tokenizer, room - taken)
    return [first, *(f"{head} {part}".lstrip() for part in rest)]


def _head(title: str, tokenizer: "Tokenizer", room: int) -> str:
    """A title, cut between words where it is too long."""
    spans = tokenizer.encode(title, add_special_tokens=False).offsets
    return title if len(spans) <= room else title[: spans[room][0]].rpartition(" ")[0]


def _parts(text: str, tokenizer: "Tokenizer", room: int) -> list[str]:
    """The text in pieces of at most ``room`` tokens."""
    spans, parts, start = tokenizer.encode(text, add_special_tokens=False).offsets, [], 0
    while start < len(spans):
        stop = _stop(text, spans, start, room)
        parts.append(text[spans[start][0] : spans[stop][0] if stop < len(spans) else len(text)].strip())
        start = stop
    sizes = [len(one.ids) for one in tokenizer.encode_batch(parts, add_special_tokens=False)]
    # A word that had to be cut may be other tokens alone than it was within the text.
    return [
        piece
        for part, size in zip(parts, sizes, strict=True)
        for piece in (_parts(part, tokenizer, int(room * SHORTER)) if size > room and room > 1 else [part])
        if piece
    ]


def _stop(text: str, spans: Sequence[tuple[int, int]], start: int, room: int) -> int:
    """The token before which a passage that begins at ``start`` ends: the best place near an equal share of what is left."""
    left = len(spans) - start
    if left <= room:
        return len(spans)
    aim = start + -(-left // -(-left // room))
    nearest = sorted(range(start + room // 2 + 1, start + room + 1), key=lambda stop: abs(stop - aim))
    between = [stop for stop in nearest if spans[stop][0] > spans[stop - 1][1] or text[spans[stop - 1][1] - 1] in ENDS]
    sentences = [stop for stop in between if text[: spans[stop][0]].rstrip()[-1:] in ENDS]
    return (sentences or between or [start + room])[0]


def _prompt(model: str) -> str:
    """The longest of the words that the encoder puts before documents; empty where it has none."""
    path = Path(hub.locate(model)) / "config_sentence_transformers.json"
    try:
        prompts = json.loads(path.read_text("utf-8")).get("prompts") or {}
        return max((str(prompts[name] or "") for name in PROMPTS if name in prompts), key=len, default="")
    except (OSError, ValueError, AttributeError):
        return ""
