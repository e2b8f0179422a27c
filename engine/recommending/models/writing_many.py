"""Beam search of many histories at once over a network that writes codes: what :func:`engine.decoding.decode` finds for each.

Each history has a tree of its own, since what stands in it does not come again: a node is closed to it where nothing else is
below. Documents below a node are a run of leaf order, so how many of them a history bans is two look-ups in one sorted array.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.data.histories import Histories
from engine.errors import TriescopeError
from engine.retrievers.ranking import Ranking
from engine.scorers.t5_many import Beams, follow, read
from engine.trie import ROOT, Trie

if TYPE_CHECKING:
    from engine.recommending.models.tiger import TigerModel

# Numbers that the widest layer of a batch holds for all of its beams, 4 MB: more at once is no quicker.
NUMBERS = 1 << 20


class Banned(NamedTuple):
    """What each history may not have: ``history * documents + place in leaf order``, sorted, int64."""

    trie: Trie
    keys: np.ndarray

    @classmethod
    def of(cls, trie: Trie, histories: Histories, seen: bool) -> "Banned":
        """Items of the histories; nothing where they may come again, or where nothing would be left."""
        documents = len(trie.documents)
        if seen or not len(histories.items):
            return cls(trie, np.empty(0, np.int64))
        place = np.full(max(int(histories.items.max()), int(trie.documents.max())) + 1, -1, np.int64)
        place[trie.documents] = np.arange(documents)
        there = place[histories.items]
        keys = np.unique((histories.person * documents + there)[there >= 0])
        left = documents - np.bincount(keys // documents, minlength=histories.people)
        return cls(trie, keys[left[keys // documents] > 0])

    def below(self, history: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        """How many documents below each node its history bans."""
        first = history.astype(np.int64) * len(self.trie.documents)
        ends = (first + of[nodes] for of in (self.trie.doc_stop, self.trie.doc_start))
        stop, start = (np.searchsorted(self.keys, end) for end in ends)
        return stop - start

    def named(self, history: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Which of the places in leaf order are banned to their history."""
        return np.isin(history.astype(np.int64) * len(self.trie.documents) + places, self.keys, kind="sort")


class Found(NamedTuple):
    """Beams of all histories, by history and then best first: whose, node, total in nats, and place among what the decoder was
    asked at the level before."""

    history: np.ndarray
    node: np.ndarray
    total: np.ndarray
    asked: np.ndarray


def write(
    model: "TigerModel", tokens: Sequence[np.ndarray], histories: Histories, beams: int, k: int, seen: bool = False
) -> Ranking:
    """The ``k`` items that are written first after each history.

    Parameters
    ----------
    model : TigerModel
        In evaluation mode.
    tokens : sequence of np.ndarray
        What the encoder reads of each history.
    histories : Histories
        Whose items do not come again unless they may.
    beams, k : int
        Hypotheses kept after each level, and the length of a list, which is at most so long.
    seen : bool
        Whether items of the history may come again.

    Raises
    ------
    TriescopeError
        A score is not a finite number.
    """
    rows, scores = np.full((len(tokens), k), -1, np.int64), np.full((len(tokens), k), -np.inf, np.float32)
    for part in _batches(model, tokens, beams):
        banned = Banned.of(model.trie, histories.pick(part), seen)
        last = _search(model, [tokens[row] for row in part], banned, beams)
        last = Found(*(of[_place_within(last.history) < k] for of in last))
        found, size = model.trie.leaves_documents(last.node)
        history, total = np.repeat(last.history, size), np.repeat(last.total, size)
        start = np.repeat(model.trie.doc_start[last.node] - (np.cumsum(size) - size), size)
        may = np.flatnonzero(~banned.named(history, start + np.arange(len(found))))
        at = _place_within(history[may])
        may, at = may[at < k], at[at < k]
        rows[part[history[may]], at], scores[part[history[may]], at] = found[may], total[may]
    return Ranking(rows, scores, [])


