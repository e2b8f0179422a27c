"""What training may read of a build: documents, identifiers, vectors, and the judged queries of the splits that are named.

A build is not opened as a whole: test queries and judgements stay on disk unread, and training works where they are missing
(a test removes them).
"""

import logging
from functools import cached_property
from pathlib import Path

import numpy as np

from engine.builds.opening import check_encoder, read_manifest
from engine.builds.parts import Parts
from engine.data import tables
from engine.data.tables import Judged
from engine.errors import TriescopeError
from engine.live import journal

log = logging.getLogger(__name__)


class Source(Parts):
    """The readable part of a build: its parts, and judged queries a split, but never those of the test split.

    Parameters
    ----------
    folder : Path
        A build.

    Raises
    ------
    TriescopeError
        It is none, or its encoder is another one than the documents went through.
    """

    def __init__(self, folder: Path):
        manifest = read_manifest(folder)
        check_encoder(manifest)
        if journal.stamp(folder):
            log.warning("%s: it is learned from as it was made; to learn from what came since, fold that in (compact)", folder)
        super().__init__(folder, manifest.spec.model)
        self.name = manifest.corpus.name
        self.splits = dict(manifest.corpus.queries)
        self.fields: tuple[str, ...] = manifest.spec.fields

    @cached_property
    def leaf_of(self) -> np.ndarray:
        """Int32 ``(documents,)``: leaf node of each document row, -1 where it has no identifier."""
        return self.parts.trie.leaves_of(np.arange(len(self.embeddings)))

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
