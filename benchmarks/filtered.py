"""Filtered search: a trie that prunes illegal branches, beside faiss with a selector and beside filtering afterwards.

``python -m benchmarks.filtered [DOCUMENTS]`` prints the tables. Clustered synthetic vectors as in :mod:`benchmarks.identifiers`;
half of the filters are random columns, half follow the clusters, so that what is asked for is often not where the query points.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import faiss
import numpy as np

from engine import evaluation, identifiers, trie
from engine.data.corpus import Document
from engine.decoding import decode
from engine.decoding.exact import score_all
from engine.decoding.strategies import best_first
from engine.decoding.strategies.base import Search
from engine.filters import Columns, columns_of, evaluate
from engine.kernels.top_k import top_k
from engine.scorers.centroid import CentroidScorer, node_means
from engine.trie import Tree, Trie, restrict

WIDTH, CLUSTERS, QUERIES, HITS = 384, 1000, 100, 10
BEAMS = (50, 100, 400)
# Filtering afterwards asks an unfiltered search for this many times the hits that would do if the filter were independent.
OVER_FETCH = 2
# Times that all queries are asked where two searches are timed in turn.
ROUNDS = 5
FILTERS = {
    f"{share}% {kind}": f"{column} < {threshold}"
    for kind, column, whole in (("random", "draw", 1), ("clusters", "topic", CLUSTERS))
    for share, threshold in ((1, whole / 100), (10, whole / 10), (50, whole / 2))
}

Find = Callable[[np.ndarray], np.ndarray]


class Data(NamedTuple):
    """What all contenders search."""

    points: np.ndarray
    queries: np.ndarray
    topic: np.ndarray
    scorer: CentroidScorer
    tree: Trie


def data(documents: int) -> Data:
    """Clustered unit vectors, queries of the same clusters, and RQ-KMeans identifiers of 3 x 256 codes and one that resolves."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(CLUSTERS, WIDTH))
    topic = random.integers(0, CLUSTERS, documents)
    points = (centres[topic] + random.normal(size=(documents, WIDTH))).astype(np.float32)
    queries = (centres[random.integers(0, CLUSTERS, QUERIES)] + random.normal(size=(QUERIES, WIDTH))).astype(np.float32)
    for vectors in (points, queries):
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    fitted = identifiers.fit("rq-kmeans", points, {"levels": 3, "codes": 256})
    tree = trie.build(fitted.codes)
    return Data(points, queries, topic, CentroidScorer(tree, node_means(tree, points), fitted.codebooks), tree)


def beam(made: Data, tree: Tree, beams: int, query: np.ndarray) -> np.ndarray:
    """Rows that a beam search over ``tree`` finds."""
    return decode(tree, made.scorer, [query], beams)[0].documents(tree, HITS)[0]


def first(made: Data, tree: Tree, query: np.ndarray) -> np.ndarray:
    """Rows that best-first search finds: the exact ones."""
    return best_first.run(Search(tree, made.scorer, query, HITS, {}, 0, 1.0)).documents(tree, HITS)[0]


def ask(index: faiss.Index, fetch: int, parameters: faiss.SearchParameters | None, query: np.ndarray) -> np.ndarray:
    """Rows that faiss finds."""
    return index.search(query[None], fetch, params=parameters)[1][0]


def only(find: Find, mask: np.ndarray, query: np.ndarray) -> np.ndarray:
    """What a filter leaves of the rows that ``find`` finds."""
    rows = find(query)
    return rows[mask[rows]][:HITS]


