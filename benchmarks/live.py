"""10,000 documents into a finished build of 100,000, and out again: ``python -m benchmarks.live``.

Texts are made up of 20,000 words that are used as words are (Zipf), vectors are drawn around 1,000 centres, so that no encoder is
needed: what is timed begins where embedding ends. The build is a real one, in a home of its own, and so is what is timed: the
change is written, the build is opened with it in a process that has the build open, and the retrievers answer. That is then held
against a rebuild: BM25 over all texts indexed anew, exact search over all vectors, the trie of all identifiers.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine import evaluation, paths, trie
from engine.builds import folding, living
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.retrievers import Queries, sparse
from engine.retrievers.dense import ExactRetriever
from engine.text import embed
from engine.text.vector_cache import cache_of, keys_of

BASE, ADDED, WIDTH, CENTRES = 100_000, 10_000, 384, 1000
WORDS, LENGTH, QUERIES = 20_000, 20, 100
RETRIEVERS = "bm25 dense dense-hnsw generative hybrid".split()


def documents(random: np.random.Generator) -> list[Document]:
    """Made-up documents: a title of three words, a text of twenty."""
    odds = 1 / np.arange(10, WORDS + 10)
    drawn = random.choice(WORDS, (BASE + ADDED, LENGTH + 3), p=odds / odds.sum())
    words = np.array([f"w{number}" for number in range(WORDS)])
    texts = [words[row] for row in drawn]
    return [Document(f"d{n}", " ".join(of[:3]), " ".join(of[3:]), {"n": n}) for n, of in enumerate(texts)]


def points(random: np.random.Generator) -> np.ndarray:
    """Unit vectors around centres."""
    centres = random.normal(size=(CENTRES, WIDTH))
    found = centres[random.integers(0, CENTRES, BASE + ADDED)] + random.normal(size=(BASE + ADDED, WIDTH))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def table() -> str:
    """Markdown: seconds of each step, after checking that what was changed answers as a rebuild does."""
    random = np.random.default_rng(0)
    made, vectors = documents(random), points(random)
    texts = [document.searched_text() for document in made]
    _remember(texts, vectors)
    folder = paths.builds() / "made-up"
    spec = BuildSpec(settings={"levels": 3, "codes": 256})
    rows = [("build of 100,000, once", timed(lambda: make(Corpus("made-up", made[:BASE], {}, {}, []), spec, folder))[0])]
    base = Build(folder)
    asked = [" ".join(document.text.split()[:4]) for document in made[-QUERIES:]]
    near = vectors[-QUERIES:]
    for name in RETRIEVERS:
        search(base, name, asked, near)
    add, _ = timed(lambda: living.add(folder, made[BASE:], known=base))
    opening, live = timed(lambda: Build(folder, base))
    rows += [("10,000 added: identifiers, and the change written", add), ("opened with it", opening)]
    first = [
        (f"first search: {name}", timed(lambda name=name: search(live, name, asked[:1], near[:1]))[0]) for name in RETRIEVERS
    ]
    rows += [*first, ("**together**", add + opening + sum(seconds for _, seconds in first))]
    held = check(live, folder, asked, near)
    rows += [
        (f"then, a query: {name}", timed(lambda name=name: search(live, name, asked, near))[0] / QUERIES) for name in RETRIEVERS
    ]
    rows += [
        ("the same, before: " + name, timed(lambda name=name: search(base, name, asked, near))[0] / QUERIES)
        for name in RETRIEVERS
    ]
    one, _ = timed(lambda: living.add(folder, [made[0]._replace(title="changed")], vectors=near[:1], known=live))
    rows.append(("one document changed after that", one))
    opening, live = timed(lambda: Build.current(folder, live))
    every, _ = timed(lambda: [search(live, name, asked[:1], near[:1]) for name in RETRIEVERS])
    rows.append(("opened, and first searches by all", opening + every))
    gone, _ = timed(lambda: living.remove(folder, [document.id for document in made[5_000:15_000]], known=live))
    rows.append(("10,000 removed", gone))
    drift = living.drift_of(Build(folder)).told()
    rows.append(("all folded in (compact)", timed(lambda: folding.fold(folder))[0]))
    lines = "".join(
        f"| {what} | {seconds:.2f} s |\n" if seconds >= 0.1 else f"| {what} | {seconds * 1e3:.1f} ms |\n"
        for what, seconds in rows
    )
    return (
        f"# Documents that come into a finished build\n\n{ADDED:,} into {BASE:,}: made-up texts of {LENGTH + 3} words, {WIDTH} "
        f"dimensions around {CENTRES:,} centres, rq-kmeans 3 x 256. Embedding is not timed. {evaluation.device()}.\n\n"
        f"| work | time |\n|---|---|\n{lines}\n{held} In the end: {drift}.\n"
    )


def _remember(texts: list[str], vectors: np.ndarray) -> None:
    """Give texts their vectors, as if an encoder had."""
    cache_of(paths.cache() / "embeddings", embed.fingerprint(), WIDTH).add(keys_of(texts), vectors)


def search(build: Build, name: str, texts: list[str], vectors: np.ndarray) -> Any:
    """Rankings of a retriever."""
    return build.retriever(name).search(Queries(texts, vectors), 100)


def check(live: Build, folder: Path, asked: list[str], near: np.ndarray) -> str:
    """Stop unless the changed build answers as a rebuild does."""
    sparse.build(live.texts(), folder.parent / "anew")
    anew = {"bm25": sparse.SparseRetriever(folder.parent / "anew"), "dense": ExactRetriever(np.array(live.embeddings))}
    for name, retriever in anew.items():
        wanted, found = retriever.search(Queries(asked, near), 100), search(live, name, asked, near)
        if not np.array_equal(wanted.rows, found.rows) or not np.array_equal(wanted.scores, found.scores):
            raise SystemExit(f"{name} does not answer as a rebuild does")
    if not all(np.array_equal(mine, theirs) for mine, theirs in zip(live.trie, trie.build(live.codes), strict=True)):
        raise SystemExit("the trie is not that of the identifiers")
    exact = search(live, "dense", asked, near).rows
    walked = search(live, "dense-hnsw", asked, near).rows
    recall = np.mean([len(set(one) & set(other)) / 100 for one, other in zip(exact, walked, strict=True)])
    return (
        f"Checked in the run: BM25 and dense give {QUERIES} queries the rows and scores of a rebuild, digit for digit, and the "
        f"trie is that of all identifiers built anew. The walk over the graph finds {recall:.1%} of the hundred nearest."
    )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and the result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["TRIESCOPE_HOME"] = home
        print(table())
