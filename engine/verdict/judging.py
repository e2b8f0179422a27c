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

TEST, DEV, TRAIN, MADE_UP = "test", "dev", "train", "pseudo-queries"
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


def judging(opened: Build, seed: int = 0, split: str = "", brought: Asked | None = None) -> Judging:
    """The queries that judge a build.

    Parameters
    ----------
    opened : Build
        Whose.
    seed : int
        Of the documents that pseudo-queries are made of.
    split : str
        Whose queries judge; unless given test, else dev, else another split that taught nobody, else pseudo-queries.
    brought : Asked, optional
        Judged queries that the build does not have; ``split`` is what they are called.

    Raises
    ------
    TriescopeError
        The split is not there or taught; or nothing is judged, and no document has words to make a query of.
    """
    own = [name for name, queries in opened.manifest.corpus.queries.items() if queries]
    usual = [name for name in dict.fromkeys((TEST, DEV, *own)) if name in own and name != TRAIN]
    if brought is None and not split and not usual:
        made = made_up(opened, seed)
        return Judging(MADE_UP, made, Asked({}, {}), f"{len(made.qrels):,} pseudo-queries, runs of the documents' own words")
    split = split or usual[0]
    if split == TRAIN or (brought is None and split not in own):
        why = "what taught cannot judge" if split == TRAIN else f"it has {', '.join(usual) or 'none that may judge'}"
        raise TriescopeError(f"{opened.name}: no queries of split {split!r} to judge by; {why}")
    judges, choosing = brought or _of(opened, split), _of(opened, DEV)
    if brought is None and split == DEV:
        half = halves(judges.qrels)
        judges, choosing = _some(judges, half.judging or half.choosing), _some(judges, half.choosing if half.judging else [])
    elif len(choosing.qrels) < FEWEST:
        choosing = _some(choosing, [])
    told = f"{len(judges.qrels):,} {split} queries that people judged; "
    if not choosing.qrels:
        return Judging(split, judges, choosing, f"{told}nothing is chosen, for want of development queries")
    return Judging(split, judges, choosing, f"{told}weights are chosen on {len(choosing.qrels):,} development queries apart")


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
