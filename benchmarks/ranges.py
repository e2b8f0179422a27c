"""Ranges of numbers looked up: ``python -m benchmarks.ranges [BUILD]``.

No set here has queries that name a range often enough, so they are made: before each test query stands a range around a number of
the best judged document that answers it, two-sided or open, its width and place drawn with a seed. The words of the range are
read as :mod:`engine.text.named_ranges` does, what lies in it is ranked by the query as it was typed, and the others follow. The
query as it was typed stands beside it, the range left unread, and the control: a range of the same form around the number of
another document, drawn too. Judgements are those of the set, which knows of no range, and once more those that lie in the range.

The columns are the films' year, and the number of words of a document's text, made for this: a column that no train query names
and that says nothing of what a document is about. ``benchmarks/results/ranges.md`` has the tables.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.blocks import replace_block
from benchmarks.judged_rows import DEPTH, MEASURE, asked, judged
from benchmarks.narrow import built
from engine import evaluation, paths
from engine.builds.given import Given
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.retrievers import Queries
from engine.retrievers.look_up import reader

OUT, HEAD = Path(__file__).parent / "results" / "ranges.md", "# Ranges of numbers, looked up"
NAMES, OURS = ("bm25", "dense", "generative", "hybrid"), "generative"
MADE = "words"
# Of the documents, a two-sided range holds about such a share; what open ones are called, by column.
SHARES, SEED = (0.05, 0.1, 0.2, 0.4), 0
OPEN = "open"
# How often a value must be meant for the retriever to read it (`-r look-up:least=`): train queries that name a year mean it less
# often than the usual share.
LEAST = {"year": 0.5, MADE: 0.7}
FORMS = {
    "year": ("between {} and {}", "since {}", "until {}"),
    MADE: ("between {} and {} words", "at least {} words", "at most {} words"),
}


class Range(NamedTuple):
    """In words, its kind (a share, or open), and which documents lie in it, bool."""

    told: str
    kind: str
    inside: np.ndarray


def main() -> None:
    """Measure a build, the films' unless one is named."""
    opened = with_words(built((sys.argv[1:] or ["films"])[0]))
    for column in FORMS:
        start = time.process_time()
        body = "\n".join(block(opened, column))
        took = f"{(time.process_time() - start) / 60:.1f} minutes of a processor"
        told = f"`python -m benchmarks.ranges`. {evaluation.device()}; {took}.\n\n{body}\n"
        replace_block(f"{column}: {opened.name}", told, OUT, HEAD)


def with_words(opened: Build) -> Build:
    """The same catalogue, identifiers and vectors, and a column of the number of words of each text."""
    documents = [of._replace(metadata={**of.metadata, MADE: len(of.text.split())}) for of in opened.documents]
    spec = BuildSpec(model=opened.model, fields=tuple(opened.fields))
    given = Given(vectors=np.asarray(opened.embeddings))
    return Build(
        make(opened.corpus._replace(documents=documents), spec, paths.builds() / f"bench-{opened.name}-words", given=given)
    )


def drawn(opened: Build, column: str, rows: list[int], seed: int) -> list[Range]:
    """A range around the number of each of some documents."""
    numbers = np.array([float(of.metadata[column]) for of in opened.documents])
    order, rng = np.sort(numbers), np.random.default_rng(seed)
    found = []
    for row in rows:
        form, share, place = int(rng.integers(3)), float(rng.choice(SHARES)), rng.random()
        at, size = int(np.searchsorted(order, numbers[row])), round(share * len(order))
        low = order[max(0, at - round(place * size))]
        high = order[min(len(order) - 1, at + round((1 - place) * size))]
        told = FORMS[column][form].format(*([f"{low:.0f}", f"{high:.0f}"] if not form else [f"{(low, high)[form - 1]:.0f}"]))
        inside = (numbers >= (low if form != 2 else -np.inf)) & (numbers <= (high if form != 1 else np.inf))
        found.append(Range(told, OPEN if form else f"{share:.0%}", inside))
    return found


