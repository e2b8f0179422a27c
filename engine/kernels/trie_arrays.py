"""Compiled loops that build a large trie: each identifier becomes one number, these are sorted, one pass writes all levels.

Two neighbours in the sorted order share the codes above the first bit in which their numbers differ, so one exclusive or says at
which levels a row begins new nodes. Nothing is gathered through the order and no level is visited twice. The sort counts digits,
last digit first (radix sort). Compiled by numba on the first call on a machine, in about 4 s; later processes
load the machine code in a quarter of a second, most of it numba's own. The twins are in :mod:`engine.trie.arrays`.
"""

import numpy as np

from engine.kernels.compiled import COMPILED, compiled, fixed
from engine.trie.arrays import Arrays, arrays_numpy, lengths_numpy

# Digits of 8 bits: 11 would save a pass of 32 bits, but 2,048 places to write to are more than the address cache holds.
DIGIT = 8
# A shift by all 64 bits of a number means nothing.
BITS = 63


@compiled(lengths_numpy)
def lengths(codes):
    """See :func:`engine.trie.arrays.lengths_numpy`."""
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


@compiled()
def _number(codes, rows, bits, absent, keys):
    """One number an identifier, whose order is that of the identifiers; ``absent`` is 1 where -1 has to come first, or 0."""
    for place in range(len(rows)):
        key = np.uint64(0)
        for level in range(len(bits)):
            key = (key << bits[level]) | np.uint64(codes[rows[place], level] + absent)
        keys[place] = key


@compiled()
def _count(keys, width, counts):
    """How often each digit of so many bits has each value, the last digit first."""
    mask = (np.uint64(1) << width) - np.uint64(1)
    for key in keys:
        for digit in range(len(counts)):
            counts[digit, (key >> (np.uint64(digit) * width)) & mask] += 1


@compiled()
def _place(keys, rows, shift, counts, keys_out, rows_out):
    """One pass of the sort: both arrays in the order of one digit; equal digits stay as they stand."""
    mask, before = np.uint64(len(counts) - 1), 0
    for value in range(len(counts)):
        counts[value], before = before, before + counts[value]
    for source in range(len(keys)):
        value = (keys[source] >> shift) & mask
        target = counts[value]
        counts[value] = target + 1
        keys_out[target], rows_out[target] = keys[source], rows[source]


def _sort(keys: np.ndarray, rows: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays in the order of ``keys``, of so many bits; equal keys stay as they stand. Writes over both."""
    passes = -(-bits // DIGIT)
    counts = np.zeros((passes, 1 << DIGIT), np.int64)
    _count(keys, np.uint64(DIGIT), counts)
    # To and fro between two pairs, for memory touched for the first time costs more than the pass that touches it.
    spare = np.empty_like(keys), np.empty_like(rows)
    for digit in range(passes):
        _place(keys, rows, np.uint64(digit * DIGIT), counts[digit], *spare)
        (keys, rows), spare = spare, (keys, rows)
    return keys, rows


@compiled()
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


@compiled()
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
        first = 0
        while first < levels and place and not differs >> shift[first]:
            first += 1
        for level in range(first, levels):
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
    """What :func:`engine.trie.arrays.arrays_numpy` returns, which also serves where an identifier takes more than 63 bits
    or numba is missing. ``largest`` of :func:`lengths`; ``rows`` are written over.
    """
    levels = int(length.max())
    absent = int(length.min() < levels)
    widths = [int(code + absent).bit_length() for code in largest[:levels]]
    if sum(widths) > BITS or not COMPILED:
        return arrays_numpy(codes, rows, length, kind)
    bits = np.array(widths, np.uint64)
    shift = np.array([sum(widths[level + 1 :]) for level in range(levels)], np.uint64)
    mask = np.array([(1 << width) - 1 for width in widths], np.uint64)
    keys = np.empty(len(rows), np.uint32 if sum(widths) <= 32 else np.uint64)
    _number(fixed(codes), rows, bits, absent, keys)
    keys, documents = _sort(keys, rows, sum(widths))
    level_start = _level_start(keys, shift, mask, absent)
    nodes = int(level_start[-1])
    built = Arrays(
        np.empty(nodes, kind),
        np.empty(nodes + 1, np.int32),
        np.empty(nodes, np.int32),
        np.empty(nodes, np.int32),
        documents,
        level_start,
    )
    _write(keys, shift, mask, np.uint64(absent), level_start, built.code, built.first_child, built.doc_start, built.doc_stop)
    return built
