"""The counting scorer: the mass of the item-item matrix, summed over the tree; an autoregressive recommender without training.

The mass of an item is what the matrix gives it for a history. That of a prefix is the sum of the masses below it, so
``log p(code | prefix) = log mass(child) - log mass(node)`` is a proper model: the probabilities of all leaves sum to one, and a
beam as wide as the catalogue gives the matrix's own list. Documents below a node are a run of leaf order, so one cumulated array
a history answers for every node: two look-ups each.
"""

from typing import Any

import numpy as np
from scipy import sparse

from engine.data.histories import Histories
from engine.decoding import DEFAULT_BEAMS, decode
from engine.decoding.trace import Trace
from engine.options import Option
from engine.recommending import item_item
from engine.recommending.base import Material, Model, Recommender, Tell, unseen
from engine.recommending.item_item import ItemItem
from engine.retrievers.ranking import Ranking, pack
from engine.scorers.base import Abilities, Scored, log_sum_exp_within
from engine.trie import Children, Tree, Trie

BEAMS = DEFAULT_BEAMS
# Share of the whole mass that goes to all items alike, by how often they are taken: what nothing speaks for keeps a place behind
# everything else, and a history that says nothing gives the popular ones.
FLOOR = 1e-6


class CountingScorer:
    """A :class:`engine.scorers.base.Scorer` whose query is the mass of every item, float64 ``(items,)``.

    Parameters
    ----------
    trie : Trie
        Identifiers of the items.
    popularity : np.ndarray
        How often each item was taken, ``(items,)``; the floor is shared out by it.
    """

    name = "counting"
    abilities = Abilities(bounds=True)

    def __init__(self, trie: Trie, popularity: np.ndarray):
        self.trie = trie
        weight = popularity[trie.documents] + 1.0
        self.floor = FLOOR * weight / weight.sum()

    def start(self, query: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """Cumulated mass in leaf order, float64 ``(documents + 1,)``; a higher temperature evens the odds of the items."""
        mass = np.asarray(query, np.float64)[self.trie.documents]
        if temperature != 1:
            mass = mass ** (1 / temperature)
        total = mass.sum()
        mass = mass / total + self.floor if total > 0 else self.floor
        return np.concatenate([[0.0], np.cumsum(mass)])

    def mass(self, state: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        """Mass below each node, float64."""
        return state[self.trie.doc_stop[nodes]] - state[self.trie.doc_start[nodes]]

    def score(self, state: np.ndarray, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
        """See :class:`engine.scorers.base.Scorer`."""
        log_mass = np.log(np.maximum(self.mass(state, children.node), np.finfo(np.float64).tiny))
        log_prob = log_mass - log_sum_exp_within(log_mass, children.parent, len(nodes))[children.parent]
        return Scored(log_prob.astype(np.float32), (totals[children.parent] + log_prob).astype(np.float32))

    def masked(self, state: np.ndarray, level: int, nodes: np.ndarray, children: Children) -> np.ndarray:
        """Nothing is ever spent on codes that the tree lacks."""
        return np.zeros(len(nodes))

    def bound(self, state: np.ndarray, nodes: np.ndarray, totals: np.ndarray) -> np.ndarray:
        """A leaf has no more than the node above it; a little more, for rounding."""
        return totals + 1e-4


class Counting:
    """Next items by beam search over the counting scorer.

    Parameters
    ----------
    of : ItemItem
        Whose mass is summed.
    trie : Trie
        Identifiers of the items; an item without one cannot be written, so it never comes.
    popularity : np.ndarray
        How often each item was taken, ``(items,)``.
    beams : int
        Hypotheses kept after each level.
    """

    name = "counting"

    def __init__(self, of: ItemItem, trie: Trie, popularity: np.ndarray, beams: int = BEAMS):
        self.of, self.trie, self.beams = of, trie, beams
        self.scorer = CountingScorer(trie, popularity)

    def query(self, mass: sparse.csr_matrix, tree: Tree) -> np.ndarray:
        """Mass of every item, float64 ``(items,)``; none where an item may not come, or its neighbours would have it."""
        found = np.zeros(self.of.items)
        found[mass.indices] = mass.data
        if tree is self.trie:
            return found
        allowed = np.zeros(self.of.items, bool)
        allowed[tree.documents] = True
        return np.where(allowed, found, 0.0)

    def trace(
        self, history: np.ndarray, beams: int = 0, seen: bool = False, tree: Tree | None = None, explain: bool = True
    ) -> Trace:
        """Write the next item of one history, on a tree of its own where one is given, and keep what was considered."""
        mass = self.of.mass(Histories.of([history]))
        tree = tree or unseen(self.trie, self.of.items, history, seen)
        return decode(tree, self.scorer, [self.query(mass, tree)], beams or self.beams, explain)[0]

    def recommend(self, histories: Histories, k: int, seen: bool = False) -> Ranking:
        """See :class:`engine.recommending.base.Recommender`; ``k`` is at most the beams."""
        mass, found = self.of.mass(histories), []
        for person in range(histories.people):
            history = histories.one(person)
            tree = unseen(self.trie, self.of.items, history, seen)
            trace = decode(tree, self.scorer, [self.query(mass[person], tree)], self.beams)[0]
            found.append(trace.documents(tree, k))
        return pack(found, k)

    def paid(self, history: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        """Which items of a history pay for each node: float64 ``(history, nodes)``, columns of shares that sum to 1, or to 0
        where nothing of the history speaks for the node."""
        return shares(self.of, self.trie, history, nodes)


def shares(of: ItemItem, trie: Trie, history: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """See :meth:`Counting.paid`. Items that are too long ago to be read pay nothing."""
    found = np.zeros((len(history), len(nodes)))
    near = np.arange(max(0, len(history) - of.recency.last), len(history))
    for place in near:
        row = np.zeros(of.items)
        line = of.weights[int(history[place])]
        row[line.indices] = line.data * of.recency.fading ** (len(history) - 1 - place)
        state = np.concatenate([[0.0], np.cumsum(row[trie.documents])])
        found[place] = state[trie.doc_stop[nodes]] - state[trie.doc_start[nodes]]
    total = found.sum(axis=0)
    return np.divide(found, total, out=np.zeros_like(found), where=total > 0)


def _make(material: Material, settings: dict[str, Any], tell: Tell) -> Recommender:
    of = item_item.made(material, {name: value for name, value in settings.items() if name != "beams"}, tell)
    popularity = np.bincount(material.split.train.items, minlength=material.items)
    return Counting(of, material.trie, popularity, settings.get("beams", BEAMS))


COUNTING = Model(
    name="counting",
    summary="The item-item matrix, summed over the tree and written code by code: generation without training.",
    citation="ours; the marginal of a non-negative matrix over a prefix tree",
    color="#e15759",
    make=_make,
    options=(*item_item.OPTIONS, Option("beams", int, BEAMS, "Hypotheses kept after each level.", 1, 10_000)),
)
