"""The two inner loops of constrained decoding with a model's own logits, compiled; NumPy stays beside them as checked fallback.

A model that scores every code wants the illegal ones set to minus infinity. With the children of a node in one run that is a copy
of a few logits a beam, and going down one level is a binary search in that run: no dictionary, no list, no mask kept anywhere.
numba compiles the loops; where it cannot be imported their NumPy twins take the same names, and the tests hold both to the same
results. (In GENRE's processor, De Cao et al. 2021, the cost lies in Python lists and their scattering, not in the walk.)
"""

import numpy as np

from engine.kernels.compiled import compiled


def step_numpy(first_child: np.ndarray, code: np.ndarray, nodes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Twin of :func:`step`: one bisection for all rows together."""
    nodes, wanted = np.asarray(nodes, np.int64), np.asarray(codes, np.int64)
    inside = np.maximum(nodes, 0)
    low = first_child[inside].astype(np.int64)
    stop = np.where(nodes >= 0, first_child[inside + 1], low)
    high = stop.copy()
    while (open_rows := low < high).any():
        middle = (low + high) >> 1
        # A closed row may point one past the last node; its comparison is thrown away.
        less = code[np.minimum(middle, len(code) - 1)] < wanted
        low = np.where(open_rows & less, middle + 1, low)
        high = np.where(open_rows & ~less, middle, high)
    hit = (low < stop) & (code[np.minimum(low, len(code) - 1)] == wanted)
    return np.where(hit, low, -1)


@compiled(step_numpy)
def step(first_child: np.ndarray, code: np.ndarray, nodes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Go down one level from several nodes.

    Parameters
    ----------
    first_child, code : np.ndarray
        Of :class:`engine.trie.Trie`.
    nodes : np.ndarray
        Int ``(rows,)``: where each row stands, or -1 where it stands nowhere.
    codes : np.ndarray
        Int ``(rows,)``: the code that each row takes; -1 is no code.

    Returns
    -------
    np.ndarray
        Int64 ``(rows,)``: the child, or -1 where the node has none of that code.
    """
    found = np.empty(len(nodes), np.int64)
    for row in range(len(nodes)):
        node, wanted = nodes[row], codes[row]
        found[row] = -1
        if node >= 0:
            low, stop = np.int64(first_child[node]), np.int64(first_child[node + 1])
            # Codes of siblings grow by one at least, so code c is the c-th child at the latest; with all codes there, exactly.
            high = min(stop, low + wanted + 1)
            if low < high and code[high - 1] == wanted:
                low = high - 1
            while low < high:
                middle = (low + high) >> 1
                if code[middle] < wanted:
                    low = middle + 1
                else:
                    high = middle
            if low < stop and code[low] == wanted:
                found[row] = low
    return found


def mask_logits_numpy(
    first_child: np.ndarray, code: np.ndarray, column: np.ndarray, nodes: np.ndarray, logits: np.ndarray, out: np.ndarray
) -> np.ndarray:
    """Twin of :func:`mask_logits`: the children of all rows in one ragged gather."""
    nodes = np.asarray(nodes, np.int64)
    inside = np.maximum(nodes, 0)
    start = first_child[inside].astype(np.int64)
    size = np.where(nodes >= 0, first_child[inside + 1] - start, 0)
    ends = np.cumsum(size)
    row = np.repeat(np.arange(len(size)), size)
    child = np.arange(len(row)) + np.repeat(start - (ends - size), size)
    place = column[code[child]]
    kept = logits[row, place]
    out.fill(-np.inf)
    out[row, place] = kept
    alive = np.zeros(len(nodes), bool)
    alive[row[kept != -np.inf]] = True
    return alive


@compiled(mask_logits_numpy)
def mask_logits(
    first_child: np.ndarray, code: np.ndarray, column: np.ndarray, nodes: np.ndarray, logits: np.ndarray, out: np.ndarray
) -> np.ndarray:
    """Keep the logits of legal codes and set all others to minus infinity.

    Nothing is checked inside the loop: nodes must be of the trie and columns within ``logits``.

    Parameters
    ----------
    first_child, code : np.ndarray
        Of :class:`engine.trie.Trie`.
    column : np.ndarray
        Int ``(codes,)``: the column of ``logits`` that holds each code (``arange`` where column and code are the same).
    nodes : np.ndarray
        Int ``(rows,)``: where each row stands, or -1 where it stands nowhere and nothing is legal.
    logits : np.ndarray
        Float ``(rows, columns)``.
    out : np.ndarray
        Of the shape and type of ``logits``, overwritten; not ``logits`` itself.

    Returns
    -------
    np.ndarray
        Bool ``(rows,)``: whether any code is left, that is legal and not already at minus infinity.
    """
    alive = np.zeros(len(nodes), np.bool_)
    for row in range(len(nodes)):
        source, target = logits[row], out[row]
        target[:] = -np.inf
        node, left = nodes[row], False
        if node >= 0:
            # Unsigned places halve the time: numba need not ask whether they count from the end.
            for child in range(np.uint64(first_child[node]), np.uint64(first_child[node + 1])):
                place = np.uint64(column[code[child]])
                value = source[place]
                target[place] = value
                left |= value != -np.inf
        alive[row] = left
    return alive
