"""A tree and its node vectors cut into shards by first code, each a folder of arrays that a process can map.

Nodes are numbered level by level, so those of a run of first codes are a run on every level; a shard is these runs under a root
of its own. Their order stays, hence what settles ties does too.
"""

import os
import shutil
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.export.flat import Flat
from engine.files import replace_json, writing
from engine.scorers.node import Adapter
from engine.trie import ROOT, Trie

ABOUT = "about.json"
ADAPTER = ("into_weight", "into_bias", "out_weight", "out_bias")


class Shard(NamedTuple):
    """A part of a tree with its node vectors.

    Attributes
    ----------
    trie : Trie
        The part; ``documents`` are rows of the whole.
    vectors, row, bias : np.ndarray
        As in :class:`engine.export.flat.Flat`.
    first : np.ndarray
        Int64, one a level: the node of the whole tree that the first node of the level is.
    """

    trie: Trie
    vectors: np.ndarray
    row: np.ndarray
    bias: np.ndarray
    first: np.ndarray

    def whole_nodes(self, nodes: np.ndarray) -> np.ndarray:
        """The nodes that nodes of this shard are in the whole tree: int64."""
        level = self.trie.level_of(nodes)
        return nodes - self.trie.level_start[level] + self.first[level]


def bounds(trie: Trie, shards: int) -> list[int]:
    """Nodes of the first level at which shards begin, and one entry more: as even as first codes allow, by nodes below them.

    Raises
    ------
    TriescopeError
        There are not as many first codes.
    """
    start, stop = int(trie.first_child[ROOT]), int(trie.first_child[ROOT + 1])
    if not 1 <= shards <= stop - start:
        raise TriescopeError(f"{shards} shards of a tree with {stop - start} first codes")
    below = np.cumsum(trie.counts[start:stop].astype(np.int64))
    wanted = below[-1] * np.arange(1, shards) / shards
    cuts = [0]
    for place, at in enumerate(np.searchsorted(below, wanted).tolist(), 1):
        # At least one first code for each, those still to come included.
        cuts.append(min(max(at + 1, cuts[-1] + 1), stop - start - (shards - place)))
    return [start + cut for cut in [*cuts, stop - start]]


def cut(of: Flat, start: int, stop: int) -> Shard:
    """The shard of the first-level nodes ``start`` to ``stop - 1``."""
    trie = of.trie
    runs = [(0, 1), (start, stop)]
    for _ in range(1, trie.levels):
        low, high = runs[-1]
        runs.append((int(trie.first_child[low]), int(trie.first_child[high])))
    sizes = np.array([high - low for low, high in runs])
    level_start = np.concatenate([[0], np.cumsum(sizes)])
    nodes = np.concatenate([np.arange(low, high) for low, high in runs])
    children = [np.ones(1, np.int64)]
    for level in range(1, len(runs)):
        low, high = runs[level]
        below = runs[level + 1][0] if level + 1 < len(runs) else int(trie.first_child[low])
        children.append(trie.first_child[low:high].astype(np.int64) - below + level_start[level + 1])
    first_child = np.concatenate([*children, [level_start[-1]]]).astype(np.int32)
    doc_start, doc_stop = int(trie.doc_start[start]), int(trie.doc_stop[stop - 1])
    starts, stops = trie.doc_start[nodes] - doc_start, trie.doc_stop[nodes] - doc_start
    starts[0], stops[0] = 0, doc_stop - doc_start
    part = Trie(
        np.ascontiguousarray(trie.code[nodes]),
        first_child,
        starts.astype(np.int32),
        stops.astype(np.int32),
        np.ascontiguousarray(trie.documents[doc_start:doc_stop]),
        level_start.astype(np.int32),
    )
    held, row = np.unique(of.row[nodes], return_inverse=True)
    first = np.array([low for low, _ in runs], np.int64)
    return Shard(part, np.ascontiguousarray(of.vectors[held]), row.astype(np.int32), of.bias[nodes], first)


def split(of: Flat, shards: int, out: Path, made: str = "") -> None:
    """Write the shards of a tree into a new folder, ``00``, ``01`` and so on, and what concerns them all.

    ``made`` says what they are of, so that they can be told from others.

    Raises
    ------
    TriescopeError
        The folder is there, there are not as many first codes, the scorer ranks by sums of log-probabilities, whose siblings at
        the first level would lie in several shards, or nothing can be written.
    """
    if of.rank_by != "nodes":
        raise TriescopeError(f"{of.scorer}: a scorer that ranks among siblings is not sharded")
    if out.exists():
        raise TriescopeError(f"{out}: it is there already")
    at, beside = bounds(of.trie, shards), out.with_name(f".{out.name}.{os.getpid()}.tmp")
    with writing(out):
        try:
            for place, (start, stop) in enumerate(pairwise(at)):
                folder = beside / f"{place:02}"
                folder.mkdir(parents=True)
                shard = cut(of, start, stop)
                arrays = shard.trie._asdict() | {name: getattr(shard, name) for name in ("vectors", "row", "bias", "first")}
                for name, array in arrays.items():
                    np.save(folder / f"{name}.npy", array, allow_pickle=False)
            if of.adapter:
                for name, array in zip(ADAPTER, of.adapter, strict=True):
                    np.save(beside / f"{name}.npy", array, allow_pickle=False)
            about = {
                "shards": shards,
                "levels": of.trie.levels,
                "documents": len(of.trie.documents),
                "scorer": of.scorer,
                "made": made,
            }
            replace_json(beside / ABOUT, about)
            os.rename(beside, out)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def read(folder: Path) -> Shard:
    """Map a shard.

    Raises
    ------
    TriescopeError
        A file is missing or damaged.
    """
    from engine.stored import arrays

    mapped = {name: arrays.mapped(folder / f"{name}.npy", "uint16", "int32") for name in Trie._fields}
    vectors, bias = arrays.mapped(folder / "vectors.npy", "float32", axes=2), arrays.mapped(folder / "bias.npy", "float32")
    row, first = arrays.mapped(folder / "row.npy", "int32"), arrays.mapped(folder / "first.npy", "int64")
    return Shard(Trie(**mapped), vectors, row, bias, np.asarray(first))


def read_adapter(folder: Path) -> Adapter | None:
    """The adapter of queries, where the scorer has one."""
    paths = [folder / f"{name}.npy" for name in ADAPTER]
    return Adapter(*(np.load(path, allow_pickle=False) for path in paths)) if paths[0].is_file() else None
