"""What training may read of a build: documents, identifiers, vectors, and the judged queries of the splits that are named.

A build is not opened as a whole: test queries and judgements stay on disk unread, and training works where they are missing
(a test removes them).
"""

from functools import cached_property
from pathlib import Path

import numpy as np

from engine import trie
from engine.builds import layout
from engine.builds.opening import read_manifest
from engine.data import tables
from engine.data.corpus import Document
from engine.data.tables import Judged
from engine.errors import TriescopeError
from engine.identifiers.base import load_without_content
from engine.scorers.kinds import Parts


class Source:
    """The readable part of a build.

    Parameters
    ----------
    folder : Path
        A build.

    Raises
    ------
    TriescopeError
        It is none.
    """

    def __init__(self, folder: Path):
        manifest = read_manifest(folder)
        self.folder, self.name = folder, manifest.corpus.name
        self.splits = dict(manifest.corpus.queries)
        self.fields: tuple[str, ...] = manifest.spec.fields
        codebooks = load_without_content(folder / layout.IDENTIFIERS).codebooks
        means = np.load(folder / layout.MEANS, mmap_mode="r", allow_pickle=False)
        self.parts = Parts(trie.load(folder / layout.TRIE), means, codebooks, manifest.spec.model)

    @cached_property
    def documents(self) -> list[Document]:
        """All documents."""
        return tables.read_documents(self.folder)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Document id -> row."""
        return {document.id: row for row, document in enumerate(self.documents)}

    @cached_property
    def embeddings(self) -> np.ndarray:
        """Float32 ``(documents, d)``, mapped; unit rows."""
        return np.load(self.folder / layout.EMBEDDINGS, mmap_mode="r", allow_pickle=False)

    @cached_property
    def leaf_of(self) -> np.ndarray:
        """Int32 ``(documents,)``: leaf node of each document row, -1 where it has no identifier."""
        tree = self.parts.trie
        leaves = np.flatnonzero(np.diff(tree.first_child) == 0).astype(np.int32)
        leaf_of = np.full(len(self.embeddings), -1, np.int32)
        order = np.argsort(tree.doc_start[leaves], kind="stable")
        leaves = leaves[order]
        leaf_of[tree.documents] = np.repeat(leaves, tree.counts[leaves])
        return leaf_of

    def judged(self, split: str) -> Judged:
        """Judged queries of one split.

        Raises
        ------
        TriescopeError
            The build has no such split, or it is the test split, which training never reads.
        """
        if split == "test":
            raise TriescopeError("training never reads the test split; name another")
        if not self.splits.get(split):
            there = ", ".join(name for name in self.splits if name != "test") or "none but test"
            raise TriescopeError(f"{self.name} has no judged queries in split {split!r}; it has {there}")
        return tables.read_judged(self.folder, split)


def open_source(folder: Path) -> Source:
    """The readable part of a build."""
    return Source(folder)
