"""What to try on a build: queries that belong to it, a filter over its columns, a text like its documents'.

A catalogue that comes with the code brings its queries along (``data/films/examples.jsonl``, whose first line has the hash of the
catalogue that they belong to); of any other, judged queries are taken, else titles or telling words of some of its documents.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine import filters, paths
from engine.builds.opened import Build
from engine.data.corpus import Corpus
from engine.filters.columns import Columns, columns_of, elements

MOST, LONGEST, LOOKED_AT = 6, 70, 400
# Splits whose queries are shown, the first that there is; a query that is shown chooses nothing.
SPLITS = ("dev", "train", "test")


class Example(NamedTuple):
    """A query to try. ``note``, if any, is what there is to see in it, and holds for decoding with ``scorer`` alone."""

    query: str
    note: str = ""
    scorer: str = ""


def examples_of(build: Build) -> list[Example]:
    """Queries to try on a build, at most :data:`MOST`, always the same ones; none where nothing in it can be asked for."""
    corpus, shown = shipped()
    if build.catalogue == corpus:
        # What there is to see in them was seen before anything changed.
        return [one._replace(note="", scorer="") for one in shown] if build.grown else shown
    return [Example(text) for text in judged(build.corpus) or spoken(build)]


@lru_cache(maxsize=1)
def shipped() -> tuple[str, list[Example]]:
    """Hash of the bundled catalogue, and the queries that come with it."""
    first, *lines = (paths.bundled() / "films" / "examples.jsonl").read_text("utf-8").splitlines()
    return json.loads(first)["corpus"], [Example(**json.loads(line)) for line in lines]


def judged(corpus: Corpus) -> list[str]:
    """Texts of judged queries, the first short ones of the first split that has any; none of a document's own text.

    >>> judged(Corpus("c", [], {"q1": "red kites", "q2": "?"}, {"test": {"q2": {"d": 1}, "q1": {"d": 1}}}, []))
    ['red kites']
    """
    splits = [*(split for split in SPLITS if split in corpus.qrels), *(split for split in corpus.qrels if split not in SPLITS)]
    for split in splits:
        texts = (" ".join(corpus.queries[query].split()) for query in corpus.qrels[split])
        if found := _different(texts):
            return found
    return []


def spoken(build: Build) -> list[str]:
    """Titles of documents that lie far from each other in the tree; where one has none, the words that name its place there."""
    leaves = build.trie.documents
    if not len(leaves):
        return []
    rows = leaves[np.linspace(0, len(leaves) - 1, min(LOOKED_AT, len(leaves))).round().astype(np.int64)].tolist()
    step = max(1, len(rows) // MOST)
    spread = [row for start in range(step) for row in rows[start::step]]  # far apart first, then those beside them
    return _different(build.documents[row].title.strip() or _named(build, row) for row in spread)


def filter_of(build: Build) -> str:
    """A filter over a build's own columns that lets some of its documents through and not all; empty where no column can.

    It is tried on :data:`LOOKED_AT` documents that lie evenly in the catalogue.
    """
    documents = build.documents[:: max(1, len(build.documents) // LOOKED_AT)]
    columns = columns_of(documents)
    numbers = next((found for name in columns.names[2:] if (found := _above_the_middle(columns, name))), "")
    kinds = next((found for name in columns.names[2:] if (found := _commonest(columns, name))), "")
    tried = [" and ".join(part for part in (numbers, kinds) if part), numbers, kinds]
    return next((text for text in tried if text and 0 < filters.evaluate(columns, text).sum() < len(documents)), "")


def text_of(build: Build) -> str:
    """The beginning of a document's text, for a box that takes a document."""
    text = next((text for document in build.documents if (text := " ".join(document.text.split()))), "")
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rpartition(' ')[0] or text[:LONGEST]} …"


def _different(texts: Iterator[str]) -> list[str]:
    """The first texts that can be asked: short ones, with a word, each once in any case."""
    found: dict[str, str] = {}
    for text in texts:
        if len(text) <= LONGEST and text.isprintable() and any(character.isalnum() for character in text):
            found.setdefault(text.casefold(), text)
        if len(found) == MOST:
            break
    return list(found.values())


def _named(build: Build, row: int) -> str:
    path = build.trie.path(row)
    return next((name for node in reversed(path) if (name := build.names[node].replace(" · ", " "))), "")


def _above_the_middle(columns: Columns, name: str) -> str:
    column = columns.find(name)
    if column is None or column.numbers is None or not column.mostly_numbers or not (spelled := _quoted(name)):
        return ""
    different = np.unique(column.numbers[np.isfinite(column.numbers)])
    return f"{spelled} > {different[(len(different) - 1) // 2]:.15g}" if len(different) > 2 else ""


def _commonest(columns: Columns, name: str) -> str:
    """The commonest value of a column of texts that some documents in a hundred have, and not nearly all."""
    column = columns.find(name)
    if column is None or column.mostly_numbers or not len(column.text) or not (spelled := _quoted(name)):
        return ""
    pairs = np.unique(np.column_stack([column.row, column.text]), axis=0)
    counts = np.bincount(pairs[:, 1])
    counts[(counts < max(2, columns.size / 20)) | (counts > columns.size * 0.8)] = 0
    if not counts.any():
        return ""
    text = column.texts[int(counts.argmax())]
    cells = [document.metadata.get(name) for document in columns.documents]
    # Lists within lists (paths of categories) have texts that no cell holds as such.
    value = next((one for cell in cells for one in elements(cell) if isinstance(one, str) and one.casefold() == text), "")
    sign = "has" if any(isinstance(cell, list) for cell in cells) else "="
    return f"{spelled} {sign} {written}" if value and (written := _quoted(value)) else ""


def _quoted(text: str) -> str:
    """A name or value as a filter takes it; empty where it is too long to show or would have to be escaped.

    >>> _quoted("Drama"), _quoted("Science Fiction"), _quoted("it's")
    ('Drama', "'Science Fiction'", '')
    """
    if len(text) > LONGEST // 2 or "'" in text or not text.isprintable():
        return ""
    return text if text.isidentifier() and text.casefold() not in ("and", "or", "not", "is", "true", "false") else f"'{text}'"
