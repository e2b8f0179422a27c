"""Generative search of documents in passages: every passage has an identifier of its own, and a document counts as its best one.

The documents' identifiers are made of the mean of their passages, which is near to none of them where they speak of different
things. The scheme gives codes to passages too, by what it fitted; a document then stands in a tree as often as it has passages.
That tree and its nodes' means are made when it is first asked for, and the centroid scorer alone searches it.
"""

from collections.abc import Sequence

import numpy as np

from engine import trie
from engine.decoding import DEFAULT_BEAMS, decode
from engine.decoding.forced import forced_totals
from engine.decoding.search import TOGETHER
from engine.errors import TriescopeError
from engine.explaining.lost import fates
from engine.identifiers.base import Identifiers, Material
from engine.identifiers.collisions import extra_code
from engine.retrievers.base import Found, Method, Named
from engine.retrievers.generative import loss
from engine.retrievers.lost import Lack, Loss
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking, pack, vectors_of
from engine.scorers.centroid import CentroidScorer, node_means
from engine.stored import passages
from engine.stored.passages import Passages
from engine.trie import Tree, restrict

NAME = "generative-passages"


class PassageTree:
    """Constrained beam search over the identifiers of passages.

    Parameters
    ----------
    of : Passages
        Rows of the scorer's tree.
    scorer : CentroidScorer
        Over that tree (:func:`scorer_of`).
    beams : int
        Documents' worth: as many passages are kept as so many documents have on average, for one is reached by several.
    """

    name = NAME
    needs_vectors = True
    floor = -np.inf

    def __init__(self, of: Passages, scorer: CentroidScorer, beams: int = DEFAULT_BEAMS):
        self.passages, self.scorer, self.trie = of, scorer, scorer.trie
        self.beams = -(-beams * len(of.vectors) // len(of.ends))
        self.document = of.document

    def tree(self, allowed: np.ndarray | None) -> Tree | None:
        """What may be written; None where no passage of a document that passes has an identifier."""
        if allowed is None:
            return self.trie
        some = allowed[self.document]
        return restrict(self.trie, some) if some[self.trie.documents].any() else None

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; a score is the total of the path of a document's best passage."""
        tree, vectors = self.tree(allowed), vectors_of(self.name, queries)
        if tree is None:
            return pack([(np.empty(0, np.int64), np.empty(0, np.float32))] * len(vectors), k)
        found = []
        for start in range(0, len(vectors), TOGETHER):
            for trace in decode(tree, self.scorer, vectors[start : start + TOGETHER], self.beams):
                places, scores = trace.documents(tree, self.beams)
                rows = self.document[places]
                _, first = np.unique(rows, return_index=True)  # passages come best first, equal ones in the order of documents
                first = np.sort(first)[:k]
                found.append((rows[first], scores[first]))
        return pack(found, k)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`: of the best passage of each, whether or not a beam finds it."""
        tree, found = self.tree(allowed), []
        for query, of in zip(vectors_of(self.name, queries), rows, strict=True):
            of = np.asarray(of, np.int64)
            if tree is None or not len(of):
                found.append(np.full(len(of), -np.inf, np.float32))
                continue
            totals = forced_totals(tree, self.scorer, query, self.trie.leaves_of(self.passages.places(of)))
            found.append(self.passages.taken(of).best(totals))
        return found


def scorer_of(codes: np.ndarray, of: Passages) -> CentroidScorer:
    """What scores the tree of these passages.

    Parameters
    ----------
    codes : np.ndarray
        Int32 ``(passages, levels)``, -1 padded: content codes. Those of one identifier are numbered.
    of : Passages
        Their vectors.
    """
    vocabulary = tuple(int(level.max(initial=0)) + 1 for level in codes.T)
    tree = trie.build(extra_code(Identifiers(codes, vocabulary), Material(of.vectors, ()), 0).codes)
    return CentroidScorer(tree, node_means(tree, of.vectors), [])


def _open(opened: Opened, beams: int, named: Named) -> PassageTree:
    of = opened.passages
    if of is None:
        raise TriescopeError(f"{NAME}: no document was cut into passages; a build --passages has them")
    return PassageTree(of, opened.passage_scorer, beams)


def _told(opened: Opened, named: Named) -> str:
    of = opened.passages
    return f"a document counts as its best passage: {len(of.vectors):,} of {len(of.ends):,} documents" if of else ""


def _evidence(found: Found) -> str:
    assert isinstance(found.by, PassageTree)
    count = int(found.by.passages.sizes[found.row])
    return f"the best of {count} passages" if count > 1 else "read whole"


def _lost(lack: Lack) -> list[Loss]:
    """What became of a document's best passage, the one that all would rank first."""
    by = lack.by
    assert isinstance(by, PassageTree)
    tree, (query,) = by.tree(lack.allowed), vectors_of(by.name, lack.queries)
    if tree is None:
        return [loss(None, by.beams, lack.k)] * len(lack.rows)
    sizes, found = by.passages.sizes[lack.rows], []
    of_passages = fates(tree, by.scorer, query, by.passages.places(lack.rows).tolist(), by.beams)
    for stop, size in zip(np.cumsum(sizes).tolist(), sizes.tolist(), strict=True):
        reached = [fate for fate in of_passages[stop - size : stop] if fate]
        known = loss(min(reached, key=lambda fate: fate.exact_rank, default=None), by.beams, lack.k)
        found.append(known._replace(told=f"its best passage: {known.told}", rank=None) if reached else known)
    return found


METHOD = Method(
    name=NAME,
    summary="writes identifiers of passages; a document counts as its best one",
    citation="Tay et al. 2022, arXiv:2202.06991; Dai and Callan 2019, arXiv:1905.09217",
    color="#0099CC",
    open=_open,
    evidence=_evidence,
    decodes=True,
    there=lambda folder: (folder / passages.VECTORS).is_file(),
    told=_told,
    lost=_lost,
    follows=True,
    own=True,
)
