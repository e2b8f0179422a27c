"""Quality and latency of all retrievers, with a random-identifier control: ``python -m benchmarks.retrieval [CORPUS ...]``.

A corpus is a data set's name, a file or a BEIR folder; the bundled films when none is given. The table goes to
``benchmarks/results/retrieval.md``. Builds are made in the usual place and kept.
"""

import sys
from pathlib import Path

import numpy as np

from engine import evaluation, paths, trie
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.datasets import default_fields, load
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.centroid import CentroidScorer, node_means
from engine.text import embed

BEAMS = 100
NAMES = ("bm25", "dense", "dense-hnsw", "generative", "hybrid")
CURVE = (5, 10, 20, 50, 100)
SHOWN = ("nDCG@10", "Recall@100", "MRR@10", "Hit@1")
OUT = Path(__file__).parent / "results" / "retrieval.md"


def main() -> None:
    """Measure every corpus named and write the table."""
    blocks = [measure(source) for source in sys.argv[1:] or ["films"]]
    OUT.parent.mkdir(exist_ok=True)
    command = "python -m benchmarks.retrieval" + "".join(f" {Path(source).name}" for source in sys.argv[1:])
    OUT.write_text(f"# Retrieval\n\n`{command}`, beam {BEAMS}, seed 0. {evaluation.device()}.\n\n" + "\n".join(blocks), "utf-8")
    print(OUT.read_text("utf-8"))


def measure(source: str) -> str:
    """Markdown block of one corpus."""
    corpus = load(source)
    spec = BuildSpec(fields=default_fields(source))
    opened = Build(make(corpus, spec, paths.builds() / f"bench-{corpus.name}"))
    result = evaluation.evaluate(opened, "test", NAMES, BEAMS)
    rows = {name: [_figure(row.measures[m]) for m in SHOWN] + [_ms(row.latency_ms)] for name, row in result.retrievers.items()}
    head = f"| | {' | '.join(SHOWN)} | ms a query, p50 / p95 |\n|---|{'---|' * (len(SHOWN) + 1)}\n"
    lines = "".join(f"| {name} | {' | '.join(cells)} |\n" for name, cells in rows.items())
    tuning = opened.retriever("hybrid").tuning  # type: ignore[attr-defined]
    return (
        f"## {corpus.name}, test: {result.queries} queries, {len(corpus.documents):,} documents\n\n{head}{lines}\n"
        f"Identifiers {' x '.join(map(str, opened.manifest.identifiers.vocabulary))}. Encoding a query takes "
        f"{result.encoding_ms.p50:.1f} ms (p50), once for all, not counted above. Hybrid weights "
        f"{tuning.weights} by {tuning.method}, fallback below {tuning.threshold:.3f}, chosen on: {tuning.chosen_on}."
        f"\n\n{curve(opened)}"
    )


def curve(opened: Build, seed: int = 0) -> str:
    """Beam width against quality, for the build's identifiers and for the control: the same tree with the documents dealt out at
    random, which shows what is left when identifiers mean nothing."""
    shuffled = trie.build(opened.codes[np.random.default_rng(seed).permutation(len(opened.codes))])
    control = CentroidScorer(shuffled, node_means(shuffled, opened.embeddings), [])
    qrels = opened.corpus.qrels["test"]
    texts = [opened.corpus.queries[query] for query in qrels]
    queries = Queries(texts, embed.embed(texts, opened.model, role="query"))
    ids = [document.id for document in opened.corpus.documents]
    lines = ""
    for beams in CURVE:
        cells = []
        for tree, scorer in ((opened.trie, opened.scorer("centroid")), (shuffled, control)):
            rows = GenerativeRetriever(tree, scorer, beams).search(queries, evaluation.DEPTH).rows
            values = evaluation.measure(qrels, evaluation.run_of(qrels, rows, ids))
            cells += [_figure(evaluation.interval(values[name])) for name in ("nDCG@10", "Recall@100")]
        lines += f"| {beams} | {' | '.join(cells)} |\n"
    head = (
        "| beams | nDCG@10 | Recall@100 | nDCG@10, random identifiers | Recall@100, random identifiers |\n|---|---|---|---|---|\n"
    )
    return head + lines


def _figure(value: evaluation.Interval) -> str:
    return evaluation.told(value)


def _ms(value: evaluation.Latency | None) -> str:
    return f"{value.p50:.2f} / {value.p95:.2f}" if value else ""


if __name__ == "__main__":
    main()