def contenders(made: Data, indexes: dict[str, faiss.Index], columns: Columns, text: str | None) -> dict[str, Find]:
    """Name -> search, under the filter ``text`` or none."""
    tree, mask = made.tree, np.ones(len(made.points), bool) if text is None else evaluate(columns, text)
    view = tree if text is None else restrict(tree, mask)
    select = None if text is None else faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
    fetch = HITS if text is None else int(OVER_FETCH * HITS * len(mask) / mask.sum())
    found: dict[str, Find] = {f"ours, beam {beams}": partial(beam, made, view, beams) for beams in BEAMS}
    if text is not None:
        found["ours, beam 50, filter read and view made each time"] = lambda query: beam(
            made, restrict(tree, evaluate(columns, text)), BEAMS[0], query
        )
    found["ours, best-first (exact)"] = partial(first, made, view)
    if mask.sum() <= len(mask) // 5:
        found["ours, beam as wide as the documents left (exact)"] = partial(beam, made, view, int(mask.sum()))
    found["faiss flat"] = partial(ask, indexes["flat"], HITS, faiss.SearchParameters(sel=select))
    for nprobe in (16, 64):
        found[f"faiss IVF, nprobe {nprobe}"] = partial(
            ask, indexes["ivf"], HITS, faiss.SearchParametersIVF(sel=select, nprobe=nprobe)
        )
    for ef in (64, 256):
        found[f"faiss HNSW, efSearch {ef}"] = partial(
            ask, indexes["hnsw"], HITS, faiss.SearchParametersHNSW(sel=select, efSearch=ef)
        )
    if text is not None:
        wide = faiss.SearchParametersHNSW(efSearch=max(64, fetch))
        found["ours, filtered afterwards"] = partial(only, lambda query: _leaves(made, fetch, query), mask)
        found["faiss flat, filtered afterwards"] = partial(only, partial(ask, indexes["flat"], fetch, None), mask)
        found["faiss HNSW, filtered afterwards"] = partial(only, partial(ask, indexes["hnsw"], fetch, wide), mask)
    return found


def _leaves(made: Data, beams: int, query: np.ndarray) -> np.ndarray:
    return decode(made.tree, made.scorer, [query], beams)[0].documents(made.tree, beams)[0]


def measure(find: Find, queries: np.ndarray, truth: list[np.ndarray]) -> tuple[float, float]:
    """Recall of the true hits and median milliseconds a query."""
    find(queries[0])
    recall, ms = [], []
    for query, rows in zip(queries, truth, strict=True):
        start = time.perf_counter()
        got = find(query)
        ms.append((time.perf_counter() - start) * 1e3)
        recall.append(len(np.intersect1d(got, rows)) / len(rows))
    return float(np.mean(recall)), float(np.median(ms))


def ranked_first(made: Data, tree: Tree, truth: list[np.ndarray], beams: int) -> tuple[float, float]:
    """Share of the true hits whose every prefix is among the first ``beams`` legal ones of its level, and the recall of these."""
    share, found, wanted = 0, 0, 0
    for query, rows in zip(made.queries, truth, strict=True):
        levels = score_all(tree, made.scorer, query)
        leading = [set(level.node[top_k(level.total, beams, level.node)].tolist()) for level in levels]
        sure = [row for row in rows if all(node in some for node, some in zip(made.tree.path(row), leading, strict=True))]
        share += len(sure)
        wanted += len(rows)
        # As many documents as beams, for the claim is that none of them is lost, not that they come first.
        found += len(np.intersect1d(decode(tree, made.scorer, [query], beams)[0].documents(tree, beams)[0], sure))
    return share / wanted, found / share if share else 1.0


