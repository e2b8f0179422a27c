"""A source put together by hand: documents, vectors and identifiers as given, files only where something reads them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engine import trie
from engine.data import tables
from engine.data.corpus import Corpus, Document
from engine.retrievers import sparse
from engine.scorers.centroid import node_means
from engine.scorers.kinds import Parts
from engine.training.source import Source

Qrels = Mapping[str, Mapping[str, Mapping[str, int]]]


def source_of(
    folder: Path,
    documents: Sequence[Document],
    codes: Sequence[Sequence[int]] | None = None,
    vectors: np.ndarray | None = None,
    queries: Mapping[str, str] | None = None,
    qrels: Qrels | None = None,
) -> Source:
    """Source over ``folder``: one identifier a document unless given; random unit vectors unless given."""
    words = np.array([[row] for row in range(len(documents))] if codes is None else codes, np.int32)
    if vectors is None:
        drawn = np.random.default_rng(0).standard_normal((len(documents), 8))
        vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    judged = {split: {query: dict(grades) for query, grades in asked.items()} for split, asked in (qrels or {}).items()}
    tables.write_corpus(Corpus("by hand", list(documents), dict(queries or {}), judged, []), folder)
    sparse.build([document.searched_text() for document in documents], folder / "sparse")
    tree = trie.build(words)
    source = Source.__new__(Source)
    source.__dict__.update(
        folder=folder,
        name="by hand",
        fields=(),
        splits={split: len(asked) for split, asked in judged.items()},
        documents=list(documents),
        embeddings=vectors,
        parts=Parts(tree, node_means(tree, vectors), [], "none"),
    )
    return source
