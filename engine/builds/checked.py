"""Whether the parts of a build are parts of one build. Each room knows when its own files are right (:mod:`engine.trie.checked`,
:mod:`engine.identifiers.checked`); here they are held to one another, by document rows, nodes and dimensions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.builds import layout
from engine.builds.manifest import Manifest
from engine.data.corpus import Document
from engine.data.looked_up import ids_of
from engine.errors import TriescopeError
from engine.identifiers import checked as of_identifiers
from engine.identifiers.base import Identifiers
from engine.stored import arrays
from engine.stored.remembered import once
from engine.trie import Trie, files, load
from engine.trie import checked as of_trie

# Rows of vectors looked at together.
BLOCK = 1 << 14


def counts(folder: Path, manifest: Manifest) -> None:
    """Hold what a manifest says of documents and nodes, which pages show, to the headers of the arrays.

    Raises
    ------
    TriescopeError
        There are more or fewer.
    """
    rows = len(arrays.mapped(folder / layout.EMBEDDINGS, "float32", axes=2))
    nodes = len(load(folder / layout.TRIE).code)
    if (rows, nodes) != (manifest.corpus.documents, manifest.trie.nodes):
        told = f"{manifest.corpus.documents:,} documents and {manifest.trie.nodes:,} nodes"
        raise TriescopeError(f"{folder / layout.MANIFEST}: it says {told}, and there are {rows:,} and {nodes:,}")


def vectors(path: Path, rows: int | None = None, width: int | None = None) -> np.ndarray:
    """Mapped float32 ``(rows, d)`` of finite numbers; what they are is looked at once (:mod:`engine.stored.remembered`).

    Raises
    ------
    TriescopeError
        The file is missing or no such array, has other rows or dimensions than are meant, or holds a number that is not finite.
    """
    found = arrays.mapped(path, "float32", axes=2)
    if 0 in found.shape or (rows is not None and len(found) != rows) or (width is not None and found.shape[1] != width):
        meant = " x ".join("any" if size is None else f"{size:,}" for size in (rows, width))
        told = " x ".join(f"{size:,}" for size in found.shape)
        raise TriescopeError(f"{path}: vectors of shape {told} where {meant} are meant")
    once("finite", [path], lambda: _finite(found, path))
    return found


def _finite(found: np.ndarray, path: Path) -> None:
    for start in range(0, len(found), BLOCK):
        block = found[start : start + BLOCK]
        # A sum is finite if and only if all its numbers are (float64 holds what so many float32 add up to), and needs no memory.
        if not np.isfinite(block.sum(dtype=np.float64)):
            row = start + int((~np.isfinite(block).all(axis=1)).argmax()) + 1
            raise TriescopeError(f"{path}: damaged at row {row:,} (a number that is not finite)")


def tree(folder: Path, trie: Trie, fitted: Identifiers, rows: int, width: int) -> None:
    """Hold a trie and identifiers to what they are, to each other and to ``rows`` vectors of ``width``; looked at once.

    Raises
    ------
    TriescopeError
        Naming the file and the place in it.
    """
    path, place = folder / layout.IDENTIFIERS, folder / layout.TRIE

    def check() -> None:
        of_trie.check(trie, rows, place)
        of_identifiers.check(fitted, path, rows)
        if fitted.codebooks and fitted.codebooks[0].shape[1] != width:
            raise TriescopeError(f"{path}: damaged (codebooks of {fitted.codebooks[0].shape[1]} dimensions, vectors of {width})")
        _check_agreement(trie, fitted.codes, place)

    once(f"tree {rows} {width}", [path, *files(place).values()], check)


def _check_agreement(trie: Trie, codes: np.ndarray, place: Path) -> None:
    """The trie is that of these identifiers: a kernel may follow one and a page show the other."""
    if (codes[:, 0] >= 0).sum() != len(trie.documents) or trie.levels > codes.shape[1]:
        raise TriescopeError(f"{place}: not the trie of these identifiers ({len(trie.documents):,} documents)")
    in_leaf_order = np.take(codes, trie.documents, axis=0)  # a sixth of the time that indexing takes
    for level in range(1, codes.shape[1] + 1):
        nodes = slice(*trie.level_start[level : level + 2]) if level <= trie.levels else slice(0, 0)
        start, size = trie.doc_start[nodes], trie.counts[nodes]
        spelled = np.repeat(trie.code[nodes], size)
        column = in_leaf_order[:, level - 1]
        if len(spelled) < len(column):  # where some are shorter, the others' places are known by their nodes
            ends = np.cumsum(size)
            longer = np.full(len(column), -1, np.int32)
            longer[np.arange(len(spelled)) + np.repeat(start - (ends - size), size)] = spelled
            spelled = longer
        if not np.array_equal(column, spelled):
            row = int(trie.documents[(column != spelled).argmax()])
            raise TriescopeError(f"{place}: not the trie of these identifiers (document {row + 1:,} has another one there)")


def documents(path: Path, found: Sequence[Document], rows: int) -> Sequence[Document]:
    """Documents, a row each, with ids of their own.

    Raises
    ------
    TriescopeError
        There are more or fewer, or an id is used twice.
    """
    if len(found) != rows:
        raise TriescopeError(f"{path}: {len(found):,} documents where there are {rows:,} vectors")
    if len(set(ids_of(found))) != rows:
        raise TriescopeError(f"{path}: two documents have the same id")
    return found
