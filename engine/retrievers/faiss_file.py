"""Whether a file is an HNSW graph that faiss may follow. It reads sizes and links as they stand there, and walks them unchecked.

The parts of the file, little-endian: ``IHNf``; dimensions, points, two unused numbers, trained, metric; then five vectors, each
behind its length: level probabilities, links up to each level, levels of each point, where each point's links begin, the links;
entry point, highest level, three widths; and the points themselves, as a flat index with a head of its own.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.stored.content import opened

HEAD = np.dtype([("kind", "S4"), ("d", "<i4"), ("points", "<i8"), ("unused", "<i8", 2), ("trained", "u1"), ("metric", "<i4")])
ENDS = np.dtype([("entry", "<i4"), ("highest", "<i4"), ("widths", "<i4", 3)])
GRAPH, FLAT, PRODUCT = b"IHNf", b"IxFI", 0
HIGHEST = 64
# Points whose links are looked at together.
BLOCK = 1 << 16


class _Levels(NamedTuple):
    """Links that a point may have up to each level; the levels of each point; where its links begin; the links."""

    upto: np.ndarray
    levels: np.ndarray
    begin: np.ndarray
    links: np.ndarray


def check(path: Path, width: int) -> None:
    """Hold the file to what faiss writes for points of ``width`` dimensions.

    Raises
    ------
    TriescopeError
        It is no such graph, or a number in it leads out of it.
    """
    try:
        with opened(path) as file:
            _check(np.memmap(file, np.uint8, "r"), width)
    except ValueError as error:
        raise TriescopeError(f"{path}: not an HNSW graph of this build ({error})") from error


def _check(content: np.ndarray, width: int) -> None:
    at = 0

    def one(kind: np.dtype) -> np.ndarray:
        nonlocal at
        if at + kind.itemsize > len(content):
            raise ValueError("it ends too early")
        at += kind.itemsize
        return content[at - kind.itemsize : at].view(kind)[0]

    def many(kind: str) -> np.ndarray:
        nonlocal at
        size = int(one(np.dtype("<u8"))) * np.dtype(kind).itemsize
        if size > len(content) - at:
            raise ValueError("a part is longer than the file")
        at += size
        return content[at - size : at].view(kind)

    head = one(HEAD)
    points = int(head["points"])
    _need(head["kind"] == GRAPH and head["metric"] == PRODUCT and head["trained"] == 1, "another kind of index")
    _need(head["d"] == width and points >= 1, f"{points} points of {head['d']} dimensions, vectors have {width}")
    many("<f8")
    graph = _Levels(many("<i4"), many("<i4"), many("<u8"), many("<i4"))
    ends = one(ENDS)
    _check_links(graph, points, int(ends["entry"]), int(ends["highest"]))
    _need((ends["widths"] >= 0).all(), "a width below zero")
    flat = one(HEAD)
    _need(flat["kind"] == FLAT and flat["d"] == width and flat["points"] == points, "its points are stored another way")
    _need(flat["metric"] == PRODUCT, "its points are compared another way")
    stored = int(one(np.dtype("<u8")))
    _need(stored == points * width and len(content) - at == stored * 4, "fewer or more points than it says")
    _need(np.isfinite(content[at:].view("<f4").sum(dtype=np.float64)), "a point that is not finite")


def _check_links(graph: _Levels, points: int, entry: int, highest: int) -> None:
    upto, levels, begin, links = graph
    _need(2 <= len(upto) <= HIGHEST and upto[0] == 0 and (upto[1:] > upto[:-1]).all(), "links of a level that run backwards")
    _need(upto[-1] <= 1 << 20, "a point with more than a million links")
    _need(len(levels) == points and levels.min() >= 1 and levels.max() < len(upto), "a point on a level that is not there")
    _need(len(begin) == points + 1 and begin[0] == 0, "links that do not begin with the first point")
    _need((np.diff(begin.astype(np.int64)) == upto[levels]).all() and begin[-1] == len(links), "links that lie elsewhere")
    _need(0 <= entry < points and highest == levels[entry] - 1 == levels.max() - 1, "an entry that is not on the highest level")
    _need(links.min() >= -1 and links.max() < points, "a link to a point that is not there")
    tall = np.flatnonzero(levels > 1)
    for start in range(0, len(tall), BLOCK):
        some = tall[start : start + BLOCK]
        above = upto[levels[some]] - upto[1]
        place = np.arange(above.sum()) + np.repeat(begin[some].astype(np.int64) + upto[1] - (np.cumsum(above) - above), above)
        level = np.searchsorted(upto, place - np.repeat(begin[some].astype(np.int64), above), side="right") - 1
        target = links[place]
        linked = target >= 0
        _need((levels[target[linked]] > level[linked]).all(), "a link to a point that is not on its level")


def _need(right: object, otherwise: str) -> None:
    if not right:
        raise ValueError(otherwise)
