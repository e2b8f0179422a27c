"""The study of :mod:`benchmarks.rows` on a cross-encoder that was fine-tuned here: its order of what others found."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.judged_rows import MEASURE, asked, judged
from engine import evaluation
from engine.builds.opened import Build
from engine.retrievers import Queries
from engine.retrievers.cross_encoder import Cross
from engine.text import cross_tuned, models
from engine.training.encoder.cross import ordered

JUDGE, READ, FOUND_BY, SHUFFLES = "judge", 40, ("bm25", "dense"), 20


def cross(opened: Build) -> Iterator[str]:
    """Each list beside the cross-encoder's order of it, the mean of orders at random, and the best that any order could be; a
    pair that both found is read once."""
    folder = models.folder_of(JUDGE, "cross")
    about, reads = cross_tuned.read(Path(folder)), Cross(folder, opened.texts()).reader()
    qrels, texts = asked(opened)
    drawn = np.sort(np.random.default_rng(0).choice(len(texts), min(READ, len(texts)), replace=False)).tolist()
    few = {list(qrels)[place]: list(qrels.values())[place] for place in drawn}
    some = [texts[place] for place in drawn]
    queries = Queries(some, opened.embed_queries(some))
    found = {name: opened.retriever(name).search(queries, Cross.depth).rows for name in FOUND_BY}
    start, pairs, scores = time.process_time(), 0, []
    for place, text in enumerate(some):
        rows = sorted({int(row) for of in found.values() for row in of[place] if row >= 0})
        scores.append(dict(zip(rows, np.round(reads(text, [opened.texts()[row] for row in rows]), 4).tolist(), strict=True)))
        pairs += len(rows)
    took = (time.process_time() - start) / pairs * Cross.depth
    yield f"{len(few)} queries of test, drawn with seed 0; {Cross.depth} of each list, {took:.1f} s of a processor a query."
    asked_as = f"`python -m engine tune-cross {about.build} {JUDGE} --steps {about.steps} --every {about.spec['evaluate_every']}`"
    yield f"It learned {about.seen:,} pairs ({asked_as}, seed {about.seed}; {about.seconds / 60:.0f} min beside other work).\n"
    yield f"| | {MEASURE} | less its own order | p | less at random | p |\n|---|---|---|---|---|---|"
    rng = np.random.default_rng(0)
    for name, rows in found.items():
        lists = [of[of >= 0] for of in rows]
        by = [np.array([known[int(row)] for row in of]) for of, known in zip(lists, scores, strict=True)]
        right = [
            np.array([few[query].get(opened.documents[row].id, 0) for row in of]) for query, of in zip(few, lists, strict=True)
        ]
        chance = np.mean([_judged(opened, few, [rng.permutation(of) for of in lists]) for _ in range(SHUFFLES)], axis=0)
        own, best = _judged(opened, few, lists), _judged(opened, few, ordered(lists, right))
        for told, values in (
            (name, own),
            (f"{name}~cross:{JUDGE}", _judged(opened, few, ordered(lists, by))),
            (f"{name}, its first {Cross.depth} at random, mean of {SHUFFLES}", chance),
            (f"{name}, its first {Cross.depth} in the best order", best),
        ):
            less = [evaluation.difference(values, base) for base in (own, chance)]
            cells = [f"{evaluation.told(one, sign=True)} | {evaluation.told_p(one)}" for one in less]
            yield f"| {told} | {evaluation.told(evaluation.interval(values))} | {' | '.join(cells)} |"


def _judged(opened: Build, qrels: dict[str, dict[str, int]], lists: list[np.ndarray]) -> np.ndarray:
    """The measure of rows of any number, a query each."""
    rows = np.full((len(lists), max(map(len, lists))), -1, np.int64)
    for place, of in enumerate(lists):
        rows[place, : len(of)] = of
    return judged(opened, qrels, rows)
