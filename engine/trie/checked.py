"""Whether arrays are a trie. Compiled kernels follow these numbers without looking, so one out of range ends the process.

Every line is a fact of :mod:`engine.trie.arrays`, checked for all nodes at once; together they leave no other trees than those
that :func:`engine.trie.build` makes.
"""

from pathlib import Path

import numpy as np

from engine.errors import TriescopeError
from engine.trie.trie import Trie


def check(trie: Trie, rows: int, place: Path) -> None:
    """Hold arrays to what a trie of at most ``rows`` document rows is.

    Parameters
    ----------
    trie : Trie
        Of the types that :func:`engine.trie.trie.load` takes.
    rows : int
        Documents, with or without an identifier.
    place : Path
        Where they lie.

    Raises
    ------
    TriescopeError
        They are none; the message names the file and the first node, level or place at fault.

    >>> from engine.trie import build
    >>> good = build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
    >>> check(good, 3, Path("trie"))
    >>> check(good._replace(documents=np.array([0, 1, 9], np.int32)), 3, Path("trie"))
    Traceback (most recent call last):
    engine.errors.TriescopeError: trie/documents.npy: damaged at 2 (a row out of range)
    """
    code, child, start, stop, documents, level = (np.asarray(array) for array in trie)
    nodes, leaves = len(code), len(documents)
    fault = _Faults(place)
    for name, array, size in (("first_child", child, nodes + 1), ("doc_start", start, nodes), ("doc_stop", stop, nodes)):
        fault(name, min(len(array), size), len(array) != size, f"{len(array):,} entries where {nodes:,} nodes need {size:,}")
    fault("code", 0, not nodes, "no node")
    fault("documents", 0, not 0 < leaves <= rows, f"{leaves:,} documents of {rows:,}")
    fault("level_start", 0, len(level) < 3 or level[0] != 0 or level[1] != 1, "the root is not a level of its own")
    fault.first("level_start", level[1:] <= level[:-1], "a level without nodes")
    fault("level_start", len(level) - 1, level[-1] != nodes, f"the levels end at {level[-1]:,} of {nodes:,} nodes")

    fault.first("first_child", child[1:] < child[:-1], "children run backwards")
    # The first node of each level has its children where the next level begins; those of the last level have none.
    fault.first("first_child", child[level[:-1]] != level[1:], "children are not those of the next level")
    fault("first_child", nodes, child[-1] != nodes, "children behind the last node")

    # From here on children may be followed.
    first = np.zeros(nodes, bool)
    inner = np.flatnonzero(child[1:] > child[:-1])
    first[child[inner]] = True
    first[0] = True
    fault("code", 0, code[0] != 0, "the root has a code")
    fault.first("code", code < 0, "a code below zero")
    fault.first("code", ~first[1:] & (code[1:] <= code[:-1]), "siblings out of order", 1)

    fault("doc_start", 0, start[0] != 0 or stop[0] != leaves, "the root does not hold all documents")
    fault.first("doc_start", (start < 0) | (start >= stop) | (stop > leaves), "documents out of range")
    fault.first("doc_start", start[child[inner]] != start[inner], "children do not begin where their parent does")
    fault.first("doc_stop", stop[child[inner + 1] - 1] != stop[inner], "children do not end where their parent does")
    fault.first("doc_start", ~first[1:] & (start[1:] != stop[:-1]), "siblings leave documents between them", 1)

    fault.first("documents", (documents < 0) | (documents >= rows), "a row out of range")
    seen = np.zeros(rows, bool)
    seen[documents] = True
    fault("documents", 0, np.count_nonzero(seen) != leaves, "a row twice")
    alone = np.zeros(leaves, bool)
    alone[start[child[1:] == child[:-1]]] = True
    fault.first("documents", ~alone[1:] & (documents[1:] < documents[:-1]), "documents of one leaf out of order", 1)


class _Faults:
    def __init__(self, place: Path):
        self.place = place

    def __call__(self, array: str, at: int, wrong: object, why: str) -> None:
        if wrong:
            raise TriescopeError(f"{self.place / array}.npy: damaged at {at:,} ({why})")

    def first(self, array: str, wrong: np.ndarray, why: str, offset: int = 0) -> None:
        """The same where any of many is wrong, at the first one."""
        if wrong.any():
            self(array, int(wrong.argmax()) + offset, True, why)
