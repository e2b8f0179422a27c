"""A trained TIGER as a recommender: the next item's identifier by beam search, and the tree keeps it honest."""

from typing import TYPE_CHECKING

import numpy as np

from engine.data.histories import Histories
from engine.decoding import DEFAULT_BEAMS, decode
from engine.decoding.trace import Trace
from engine.recommending.base import unseen
from engine.recommending.models.writing_many import write
from engine.retrievers.ranking import Ranking
from engine.scorers.t5 import T5Scorer
from engine.trie import Tree

if TYPE_CHECKING:
    from engine.recommending.models.tiger import TigerModel


class Writing:
    """Next items by beam search over a network that writes codes.

    Parameters
    ----------
    model : TigerModel
        Trained, or being trained.
    name : str
        What it is called.
    beams : int
        Hypotheses kept after each level; a list is at most so long.
    """

    knows_people = True
    """Its lists may differ by who asks."""

    def __init__(self, model: "TigerModel", name: str, beams: int = DEFAULT_BEAMS):
        self.model, self.trie, self.name, self.beams = model.eval(), model.trie, name, beams
        self.scorer = T5Scorer(model.trie, model.network)

    def trace(
        self, history: np.ndarray, beams: int = 0, seen: bool = False, tree: Tree | None = None, explain: bool = True
    ) -> Trace:
        """Write the next item of one history, on a tree of its own where one is given, and keep what was considered."""
        tree = tree or unseen(self.trie, self.model.items, history, seen)
        return decode(tree, self.scorer, self.model.tokens(Histories.of([history])), beams or self.beams, explain)[0]

    def recommend(self, histories: Histories, k: int, seen: bool = False, people: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.recommending.base.Recommender`; ``k`` is at most the beams. ``people`` are rows of the log's users,
        where it is known who asks."""
        tokens = self.model.tokens(histories, people)
        return write(self.model, tokens, histories, self.beams, k, seen)
