"""N-grams as identifiers: any run of words of a document stands for it (SEAL, Bevilacqua et al. 2022).

N-grams are written word by word, only such as occur (:mod:`engine.text.ngrams`), by a beam, and the documents that hold what was
written are scored by its weights. SEAL asks a language model that was trained on queries; here nobody is trained. What is likely
to be said in answer to a query is what the documents near it say (the relevance model of Lavrenko and Croft 2001):

    p(n-gram | query) = sum over its occurrences of  p(document | query) / words of the document

with the softmax of the cosines as p(document | query). In the order of the suffix array that is one running sum a query, so the
next words of an n-gram cost two look-ups each. An n-gram weighs as in SEAL, by the logarithm of its odds given the query over its
odds anywhere; what is as common anywhere weighs nothing.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np

from engine.kernels.top_k import top_k
from engine.options import Option
from engine.retrievers.base import Found, Method, Named, of_means
from engine.retrievers.lost import BELOW, Lack, Loss, places
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking, best, pack, vectors_of
from engine.text import ngrams
from engine.text.ngrams import DEPTH, Ngrams

# As the centroid scorer's: the softmax of the cosines.
SCALE = 20.0
# The power of a weight (2 in SEAL; development queries of films and NFCorpus like 1 better), and, as in SEAL, how much less
# an n-gram counts whose words were counted already.
POWER, FRESH = 1.0, 0.8
BEAMS, LONGEST = 50, 3
OPTIONS = (
    Option("beams", int, BEAMS, "N-grams kept after each word.", 1, 1000),
    Option("longest", int, LONGEST, "Words of the longest n-gram.", 1, DEPTH),
)
# The least odds that a logarithm is taken of.
TINY = 1e-12
# Queries whose n-grams are remembered, to be named beside a hit; n-grams that are named.
REMEMBERED, NAMED = 512, 3


class Written(NamedTuple):
    """N-grams that were written for a query, the heaviest first: runs, words in each, and weights, float64."""

    low: np.ndarray
    high: np.ndarray
    length: np.ndarray
    weight: np.ndarray


NOTHING = Written(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def weighed(low: np.ndarray, high: np.ndarray, length: np.ndarray, here: np.ndarray, there: np.ndarray) -> Written:
    """N-grams and what each weighs, given its probability for the query and anywhere; those that weigh nothing are left out."""
    weight = np.log(here * np.maximum(1 - there, TINY)) - np.log(there * np.maximum(1 - here, TINY))
    order = np.lexsort((low, -length, -weight))
    order = order[weight[order] > 0]
    return Written(low[order], high[order], length[order], weight[order])


class NgramRetriever:
    """Documents by the n-grams that are written for a query.

    Parameters
    ----------
    index : Ngrams
        Of the documents' texts.
    embeddings : np.ndarray
        Float32 ``(documents, d)``, unit rows.
    beams, longest : int
        N-grams kept after each word, and words of the longest.
    """

    name = "seal"
    needs_vectors = True
    floor = 0.0

    def __init__(self, index: Ngrams, embeddings: np.ndarray, beams: int = BEAMS, longest: int = LONGEST):
        self.index, self.embeddings, self.beams, self.longest = index, embeddings, beams, longest
        self.each = 1 / np.maximum(index.lengths, 1)
        self.anywhere = self._running(np.full(len(index.lengths), 1 / max(1, len(index.lengths))))
        self.words = index.first()
        self.remembered: OrderedDict[str, Written] = OrderedDict()
        self.lock = Lock()

    def _running(self, share: np.ndarray) -> np.ndarray:
        """Running sum over the suffix array of what each occurrence adds, where documents have these shares."""
        return np.concatenate([[0.0], np.cumsum((share * self.each)[self.index.document])])

    def write(self, vector: np.ndarray) -> Written:
        """Write n-grams for a query, float32 ``(d,)``: after each word the beams stay that tell the query's documents from others
        best (their part in the divergence of the two), and all that ever stayed are the answer."""
        cosine = SCALE * (self.embeddings @ vector).astype(np.float64)
        share = np.exp(cosine - cosine.max(initial=-np.inf))
        given = self._running(share / share.sum()) if len(share) else self.anywhere
        kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        runs = self.words
        for size in range(1, self.longest + 1):
            here, there = given[runs.high] - given[runs.low], self.anywhere[runs.high] - self.anywhere[runs.low]
            with np.errstate(divide="ignore", invalid="ignore"):
                telling = np.where(here > 0, here * np.log(here / there), -np.inf)
            chosen = top_k(telling, self.beams)
            chosen = chosen[telling[chosen] > 0]
            if not len(chosen):
                break
            low, high = runs.low[chosen], runs.high[chosen]
            kept.append((low, high, np.full(len(chosen), size)))
            parts = [self.index.after(int(a), int(b), size) for a, b in zip(low, high, strict=True)]
            runs = ngrams.Runs(*(np.concatenate(of) for of in zip(*parts, strict=True)))
        if not kept:
            return NOTHING
        low, high, length = (np.concatenate(of) for of in zip(*kept, strict=True))
        return weighed(low, high, length, given[high] - given[low], self.anywhere[high] - self.anywhere[low])

    def document_scores(self, written: Written) -> np.ndarray:
        """Score of every document, float32: weights of the n-grams that it holds to a power, the heaviest first; one whose words
        were counted already counts less (SEAL's coverage)."""
        scores = np.zeros(len(self.index.lengths), np.float32)
        for rows, value in self.parts(written):
            scores[rows] += value
        return scores

    def parts(self, written: Written) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """What each n-gram adds, in their order: the documents that hold it, and float64 for each of them."""
        columns: dict[int, int] = {}
        spelled = [self.numbers(low, length) for low, length in zip(written.low, written.length, strict=True)]
        for numbers in spelled:
            for number in numbers:
                columns.setdefault(number, len(columns))
        counted = np.zeros((len(self.index.lengths), len(columns)), bool)
        for low, high, weight, numbers in zip(written.low, written.high, written.weight, spelled, strict=True):
            rows = np.unique(self.index.document[low:high])
            places = np.array(sorted({columns[number] for number in numbers}))
            fresh = 1 - counted[np.ix_(rows, places)].mean(axis=1)
            yield rows, weight**POWER * (1 - FRESH + FRESH * fresh)
            counted[np.ix_(rows, places)] = True

    def numbers(self, low: int, length: int) -> list[int]:
        """The words of an n-gram, by number."""
        place = int(self.index.order[low])
        return self.index.words[place : place + int(length)].tolist()

    def written_for(self, queries: Queries) -> Iterator[Written]:
        """What is written for each query."""
        yield from map(self.write, vectors_of(self.name, queries))

    def all_scores(self, queries: Queries) -> list[np.ndarray]:
        """Score of every document for each query, float32 ``(documents,)``; what is written is remembered."""
        found = []
        for text, written in zip(queries.texts, self.written_for(queries), strict=True):
            with self.lock:  # sessions of a server share it
                self.remembered[text] = written
                self.remembered.move_to_end(text)
                if len(self.remembered) > REMEMBERED:
                    self.remembered.popitem(last=False)
            found.append(self.document_scores(written))
        return found

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; what documents near the query say is asked of all, allowed or not."""
        results = []
        for scores in self.all_scores(queries):
            found = best(scores, k, scores > 0 if allowed is None else (scores > 0) & allowed)
            results.append((found, scores[found]))
        return pack(results, k)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`; 0 where nothing of what was written occurs."""
        return [scores[np.asarray(of, np.int64)] for scores, of in zip(self.all_scores(queries), rows, strict=True)]

    def held(self, query: str, row: int) -> list[str]:
        """The n-grams written for a query that a document holds, the heaviest first; none for a query not asked lately."""
        written = self.remembered.get(query)
        if written is None:
            return []
        return [
            self.index.text(int(low), int(length))
            for low, high, length in zip(written.low, written.high, written.length, strict=True)
            if (self.index.document[low:high] == row).any()
        ]


def _open(opened: Opened, beams: int, named: Named) -> NgramRetriever:
    settings = dict(named.settings)
    return NgramRetriever(
        ngrams.index(opened.texts()),
        np.asarray(opened.embeddings),
        settings.get("beams", BEAMS),
        settings.get("longest", LONGEST),
    )


def _evidence(found: Found) -> str:
    assert isinstance(found.by, NgramRetriever)
    held = found.by.held(found.query, found.row)
    return f"n-grams: {', '.join(held[:NAMED]) or 'none remembered'}"


def _lost(lack: Lack) -> list[Loss]:
    found = places(lack.by.search(lack.queries, lack.documents, lack.allowed), lack.rows)
    return [
        Loss(BELOW, f"rank {at.rank:,}, score {at.score:.2f}", at.rank, at.score)
        if at
        else Loss(BELOW, "holds no n-gram that was written")
        for at in found
    ]


def _told(opened: Opened, named: Named) -> str:
    said = "its n-grams are indexed in memory when it is first asked; no language model writes them"
    return "; ".join(filter(None, [said, of_means(opened)]))


METHOD = Method(
    name="seal",
    summary="writes n-grams that occur, by what documents near the query say, and finds who holds them",
    citation="Bevilacqua et al. 2022 (SEAL), arXiv:2204.10628; relevance model: Lavrenko and Croft 2001",
    color="#8A5FBF",
    open=_open,
    evidence=_evidence,
    empty="Nothing that was written tells a document from others.",
    told=_told,
    lost=_lost,
    options=OPTIONS,
)
