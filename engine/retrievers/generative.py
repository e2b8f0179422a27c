"""Generative retrieval: write the identifier code by code, look up the document at the leaf (DSI, Tay et al. 2022)."""

from collections.abc import Iterator, Sequence

import numpy as np

from engine.decoding import DEFAULT_BEAMS, decode
from engine.decoding.forced import forced_totals
from engine.decoding.plan import Plan
from engine.decoding.search import TOGETHER
from engine.decoding.trace import Trace
from engine.explaining.lost import Fate, fates
from engine.options import Option
from engine.retrievers import recall
from engine.retrievers.base import Found, Method, Named, of_means
from engine.retrievers.lost import MODEL, NO_IDENTIFIER, SEARCH, Lack, Loss
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking, pack, vectors_of
from engine.scorers.base import Scorer, encode_for
from engine.trie import Tree, Trie, restrict

# Beams of the decode that says how sure it is: a threshold then means the same at every width.
SURE_BEAMS = DEFAULT_BEAMS
WHOLE = Plan()
# Whose exact list a recall is of.
PLANNED = "centroid"
NOTHING = (np.empty(0, np.int64), np.empty(0, np.float32))


class GenerativeRetriever:
    """Constrained beam search over the trie with any scorer."""

    name = "generative"
    needs_vectors = True
    floor = -np.inf

    def __init__(self, trie: Trie, scorer: Scorer, beams: int = DEFAULT_BEAMS, plan: Plan = WHOLE):
        self.trie = trie
        self.scorer = scorer
        self.beams = beams
        self.plan = plan

    def traces(self, queries: Queries, sure: bool = False, tree: Tree | None = None) -> Iterator[Trace]:
        """Decode queries without keeping what was pruned; a group's traces are let go before the next group is decoded.

        ``sure`` adds how sure each is, as in :func:`engine.decoding.decode`; ``tree`` is what may be written, all identifiers
        unless given: a plan is for all of them, so under a filter there is none.
        """
        taken = encode_for(self.scorer, queries.texts, vectors_of(self.name, queries))
        narrow, below = self.plan if tree is None or tree is self.trie else WHOLE
        for start in range(0, len(taken), TOGETHER):
            group = taken[start : start + TOGETHER]
            yield from decode(tree or self.trie, self.scorer, group, self.beams, narrow=narrow, below=below, sure=sure)

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are the totals of the paths (nats up to a constant).

        Under a filter the branches without a document that passes are not there: the beam is spent on the others.
        """
        tree = self.tree(allowed)
        if tree is None:
            return pack([NOTHING] * len(queries.texts), k)
        return pack([trace.documents(tree, k) for trace in self.traces(queries, tree=tree)], k)

    def tree(self, allowed: np.ndarray | None) -> Tree | None:
        """What may be written; None where no document that passes has an identifier."""
        if allowed is None:
            return self.trie
        return restrict(self.trie, allowed) if allowed[self.trie.documents].any() else None

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`: the total of a document's path, whether or not a beam finds it; -inf where
        it has no identifier."""
        tree = self.tree(allowed)
        if tree is None:
            return [np.full(len(of_query), -np.inf, np.float32) for of_query in rows]
        taken = encode_for(self.scorer, queries.texts, vectors_of(self.name, queries))
        leaves = self.trie.leaves_of(np.concatenate([np.empty(0, np.int64), *rows]))
        of_queries = np.split(leaves, np.cumsum([len(of_query) for of_query in rows])[:-1])
        return [forced_totals(tree, self.scorer, *of_query) for of_query in zip(taken, of_queries, strict=True)]

    def search_with_confidence(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> tuple[Ranking, np.ndarray]:
        """What :meth:`search` returns, and how sure of its best path a decode is, float64 ``(queries,)``.

        The confidence (:attr:`engine.decoding.trace.Trace.confidence`) is that of :data:`SURE_BEAMS` beams, whatever the width
        searched with: a narrow beam often ends at a poorer leaf and would look less sure of the same query. Under a filter it is
        how sure the decode is among the identifiers that are left; 0 where none is.
        """
        if self.beams != SURE_BEAMS:
            sure = GenerativeRetriever(self.trie, self.scorer, SURE_BEAMS)
            return self.search(queries, k, allowed), sure.search_with_confidence(queries, 1, allowed)[1]
        tree, found, confidences = self.tree(allowed), [], []
        if tree is None:
            return self.search(queries, k, allowed), np.zeros(len(queries.texts))
        for trace in self.traces(queries, sure=True, tree=tree):
            found.append(trace.documents(tree, k))
            confidences.append(trace.confidence)
        return pack(found, k), np.array(confidences, np.float64)


def _open(opened: Opened, beams: int, named: Named) -> GenerativeRetriever:
    if target := _planned(opened, named):
        return GenerativeRetriever(opened.trie, opened.scorer(PLANNED), beams, target.plan)
    return GenerativeRetriever(opened.trie, opened.scorer(named.scorer), beams)


def _planned(opened: Opened, named: Named) -> recall.Target | None:
    """The plan for the recall that a name asks for."""
    asked = dict(named.settings).get("recall")
    return recall.plan_of(opened.folder, asked) if asked is not None else None


def _told(opened: Opened, named: Named) -> str:
    target, known = _planned(opened, named), recall.read(opened.folder)
    plan = f"the {PLANNED} scorer, {recall.told(target, known)}" if target and known else ""
    means = f"{of_means(opened)}; generative-passages writes those of each" if opened.passages else ""
    return "; ".join(filter(None, [means, plan]))


def _evidence(found: Found) -> str:
    return f"codes {found.identifier}"


def _lost(lack: Lack) -> list[Loss]:
    by = lack.by
    assert isinstance(by, GenerativeRetriever)
    tree = by.tree(lack.allowed)
    if tree is None:
        return [loss(None, by.beams, lack.k)] * len(lack.rows)
    (query,) = encode_for(by.scorer, lack.queries.texts, vectors_of(by.name, lack.queries))
    return [loss(fate, by.beams, lack.k) for fate in fates(tree, by.scorer, query, lack.rows.tolist(), by.beams)]


def loss(fate: Fate | None, beams: int, k: int) -> Loss:
    """A fate in words.

    >>> loss(Fate(exact_rank=7, beam_rank=None, cut_at=2, rank=63, keeps=70), 50, 10).told
    'search error: cut at level 2, 63 of 50; exact rank 7, 70 beams keep it'
    >>> loss(Fate(exact_rank=12, beam_rank=11, cut_at=None, rank=None, keeps=None), 50, 10).told
    'model error: rank 11, exact rank 12'
    """
    if fate is None:
        return Loss(NO_IDENTIFIER, "has no identifier in this trie")
    if fate.cut_at is None:
        return Loss(MODEL, f"{MODEL}: rank {fate.beam_rank:,}, exact rank {fate.exact_rank:,}", fate.exact_rank)
    how = f"cut at level {fate.cut_at}, {fate.rank:,} of {beams}; exact rank {fate.exact_rank:,}"
    if fate.by_search(k):
        return Loss(SEARCH, f"{SEARCH}: {how}, {fate.keeps:,} beams keep it", fate.exact_rank)
    return Loss(MODEL, f"{MODEL}: {how}", fate.exact_rank)


METHOD = Method(
    name="generative",
    summary="writes identifiers, one code at a time",
    citation="Tay et al. 2022, arXiv:2202.06991",
    color="#0072B2",
    open=_open,
    evidence=_evidence,
    decodes=True,
    usual=True,
    options=(
        Option(
            name="recall",
            type=float,
            default=None,
            low=0.5,
            high=1.0,
            help="Widths and thresholds that `engine widths` chose for this share of the exact list, by the centroid scorer.",
        ),
    ),
    told=_told,
    lost=_lost,
)
