"""Whole decodes beside faiss, one query at a time: ``python -m benchmarks.whole_decode [DOCUMENTS ...]``.

Ours is the beam search of the centroid scorer from the query's vector to the rows of 100 documents, over several trees: the usual
three levels of 256 codes, and one level of as many codes as faiss' inverted lists get, about sqrt(n) and 4 sqrt(n); below each a
code that numbers the documents. The contenders are faiss' exact search, its HNSW graph and its inverted lists, from the same
vectors to the same 100 rows. Each has one thread.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import faiss
import numpy as np

from engine import decoding, evaluation, identifiers, trie
from engine.identifiers import rq_kmeans
from engine.identifiers.base import Identifiers, Material
from engine.identifiers.collisions import extra_code
from engine.scorers.centroid import CentroidScorer, node_means

WIDTH, DEPTH, QUERIES, THREADS = 384, 100, 200, 1
# Documents are a centre plus as much noise, queries are documents plus noise of half a document's length.
CLUSTER, FEWEST, PERTURBED = 200, 1000, 0.5
FITTED_ON = 100_000
GOAL = 0.95
# Where ours, at its fastest setting of any tree, stands beside the inverted lists at theirs.
RECALLS = (0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
# Beams of every level, and for the two-level tree also few after the first: (those, the beams of the last level).
BEAMS = (50, 100, 150, 200, 400, 800, 1600, 3200)
NARROW = (1, 2, 4, 8, 16, 32, 64)
LINKS, CONSTRUCTION, SEARCH = 24, 40, (100, 128, 192, 256, 384, 512, 768, 1024)
PROBES = (1, 2, 4, 8, 16, 32, 64, 128)

Search = Callable[[np.ndarray], np.ndarray]


class Timed(NamedTuple):
    """One contender at one setting; ``ms`` is the median of a query, ``recall`` that of the exact first 100, ``build`` in s."""

    name: str
    setting: str
    ms: float
    recall: float
    build: float


def table(sizes: tuple[int, ...] = (100_000, 1_000_000)) -> str:
    """Markdown: every contender at every size."""
    faiss.omp_set_num_threads(THREADS)
    return "\n".join(
        [
            "## Whole decode after query encoding\n",
            f"{evaluation.device()}; faiss {faiss.__version__}; {THREADS} thread for everyone while searching, all cores while "
            f"building. {WIDTH} dimensions; {QUERIES} queries one at a time, medians of milliseconds; recall of the exact first "
            f"{DEPTH}; queries are documents plus noise of {PERTURBED} of their length. Ours: centroid scorer, RQ-KMeans fitted "
            f"on {FITTED_ON:,} documents, levels x codes, the rest assigned; *after level 1* means fewer beams there, "
            "an approximation that is off by default. Build: ours fit, codes, trie, means, rough copies; faiss train and add.\n",
            *(one_size(size) for size in sizes),
        ]
    )


def one_size(size: int) -> str:
    """Table and verdict for so many documents."""
    documents, clusters = clustered(size), clusters_of(size)
    random = np.random.default_rng(1)
    queries = documents[np.sort(random.integers(0, size, QUERIES))]
    queries = unit(queries + random.normal(size=queries.shape) * PERTURBED / np.sqrt(WIDTH))
    truth, flat = exact(documents, queries)
    notes, trees = [], []
    for levels, codes in ((3, 256), (1, root(size)), (1, 4 * root(size))):
        runs, note = tree(documents, queries, truth, levels, codes)
        trees.append(runs)
        notes.append(note)
        print(note, *runs, sep="\n", file=sys.stderr)
    full = [[run for run in runs if "after" not in run.setting] for runs in trees]
    narrow = [[run for run in runs if "after" in run.setting] for runs in trees[1:]]
    inverted = [run for cells in (root(size), 4 * root(size)) for run in lists(documents, queries, truth, cells)]
    links = graph(documents, queries, truth)
    picked = [picks(runs) for runs in (*full, *narrow)]
    recalls = [GOAL, *(run.recall for run in (reaching(runs, GOAL) for runs in (*full, *narrow)) if run)]
    rows = [flat, *(run for runs in picked for run in runs), *(run for runs in (inverted, links) for run in shown(runs, recalls))]
    lines = "".join(
        f"| {run.name} | {run.setting} | {run.recall:.3f} | {run.ms:.2f} | {flat.ms / run.ms:.1f} | {run.build:.0f} |\n"
        for run in rows
    )
    head = "| search | setting | recall@100 | p50, ms | times flat's speed | build, s |\n|---|---|---|---|---|---|\n"
    lines += f"\n{alike([run for runs in trees for run in runs], inverted)}"
    said = "".join(verdict(flat, runs, inverted, links) for runs in (*full, *narrow))
    return f"### {size:,} documents in {clusters:,} clusters\n\n{head}{lines}\n{' '.join(notes)}\n\n{said}\n"


def alike(ours: list[Timed], inverted: list[Timed]) -> str:
    """Markdown: the fastest of ours beside the fastest of the inverted lists at each recall, whatever their settings."""
    lines = ""
    for recall in RECALLS:
        found = [reaching(runs, recall) for runs in (ours, inverted)]
        said = [f"{run.setting}, {run.recall:.4f}, {run.ms:.2f}" if run else "not reached" for run in found]
        mine, other = found
        name = mine.name.removeprefix("ours, ") + ": " if mine else ""
        lines += f"| {recall} | {name}{said[0]} | {said[1]} | {f'{mine.ms / other.ms:.1f}' if mine and other else ''} |\n"
    head = "| recall of at least | ours: setting, recall, ms | IVF-Flat: setting, recall, ms | ours, times its ms |"
    return f"{head}\n|---|---|---|---|\n{lines}"


def picks(runs: list[Timed]) -> list[Timed]:
    """Beams of 50 and 100, and the fastest that reaches the goal (the best recall, if none does)."""
    usual = [run for run in runs if run.setting in ("50 beams", "100 beams")]
    return list(dict.fromkeys([*usual, reaching(runs, GOAL) or max(runs, key=lambda run: run.recall)]))


def clusters_of(size: int) -> int:
    """Clusters of :data:`CLUSTER` documents, but not fewer than :data:`FEWEST`."""
    return max(FEWEST, size // CLUSTER)


def clustered(size: int) -> np.ndarray:
    """Float32 unit vectors in clusters, made in blocks."""
    random = np.random.default_rng(0)
    centres = random.standard_normal((clusters_of(size), WIDTH), dtype=np.float32)
    points = np.empty((size, WIDTH), np.float32)
    for start in range(0, size, 100_000):
        block = points[start : start + 100_000]
        block[:] = centres[random.integers(0, len(centres), len(block))]
        block += random.standard_normal(block.shape, dtype=np.float32)
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return points


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1, float32."""
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def root(size: int) -> int:
    """A power of two near the square root."""
    return 1 << round(np.log2(size) / 2)


