"""Attributes as keys: queries as they are, and made ones that say values. ``python -m benchmarks.look_up [BUILD]``.

Test queries as people typed them; the same with values put before them (genre, language and decade of the best judged document
that answers each), named as made: there every value is right; and such values alone, where what has all three is right by
construction. Each retriever as it is, and with what the query names looked up first and the rest of its list behind it: once as
the retriever ``look-up`` does, and once with every value that is named. Beside them a build whose searched text holds no values.
How often a value must be meant was chosen on train and development queries (the last table), never on test.
``benchmarks/results/look_up.md`` has the tables; ranges of numbers are measured by :mod:`benchmarks.ranges`.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.narrow import built
from engine import evaluation, paths
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.identifiers.attributes import values
from engine.retrievers import Queries
from engine.retrievers.look_up import reader

OUT = Path(__file__).parent / "results" / "look_up.md"
MEASURE, DEPTH = "nDCG@10", 11
COLUMNS = ("genre", "language", "year")
NAMES = ("bm25", "dense", "generative", "hybrid")
LEASTS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
USED = 0.7


class Asked(NamedTuple):
    """Queries and their judgements, both by the query's id."""

    texts: dict[str, str]
    qrels: dict[str, dict[str, int]]


def main() -> None:
    """Measure a build, the films' unless one is named."""
    opened = built((sys.argv[1:] or ["films"])[0])
    start = time.process_time()
    body = "\n".join(report(opened))
    took = f"{(time.process_time() - start) / 60:.1f} minutes of a processor"
    told = f"# Attributes as keys\n\n`python -m benchmarks.look_up {opened.name}`. {evaluation.device()}; {took}.\n\n{body}\n"
    OUT.write_text(told, "utf-8")
    print(told)


def report(opened: Build) -> Iterator[str]:
    """All tables."""
    beside = without_values(opened)
    fields = ", ".join(opened.fields) or "none"
    yield f"Columns in the text that is searched: {fields}. Rows *bare* are of the same catalogue with none.\n"
    test = {query: dict(grades) for query, grades in opened.corpus.qrels["test"].items()}
    typed = {query: opened.corpus.queries[query] for query in test}
    said = {query: f"{', '.join(named(opened, test[query]))}: {text}" for query, text in typed.items()}
    yield from block(opened, beside, "Test queries as they are", Asked(typed, test))
    yield from block(opened, beside, "Made: genre, language and decade of an answer, then the test query", Asked(said, test))
    yield from block(opened, beside, "Made: genre, language and decade alone; right is what has all three", alone(opened, test))
    yield from choosing(opened)


def without_values(opened: Build) -> Build:
    """The same catalogue, no column in the text that is searched."""
    return Build(make(opened.corpus, BuildSpec(model=opened.model), paths.builds() / f"bench-{opened.name}-bare"))


def words_of(opened: Build) -> list[tuple[str, ...]]:
    """Genre, language and decade of each document, as the scheme of attributes has them, in small letters."""
    cells = ([document.metadata.get(column) for document in opened.documents] for column in COLUMNS)
    return [tuple(word.lower() for word in row) for row in zip(*map(values, cells), strict=True)]


def named(opened: Build, grades: Mapping[str, int]) -> tuple[str, ...]:
    """Those of the best judged document."""
    best = max(sorted(document for document in grades if document in opened.row_of), key=lambda document: grades[document])
    return words_of(opened)[opened.row_of[best]]


def alone(opened: Build, test: Mapping[str, Mapping[str, int]]) -> Asked:
    """Each of those triples once, as a query that all documents with the three answer."""
    rows, texts = words_of(opened), {}
    for query, grades in test.items():
        texts.setdefault(named(opened, grades), query)
    qrels = {
        query: {document.id: 1 for document, of in zip(opened.documents, rows, strict=True) if of == words}
        for words, query in texts.items()
    }
    return Asked({query: ", ".join(words) for words, query in texts.items()}, qrels)


