"""Attributes as keys: what a query names exactly is looked up, the scorer ranks what has it, and the number is the fallback.

Values of columns that a query names are read as key = value (:mod:`engine.retrievers.query_keys`). Only identifiers of documents
that have them can be written, so in a tree of attributes these keys lead; below them the scorer ranks by the rest of the query.
Documents that lack them follow where the others do not fill the list, and where nothing is read the tree is decoded as it stands,
by its numbers.
"""

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np

from engine.data import tables
from engine.options import Option
from engine.retrievers.base import Found, Method, Named
from engine.retrievers.generative import GenerativeRetriever
from engine.retrievers.lost import Lack, Loss, below
from engine.retrievers.moved import gains_of
from engine.retrievers.opened import Opened
from engine.retrievers.query_keys import LEAST, LookUp
from engine.retrievers.ranking import Queries, Ranking, pack, vectors_of
from engine.retrievers.sparse import FOLDER, language_of
from engine.text import hub
from engine.text.embed import encode_query

# Whose queries say which values are meant, and how many of them are read.
TRAIN, MOST_READ = "train", 5000
# Who brought a document that lacks what was read, or came where nothing was.
NUMBER = "number"


class LookUpRetriever:
    """Documents that have what a query names, as the scorer ranks them; behind them, where they are too few, the others.

    Parameters
    ----------
    reads : LookUp
        Who reads queries.
    decodes : GenerativeRetriever
        Who writes identifiers.
    encoder : str
        Of queries.
    """

    name = "look-up"
    needs_vectors = True

    def __init__(self, reads: LookUp, decodes: GenerativeRetriever, encoder: str):
        self.reads, self.decodes, self.encoder = reads, decodes, encoder

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`. Scores are totals of paths; those of documents that only follow are
        moved below them, for each tree has a scale of its own."""
        found_of = [self.reads.read(text, allowed) for text in queries.texts]
        readings = [one.allowed for one in found_of]
        queries = self.by_the_rest(queries, [one.rest for one in found_of])
        whole = [place for place, read in enumerate(readings) if read is None]
        found = dict(zip(whole, self._found(queries, whole, k, allowed), strict=True))
        sources = [[NUMBER] * len(found[place][0]) if place in found else [] for place in range(len(readings))]
        for place, read in enumerate(readings):
            if read is None:
                continue
            ((rows, scores),) = self._found(queries, [place], k, read)
            sources[place] = [self.name] * len(rows)
            if len(rows) < k:
                others = ~read if allowed is None else allowed & ~read
                ((more, below_them),) = self._found(queries, [place], k - len(rows), others)
                down = 1 + below_them[0] - scores[-1] if len(rows) and len(more) else 0
                sources[place][len(rows) :] = [NUMBER] * len(more)
                rows, scores = np.concatenate([rows, more]), np.concatenate([scores, below_them - down])
            found[place] = rows, scores
        return pack([found[place] for place in range(len(readings))], k)._replace(sources=sources)

    def by_the_rest(self, queries: Queries, rests: list[str]) -> Queries:
        """The queries without the words that were read. A vector moves by as much as theirs do, so that a turn that it took
        stays; where the encoder is not here it is that of the whole query."""
        vectors = np.array(vectors_of(self.name, queries), np.float32)
        for place, (text, rest) in enumerate(zip(queries.texts, rests, strict=True)):
            if rest != text and not hub.absent(self.encoder):
                moved = vectors[place] + encode_query(rest, self.encoder)[0] - encode_query(text, self.encoder)[0]
                vectors[place] = moved / max(float(np.linalg.norm(moved)), 1e-9)
        return Queries(rests, vectors)

    def _found(
        self, queries: Queries, places: Sequence[int], k: int, allowed: np.ndarray | None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Rows and scores of each of some queries, best first."""
        if not places:
            return []
        vectors = None if queries.vectors is None else queries.vectors[list(places)]
        ranking = self.decodes.search(Queries([queries.texts[place] for place in places], vectors), k, allowed)
        return [(rows[rows >= 0], scores[rows >= 0]) for rows, scores in zip(ranking.rows, ranking.scores, strict=True)]


_KNOWN: WeakKeyDictionary[Opened, LookUp] = WeakKeyDictionary()


def reader(opened: Opened, least: float = LEAST) -> LookUp:
    """Who reads the queries of a build; what it knows is made once for an opened one."""
    if opened not in _KNOWN:
        judged = tables.read_judged(opened.folder, TRAIN)
        answered = [
            (judged.queries[query], [row for row, grade in gains.items() if grade > 0])
            for query, gains in list(gains_of(opened, judged).items())[:MOST_READ]
        ]
        _KNOWN[opened] = LookUp(opened.columns, answered, language_of(opened.folder / FOLDER))
    return _KNOWN[opened].at_least(least)


def _least(named: Named) -> float:
    return float(dict(named.settings).get("least", LEAST))


def _open(opened: Opened, beams: int, named: Named) -> LookUpRetriever:
    decodes = GenerativeRetriever(opened.trie, opened.scorer(named.scorer), beams)
    return LookUpRetriever(reader(opened, _least(named)), decodes, opened.encoder)


def _told(opened: Opened, named: Named) -> str:
    reads = reader(opened, _least(named))
    unread = f"; not read, for they have too many values: {', '.join(reads.keys.unread)}" if reads.keys.unread else ""
    if not reads.queries:
        return f"no train query names a value: all that is named is read{unread}"
    whose = f"{'the first ' if reads.asked == MOST_READ else ''}{reads.asked:,} train queries"
    return f"values that {reads.queries:,} of {whose} name are read where {reads.least:.0%} of what answers has them{unread}"


def _reads(opened: Opened, named: Named, query: str, allowed: np.ndarray | None) -> list[str]:
    return reader(opened, _least(named)).read(query, allowed).told()


def _evidence(found: Found) -> str:
    assert isinstance(found.by, LookUpRetriever)
    reading = found.by.reads.read(found.query)
    if reading.allowed is None or not reading.allowed[found.row]:
        return f"by number: codes {found.identifier}"
    return f"{reading.filter}: codes {found.identifier}"


def _lost(lack: Lack) -> list[Loss]:
    """Those that lack what was read say so; the others as in any list."""
    assert isinstance(lack.by, LookUpRetriever)
    reading = lack.by.reads.read(lack.queries.texts[0], lack.allowed)
    return [
        loss if reading.allowed is None or reading.allowed[row] else loss._replace(told=f"has not {reading.filter}; {loss.told}")
        for row, loss in zip(lack.rows, below(lack), strict=True)
    ]


METHOD = Method(
    name="look-up",
    summary="values of columns that a query names are looked up, the scorer ranks what has them; else by number",
    citation="none: attributes as keys",
    color="#2F6B5E",
    open=_open,
    evidence=_evidence,
    decodes=True,
    reads=_reads,
    told=_told,
    lost=_lost,
    options=(
        Option(
            name="least",
            type=float,
            default=LEAST,
            low=0.0,
            high=1.0,
            help="A value is read where this share of what answers the train queries that name it has it; 0 reads all.",
        ),
    ),
)