def timed(search: Search, queries: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Median milliseconds of a query and mean share of the truth that it finds."""
    for query in queries[:20]:
        search(query)
    spent, found = [], []
    for query, true in zip(queries, truth, strict=True):
        start = time.perf_counter()
        rows = search(query)
        spent.append(time.perf_counter() - start)
        found.append(len(np.intersect1d(rows, true)) / len(true))
    return float(np.median(spent) * 1e3), float(np.mean(found))


def exact(documents: np.ndarray, queries: np.ndarray) -> tuple[np.ndarray, Timed]:
    """The true first 100 rows of every query, and exact search timed."""
    start = time.perf_counter()
    index = faiss.IndexFlatIP(WIDTH)
    index.add(documents)
    built = time.perf_counter() - start
    truth = index.search(queries, DEPTH)[1]
    ms, recall = timed(lambda query: index.search(query[None], DEPTH)[1][0], queries, truth)
    return truth, Timed("faiss flat", "exact", ms, recall, built)


def tree(documents: np.ndarray, queries: np.ndarray, truth: np.ndarray, levels: int, codes: int) -> tuple[list[Timed], str]:
    """Our search over one tree at every beam width, and a line about the tree."""
    start = time.perf_counter()
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    sample = np.sort(np.random.default_rng(2).permutation(len(documents))[:FITTED_ON])
    fitted = rq_kmeans.fit(Material(documents[sample], ()), {"levels": levels, "codes": codes}, 0, lambda done, total: None)
    codes = identifiers.assign("rq-kmeans", fitted, documents)
    fitted = Identifiers(codes, fitted.vocabulary, fitted.codebooks)
    fitted = extra_code(fitted, Material(documents, ()), 0)
    built = trie.build(fitted.codes)
    scorer = CentroidScorer(built, node_means(built, documents), fitted.codebooks)
    rough = scorer.search.nbytes
    took = time.perf_counter() - start
    faiss.omp_set_num_threads(THREADS)
    settings: list[tuple[int, tuple[int, ...]]] = [(beams, ()) for beams in BEAMS]
    if levels == 1:
        settings += [(DEPTH, (few,)) for few in NARROW]
    name, runs = f"ours, {levels} x {codes}", []
    for beams, narrow in settings:
        label = f"{beams} beams" + (f", {narrow[0]} after level 1" if narrow else "")
        runs.append(Timed(name, label, *timed(partial(decode, built, scorer, beams, narrow), queries, truth), took))
    sizes = ", ".join(f"{count:,}" for count in np.diff(built.level_start)[1:])
    note = (
        f"Tree {levels} x {codes} and a collision code: {sizes} nodes a level; trie {built.nbytes / 1e6:.0f} MB, node means "
        f"{scorer.means.nbytes / 1e6:.0f} MB, their rough copies {rough / 1e6:.0f} MB."
    )
    return runs, note


def decode(built: trie.Trie, scorer: CentroidScorer, beams: int, narrow: tuple[int, ...], query: np.ndarray) -> np.ndarray:
    """Rows of the first documents of one query."""
    return decoding.decode(built, scorer, [query], beams, narrow=narrow)[0].documents(built, DEPTH)[0]


def lists(documents: np.ndarray, queries: np.ndarray, truth: np.ndarray, cells: int) -> list[Timed]:
    """Inverted lists, at every number of lists probed."""
    start = time.perf_counter()
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(WIDTH), WIDTH, cells, faiss.METRIC_INNER_PRODUCT)
    with all_cores():
        index.train(documents[np.random.default_rng(3).permutation(len(documents))[: 40 * cells]])
        index.add(documents)
    built = time.perf_counter() - start
    runs = []
    for probes in PROBES:
        index.nprobe = probes
        ms, recall = timed(lambda query: index.search(query[None], DEPTH)[1][0], queries, truth)
        runs.append(Timed("faiss IVF-Flat", f"{cells} lists, {probes} probed", ms, recall, built))
    return runs


def graph(documents: np.ndarray, queries: np.ndarray, truth: np.ndarray) -> list[Timed]:
    """The HNSW graph, at every width of its search."""
    start = time.perf_counter()
    index = faiss.IndexHNSWFlat(WIDTH, LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = CONSTRUCTION
    with all_cores():
        index.add(documents)
    built = time.perf_counter() - start
    runs = []
    for width in SEARCH:
        index.hnsw.efSearch = width
        ms, recall = timed(lambda query: index.search(query[None], DEPTH)[1][0], queries, truth)
        setting = f"M {LINKS}, efConstruction {CONSTRUCTION}, efSearch {width}"
        runs.append(Timed("faiss HNSW", setting, ms, recall, built))
    return runs


class all_cores:
    """Threads of faiss while an index is built."""

    def __enter__(self):
        faiss.omp_set_num_threads(os.cpu_count() or 1)

    def __exit__(self, *exception):
        faiss.omp_set_num_threads(THREADS)


def reaching(runs: list[Timed], recall: float) -> Timed | None:
    """The fastest run of at least that recall."""
    return min((run for run in runs if run.recall >= recall), key=lambda run: run.ms, default=None)


def shown(runs: list[Timed], recalls: list[float]) -> list[Timed]:
    """The fastest settings that reach each recall; the best recall where one is not reached."""
    best = max(runs, key=lambda run: run.recall)
    return list(dict.fromkeys(reaching(runs, recall) or best for recall in recalls))


def verdict(flat: Timed, ours: list[Timed], inverted: list[Timed], links: list[Timed]) -> str:
    """Who wins, from the figures alone."""
    mine = reaching(ours, GOAL)
    if mine is None:
        best = max(ours, key=lambda run: run.recall)
        return f"{best.name} does not reach a recall of {GOAL}: {best.recall:.3f} with {best.setting}, in {best.ms:.2f} ms.\n\n"
    said = [
        f"At a recall of at least {GOAL}, {mine.name} ({mine.setting}, {mine.recall:.3f}) takes {mine.ms:.2f} ms, "
        f"{flat.ms / mine.ms:.1f} times faster than exact search."
    ]
    for runs in (inverted, links):
        for recall, aim in ((GOAL, "that goal"), (mine.recall, "our recall")):
            other = reaching(runs, recall)
            if other is None:
                said.append(f"{runs[0].name} does not reach {recall:.3f} at any setting tried.")
                continue
            ratio = mine.ms / other.ms
            outcome = f"{ratio:.1f} times faster than ours" if ratio >= 1 else f"{1 / ratio:.1f} times slower than ours"
            said.append(f"{other.name} at {aim} ({other.setting}, {other.recall:.3f}) takes {other.ms:.2f} ms: {outcome}.")
    return " ".join(said) + "\n\n"


if __name__ == "__main__":
    print(table(tuple(int(size.replace("_", "")) for size in sys.argv[1:]) or (100_000, 1_000_000)))