def _batches(model: "TigerModel", tokens: Sequence[np.ndarray], beams: int) -> Iterator[np.ndarray]:
    """Histories that are read together: of about one length, and so many as there is memory for."""
    length = np.array([len(one) for one in tokens], np.int64)
    order, config = np.argsort(length, kind="stable"), model.network.config
    widest = np.maximum(max(config.d_ff, *model.network.codes), config.num_heads * length[order])
    first = 0
    while first < len(order):
        # The last of a batch is its longest, so what it holds only grows.
        held = (np.arange(len(order) - first) + 1) * widest[first:] * min(beams, len(model.trie.code))
        count = max(1, int(np.searchsorted(held, NUMBERS, side="right")))
        yield order[first : first + count]
        first += count


def _search(model: "TigerModel", tokens: Sequence[np.ndarray], banned: Banned, beams: int) -> Found:
    trie, count = model.trie, len(tokens)
    readings, past = read(model.network, tokens), None
    start = np.arange(count)
    now = Found(start, np.full(count, ROOT), np.zeros(count, np.float32), start)
    for level in range(1, trie.levels + 1):
        going = np.flatnonzero(~trie.is_leaf(now.node))
        if not len(going):
            break
        told = Found(*(of[going] for of in now))
        within = _place_within(told.history)
        width = int(within.max()) + 1
        place = told.history * width + within
        asked = Beams(np.zeros((count, width), np.int64), np.zeros((count, width), np.int64))
        asked.last.flat[place], asked.above.flat[place] = trie.code[told.node], told.asked
        logs, past = follow(model.network, readings, level, asked, past)
        now = _best(_next(trie, told, place, logs, banned, level), Found(*(np.delete(of, going) for of in now)), beams)
    return now


def _next(trie: Trie, told: Found, place: np.ndarray, logs: np.ndarray, banned: Banned, level: int) -> Found:
    """All children that are open to their histories."""
    children = trie.children(told.node)
    history = told.history[children.parent]
    may = trie.counts_of(children.node) > banned.below(history, children.node)
    parent, node = children.parent[may], children.node[may]
    of = logs.reshape(-1, logs.shape[-1])[place[parent], trie.code[node].astype(np.int64)]
    if not np.isfinite(of).all():
        raise TriescopeError(f"scorer t5: a score at level {level} is not a finite number")
    # Rounded as the scorer that asks for one history rounds.
    total = (told.total[parent].astype(np.float64) + np.round(of.astype(np.float64), 5)).astype(np.float32)
    return Found(history[may], node, total, place[parent])


def _best(open_ones: Found, ended: Found, beams: int) -> Found:
    """The best of each history, among them what has ended; equal totals in node order."""
    both = Found(*(np.concatenate(pair) for pair in zip(open_ones, ended, strict=True)))
    order = np.argsort(both.history, kind="stable")
    within, history = _place_within(both.history[order]), both.history[order]
    if within.max() >= beams:
        # A partition finds the last that can stay; few are left to be sorted.
        table = np.full((int(history[-1]) + 1, int(within.max()) + 1), -np.inf, np.float32)
        table[history, within] = both.total[order]
        order = order[both.total[order] >= np.partition(table, -beams, axis=1)[history, -beams]]
    order = order[np.lexsort((both.node[order], -both.total[order], both.history[order]))]
    order = order[_place_within(both.history[order]) < beams]
    return Found(*(of[order] for of in both))


def _place_within(sorted_by: np.ndarray) -> np.ndarray:
    """Place of each entry among those that are equal to it, which stand together.

    >>> _place_within(np.array([0, 0, 2, 2, 2])).tolist()
    [0, 1, 0, 1, 2]
    """
    starts = np.flatnonzero(np.r_[True, sorted_by[1:] != sorted_by[:-1]]) if len(sorted_by) else np.empty(0, np.int64)
    return np.arange(len(sorted_by)) - np.repeat(starts, np.diff(np.append(starts, len(sorted_by))))
