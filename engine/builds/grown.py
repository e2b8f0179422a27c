"""A finished build with what changed in it since: the parts that a rebuild with these very identifiers would have.

Documents that stayed keep their order, those that came stand behind them, and rows are numbered through. The trie is read off the
overlay (:mod:`engine.live.overlay`) into flat arrays, and node means are those of the documents there are, so whatever works on a
build works on this one, and nothing knows of removed rows. Retrievers that read an index of their own are told what changed by
:attr:`kept` and :attr:`added` (:class:`engine.retrievers.opened.Opened`).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.identifiers.base import Identifiers
from engine.identifiers.checked import check
from engine.live.journal import Change
from engine.live.mapping import stack
from engine.live.overlay import Overlay
from engine.scorers import carried
from engine.scorers.centroid import node_means
from engine.scorers.kinds import Parts
from engine.stored import scratch
from engine.stored.passages import Passages
from engine.trie import Trie
from engine.trie.naming import name_nodes


class Whole(Protocol):
    """What is asked of the build as it was made; ``fields`` are columns that are searched."""

    fields: tuple[str, ...]

    @property
    def documents(self) -> Sequence[Document]:
        """All, in row order."""
        ...

    @property
    def row_of(self) -> dict[str, int]:
        """Document id -> row."""
        ...

    @property
    def embeddings(self) -> np.ndarray:
        """Float32 ``(documents, d)``."""
        ...

    @property
    def passages(self) -> Passages | None:
        """Vectors of passages, where it has them."""
        ...

    @property
    def identifiers(self) -> Identifiers:
        """What was fitted."""
        ...

    @property
    def names(self) -> list[str]:
        """Words for each node."""
        ...

    @property
    def parts(self) -> Parts:
        """What every scorer is made of."""
        ...


class Grown:
    """A build and its changes.

    Parameters
    ----------
    base : Build
        As it was made.
    changes : sequence of Change
        In their order; at least one.

    Attributes
    ----------
    kept : np.ndarray
        Int64, ascending: rows of the base that are still there; they come first, in this order.
    added : list of Document
        Those behind them.

    Raises
    ------
    TriescopeError
        The changes are not of this build.
    """

    def __init__(self, base: Whole, changes: Sequence[Change]):
        self.base = base
        live: dict[str, tuple[int, int]] = {}
        gone: set[int] = set()
        for number, change in enumerate(changes):
            for identifier in change.removed:
                row = base.row_of.get(identifier)
                if identifier in live:
                    del live[identifier]
                elif row is not None and row not in gone:
                    gone.add(row)
                else:
                    raise TriescopeError(f"change {number + 1} is damaged: it removes {identifier!r}, which is not there")
            for place, document in enumerate(change.documents):
                if document.id in live or base.row_of.get(document.id, -1) not in {-1, *gone}:
                    raise TriescopeError(f"change {number + 1} is damaged: {document.id!r} comes, and is there")
                live[document.id] = number, place
        self.kept = np.setdiff1d(np.arange(len(base.documents)), np.fromiter(gone, np.int64, len(gone)))
        places = list(live.values())
        self.added = [changes[number].documents[place] for number, place in places]
        width = base.embeddings.shape[1]
        self.vectors = np.array([changes[n].vectors[p] for n, p in places], np.float32).reshape(-1, width)
        self.passages: Passages | None = None
        if base.passages:
            own = [_passages(changes[number], number).one(place) for number, place in places]
            self.passages = Passages.of(list(map(len, own)), np.concatenate([np.empty((0, width), np.float32), *own]))
        self.content = np.array([changes[n].content[p] for n, p in places], np.int32)
        self.codes = np.full((len(places), max(change.codes.shape[1] for change in changes)), -1, np.int32)
        for at, (number, place) in enumerate(places):
            of = changes[number].codes[place]
            self.codes[at, : len(of)] = of
        if not len(self.kept) + len(places):
            raise TriescopeError("no document is left")

    @cached_property
    def documents(self) -> list[Document]:
        """All that are there."""
        base = self.base.documents
        every = list(base)
        return [*(every[row] for row in self.kept.tolist()), *self.added]

    @cached_property
    def embeddings(self) -> np.ndarray:
        """Float32 ``(documents, d)``."""
        base = self.base.embeddings
        if len(self.kept) == len(base) and not self.added:
            return base
        made = scratch.empty((len(self.kept) + len(self.added), base.shape[1]))
        np.take(base, self.kept, axis=0, out=made[: len(self.kept)])
        made[len(self.kept) :] = self.vectors
        return made

    @cached_property
    def all_passages(self) -> Passages | None:
        """Passages of all documents that are there; None where the build has none."""
        base = self.base.passages
        if base is None or self.passages is None:
            return None
        places = base.places(self.kept)
        made = scratch.empty((len(places) + len(self.passages.vectors), base.vectors.shape[1]))
        np.take(base.vectors, places, axis=0, out=made[: len(places)])
        made[len(places) :] = self.passages.vectors
        return Passages.of(np.concatenate([base.sizes[self.kept], self.passages.sizes]), made)

    @cached_property
    def identifiers(self) -> Identifiers:
        """Identifiers; a level whose numbers go on has more codes than were fitted."""
        base = self.base.identifiers
        codes = stack(base.codes[self.kept], self.codes)
        rows = len(base.codes) + len(self.added)
        most = [*base.vocabulary, *[0] * (codes.shape[1] - len(base.vocabulary))]
        sizes = []
        for level, size in enumerate(most):
            used = int(codes[:, level].max()) + 1
            # A number is at most one more than those there are; what is far above would have tables of that size made of it.
            if used > size + rows:
                raise TriescopeError(f"a change is damaged: code {used - 1:,} at level {level + 1}, which has {size:,}")
            sizes.append(max(size, used))
        words = [
            [*level, *map(str, range(len(level), size))] if level else [] for level, size in zip(base.words, sizes, strict=False)
        ]
        for level, book in enumerate(base.codebooks):
            if sizes[level] > len(book):
                raise TriescopeError(f"a change is damaged: a code at level {level + 1} that was never fitted")
        content = np.concatenate([base.content[self.kept], self.content]).astype(np.int32)
        return replace(base, codes=codes, vocabulary=tuple(sizes), words=words, content=content)

    @cached_property
    def overlay(self) -> Overlay:
        """The tree of the base with what changed over it; its rows are the base's, then those that came."""
        rows = len(self.base.documents)
        gone = np.setdiff1d(np.arange(rows), self.kept)
        return Overlay.of(self.base.parts.trie, rows).remove(gone).add(self.codes)

    @cached_property
    def trie(self) -> Trie:
        """The flat tree of all documents."""
        flat = self.overlay.compact()
        number = np.full(len(self.base.documents) + len(self.added), -1, np.int32)
        number[self.kept] = np.arange(len(self.kept))
        number[len(self.base.documents) :] = len(self.kept) + np.arange(len(self.added))
        return flat._replace(documents=number[flat.documents])

    @cached_property
    def parts(self) -> Parts:
        """What every scorer is made of; identifiers are held to what they are, for whoever wrote the changes may have meant
        harm."""
        check(self.identifiers, Path("live"), len(self.documents))
        of = self.base.parts
        return of._replace(trie=self.trie, means=self.means)

    @cached_property
    def means(self) -> np.ndarray:
        """Float32 ``(nodes, d)``."""
        made = scratch.empty((len(self.trie.code), self.embeddings.shape[1]))
        return node_means(self.trie, self.embeddings, out=made)

    @cached_property
    def change(self) -> carried.Change:
        """The tree before and after, for scorers that were trained before."""
        nodes, old = self.overlay.nodes, self.base.parts
        came = np.where(nodes < len(old.trie.code), nodes, -1)
        return carried.Change(old.trie, self.trie, old.means, self.means, came)

    @cached_property
    def names(self) -> list[str]:
        """Words for each node: those of nodes that were there stay, those of new ones are found among the additions alone. A
        node of one document is called by its title."""
        known, overlay = self.base.names, self.overlay
        single = np.asarray(self.base.parts.trie.counts) == 1  # called by a title that may not fit any more
        number = overlay.number
        fresh = np.flatnonzero((number >= len(known)) | single[np.minimum(number, len(known) - 1)])
        named: dict[int, str] = {}
        if len(fresh) and self.added:
            shift = len(self.base.documents)
            delta = overlay.delta._replace(documents=overlay.delta.documents - shift)
            titles = [document.title for document in self.added]
            texts = [document._replace(title="").searched_text(self.base.fields) for document in self.added]
            found = name_nodes(delta, titles, texts, self.identifiers.words)
            named = {int(number[node]): found[node] for node in fresh}
        names = [named[node] if node in named else known[node] for node in overlay.nodes.tolist()]
        tree = self.trie
        for node in np.flatnonzero(np.asarray(tree.counts)[1:] == 1) + 1:
            document = self.documents[tree.documents[tree.doc_start[node]]]
            names[node] = document.title or document._replace(title="").searched_text(self.base.fields)[:60]
        return names


def _passages(change: Change, number: int) -> Passages:
    if change.passages is None:
        raise TriescopeError(f"change {number + 1} is damaged: it has no passages, and the build has")
    return change.passages
