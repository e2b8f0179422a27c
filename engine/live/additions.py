"""Identifiers for documents that come after the fit, without refitting.

The scheme places a document by its embedding (:func:`engine.identifiers.assign`). Where identifiers end in a number that keeps
documents with the same codes apart, a newcomer takes the next number that is free after those codes, so no identifier that is in
use changes (the semantic ID of a new item; TIGER, Rajput et al. 2023, section 3.1).
"""

import numpy as np

from engine import identifiers
from engine.identifiers import Identifiers
from engine.live.overlay import Overlay


def identify(name: str, fitted: Identifiers, tree: Overlay, embeddings: np.ndarray) -> np.ndarray:
    """Identifiers of new documents, to be given to :meth:`engine.live.overlay.Overlay.add`.

    Parameters
    ----------
    name : str
        The scheme that fitted.
    fitted : Identifiers
        What it fitted, collisions resolved.
    tree : Overlay
        The documents there are: numbers in use below it are not given again. One that was removed may be.
    embeddings : np.ndarray
        Float32 ``(n, d)``.

    Returns
    -------
    np.ndarray
        Int32 ``(n, levels)``, as wide as ``fitted.codes``. If all codes of ``fitted`` are content (nothing collided when it was
        fitted, or collisions were left), so are these, and a document with the codes of another shares its leaf.

    Raises
    ------
    TriescopeError
        The scheme cannot place a document by its embedding.
    """
    return numbered(fitted, tree, identifiers.assign(name, fitted, embeddings))


def numbered(fitted: Identifiers, tree: Overlay, content: np.ndarray) -> np.ndarray:
    """Identifiers from content codes, int32 ``(n, levels)`` as :func:`engine.identifiers.assign` gives them: as :func:`identify`,
    with a number behind them where those of ``fitted`` have one."""
    codes = np.full((len(content), fitted.codes.shape[1]), -1, np.int32)
    codes[:, : content.shape[1]] = content
    length = (codes >= 0).sum(axis=1)
    short = np.flatnonzero(length < codes.shape[1])
    if not len(short):
        return codes
    prefixes, group = np.unique(codes[short], axis=0, return_inverse=True)
    group = group.ravel()
    node = tree.locate(prefixes)
    free = _first_numbers(fitted)[(prefixes >= 0).sum(axis=1)]
    known = np.flatnonzero(node >= 0)
    below = tree.children(node[known])
    np.maximum.at(free, known[below.parent], tree.code[below.node].astype(np.int64) + 1)
    # Newcomers with the same codes take consecutive numbers, in their order.
    order = np.argsort(group, kind="stable")
    size = np.bincount(group, minlength=len(prefixes))
    nth = np.empty(len(group), np.int64)
    nth[order] = np.arange(len(group)) - np.repeat(np.cumsum(size) - size, size)
    codes[short, length[short]] = free[group] + nth
    return codes


def add_documents(name: str, fitted: Identifiers, tree: Overlay, embeddings: np.ndarray) -> tuple[Overlay, np.ndarray]:
    """The overlay with new documents, and their identifiers; see :func:`identify`."""
    codes = identify(name, fitted, tree, embeddings)
    return tree.add(codes), codes


def _first_numbers(fitted: Identifiers) -> np.ndarray:
    """Number 0 as it is written after so many content codes: where lengths vary, numbers stand behind the codes of their level.

    The first document of every group has it, so it is the smallest last code of the identifiers of that length.
    """
    levels = fitted.codes.shape[1]
    first = np.array([*fitted.vocabulary, *[0] * (levels - len(fitted.vocabulary))], np.int64)
    length = (fitted.codes >= 0).sum(axis=1)
    for level in range(levels):
        ends = fitted.codes[length == level + 1, level]
        if len(ends):
            first[level] = ends.min()
    return first
