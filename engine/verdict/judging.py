"""The queries that judge, and others that may choose: judged ones where the build has them, else queries made of the documents.

What is chosen on queries cannot be judged on them. So test judges and development chooses; where there is no test, development is
halved; where nothing is judged, spans of the documents' own words judge and nothing is chosen.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from engine.builds.opened import Build
from engine.data.halves import FEWEST, halves
from engine.errors import TriescopeError
from engine.evaluation import Asked
from engine.evaluation.reachability import draw
from engine.training.pairs import pseudo_queries

TEST, DEV, MADE_UP = "test", "dev", "pseudo-queries"
# Documents that a pseudo-query is made of.
SPANS = 300
TRUST = (
    "Nobody asked these queries: each is a run of a document's own words, and that document alone counts as its answer. Keyword "
    "search is flattered, for it shares those words; generative and dense search may be held against each other, with care. What "
    "they say of people's queries is little: judge some on Compare, or bring judgements along."
)


class Judging(NamedTuple):
    """Who judges and who chooses.

    Attributes
    ----------
    split : str
        The split that judges, or :data:`MADE_UP`.
    asked : Asked
        Its queries.
    choosing : Asked
        Queries that methods and weights may be chosen on; none where there are too few.
    told : str
        Both in words.
    """

    split: str
    asked: Asked
    choosing: Asked
    told: str

    @property
    def made_up(self) -> bool:
        """Whether nobody asked these queries."""
        return self.split == MADE_UP


def judging(opened: Build, seed: int = 0) -> Judging:
    """The queries that judge a build.

    Raises
    ------
    TriescopeError
        There are none, and no document has words to make one of.
    """
    counts = opened.manifest.corpus.queries
    if counts.get(TEST):
        test, dev = _of(opened, TEST), _of(opened, DEV)
        if len(dev.qrels) < FEWEST:
            why = f"with {len(dev.qrels)} development queries nothing is chosen" if dev.qrels else "nothing is chosen"
            return Judging(TEST, test, Asked({}, {}), f"{len(test.qrels):,} test queries that people judged; {why}")
        told = (
            f"{len(test.qrels):,} test queries that people judged; weights are chosen on {len(dev.qrels):,} development queries"
        )
        return Judging(TEST, test, dev, told)
    if counts.get(DEV):
        dev = _of(opened, DEV)
        half = halves(dev.qrels)
        if not half.judging:
            return Judging(
                DEV, dev, Asked({}, {}), f"{len(dev.qrels):,} development queries that people judged; nothing is chosen"
            )
        told = (
            f"{len(half.judging):,} development queries that people judged; weights are chosen on {len(half.choosing):,} others"
        )
        return Judging(DEV, _some(dev, half.judging), _some(dev, half.choosing), told)
    made = made_up(opened, seed)
    return Judging(MADE_UP, made, Asked({}, {}), f"{len(made.qrels):,} pseudo-queries, runs of the documents' own words")


def made_up(opened: Build, seed: int = 0) -> Asked:
    """A span of words of at most :data:`SPANS` documents, each answered by its document alone."""
    rows = draw(np.arange(len(opened.documents)), SPANS, seed)
    documents = [opened.documents[row] for row in rows]
    queries: dict[str, str] = {}
    qrels: dict[str, dict[str, int]] = {}
    for place, (document, spans) in enumerate(zip(documents, pseudo_queries.spans(documents, 1, seed), strict=True)):
        if text := (spans or [document.title.strip()])[0]:
            name = f"made up {place}"
            queries[name], qrels[name] = text, {document.id: 1}
    if not qrels:
        raise TriescopeError(f"{opened.name}: no judged queries, and no document has words to make one of")
    return Asked(queries, qrels)


def gains_of(opened: Build, asked: Asked) -> list[Mapping[int, int]]:
    """Document row -> grade, a query each."""
    return [
        {opened.row_of[document]: grade for document, grade in grades.items() if document in opened.row_of}
        for grades in asked.qrels.values()
    ]


def _of(opened: Build, split: str) -> Asked:
    qrels = opened.corpus.qrels.get(split, {})
    return Asked({query: opened.corpus.queries[query] for query in qrels}, qrels)


def _some(asked: Asked, queries: list[str]) -> Asked:
    return Asked({query: asked.queries[query] for query in queries}, {query: asked.qrels[query] for query in queries})
