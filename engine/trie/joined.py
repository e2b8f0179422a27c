"""A tree built in shards by first code, and put together: the inverse of :func:`engine.scale.split.cut`.

Identifiers that begin with different codes share no node but the root, so each shard is sorted and built by itself, wherever that
is; level by level the shards' nodes then stand behind each other as one sort of all identifiers would have put them.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from engine.trie.trie import Trie


def dealt(first: np.ndarray, shards: int) -> list[np.ndarray]:
    """Rows of each shard, int64 ascending, from the first codes of all rows, int ``(n,)``; those of -1 are left out.

    A shard has a run of first codes; runs are as even as first codes allow, by rows. Those that would have none are left out.

    >>> [rows.tolist() for rows in dealt(np.array([5, 0, 0, 7, -1, 5]), 2)]
    [[1, 2], [0, 3, 5]]
    """
    counts = np.unique(first[first >= 0], return_counts=True)[1]
    middle = 2 * np.cumsum(counts) - counts  # of its rows among all, twice
    cuts = np.searchsorted(middle * shards // (2 * counts.sum()), np.arange(shards + 1))
    order = np.argsort(first, kind="stable")[int((first < 0).sum()) :]
    ends = np.concatenate([[0], np.cumsum(counts)])[cuts]
    return [np.sort(order[start:stop]) for start, stop in pairwise(ends.tolist()) if start < stop]


def joined(parts: Sequence[Trie], rows: Sequence[np.ndarray]) -> Trie:
    """The tree of all identifiers.

    Parameters
    ----------
    parts : sequence of Trie
        Trees of runs of first codes, in the order of these.
    rows : sequence of np.ndarray
        Of each part, the rows of the whole that its documents are, ascending, int ``(documents of the part,)``.

    Returns
    -------
    Trie
        What :func:`engine.trie.build` makes of them all.
    """
    levels = max(part.levels for part in parts)
    # A part that ends higher up has no nodes on the levels below it.
    starts = np.array([np.pad(part.level_start, (0, levels - part.levels), "edge") for part in parts], np.int64)
    sizes = np.diff(starts)
    sizes[1:, 0] = 0  # they have the root in common
    level_start = np.concatenate([[0], np.cumsum(sizes.sum(axis=0))])
    # Where the nodes of a part's level begin in the whole; below the last level there are none.
    begin = np.column_stack([level_start[:-1] + np.cumsum(sizes, axis=0) - sizes, np.full(len(parts), level_start[-1])])
    behind = np.cumsum([0, *(len(part.documents) for part in parts)])
    columns: dict[str, list[np.ndarray]] = {"code": [], "first_child": [], "doc_start": [], "doc_stop": []}
    for level in range(1, levels + 1):
        for place, part in enumerate(parts):
            nodes = slice(starts[place, level], starts[place, level + 1])
            columns["code"].append(part.code[nodes])
            columns["first_child"].append(part.first_child[nodes] - starts[place, level + 1] + begin[place, level + 1])
            columns["doc_start"].append(part.doc_start[nodes] + behind[place])
            columns["doc_stop"].append(part.doc_stop[nodes] + behind[place])
    end = level_start[-1]
    return Trie(
        np.concatenate([parts[0].code[:1], *columns["code"]]),
        np.concatenate([[1], *columns["first_child"], [end]]).astype(np.int32),
        np.concatenate([[0], *columns["doc_start"]]).astype(np.int32),
        np.concatenate([behind[-1:], *columns["doc_stop"]]).astype(np.int32),
        np.concatenate([of[part.documents] for part, of in zip(parts, rows, strict=True)]).astype(np.int32),
        level_start.astype(np.int32),
    )
