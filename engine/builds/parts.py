"""What a build folder holds for scorers and retrievers, mapped or opened when first asked for: the one way to open it.

Every part is held to what it has to be when it is opened (:mod:`engine.builds.checked`): whoever made the build may have meant
harm. No judgement is read, so that it serves a build in the making and a training too; :class:`engine.builds.opened.Build` holds
the files to the manifest, and adds queries and judgements.
"""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from engine import retrievers, trie
from engine.builds import checked, late_weights, layout, runs
from engine.builds.grown import Grown
from engine.data import tables
from engine.data.corpus import Document
from engine.data.looked_up import ids_of, titles_of
from engine.errors import TriescopeError
from engine.filters.columns import Columns, columns_of
from engine.identifiers.base import load_without_content
from engine.retrievers import passage_tree
from engine.retrievers.weighting import Tuning, read_tuning
from engine.scorers import kinds
from engine.scorers.base import Scorer
from engine.scorers.centroid import CentroidScorer
from engine.stored import passages, values
from engine.stored.passages import Passages
from engine.text import query_vectors
from engine.text.hub import NONE


class Parts:
    """The parts of a build folder; fulfils :class:`engine.retrievers.opened.Opened`.

    Parameters
    ----------
    folder : Path
        Where they lie.
    encoder : str
        Name of the text encoder, which some trained scorers need.
    fields : sequence of str
        Columns that are searched besides title and text.

    Attributes
    ----------
    base, grown : Parts and Grown, or None
        The same parts as they were made, and what changed since; None where nothing did.
    """

    base: "Parts | None" = None
    grown: Grown | None = None

    def __init__(self, folder: Path, encoder: str = "", fields: Sequence[str] = ()):
        self.folder, self.named, self.fields = folder, encoder, tuple(fields)
        self._retriever = lru_cache(maxsize=32)(lambda name, stamp: retrievers.open_retriever(name, self))
        # One with settings of its own holds an index of all documents in memory; anybody can ask for another.
        self._variant = lru_cache(maxsize=3)(lambda name: retrievers.open_retriever(name, self))
        # A scorer that was trained anew has other weights, hence another stamp, and is opened again.
        self._scorer = lru_cache(maxsize=8)(self._open_scorer)

    @cached_property
    def encoder(self) -> str:
        """Name of the text encoder; where that is not here, of what is known of queries (:mod:`engine.text.query_vectors`)."""
        return query_vectors.name_of(self.folder, self.embeddings.shape[1]) if self.named == NONE else self.named

    @cached_property
    def documents(self) -> Sequence[Document]:
        """All documents, in row order."""
        if self.grown:
            return self.grown.documents
        rows = len(self.embeddings)
        return checked.documents(self.folder / layout.DOCUMENTS, tables.read_documents(self.folder, rows), rows)

    @cached_property
    def columns(self) -> Columns:
        """Columns that a filter can name."""
        return columns_of(self.documents)

    def texts(self) -> list[str]:
        """What is searched of each document."""
        return [document.searched_text(self.fields) for document in self.documents]

    def titles(self) -> list[str]:
        """Title of each document."""
        return titles_of(self.documents)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Document id -> row."""
        return {identifier: row for row, identifier in enumerate(ids_of(self.documents))}

    @cached_property
    def embeddings(self) -> np.ndarray:
        """Float32 ``(documents, d)``, mapped."""
        if self.grown:
            return self.grown.embeddings
        return checked.vectors(self.folder / layout.EMBEDDINGS)

    @cached_property
    def passages(self) -> Passages | None:
        """Vectors of passages, where long documents were cut into such."""
        if self.grown:
            return self.grown.all_passages
        found = passages.read(self.folder, len(self.embeddings))
        if found:
            checked.vectors(self.folder / passages.VECTORS, None, self.embeddings.shape[1])
        return found

    def placed(self, vectors: np.ndarray) -> np.ndarray:
        """Content codes that the scheme gives to vectors, int32 ``(n, levels)``: of a build, which knows its scheme."""
        raise TriescopeError(f"{self.folder.name}: it is not whole yet")

    @cached_property
    def passage_scorer(self) -> CentroidScorer:
        """Scores a tree over the identifiers of passages; made when it is first asked for."""
        assert self.passages is not None, "whoever asks has passages"
        return passage_tree.scorer_of(self.placed(self.passages.vectors), self.passages)

    @cached_property
    def parts(self) -> kinds.Parts:
        """What every scorer is made of."""
        if self.grown:
            return self.grown.parts
        tree, fitted = trie.load(self.folder / layout.TRIE), load_without_content(self.folder / layout.IDENTIFIERS)
        rows, width = self.embeddings.shape
        checked.tree(self.folder, tree, fitted, rows, width)
        means = checked.vectors(self.folder / layout.MEANS, len(tree.code), width)
        return kinds.Parts(tree, means, fitted.codebooks, self.encoder, self.folder)

    @property
    def codebooks(self) -> Sequence[np.ndarray] | None:
        """Vectors of the codes, a level each, where the scheme has them."""
        return self.parts.codebooks

    @property
    def trie(self) -> trie.Trie:
        """The trie."""
        return self.parts.trie

    @property
    def scorer_names(self) -> list[str]:
        """Scorers that there are: the centroid scorer, then the trained ones."""
        return [runs.CENTROID, *runs.names(self.folder)]

    @property
    def default_scorer(self) -> str:
        """Name of the scorer that is used unless one is named; the centroid scorer where that one cannot follow what changed."""
        name = runs.default(self.folder)
        return runs.CENTROID if self.grown and not runs.follows(self.folder, name) else name

    def scorer(self, name: str = "") -> Scorer:
        """A scorer, opened once; the default one unless named."""
        name = name or self.default_scorer
        return self._scorer(name, runs.stamp(self.folder, name))

    def _open_scorer(self, name: str, stamp: str) -> Scorer:
        if name == runs.CENTROID:
            return CentroidScorer(self.trie, self.parts.means, self.parts.codebooks)
        change = self.grown.change if self.grown else None
        return runs.open_scorer(self.folder, name, self.parts, change)

    def retriever(self, name: str, beams: int = retrievers.DEFAULT_BEAMS) -> retrievers.Retriever:
        """A retriever. What reads an index is opened once; what decodes is only put together, around scorers opened once."""
        method, named = retrievers.method_of(name)
        if method.decodes:
            return retrievers.open_retriever(name, self, beams)
        if named.settings:
            return self._variant(name)
        return self._retriever(name, method.stamp(self.folder))

    def stored_tuning(self, scorer: str) -> Tuning:
        """How the hybrid of a scorer was tuned: with the token vectors where there are some, else with the build for the centroid
        scorer, and when its training ended for the others."""
        if not self.grown and (known := late_weights.read(self.folder, scorer)):
            return known
        if scorer == runs.CENTROID:
            path = self.folder / layout.TUNING
            return read_tuning(values.read(path), path)
        return runs.read(self.folder, scorer).tuning
