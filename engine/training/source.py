"""What training may read of a build: documents, identifiers, vectors, and the judged queries of the splits that are named.

A build is not opened as a whole: test queries and judgements stay on disk unread, and training works where they are missing
(a test removes them).
"""

import logging
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from engine.builds import layout
from engine.builds.opening import check_encoder, read_manifest
from engine.builds.parts import Parts
from engine.data import tables
from engine.data.tables import Judged
from engine.errors import TriescopeError
from engine.live import journal
from engine.stored import arrays

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

    def together(self, rows: np.ndarray, most: int) -> list[list[int]]:
        """Rows of the up to ``most`` documents that were taken together with each of ``rows`` the most, others of ``rows`` alone,
        by the matrix that was made of training when interactions were joined.

        Raises
        ------
        TriescopeError
            None were joined, or the matrix is damaged or that of another catalogue.
        """
        path = self.folder / layout.TAKEN / layout.TAKEN_TOGETHER
        if not path.is_file():
            raise TriescopeError(f"{self.name} has no interactions, so nothing was taken together; join them, or leave that out")
        found, documents = arrays.members(path), len(self.embeddings)
        try:
            weights = csr_matrix((found["data"], found["indices"], found["indptr"]), (documents, documents))
            weights.check_format()
        except (KeyError, ValueError) as error:
            raise TriescopeError(f"{path}: damaged, or of another catalogue") from error
        among = np.zeros(documents, bool)
        among[rows] = True
        partners = []
        for row in rows.tolist():
            start, end = weights.indptr[row], weights.indptr[row + 1]
            near, mass = weights.indices[start:end], weights.data[start:end]
            keep = among[near] & (near != row) & (mass > 0)
            order = np.lexsort((near[keep], -mass[keep]))[:most]
            partners.append(near[keep][order].tolist())
        return partners

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
