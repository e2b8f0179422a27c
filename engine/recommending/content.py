"""Recommending by content: the history's vector, decoded as a query is; for catalogues that nobody has taken anything from
yet."""

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.data.histories import Histories
from engine.decoding import DEFAULT_BEAMS, decode
from engine.decoding.trace import Trace
from engine.recommending.base import Material, Model, Recommender, Tell, unseen
from engine.recommending.matrix import Recency
from engine.recommending.plain import Semantic
from engine.retrievers.ranking import Ranking, pack
from engine.scorers.centroid import CentroidScorer, node_means
from engine.trie import Tree, Trie

BEAMS = DEFAULT_BEAMS


class Content:
    """Next items by beam search over the centroid scorer, whose query is the history's vector.

    Parameters
    ----------
    trie : Trie
        Identifiers of the items.
    embeddings : np.ndarray
        Float32 ``(items, d)``, unit rows.
    scorer : callable
        Gives the scorer when it is first needed.
    beams : int
        Hypotheses kept after each level.
    """

    name = "content"

    def __init__(self, trie: Trie, embeddings: np.ndarray, scorer: Callable[[], CentroidScorer], beams: int = BEAMS):
        self.trie, self.beams, self._scorer = trie, beams, scorer
        self.semantic = Semantic(embeddings, Recency())

    @property
    def scorer(self) -> CentroidScorer:
        """Who scores."""
        return self._scorer()

    def trace(
        self, history: np.ndarray, beams: int = 0, seen: bool = False, tree: Tree | None = None, explain: bool = True
    ) -> Trace:
        """Write the next item of one history, on a tree of its own where one is given, and keep what was considered."""
        tree = tree or unseen(self.trie, len(self.semantic.embeddings), history, seen)
        return decode(tree, self.scorer, self.semantic.vectors(Histories.of([history])), beams or self.beams, explain)[0]

    def recommend(self, histories: Histories, k: int, seen: bool = False) -> Ranking:
        """See :class:`engine.recommending.base.Recommender`; ``k`` is at most the beams."""
        vectors, found = self.semantic.vectors(histories), []
        for person, vector in enumerate(vectors):
            tree = unseen(self.trie, len(self.semantic.embeddings), histories.one(person), seen)
            found.append(decode(tree, self.scorer, vector[None], self.beams)[0].documents(tree, k))
        return pack(found, k)


def _make(material: Material, settings: dict[str, Any], tell: Tell) -> Recommender:
    scorer = CentroidScorer(material.trie, node_means(material.trie, material.embeddings), [])
    return Content(material.trie, material.embeddings, lambda: scorer, settings.get("beams", BEAMS))


CONTENT = Model(
    name="content",
    summary="The history's vector, decoded code by code as a query is; needs no interactions.",
    citation="the centroid scorer over a history; Singh et al. 2023 for identifiers of content",
    color="#f28e2b",
    make=_make,
    behaviour=False,
)