def block(opened: Build, beside: Build, title: str, asked: Asked) -> Iterator[str]:
    """Every retriever on some queries."""
    texts = list(asked.texts.values())
    yield f"## {title}\n"
    read = {}
    for least in (USED, 0.0):
        masks = [reader(opened, least).read(text).allowed for text in texts]
        kept = [share(opened, mask, of) for mask, of in zip(masks, asked.qrels.values(), strict=True) if mask is not None]
        read[least] = np.array([mask is not None for mask in masks])
        yield (
            f"{'All values' if not least else 'Values mostly meant'}: something is read of {len(kept)} of {len(texts)} queries, "
            f"and {np.mean(kept):.0%} of what answers those is left; {sum(of < 1 for of in kept)} lose some of it."
        )
    yield f"\n| | {MEASURE} | looked up, mostly meant | gain | gain where read | looked up, all | gain | gain where read |"
    yield "|---|---|---|---|---|---|---|---|"
    for name in NAMES:
        plain = judged(opened, asked, found(opened, name, texts))
        cells = [name, evaluation.told(evaluation.interval(plain))]
        for least in (USED, 0.0):
            ours = judged(opened, asked, looked_up(opened, name, texts, least))
            gains = [evaluation.difference(*of) for of in ((ours, plain), (ours[read[least]], plain[read[least]]))]
            cells += [evaluation.told(evaluation.interval(ours)), *(evaluation.told(of, sign=True) for of in gains)]
        yield f"| {' | '.join(cells)} |"
    for name in NAMES:
        bare = evaluation.interval(judged(beside, asked, found(beside, name, texts)))
        yield f"| {name}, bare | {evaluation.told(bare)} | | | | | | |"
    yield ""


def found(opened: Build, name: str, texts: list[str], allowed: np.ndarray | None = None) -> np.ndarray:
    """Rows of a retriever, int64 ``(queries, DEPTH)``, -1 where there are no more."""
    by = opened.retriever(name)
    return by.search(Queries(texts, opened.embed_queries(texts) if by.needs_vectors else None), DEPTH, allowed).rows


def looked_up(opened: Build, name: str, texts: list[str], least: float, whole: bool = False) -> np.ndarray:
    """The same with what has the values first and the others behind, ranked by the rest of a query or by the ``whole`` of it; of
    `generative` by the rest it is the retriever ``look-up`` itself."""
    if name == "generative" and not whole:
        return found(opened, f"look-up:least={least}", texts)
    rows = found(opened, name, texts)
    for place, text in enumerate(texts):
        read = reader(opened, least).read(text)
        if read.allowed is not None:
            asked = [text if whole else read.rest]
            parts = [found(opened, name, asked, of)[0] for of in (read.allowed, ~read.allowed) if of.any()]
            both = np.concatenate([part[part >= 0] for part in parts])[:DEPTH]
            rows[place] = np.pad(both, (0, DEPTH - len(both)), constant_values=-1)
    return rows


def judged(opened: Build, asked: Asked, rows: np.ndarray) -> np.ndarray:
    """The measure, a query each."""
    ids = [document.id for document in opened.documents]
    return evaluation.measure(asked.qrels, evaluation.run_of(asked.qrels, rows, ids), [MEASURE])[MEASURE]


def share(opened: Build, mask: np.ndarray, grades: Mapping[str, int]) -> float:
    """Of what answers a query the share that is left."""
    return float(mask[[opened.row_of[of] for of, grade in grades.items() if grade > 0 and of in opened.row_of]].mean())


def choosing(opened: Build) -> Iterator[str]:
    """What each share of meaning gains where it was chosen. Train queries taught what is meant, so they flatter."""
    yield "## Choosing how often a value must be meant\n"
    yield "| at least | gain on dev, read of | gain on train, read of |\n|---|---|---|"
    plain, texts, asked = {}, {}, {}
    for split in ("dev", "train"):
        qrels = {query: dict(of) for query, of in opened.corpus.qrels[split].items()}
        asked[split] = Asked({query: opened.corpus.queries[query] for query in qrels}, qrels)
        texts[split] = list(asked[split].texts.values())
        plain[split] = judged(opened, asked[split], found(opened, "generative", texts[split]))
    for least in LEASTS:
        cells = []
        for split, of in plain.items():
            ours = judged(opened, asked[split], looked_up(opened, "generative", texts[split], least))
            count = sum(reader(opened, least).read(text).allowed is not None for text in texts[split])
            cells.append(f"{evaluation.told(evaluation.difference(ours, of), sign=True)}, {count} of {len(of):,}")
        yield f"| {least:.0%} | {' | '.join(cells)} |"
    wholes = {split: looked_up(opened, "generative", texts[split], USED, whole=True) for split in plain}
    gains = [evaluation.difference(judged(opened, asked[split], wholes[split]), of) for split, of in plain.items()]
    yield f"| {USED:.0%}, ranked by the whole query | {' | '.join(evaluation.told(of, sign=True) for of in gains)} |"


if __name__ == "__main__":
    main()
