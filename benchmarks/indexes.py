"""What vector indexes keep and what they miss: ``python -m benchmarks.indexes``.

Films, and vectors of clusters drawn at random; each index at the width that it chose. HNSW is the one that a build brings.
"""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from engine import evaluation, paths
from engine.builds.indexes import KINDS
from engine.builds.make import make as build
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.datasets import default_fields, load
from engine.retrievers import Queries, hnsw_width, made_index
from engine.retrievers.base import Retriever
from engine.retrievers.dense import GRAPH, ExactRetriever, HnswRetriever, build_hnsw

OUT = Path(__file__).parent / "results" / "indexes.md"
ROWS, D, CLUSTERS, SPREAD, TIMED = 20_000, 384, 200, 0.9, 100


def main() -> None:
    """Measure and write the table."""
    films = Build(build(load("films"), BuildSpec(fields=default_fields("films")), paths.builds() / "bench-films")).embeddings
    lines = [
        "# Vector indexes",
        "",
        f"`python -m benchmarks.indexes`. {evaluation.device()}. Found: of the {hnsw_width.NEAREST} nearest of "
        f"{hnsw_width.PROBES} made-up queries; ms: the hundred nearest, one query at a time, p50.",
        "",
        "| vectors | index | MB | found | ms | made in |",
        "|---|---|---|---|---|---|",
    ]
    for name, vectors in ((f"films, {len(films):,}", np.asarray(films)), (f"clusters, {ROWS:,}", clusters())):
        lines += [f"| {name} | {row} |" for row in rows(vectors)]
    OUT.write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))


def clusters(seed: int = 0) -> np.ndarray:
    """Float32 ``(ROWS, D)`` unit vectors about random centres."""
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(CLUSTERS, D))[rng.integers(CLUSTERS, size=ROWS)] + SPREAD * rng.normal(size=(ROWS, D))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def rows(vectors: np.ndarray) -> list[str]:
    """Cells of each index."""
    found = [f"exact | {vectors.nbytes / 1e6:.1f} | 100.0% | {_ms(ExactRetriever(vectors), vectors):.1f} | "]
    with tempfile.TemporaryDirectory() as place:
        folder, start = Path(place), time.monotonic()
        build_hnsw(vectors, folder)
        seconds, size, walk = time.monotonic() - start, (folder / GRAPH).stat().st_size / 1e6, HnswRetriever(folder)
        found.append(f"dense-hnsw | {size:.1f} | {walk.width.recall:.1%} | {_ms(walk, vectors):.1f} | {seconds:.0f} s")
    for name, of in KINDS.items():
        with tempfile.TemporaryDirectory() as place:
            start = time.monotonic()
            known = made_index.make(of, vectors, Path(place), lambda since=start: time.monotonic() - since)
            index = of.read(Path(place), known)
            index.width = known.width
            ms = _ms(made_index.RefinedRetriever(name, index, vectors), vectors)
        found.append(f"{name} | {known.bytes / 1e6:.1f} | {known.recall:.1%} | {ms:.1f} | {known.seconds:.0f} s")
    return found


def _ms(by: Retriever, vectors: np.ndarray) -> float:
    times = []
    for query in hnsw_width.probes(vectors)[:TIMED]:
        start = time.perf_counter()
        by.search(Queries([""], query[None]), hnsw_width.NEAREST)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


if __name__ == "__main__":
    main()
