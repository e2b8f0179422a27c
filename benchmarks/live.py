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
from typing import Any, NamedTuple

import numpy as np

from engine import evaluation, paths, trie
from engine.builds import folding, living
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.retrievers import Queries, sparse
from engine.retrievers.dense import ExactRetriever
from engine.text import encoders
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


class Spent(NamedTuple):
    """Seconds by the clock, and of the processor, which other work on the machine does not lengthen."""

    clock: float
    processor: float

    def plus(self, other: "Spent") -> "Spent":
        """Both one after the other."""
        return Spent(self.clock + other.clock, self.processor + other.processor)

    def row(self, what: str, times: int = 1) -> str:
        """A row of the table; where it was done so many times, of one."""
        told = [f"{s / times:.2f} s" if s / times >= 0.1 else f"{s / times * 1e3:.1f} ms" for s in self]
        return f"| {what} | {told[0]} | {told[1]} |\n"


def table() -> str:
    """Markdown: seconds of each step, after checking that what was changed answers as a rebuild does."""
    random = np.random.default_rng(0)
    made, vectors = documents(random), points(random)
    _remember([document.searched_text() for document in made], vectors)
    folder, spec = paths.builds() / "made-up", BuildSpec(settings={"levels": 3, "codes": 256})
    lines = [timed(lambda: make(Corpus("made-up", made[:BASE], {}, {}, []), spec, folder))[0].row("build of 100,000, once")]
    base = Build(folder)
    asked, near = [" ".join(document.text.split()[:4]) for document in made[-QUERIES:]], vectors[-QUERIES:]
    for name in RETRIEVERS:
        search(base, name, asked, near)
    whole, _ = timed(lambda: living.add(folder, made[BASE:], known=base))
    lines.append(whole.row("10,000 added: identifiers, and the change written"))
    spent, live = timed(lambda: Build.current(folder, base))
    lines.append(spent.row("opened with it"))
    whole = whole.plus(spent)
    for name in RETRIEVERS:
        spent, _ = timed(lambda name=name: search(live, name, asked[:1], near[:1]))
        lines.append(spent.row(f"first search: {name}"))
        whole = whole.plus(spent)
    lines.append(whole.row("**together**"))
    held = check(live, folder, asked, near)
    for build, what in ((live, "then, a query"), (base, "the same, before")):
        for name in RETRIEVERS:
            lines.append(
                timed(lambda name=name, build=build: search(build, name, asked, near))[0].row(f"{what}: {name}", QUERIES)
            )
    altered = made[0]._replace(title="changed")
    lines.append(timed(lambda: living.add(folder, [altered], None, near[:1], live))[0].row("one document changed after that"))
    spent, live = timed(lambda: Build.current(folder, live))
    every, _ = timed(lambda: [search(live, name, asked[:1], near[:1]) for name in RETRIEVERS])
    lines.append(spent.plus(every).row("opened, and first searches by all"))
    gone = [document.id for document in made[5_000:15_000]]
    lines.append(timed(lambda: living.remove(folder, gone, live))[0].row("10,000 removed"))
    drift = living.drift_of(Build(folder)).told()
    lines.append(timed(lambda: folding.fold(folder))[0].row("all folded in (compact)"))
    return (
        f"# Documents that come into a finished build\n\n{ADDED:,} into {BASE:,}: made-up texts of {LENGTH + 3} words, {WIDTH} "
        f"dimensions around {CENTRES:,} centres, rq-kmeans 3 x 256. Embedding is not timed. {evaluation.device()}, {busy()}.\n\n"
        f"| work | by the clock | of the processor |\n|---|---|---|\n{''.join(lines)}\n{held} In the end: {drift}.\n"
    )


def busy() -> str:
    """How many others wanted the processor."""
    return f"load {os.getloadavg()[2]:.0f} while it ran"


def _remember(texts: list[str], vectors: np.ndarray) -> None:
    """Give texts their vectors, as if an encoder had."""
    cache_of(paths.cache() / "embeddings", encoders.fingerprint(), WIDTH).add(keys_of(texts), vectors)


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


def timed(work: Callable[[], Any]) -> tuple[Spent, Any]:
    """What some work took, and its result."""
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return Spent(time.perf_counter() - clock, time.process_time() - processor), result


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["TRIESCOPE_HOME"] = home
        print(table())
