"""All identifier schemes on real catalogues, and how fast they are fitted: ``python -m benchmarks.identifiers [CORPUS ...]``.

The tables go to ``benchmarks/results/identifiers.md``. A corpus is a data set's name, a file or a BEIR folder; films when none
is given.
"""

import sys
import time
from pathlib import Path

import faiss
import numpy as np

from engine import evaluation, identifiers, paths, trie
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.datasets import default_fields, load
from engine.studies import schemes as study

OUT = Path(__file__).parent / "results" / "identifiers.md"
LARGE, WIDTH = 100_000, 384


def main() -> None:
    """Study every corpus named, time the fits, write the tables."""
    sources = sys.argv[1:] or ["films"]
    command = "python -m benchmarks.identifiers" + "".join(f" {Path(source).name}" for source in sys.argv[1:])
    blocks = [
        f"# Identifiers\n\n`{command}`, seed 0. {evaluation.device()}.\n",
        *(catalogue(source) for source in sources),
        speed(),
    ]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text("\n".join(blocks), "utf-8")
    print(OUT.read_text("utf-8"))


def catalogue(source: str) -> str:
    """Markdown table of the schemes on one corpus."""
    corpus = load(source)
    opened = Build(make(corpus, BuildSpec(fields=default_fields(source)), paths.builds() / f"bench-{corpus.name}"))
    # All of them are reported, and none is chosen by it.
    found = study.run(opened, split="test")
    lines = ""
    for name, row in found.schemes.items():
        card = row.report
        if card is None:
            lines += f"| {name} | does not fit: {row.error.split(': ')[1].split(' (')[0]} | | | | | |\n"
            continue
        used = ", ".join(f"{level.used}/{level.codes}" for level in card.levels[:4])
        figures = [evaluation.told(value) for value in row.quality.values()]
        cells = [card.verdict, used, f"{card.content_unique_rate:.1%}", *figures, f"{row.fit_seconds:.1f}"]
        lines += f"| {name} | {' | '.join(cells)} |\n"
    measures = " | ".join((*study.MEASURES, f"nDCG@10, beam {study.NARROW}"))
    head = f"| scheme | health | codes used | unique before resolving | {measures} | fit, s |\n"
    rule = f"|---|{'---|' * 7}\n"
    return (
        f"## {corpus.name}: {found.documents:,} documents, {found.queries} test queries\n\n{head}{rule}{lines}\n"
        f"Centroid scorer, beam {found.beams}; every scheme with its defaults and its own resolver.\n"
    )


def speed() -> str:
    """Fit and trie of 100,000 clustered vectors beside faiss' own quantizers, and the trie of a million identifiers."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(1000, WIDTH))
    points = (centres[random.integers(0, 1000, LARGE)] + random.normal(size=(LARGE, WIDTH))).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    start = time.perf_counter()
    fitted = identifiers.fit("rq-kmeans", points, {"levels": 3, "codes": 256})
    middle = time.perf_counter()
    trie.build(fitted.codes)
    ours, tree = middle - start, time.perf_counter() - middle
    rows = [("rq-kmeans 3 x 256 (ours: faiss k-means, level by level)", ours)]
    for name, quantizer in (
        ("faiss ResidualQuantizer 3 x 8 bits, beam 1", faiss.ResidualQuantizer(WIDTH, 3, 8)),
        ("faiss ProductQuantizer 3 x 8 bits", faiss.ProductQuantizer(WIDTH, 3, 8)),
    ):
        if isinstance(quantizer, faiss.ResidualQuantizer):
            quantizer.max_beam_size = 1
        start = time.perf_counter()
        quantizer.train(points)
        quantizer.compute_codes(points)
        rows.append((name, time.perf_counter() - start))
    million = random.integers(0, 256, (1_000_000, 4)).astype(np.int32)
    start = time.perf_counter()
    large = trie.build(million)
    built = time.perf_counter() - start
    lines = "".join(f"| {name} | {seconds:.1f} | {seconds / ours:.2f} |\n" for name, seconds in rows)
    return (
        f"## Speed: {LARGE:,} x {WIDTH} clustered synthetic vectors\n\n| fit and encode | s | of ours |\n|---|---|---|\n{lines}\n"
        f"The trie of these takes {tree:.2f} s; the trie of 1,000,000 random identifiers of 4 codes {built:.2f} s, "
        f"{large.nbytes / 1e6:.1f} bytes a document.\n"
    )


if __name__ == "__main__":
    main()
