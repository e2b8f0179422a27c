"""N-grams as identifiers (`-r seal`, `-r minder`) beside keyword and dense search: ``python -m benchmarks.ngrams [CORPUS ...]``.

Quality on the test queries, the index (seconds, bytes, against the text), and what a step of the beam takes. Nothing is chosen
here: the defaults were, on development queries of films and NFCorpus. To ``benchmarks/results/ngrams.md``.
"""

import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.narrow import built
from engine import evaluation
from engine.builds.opened import Build
from engine.retrievers import ngrams
from engine.text import ngrams as indexed

NAMES = ("bm25", "dense", "seal", "bm25+seal", "minder", "bm25+dense")
MEASURES = ("nDCG@10", "Recall@100")
COMPARED = (("seal", "bm25"), ("seal", "dense"), ("minder", "seal"))
STEPS, TIMED = 20, 50
OUT = Path(__file__).parent / "results" / "ngrams.md"


def main() -> None:
    """Measure every corpus named and write the tables."""
    blocks = [block(opened) for opened in map(built, sys.argv[1:] or ["films"])]
    named = "".join(f" {Path(source).name}" for source in sys.argv[1:])
    head = f"# N-grams as identifiers\n\n`python -m benchmarks.ngrams{named}`. {evaluation.device()}.\n\n"
    OUT.write_text(head + "\n".join(blocks), "utf-8")
    print(OUT.read_text("utf-8"))


def block(opened: Build) -> str:
    """Markdown of one corpus."""
    texts = opened.texts()
    start = time.perf_counter()
    index = indexed.index(texts)
    seconds, size = time.perf_counter() - start, sum(len(text.encode()) for text in texts)
    found = evaluation.evaluate(opened, "test", NAMES, measures=MEASURES)
    lines = [
        f"## {opened.name}, test: {found.queries} queries, {len(texts):,} documents",
        "",
        f"Indexed in {seconds:.1f} s; {index.nbytes / 1e6:.1f} MB, {index.nbytes / size:.1f} times the text. A step of {STEPS} "
        f"beams takes {step_of_index(index):.2f} ms in the index, {step_ms(opened, index):.1f} ms with what words the query's "
        f"neighbours say (median of {TIMED}).",
        "",
        f"| | {' | '.join(MEASURES)} | ms a query, p50 / p95 |",
        "|---|---|---|---|",
    ]
    for name, of in found.retrievers.items():
        cells = [evaluation.told(of.measures[measure]) for measure in MEASURES]
        ms = f"{of.latency_ms.p50:.1f} / {of.latency_ms.p95:.1f}" if of.latency_ms else ""
        lines.append(f"| {name} | {' | '.join(cells)} | {ms} |")
    pairs = [evaluation.difference(found.values[a][MEASURES[0]], found.values[b][MEASURES[0]]) for a, b in COMPARED]
    lines += ["", f"{MEASURES[0]}, p corrected for {len(pairs)} (Holm):", ""]
    for (ours, theirs), one in zip(COMPARED, evaluation.together(pairs), strict=True):
        lines.append(f"- {ours} less {theirs}: {evaluation.told(one, sign=True)}, p {evaluation.told_p(one)}")
    return "\n".join([*lines, ""])


def step_ms(opened: Build, index: indexed.Ngrams) -> float:
    """Median milliseconds of a word, its share of the query's running sum included."""
    queries = list(opened.corpus.qrels["test"])[:TIMED]
    by, times = ngrams.NgramRetriever(index, np.asarray(opened.embeddings), STEPS), []
    for vector in opened.embed_queries([opened.corpus.queries[query] for query in queries]):
        start = time.perf_counter()
        by.write(vector)
        times.append((time.perf_counter() - start) * 1e3 / by.longest)
    return float(np.median(times))


def step_of_index(index: indexed.Ngrams, seed: int = 0) -> float:
    """Median milliseconds of finding what follows as many n-grams as there are beams, of one to three words, drawn by how often
    they occur."""
    rng, times = np.random.default_rng(seed), []
    for turn in range(TIMED):
        size = 1 + turn % 3
        beams = [run_of(index, int(place), size) for place in rng.integers(0, len(index.order), STEPS)]
        start = time.perf_counter()
        for low, high, length in beams:
            index.after(low, high, length)
        times.append((time.perf_counter() - start) * 1e3)
    return float(np.median(times))


def run_of(index: indexed.Ngrams, place: int, size: int) -> tuple[int, int, int]:
    """The run of the n-gram that begins at a place of the suffix array, and its words: so many, or as many as there are."""
    low, high = 0, len(index.order)
    for length in range(size):
        runs = index.after(low, high, length)
        at = int(np.searchsorted(runs.low, place, side="right")) - 1
        if at < 0 or place >= runs.high[at]:
            return low, high, length
        low, high = int(runs.low[at]), int(runs.high[at])
    return low, high, size


if __name__ == "__main__":
    main()
