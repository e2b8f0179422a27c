"""What a build gives its retrievers: its files, its parts, and what changed since it was made."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from engine.decoding import DEFAULT_BEAMS
from engine.filters.columns import Columns
from engine.scorers.base import Scorer
from engine.stored.passages import Passages
from engine.trie import Trie

if TYPE_CHECKING:
    from engine.retrievers.base import Retriever
    from engine.retrievers.weighting import Tuning
    from engine.scorers.centroid import CentroidScorer


# The documents' vectors in the folder of a build.
EMBEDDINGS = "embeddings.npy"


class Growth(Protocol):
    """What changed in a build since it was made."""

    @property
    def kept(self) -> np.ndarray:
        """Int64, ascending: rows as they were made that are still there, and come first now."""
        ...

    @property
    def added(self) -> Sequence[Any]:
        """Documents behind them."""
        ...

    @property
    def vectors(self) -> np.ndarray:
        """Float32 ``(added, d)``: theirs."""
        ...

    @property
    def passages(self) -> Passages | None:
        """Theirs too, where the build has passages."""
        ...


class Opened(Protocol):
    """What a build gives its retrievers; an opened build has it, and so has one in the making."""

    @property
    def base(self) -> "Opened | None":
        """The same as it was made, where something changed since: whoever reads an index of its own opens that, and follows
        :attr:`grown`. All else here is as it is now."""
        ...

    @property
    def grown(self) -> Growth | None:
        """What changed; None where nothing did."""
        ...

    @property
    def folder(self) -> Path:
        """Where the files lie that :attr:`Index.build` wrote."""
        ...

    @property
    def embeddings(self) -> np.ndarray:
        """Float32 ``(documents, d)`` unit rows, mapped."""
        ...

    @property
    def passages(self) -> Passages | None:
        """Vectors of the documents' passages, where long ones were cut into such; then a document's own is their mean."""
        ...

    @property
    def passage_scorer(self) -> "CentroidScorer":
        """Scores a tree in which every passage has an identifier of its own (:mod:`engine.retrievers.passage_tree`)."""
        ...

    @property
    def codebooks(self) -> Sequence[np.ndarray] | None:
        """Float32 ``(codes, d)`` a level, where a document's vector is about the sum of its codes'; None else."""
        ...

    @property
    def encoder(self) -> str:
        """Name of the text encoder."""
        ...

    @property
    def columns(self) -> Columns:
        """Columns of the documents, as filters name them."""
        ...

    def texts(self) -> list[str]:
        """What is searched of each document."""
        ...

    def titles(self) -> list[str]:
        """Title of each document; empty where it has none."""
        ...

    @property
    def row_of(self) -> dict[str, int]:
        """Document id -> row."""
        ...

    @property
    def trie(self) -> Trie:
        """The identifiers of all documents."""
        ...

    @property
    def default_scorer(self) -> str:
        """Name of the scorer that decodes unless one is named."""
        ...

    def scorer(self, name: str = "") -> Scorer:
        """A scorer, opened once; the default one unless named."""
        ...

    def retriever(self, name: str, beams: int = DEFAULT_BEAMS) -> "Retriever":
        """Another retriever of this build; what does not decode is opened once."""
        ...

    def stored_tuning(self, scorer: str) -> "Tuning":
        """How the hybrid of a scorer was tuned."""
        ...