def block(opened: Build, column: str) -> Iterator[str]:
    """All retrievers with ranges of one column."""
    qrels, texts = asked(opened)
    rows, rng = [best(opened, grades) for grades in qrels.values()], np.random.default_rng(SEED)
    others = [int(rng.choice(np.delete(np.arange(len(opened.documents)), row))) for row in rows]
    ranges, control = drawn(opened, column, rows, SEED), drawn(opened, column, others, SEED)
    said = [f"{one.told}: {text}" for one, text in zip(ranges, texts, strict=True)]
    for one in (*ranges, *control):
        read = reader(opened, 0.0).read(one.told).allowed
        if read is None or (read != one.inside).any():
            raise SystemExit(f"{one.told!r} is not read as it was meant")
    within = {
        query: {of: grade if one.inside[opened.row_of[of]] else 0 for of, grade in grades.items() if of in opened.row_of}
        for (query, grades), one in zip(qrels.items(), ranges, strict=True)
    }
    answers = [[opened.row_of[of] for of, grade in one.items() if grade > 0 and of in opened.row_of] for one in qrels.values()]
    left, kept = (
        [float(one.inside.mean()) for one in ranges],
        [float(one.inside[of].mean()) for one, of in zip(ranges, answers, strict=True)],
    )
    yield (
        f"{len(texts)} queries of test, such as *{ranges[0].told}* and *{ranges[1].told}*, seed {SEED}: each is read as it was "
        f"meant; {np.mean(left):.0%} of the documents and {np.mean(kept):.0%} of what answers lie in it. {MEASURE}; a gain is "
        "over the query as it was typed, without a range.\n"
    )
    heads = "as typed | range unread: gain | looked up | gain | another's range: gain | judged in the range: as typed | gain"
    yield f"| | {heads} |\n|{'---|' * 8}"
    of_ours = np.zeros(0)
    for name in NAMES:
        by = opened.retriever(name)
        typed = by.search(Queries(texts, opened.embed_queries(texts)), DEPTH).rows
        unread = by.search(Queries(said, opened.embed_queries(said)), DEPTH).rows
        ours, theirs = (looked_up(opened, name, texts, of) for of in (ranges, control))
        base, inside = judged(opened, qrels, typed), judged(opened, within, typed)
        gains = [evaluation.difference(judged(opened, qrels, of), base) for of in (unread, ours, theirs)]
        gains.append(evaluation.difference(judged(opened, within, ours), inside))
        cells = [evaluation.told(evaluation.interval(of)) for of in (base, judged(opened, qrels, ours), inside)]
        told = [evaluation.told(of, sign=True) for of in gains]
        yield f"| {name} | {cells[0]} | {told[0]} | {cells[1]} | {told[1]} | {told[2]} | {cells[2]} | {told[3]} |"
        if name == OURS:
            of_ours = judged(opened, qrels, ours) - base
            offered = f"look-up:least={LEAST[column]:g}"
            lists = opened.retriever(offered).search(Queries(said, opened.embed_queries(said)), DEPTH).rows
            gain = evaluation.difference(judged(opened, qrels, lists), judged(opened, qrels, unread))
            also = f"As it is offered, `-r {offered}`, which reads other values of a query too, over the range unread: "
            also += f"{evaluation.told(gain, sign=True)}, p {evaluation.told_p(gain)}."
    yield f"\n{also}\n\nBy what the range holds of the documents, {OURS}:\n\n| range | queries | gain |\n|---|---|---|"
    for kind in (*(f"{share:.0%}" for share in SHARES), OPEN):
        some = np.array([one.kind == kind for one in ranges])
        yield f"| {kind} | {some.sum()} | {evaluation.told(evaluation.interval(of_ours[some]), sign=True)} |"


def best(opened: Build, grades: dict[str, int]) -> int:
    """Row of the best judged document, the first by its id of several."""
    return opened.row_of[max(sorted(one for one in grades if one in opened.row_of), key=lambda one: grades[one])]


def looked_up(opened: Build, name: str, texts: list[str], ranges: list[Range]) -> np.ndarray:
    """Rows of a retriever, what lies in each query's range first and the others behind."""
    by, vectors = opened.retriever(name), opened.embed_queries(texts)
    rows = np.full((len(texts), DEPTH), -1, np.int64)
    for place, (text, one) in enumerate(zip(texts, ranges, strict=True)):
        query = Queries([text], vectors[place : place + 1])
        parts = [by.search(query, DEPTH, of).rows[0] for of in (one.inside, ~one.inside) if of.any()]
        both = np.concatenate([part[part >= 0] for part in parts])[:DEPTH]
        rows[place, : len(both)] = both
    return rows


if __name__ == "__main__":
    main()
