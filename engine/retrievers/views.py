"""Several views of a document, each with n-grams of its own, their scores summed (MINDER, Li et al. 2023).

A document is found by what it says, by its title, and by what people ask who want it. The first two every document has; the third
are here the train queries that it answers, where there are any (MINDER writes them by a model). N-grams are written for each view
apart (:mod:`engine.retrievers.ngrams`), and a document's scores in all of them add up.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from engine.data import tables
from engine.retrievers import ngrams
from engine.retrievers.base import Found, Method, Named
from engine.retrievers.moved import TRAIN, gains_of
from engine.retrievers.ngrams import BEAMS, LONGEST, NAMED, OPTIONS, NgramRetriever
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking, best, pack, vectors_of
from engine.text import ngrams as indexed
from engine.text.ngrams import Ngrams

TEXT, TITLE, ASKED = "text", "title", "asked"


class ViewsRetriever:
    """Documents by the n-grams of several views.

    Parameters
    ----------
    views : mapping
        Name -> n-grams of that view, of the same documents.
    """

    name = "minder"
    needs_vectors = True
    floor = 0.0

    def __init__(self, views: Mapping[str, NgramRetriever]):
        self.views = views

    def _all(self, queries: Queries) -> list[np.ndarray]:
        vectors_of(self.name, queries)
        found = [view.all_scores(queries) for view in self.views.values()]
        return [np.stack(of_query).sum(axis=0) for of_query in zip(*found, strict=True)]

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`."""
        results = []
        for scores in self._all(queries):
            found = best(scores, k, scores > 0 if allowed is None else (scores > 0) & allowed)
            results.append((found, scores[found]))
        return pack(results, k)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`; 0 where no view holds anything that was written."""
        return [scores[np.asarray(of, np.int64)] for scores, of in zip(self._all(queries), rows, strict=True)]

    def held(self, query: str, row: int) -> dict[str, list[str]]:
        """View -> the n-grams written for a query that a document holds there, the heaviest first."""
        return {name: found for name, view in self.views.items() if (found := view.held(query, row))}


def of_owners(texts: Sequence[str], owner: Sequence[int], documents: int) -> Ngrams:
    """Index texts of which a document owns several; no n-gram goes from one to the other.

    >>> known = of_owners(["a war film", "sea war", "a war"], [2, 0, 2], 3)
    >>> known.lengths.tolist(), sorted(set(known.document.tolist()))
    ([2, 0, 5], [0, 2])
    """
    known, owners = indexed.index(texts), np.asarray(owner, np.int32)
    lengths = np.bincount(owners, known.lengths, documents).astype(np.int64)
    return known._replace(document=owners[known.document], lengths=lengths)


def asked_of(opened: Opened) -> Ngrams | None:
    """The train queries that each document answers; None where there are none."""
    judged = tables.read_judged(opened.folder, TRAIN)
    pairs = [
        (judged.queries[query], row) for query, of in gains_of(opened, judged).items() for row, grade in of.items() if grade > 0
    ]
    return of_owners([text for text, _ in pairs], [row for _, row in pairs], len(opened.embeddings)) if pairs else None


def views_of(opened: Opened) -> dict[str, Ngrams]:
    """The views of a build's documents, each indexed."""
    known = {TEXT: indexed.index(opened.texts()), TITLE: indexed.index(opened.titles()), ASKED: asked_of(opened)}
    return {name: of for name, of in known.items() if of}


def _open(opened: Opened, beams: int, named: Named) -> ViewsRetriever:
    settings = dict(named.settings)
    width, longest = settings.get("beams", BEAMS), settings.get("longest", LONGEST)
    vectors = np.asarray(opened.embeddings)
    return ViewsRetriever({name: NgramRetriever(of, vectors, width, longest) for name, of in views_of(opened).items()})


def evidence_of(found: Found) -> str:
    """The heaviest n-grams that a hit holds, view by view."""
    assert isinstance(found.by, ViewsRetriever)
    held = found.by.held(found.query, found.row)
    told = "; ".join(f"{name}: {', '.join(grams[:NAMED])}" for name, grams in held.items())
    return told or "n-grams: none remembered"


def _told(opened: Opened, named: Named) -> str:
    views = opened.retriever("minder")
    assert isinstance(views, ViewsRetriever)
    seen = "its third view is the train queries, so it has seen labels" if ASKED in views.views else "there are no train queries"
    return f"views {', '.join(views.views)}, indexed in memory; {seen}"


METHOD = Method(
    name="minder",
    summary="n-grams of several views of a document, its text, title and the queries it answers, their scores summed",
    citation="Li et al. 2023 (MINDER), arXiv:2305.16675",
    color="#5B3F8C",
    open=_open,
    evidence=evidence_of,
    empty=ngrams.METHOD.empty,
    told=_told,
    lost=ngrams.METHOD.lost,
    options=OPTIONS,
)
