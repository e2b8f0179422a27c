"""Soft targets: a teacher's probabilities of documents, summed up the trie to probabilities of the next code.

A teacher (dense search, a cross-encoder) knows documents, not codes. The mass of all documents below a node is what it would
give that node, so that ``p(code | prefix, query)`` is a node's mass over that of its siblings.
"""

import numpy as np
import torch
from torch import Tensor

from engine.training.models.base import Candidates
from engine.trie import Trie


def places_of(trie: Trie, documents: int) -> np.ndarray:
    """Place of each document row in leaf order: int64 ``(documents,)``, -1 for rows without an identifier.

    ``documents`` is the number of rows of the catalogue; the trie knows only those that have an identifier.

    >>> from engine.trie import build
    >>> places_of(build(np.array([[2], [-1], [0]])), 3).tolist()
    [1, -1, 0]
    """
    places = np.full(documents, -1, np.int64)
    places[trie.documents] = np.arange(len(trie.documents))
    return places


def marginalise(level: Candidates, places: Tensor, mass: Tensor, doc_start: Tensor, doc_stop: Tensor) -> Tensor:
    """A teacher's target for each of a level's entries: float64 ``(m,)``.

    The mass of the pair's documents below the entry's node, over the sum of the pair's entries. 0 for nodes of -1, and for all
    entries of a pair with no mass below its prefix. Of a sample, an entry's mass counts for as many nodes as it stands for.

    Parameters
    ----------
    level : Candidates
        The entries of a pair are different children of one node.
    places, mass : Tensor
        Int64 and float ``(pairs, k)``: the teacher's documents by their place in leaf order (:func:`places_of`; -1 is nobody's)
        and what it gives them, not below 0. Only the ratios within a pair matter.
    doc_start, doc_stop : Tensor
        Int ``(nodes,)``, of the trie.

    Notes
    -----
    Siblings share no documents, so a teacher's document lies below at most one entry of its pair. That entry is the last one to
    start at or before its place, which a binary search finds when pair and start are one sorted number. The masses are then
    added up directly, rather than as differences of running sums, which would drown small ones in rounding.
    """
    pairs, per_pair = places.shape
    exists = level.node >= 0
    # One number more than there are places: entries without a node stand behind every place of their pair.
    stride = int(doc_stop.max()) + 1
    start = torch.where(exists, doc_start.long()[level.node.clamp(min=0)], stride - 1)
    stop = torch.where(exists, doc_stop.long()[level.node.clamp(min=0)], 0)
    key, order = torch.sort(level.pair * stride + start)
    pair = torch.arange(pairs, device=places.device).repeat_interleave(per_pair)
    place = places.reshape(-1)
    # A place of -1 would be the last one of the pair before; it may point anywhere, as it is dropped below.
    found = torch.searchsorted(key, pair * stride + place.clamp(min=0), right=True) - 1
    entry = order[found.clamp(min=0)]
    below = (found >= 0) & (place >= 0) & (level.pair[entry] == pair) & (place < stop[entry])
    counted = torch.where(below, mass.reshape(-1).double(), 0)
    given = torch.zeros(len(level.node), dtype=torch.float64, device=places.device).index_add(0, entry, counted)
    if level.log_weight is not None:
        given = given * level.log_weight.double().exp()
    of_pair = torch.zeros(pairs, dtype=torch.float64, device=places.device).index_add(0, level.pair, given)
    share = given / of_pair[level.pair]
    return torch.where(of_pair[level.pair] > 0, share, 0)
