"""Two stages: one retriever finds candidates, another orders them.

``bm25~dense`` takes the first :data:`POOL` of BM25 and ranks them by cosine; ``generative~dense`` the other way round to a
fallback: a decoder narrows a catalogue down, exact vectors decide. Whatever the first stage does not list is never found, however
well the second would like it; that is what the second costs less by.
"""

from collections.abc import Sequence

import numpy as np

from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.retrievers import method_of
from engine.retrievers.base import Found, Method, Named, Retriever, Scoring
from engine.retrievers.lost import BELOW, NO_MEMBER, Lack, Loss, places
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking, pack

# Candidates of a query, at least.
POOL = 200
FINDS, RANKS = "generative", "dense"


class RerankedRetriever:
    """Candidates of one retriever in the order of another.

    Parameters
    ----------
    finds : Retriever
        Who finds them.
    ranks : Scoring
        Who says what it thinks of each; one of which it can say nothing comes behind the others, as it was found.
    """

    name = "reranked"

    def __init__(self, finds: Retriever, ranks: Scoring):
        self.finds, self.ranks, self.floor = finds, ranks, ranks.floor

    @property
    def needs_vectors(self) -> bool:
        """Whether either needs them."""
        return self.finds.needs_vectors or self.ranks.needs_vectors

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are the second retriever's."""
        found = [rows[rows >= 0] for rows in self.finds.search(queries, max(k, POOL), allowed).rows]
        results = []
        for rows, scores in zip(found, self.ranks.scores(queries, found, allowed), strict=True):
            known = np.flatnonzero(np.isfinite(scores))
            best = known[top_k(scores[known], k, rows[known])]
            rest = np.flatnonzero(~np.isfinite(scores))[: k - len(best)]
            order = np.concatenate([best, rest])
            results.append((rows[order], scores[order]))
        return pack(results, k)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`: the second retriever's, whoever found a document."""
        return self.ranks.scores(queries, rows, allowed)


def _open(opened: Opened, beams: int, named: Named) -> RerankedRetriever:
    first, second = _members(named)
    ranks = opened.retriever(second, beams)
    if not isinstance(ranks, Scoring):
        raise TriescopeError(f"{second} only ranks what it finds itself: it cannot order what {first} found")
    return RerankedRetriever(opened.retriever(first, beams), ranks)


def _members(named: Named) -> tuple[str, str]:
    """Who finds and who ranks, by name."""
    first, second = named.members or (f"{FINDS}:{named.scorer}" if named.scorer else FINDS, RANKS)
    return first, second


def _told(opened: Opened, named: Named) -> str:
    """What is to be said of either."""
    told = (method_of(member) for member in _members(named))
    return "; ".join(filter(None, (method.told(opened, of) for method, of in told)))


def _evidence(found: Found) -> str:
    return f"score {found.score:.3f} of who ranks"


def _lost(lack: Lack) -> list[Loss]:
    by = lack.by
    assert isinstance(by, RerankedRetriever)
    pool = max(lack.k, POOL)
    candidates = places(by.finds.search(lack.queries, pool, lack.allowed), lack.rows)
    ranked = places(by.search(lack.queries, pool, lack.allowed), lack.rows)
    losses = []
    for first, second in zip(candidates, ranked, strict=True):
        if first is None or second is None:
            losses.append(Loss(NO_MEMBER, f"not among the {pool:,} candidates"))
        else:
            told = f"rank {second.rank:,} of the candidates, found at {first.rank:,}"
            losses.append(Loss(BELOW, told, second.rank, second.score))
    return losses


METHOD = Method(
    name="reranked",
    summary="candidates of one retriever in the order of another, like generative~dense or bm25~tuned",
    citation="Matveeva et al. 2006 (cascades of rankers)",
    color="#DDCC77",
    open=_open,
    evidence=_evidence,
    decodes=True,
    told=_told,
    lost=_lost,
)
