"""10,000 documents into 100,000: an overlay beside a full rebuild: ``python -m benchmarks.additions``.

Placing the documents (their identifiers) comes before either and is timed on its own. What is timed of the rebuild is
:func:`engine.trie.build` and the means of the centroid scorer; of the overlay, the same things brought up to date. Both are then
asked the same queries, and the run stops if they answer differently.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from engine import evaluation, identifiers, trie
from engine.decoding import decode
from engine.decoding.exact import exact_search
from engine.live.additions import identify
from engine.live.overlay import Overlay
from engine.live.scorer import TOLERANCE, OverlayScorer, overlay_scorer
from engine.scorers.centroid import CentroidScorer, node_means

BASE, ADDED, WIDTH = 100_000, 10_000, 384
QUERIES, BEAMS, RUNS = 100, 50, 5


class Work(NamedTuple):
    """The flat trie with its scorer before, the new identifiers, and all embeddings, new ones last."""

    codes: np.ndarray
    scorer: CentroidScorer
    added: np.ndarray
    points: np.ndarray


def table() -> str:
    """Markdown: seconds of each way, of additions alone and of as many deletions with them."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(1000, WIDTH))
    points = centres[random.integers(0, 1000, BASE + ADDED)] + random.normal(size=(BASE + ADDED, WIDTH))
    points = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    fitted = identifiers.fit("rq-kmeans", points[:BASE], {"levels": 3, "codes": 256})
    base = trie.build(fitted.codes)
    scorer = CentroidScorer(base, node_means(base, points[:BASE]), fitted.codebooks)
    placing, added = timed(lambda: identify("rq-kmeans", fitted, Overlay.of(base, BASE), points[BASE:]), 1)
    work = Work(fitted.codes, scorer, added, points)
    few = random.choice(BASE, ADDED, replace=False)
    lines = contest(work, np.empty(0, np.int64), "add 10,000") + contest(work, few, "add 10,000, remove 10,000")
    return (
        f"## Additions: {ADDED:,} documents into {BASE:,}\n\n"
        f"{WIDTH} dimensions, clustered synthetic vectors, rq-kmeans 3 x 256 fitted once and a collision code; best of {RUNS} "
        f"runs. {evaluation.device()}.\n\n"
        f"| work | way | trie, s | means of the scorer, s | together, s | of the rebuild |\n|---|---|---|---|---|---|\n{lines}\n"
        f"Placing the new documents ({placing:.2f} s) comes before either way. Checked in the run: the compacted trie equals the "
        f"rebuilt one array for array; {QUERIES} queries get the same documents in the same order (but for totals closer than "
        f"{2 * TOLERANCE:g}) by beam {BEAMS}, three of them by exact search too, on the overlay as on the rebuilt trie.\n"
    )


def contest(work: Work, removed: np.ndarray, name: str) -> str:
    """Rows of the table for one piece of work, after checking that all ways end alike."""
    base = work.scorer.trie
    codes = np.vstack([work.codes, work.added])
    codes[removed] = -1
    build, rebuilt = timed(lambda: trie.build(codes))
    average, plain = timed(lambda: CentroidScorer(rebuilt, node_means(rebuilt, work.points), work.scorer.codebooks))
    # A new value each time: an overlay computes what it needs of itself once.
    lay, _ = timed(lambda: opened(Overlay.of(base, BASE).add(work.added).remove(removed)))
    overlay = opened(Overlay.of(base, BASE).add(work.added).remove(removed))
    update, scorer = timed(lambda: overlay_scorer(work.scorer, overlay, work.points[:BASE], work.points[BASE:]))
    merge, compacted = timed(lambda: Overlay.of(base, BASE).add(work.added).remove(removed).compact())
    carry, means = timed(lambda: scorer.means[overlay.nodes])
    if not all(np.array_equal(mine, theirs) for mine, theirs in zip(compacted, rebuilt, strict=True)):
        raise SystemExit("the compacted trie is not the rebuilt one")
    if not np.allclose(means, plain.means, rtol=0, atol=1e-6):
        raise SystemExit("the means differ")
    check(overlay, scorer, rebuilt, plain, work.points)
    slower = [statistics.median(decodes(tree, by, work.points)) for tree, by in ((rebuilt, plain), (overlay, scorer))]
    whole = build + average
    return "".join(
        f"| {name} | {way} | {of_trie:.3f} | {of_means:.3f} | {of_trie + of_means:.3f} | {(of_trie + of_means) / whole:.3f} |\n"
        for way, of_trie, of_means in (
            (f"full rebuild (then {slower[0]:.1f} ms a decode)", build, average),
            (f"overlay (then {slower[1]:.1f} ms a decode)", lay, update),
            ("overlay and compaction, means carried over", merge, update + carry),
        )
    )


def opened(overlay: Overlay) -> Overlay:
    """The overlay with everything that a first search would make it compute."""
    overlay.children(np.array([trie.ROOT]))
    overlay.is_leaf(np.array([trie.ROOT]))
    return overlay


def check(overlay: Overlay, scorer: OverlayScorer, rebuilt: trie.Trie, plain: CentroidScorer, points: np.ndarray) -> None:
    """Stop unless both ways rank the same leaves."""
    for query in points[-QUERIES:]:
        beam = decode(overlay, scorer, [query], BEAMS)[0], decode(rebuilt, plain, [query], BEAMS)[0]
        agree(overlay, beam[0].leaves, beam[0].scores, beam[1].leaves, beam[1].scores)
    for query in points[-3:]:
        agree(overlay, *exact_search(overlay, scorer, query), *exact_search(rebuilt, plain, query))


def agree(overlay: Overlay, leaves: np.ndarray, scores: np.ndarray, wanted: np.ndarray, expected: np.ndarray) -> None:
    """Stop unless scores are equal to the tolerance and leaves are too, wherever scores are further apart than that."""
    gap = np.concatenate([[np.inf], -np.diff(expected), [np.inf]])
    clear = (gap[1:] > 2 * TOLERANCE) & (gap[:-1] > 2 * TOLERANCE)
    clear[-1] = False  # what was cut may be as near
    if not np.allclose(scores, expected, rtol=0, atol=TOLERANCE) or (leaves != overlay.nodes[wanted])[clear].any():
        raise SystemExit("the overlay and the rebuilt trie rank differently")


def decodes(tree: Any, scorer: Any, points: np.ndarray) -> list[float]:
    """Milliseconds of each query's beam search, with everything that a picture of it needs."""
    return [timed(lambda query=query: decode(tree, scorer, [query], BEAMS), 1)[0] * 1e3 for query in points[-QUERIES:]]


def timed(work: Callable[[], Any], runs: int = RUNS) -> tuple[float, Any]:
    """Seconds of the best run, which other work on the machine disturbed least, and what the last run gave."""
    seconds, result = [], None
    for _ in range(runs):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


if __name__ == "__main__":
    print(table())
