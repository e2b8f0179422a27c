"""Quality by size of the catalogue, up to the size there is: the same queries over parts of it.

The catalogue is dealt out into as many parts as make the size wanted, documents that answer a query and all others apart, so that
each part has its share of both. A query is asked in every part that holds an answer to it, judgements of documents elsewhere are
left out, and the mean over those parts is its value: so all queries count at every size, and each document is there once.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from engine import trie
from engine.builds.opened import Build
from engine.builds.runs import CENTROID
from engine.data.figures import Interval
from engine.evaluation import Asked, interval, measure, run_of
from engine.evaluation.run import Tell
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.centroid import CentroidScorer, node_means
from engine.verdict.judging import TRUST, Judging
from engine.verdict.rule import signed
from engine.verdict.shown import Picture, Point, Section

MEASURE, DEPTH = "nDCG@10", 10
PIECES = (8, 4, 2, 1)
# A part of fewer documents says nothing of a catalogue.
FEWEST = 25
BESIDE = ("bm25", "dense")
OURS = "generative"


class Size(NamedTuple):
    """One size: documents a part, parts, queries; retriever -> mean with its interval; generative less dense, and less BM25, with
    their own."""

    documents: int
    parts: int
    queries: int
    quality: dict[str, Interval]
    less_dense: Interval
    less_bm25: Interval


def sizes(opened: Build, asked: Asked, beams: int, seed: int, tell: Tell) -> list[Size]:
    """Measure each size, the smallest first."""
    qrels = {
        query: {document: grade for document, grade in grades.items() if grade > 0 and document in opened.row_of}
        for query, grades in asked.qrels.items()
    }
    qrels = {query: grades for query, grades in qrels.items() if grades}
    texts = {query: asked.queries[query] for query in qrels}
    vectors = opened.embed_queries(list(texts.values()))
    relevant = np.zeros(len(opened.documents), bool)
    relevant[[opened.row_of[document] for grades in qrels.values() for document in grades]] = True
    found = []
    pieces = [number for number in PIECES if number == 1 or len(opened.documents) // number >= FEWEST]
    for place, number in enumerate(pieces):
        tell("sizes", place, len(pieces))
        part = dealt(relevant, number, seed)
        found.append(_size(opened, qrels, Queries(list(texts.values()), vectors), part, beams))
    tell("sizes", len(pieces), len(pieces))
    return found


def dealt(relevant: np.ndarray, number: int, seed: int) -> np.ndarray:
    """The part of each document, int64: those that answer a query and the others are shuffled and dealt out apart.

    >>> part = dealt(np.arange(12) < 4, 2, 0)
    >>> np.bincount(part).tolist(), np.bincount(part[:4]).tolist()
    ([6, 6], [2, 2])
    """
    part, rng = np.empty(len(relevant), np.int64), np.random.default_rng(seed)
    for rows in (np.flatnonzero(relevant), np.flatnonzero(~relevant)):
        part[rng.permutation(rows)] = np.arange(len(rows)) % number
    return part


def _size(opened: Build, qrels: Mapping[str, Mapping[str, int]], queries: Queries, part: np.ndarray, beams: int) -> Size:
    """Every query in every part that holds an answer to it."""
    ids, names = [document.id for document in opened.documents], list(qrels)
    assert queries.vectors is not None
    sums = {name: np.zeros(len(names)) for name in (OURS, *BESIDE)}
    asked = np.zeros(len(names))
    for number in range(int(part.max()) + 1):
        allowed = part == number
        inside = {
            query: kept
            for query, grades in qrels.items()
            if (kept := {document: grade for document, grade in grades.items() if allowed[opened.row_of[document]]})
        }
        places = [place for place, query in enumerate(names) if query in inside]
        if not places:
            continue
        some = Queries([queries.texts[place] for place in places], queries.vectors[places])
        asked[places] += 1
        for name, of in sums.items():
            # One more than is looked at: the document that is the query itself is left out of its list.
            rows = searched(opened, name, some, allowed, beams)
            of[places] += measure(inside, run_of(inside, rows, ids), [MEASURE])[MEASURE]
    values = {name: of / asked for name, of in sums.items()}
    number = int(part.max()) + 1
    return Size(
        documents=round(len(ids) / number),
        parts=number,
        queries=len(names),
        quality={name: interval(of) for name, of in values.items()},
        less_dense=interval(values[OURS] - values["dense"]),
        less_bm25=interval(values[OURS] - values["bm25"]),
    )


def searched(opened: Build, name: str, queries: Queries, allowed: np.ndarray, beams: int) -> np.ndarray:
    """Rows that a retriever finds among some documents. The centroid scorer's tree and means are made anew of these; a trained
    scorer keeps what it learned, and the others are filtered."""
    if name != OURS or opened.default_scorer != CENTROID:
        return opened.retriever(name, beams).search(queries, DEPTH + 1, allowed).rows
    codes = np.where(allowed[:, None], opened.codes, -1)
    if not (codes[:, 0] >= 0).any():
        return np.full((len(queries.texts), DEPTH + 1), -1)
    tree = trie.build(codes)
    scorer = CentroidScorer(tree, node_means(tree, np.asarray(opened.embeddings)), [])
    return GenerativeRetriever(tree, scorer, beams).search(queries, DEPTH + 1).rows


def _signed(of: Interval) -> str:
    return f"{signed(of.mean)} [{signed(of.low)}, {signed(of.high)}]"


def picture(found: list[Size]) -> Picture:
    """Quality over sizes, a line a retriever."""
    return Picture(
        kind="lines",
        x="documents",
        y="nDCG@10",
        lines={
            name: tuple(
                Point(x=one.documents, y=one.quality[name].mean, low=one.quality[name].low, high=one.quality[name].high)
                for one in found
            )
            for name in (OURS, *BESIDE)
        },
    )


def section(opened: Build, found: list[Size], judges: Judging, command: str) -> Section:
    """Quality over sizes."""
    first, last = found[0], found[-1]
    says = (
        f"With all {last.documents:,} documents generative search has {last.quality[OURS].mean:.3f} nDCG@10, dense "
        f"{last.quality['dense'].mean:.3f}, BM25 {last.quality['bm25'].mean:.3f}"
    )
    if len(found) > 1:
        says += (
            f"; with {first.documents:,} they have {first.quality[OURS].mean:.3f}, {first.quality['dense'].mean:.3f} and "
            f"{first.quality['bm25'].mean:.3f}. Generative less dense goes from "
            f"{_signed(first.less_dense)} to {_signed(last.less_dense)}"
        )
    trained = opened.default_scorer != CENTROID
    return Section(
        key="sizes",
        title="Quality by size of the catalogue",
        says=f"{says}.",
        picture=picture(found),
        columns=("Documents", "Parts", "Queries", *(OURS, *BESIDE), "Generative less dense", "Low", "High"),
        rows=tuple(
            (
                one.documents,
                one.parts,
                one.queries,
                *(round(one.quality[name].mean, 4) for name in (OURS, *BESIDE)),
                *(round(value, 4) + 0.0 for value in one.less_dense),
            )
            for one in found
        ),
        notes=(
            "The catalogue is dealt out into parts, documents that answer a query and all others apart, so that each part keeps "
            "its share of both. A query is asked in each part that holds an answer to it, with the judgements of the documents "
            "there, and its mean counts: all queries count at every size.",
            "Identifiers stay as they are"
            + (
                "; the trained scorer keeps what it learned from the whole catalogue, and is filtered."
                if trained
                else "; tree and means are made anew of the documents there."
            )
            + " BM25 weighs words as in the whole catalogue.",
            *([TRUST] if judges.made_up else []),
        ),
        command=command,
    )
