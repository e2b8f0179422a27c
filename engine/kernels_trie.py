"""Compiled loops that build a large trie: every identifier becomes one number, the numbers are sorted, one pass writes all levels.

Two neighbours in the sorted order share the codes above the first bit in which their numbers differ, so that one exclusive or says
at which levels a row begins new nodes. Nothing is gathered through the order and no level is visited twice. The sort counts digits,
last digit first (radix sort). Compiled by numba on the first call on a machine; see :mod:`engine.kernels`. The twins are in
:mod:`engine.trie_arrays`.
"""

import numpy as np

from engine.kernels import compiled
from engine.trie_arrays import Arrays, arrays_numpy, lengths_numpy

# A digit of 11 bits: its 2,048 counts stay in the first cache, and 32 bits take three passes.
DIGIT = 11


@compiled(lengths_numpy)
def lengths(codes):
    """See :func:`engine.trie_arrays.lengths_numpy`."""
    length, largest = np.empty(len(codes), np.int32), np.full(codes.shape[1], -1, codes.dtype)
    for row in range(len(codes)):
        filled, whole = 0, True
        for level in range(codes.shape[1]):
            code = codes[row, level]
            if code >= 0:
                whole &= filled == level
                filled += 1
                largest[level] = max(largest[level], code)
        length[row] = filled if whole else -1
    return length, largest


@compiled(None)
def _keys(codes, rows, bits, absent):
    """One number an identifier, whose order is that of the identifiers; ``absent`` is 1 where -1 has to come first, or 0."""
    keys = np.empty(len(rows), np.uint64)
    for place in range(len(rows)):
        key = np.uint64(0)
        for level in range(len(bits)):
            key = (key << bits[level]) | np.uint64(codes[rows[place], level] + absent)
        keys[place] = key
    return keys


@compiled(None)
def _sort(keys, rows, bits):
    """Both arrays in the order of ``keys``, of so many bits; equal keys stay as they stand."""
    passes = max(1, (bits + DIGIT - 1) // DIGIT)
    width = np.uint64((bits + passes - 1) // passes)
    mask = (np.uint64(1) << width) - np.uint64(1)
    counts = np.zeros((passes, np.int64(mask) + 1), np.int64)
    for key in keys:
        for digit in range(passes):
            counts[digit, (key >> (np.uint64(digit) * width)) & mask] += 1
    spare_keys, spare_rows = np.empty_like(keys), np.empty_like(rows)
    for digit in range(passes):
        place, before = counts[digit], 0
        for value in range(len(place)):
            place[value], before = before, before + place[value]
        shift = np.uint64(digit) * width
        for source in range(len(keys)):
            value = (keys[source] >> shift) & mask
            target = place[value]
            place[value] = target + 1
            spare_keys[target], spare_rows[target] = keys[source], rows[source]
        keys, spare_keys = spare_keys, keys
        rows, spare_rows = spare_rows, rows
    return keys, rows


@compiled(None)
def _level_start(keys, shift, mask, absent):
    """First node of each level, and one entry more."""
    begins = np.zeros(len(shift) + 2, np.int32)
    begins[1] = 1
    for level in range(len(shift)):
        if not absent or (keys[0] >> shift[level]) & mask[level]:
            begins[level + 2] = 1
    for place in range(1, len(keys)):
        differs = keys[place] ^ keys[place - 1]
        for level in range(len(shift) - 1, -1, -1):
            if not differs >> shift[level]:
                continue
            if not absent or (keys[place] >> shift[level]) & mask[level]:
                begins[level + 2] += 1
    return np.cumsum(begins).astype(np.int32)


@compiled(None)
def _write(keys, shift, mask, absent, level_start, code, first_child, doc_start, doc_stop):
    """All levels at once, into the arrays of a trie."""
    levels = len(shift)
    # The next node to begin on each level; the last entry stands for the children that the last level has not.
    coming = np.append(level_start[1:], level_start[-1])
    # Whether the node before the next one still takes documents.
    takes = np.zeros(levels, np.bool_)
    doc_start[0], doc_stop[0], first_child[0], code[0] = 0, len(keys), 1, 0
    first_child[level_start[-1]] = level_start[-1]
    for place in range(len(keys)):
        differs = keys[place] ^ keys[place - 1] if place else ~np.uint64(0)
        level = 0
        while level < levels and place and not differs >> shift[level]:
            level += 1
        for level in range(level, levels):
            if takes[level]:
                doc_stop[coming[level] - 1] = place
            value = (keys[place] >> shift[level]) & mask[level]
            takes[level] = value >= absent
            if takes[level]:
                node = coming[level]
                code[node] = value - absent
                doc_start[node], first_child[node] = place, coming[level + 1]
                coming[level] = node + 1
    for level in range(levels):
        if takes[level]:
            doc_stop[coming[level] - 1] = len(keys)


def arrays(codes: np.ndarray, rows: np.ndarray, length: np.ndarray, largest: np.ndarray, kind: type) -> Arrays:
    """What :func:`engine.trie_arrays.arrays_numpy` returns, which also serves where an identifier takes more than 64 bits.

    ``codes`` contiguous; ``largest`` of :func:`lengths`.
    """
    levels = int(length.max())
    absent = int(length.min() < levels)
    widths = [int(code + absent).bit_length() for code in largest[:levels]]
    if sum(widths) > 64 or _keys is None:
        return arrays_numpy(codes, rows, length, kind)
    bits = np.array(widths, np.uint64)
    shift = np.array([sum(widths[level + 1 :]) for level in range(levels)], np.uint64)
    mask = np.array([(1 << width) - 1 for width in widths], np.uint64)
    keys, documents = _sort(_keys(codes, rows, bits, absent), rows, sum(widths))
    level_start = _level_start(keys, shift, mask, absent)
    nodes = int(level_start[-1])
    built = Arrays(
        np.empty(nodes, kind), np.empty(nodes + 1, np.int32), np.empty(nodes, np.int32), np.empty(nodes, np.int32), documents,
        level_start,
    )  # fmt: skip
    _write(keys, shift, mask, np.uint64(absent), level_start, built.code, built.first_child, built.doc_start, built.doc_stop)
    return built