def table(documents: int = 100_000) -> str:
    """Markdown: recall@10 against exact filtered search and median ms of every contender under every filter."""
    made = data(documents)
    drawn = np.random.default_rng(1).random(documents)
    columns = columns_of(
        [Document(str(row), "", "", {"draw": float(drawn[row]), "topic": int(made.topic[row])}) for row in range(documents)]
    )
    coarse = faiss.IndexFlatIP(WIDTH)
    indexes = {
        "flat": faiss.IndexFlatIP(WIDTH),
        "ivf": faiss.IndexIVFFlat(coarse, WIDTH, int(4 * documents**0.5), faiss.METRIC_INNER_PRODUCT),
        "hnsw": faiss.IndexHNSWFlat(WIDTH, 32, faiss.METRIC_INNER_PRODUCT),
    }
    for index in indexes.values():
        index.train(made.points)
        index.add(made.points)
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        cells, costs = _cells(made, indexes, columns)
    finally:
        faiss.omp_set_num_threads(threads)
    heads = ["no filter", *FILTERS]
    rule = "|---|" + "---|" * len(heads) + "\n"
    lines = "".join(f"| {name} | {' | '.join(row.get(head, '') for head in heads)} |\n" for name, row in cells.items())
    below = "".join(f"| {name} | {' | '.join(row.get(head, '') for head in heads)} |\n" for name, row in costs.items())
    return (
        f"## Filtered search: {documents:,} x {WIDTH} clustered synthetic vectors\n\n"
        f"Recall@{HITS} against exact filtered search, and the median ms of {QUERIES} queries, one thread. "
        f"{evaluation.device()}. Ours: RQ-KMeans 3 x 256 and a collision code, centroid scorer. faiss: an `IDSelectorBitmap`; "
        f"IVF of {int(4 * documents**0.5)} lists, HNSW of 32 links. Views and selectors are kept from query to query except "
        "where a row says otherwise. Filtered afterwards: an unfiltered search for "
        f"{OVER_FETCH} x {HITS} / share hits, by a beam or an efSearch as wide.\n\n"
        f"| | {' | '.join(heads)} |\n{rule}{lines}\n"
        f"| ours: what a filter costs, and what it cannot lose | {' | '.join(heads)} |\n{rule}{below}\n"
        "Ranked first: every prefix of the document is among the first `beams` legal ones of its level. The means of their "
        "branches do not point to the other exact hits; a wider beam or best-first search finds them.\n"
    )


def _cells(
    made: Data, indexes: dict[str, faiss.Index], columns: Columns
) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    cells: dict[str, dict[str, str]] = {}
    costs: dict[str, dict[str, str]] = {}
    scores = made.queries @ made.points.T
    for head, text in {"no filter": None, **FILTERS}.items():
        mask = np.ones(len(made.points), bool) if text is None else evaluate(columns, text)
        truth = [np.argsort(-np.where(mask, row, -2), kind="stable")[:HITS] for row in scores]
        for name, find in contenders(made, indexes, columns, text).items():
            recall, ms = measure(find, made.queries, truth)
            cells.setdefault(name, {})[head] = f"{recall:.3f} / {ms:.2f}"
        tree: Tree = made.tree
        if text is not None:
            tree = restrict(made.tree, mask)
            costs.setdefault("reading it, ms", {})[head] = f"{_median_ms(partial(evaluate, columns, text)):.2f}"
            costs.setdefault("its view, ms", {})[head] = f"{_median_ms(partial(restrict, made.tree, mask)):.2f}"
        for beams in BEAMS[:2]:
            if text is not None:
                ratio = _ratio(partial(beam, made, tree, beams), partial(beam, made, made.tree, beams), made.queries)
                costs.setdefault(f"time of beam {beams}, in times of unfiltered (in turn)", {})[head] = f"{ratio:.2f}"
            share, recall = ranked_first(made, tree, truth, beams)
            costs.setdefault(f"exact hits ranked first, beam {beams}: share / recall", {})[head] = f"{share:.3f} / {recall:.3f}"
    return cells, costs


def _ratio(one: Find, other: Find, queries: np.ndarray) -> float:
    """Median time of one search over that of another, in turn, so that a busy machine slows both.

    Not by the same query: whoever comes second would find in the cache what the first one read.
    """
    taken: dict[Find, list[float]] = {one: [], other: []}
    asked = queries, np.roll(queries, len(queries) // 2, axis=0)
    for _ in range(ROUNDS):
        for pair in zip(*asked, strict=True):
            for query, (find, seconds) in zip(pair, taken.items(), strict=True):
                start = time.perf_counter()
                find(query)
                seconds.append(time.perf_counter() - start)
    return float(np.median(taken[one]) / np.median(taken[other]))


def _median_ms(work: Callable[[], object]) -> float:
    ms = []
    for _ in range(21):
        start = time.perf_counter()
        work()
        ms.append((time.perf_counter() - start) * 1e3)
    return float(np.median(ms))


if __name__ == "__main__":
    print(table(*map(int, sys.argv[1:])))
