"""Retrievers that only order what another found: a model reads the first candidates of each query, and finds nothing itself.

``bm25~cross:NAME`` has the first ones of BM25 in the order of that model; what was found further down follows as it was found.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.errors import TriescopeError
from engine.retrievers.base import Found, Method, Named
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking
from engine.text import models


class Reader(Protocol):
    """A model that reads a query and documents."""

    def __call__(self, query: str, documents: Sequence[str]) -> np.ndarray:
        """A score of each document, higher is better; equal documents have equal scores."""
        ...


class Ordering(ABC):
    """Scores of candidates by a model that reads them: what a kind of model has to say is how its folder is opened.

    Parameters
    ----------
    folder : str
        Where the model lies.
    texts : sequence of str
        What is searched of each document.
    """

    name: str
    """Behind whom the model is named, ``cross:NAME``."""
    model: str
    """What kind of model that is, of :data:`engine.text.models.KINDS`."""
    depth: int
    """Candidates of each query that are read."""
    needs_vectors = False
    floor = -np.inf

    def __init__(self, folder: str, texts: Sequence[str]):
        self.folder, self.texts = folder, texts

    @abstractmethod
    def reader(self) -> Reader:
        """The model, opened once: asked for by each search."""

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """It does not find.

        Raises
        ------
        TriescopeError
            Always.
        """
        raise TriescopeError(f"{self.name} only orders what another found: bm25~{self.name}:NAME")

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`: those of the first ``depth`` of each query's rows, -inf behind."""
        read, found = self.reader(), []
        for text, of in zip(queries.texts, rows, strict=True):
            scores = np.full(len(of), -np.inf, np.float32)
            if documents := [self.texts[row] for row in np.asarray(of)[: self.depth]]:
                # Padding moves the last digits, and equal documents must have equal scores.
                scores[: len(documents)] = np.round(read(text, documents), 4)
            found.append(scores)
        return found


def method(
    kind: type[Ordering], *, summary: str, citation: str, color: str, evidence: Callable[[Found], str], reads: str = ""
) -> Method:
    """The record of one kind of model; ``reads`` is what is to be said beyond how many it reads, the others are as in
    :class:`engine.retrievers.base.Method`."""

    def opened(build: Opened, beams: int, named: Named) -> Ordering:
        return kind(models.folder_of(named.model, kind.model), build.texts())

    def alone(folder: Path) -> bool:
        return False  # it is no retriever without another

    return Method(
        name=kind.name,
        summary=summary,
        citation=citation,
        color=color,
        open=opened,
        evidence=evidence,
        there=alone,
        stamp=models.stamp,
        told=lambda build, named: f"{named.model} reads the first {kind.depth}{reads}",
        model=kind.model,
        follows=True,
    )
