"""A recall that is asked for, beside inverted lists: ``python -m benchmarks.recall [DOCUMENTS ...]``.

Clustered vectors as in ``benchmarks.whole_decode``, queries one at a time, one thread for everyone. Ours: the tree of the
default shape and 3 x 256, with a plan for each recall (:mod:`engine.decoding.widths`), chosen on queries of their own, judged on
others and timed on a third set; below it the plain beam of the same tree. Beside them faiss' IVF-Flat at its fastest setting that
reaches what was asked for (beside the plain beam, what that reaches).
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import faiss
import numpy as np

from benchmarks import whole_decode as whole
from benchmarks.whole_decode import DEPTH, WIDTH, Search, Timed
from engine import decoding, evaluation, identifiers, trie
from engine.decoding import widths
from engine.decoding.plan import Plan
from engine.decoding.widths import Passed
from engine.identifiers import rq_kmeans
from engine.identifiers.base import Identifiers, Material
from engine.identifiers.collisions import extra_code
from engine.scorers.centroid import CentroidScorer, node_means

TARGETS, CHOSEN_ON, JUDGED, ASKED = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999), 4000, 4000, 1000
# From so many documents on three levels of 256 codes are not tried: the table of whole decodes says what they find.
LARGE = 500_000
ASKED_FOR = set(map(str, TARGETS))
# Finer steps than those of the table that this one stands beside: nothing shall be won by rounding up.
PROBES = (1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 32, 48, 64, 96, 128, 192)
OUT = Path(__file__).parent / "results" / "recall.md"


def main() -> None:
    """Measure every size and write the table."""
    sizes = [int(size.replace("_", "")) for size in sys.argv[1:]] or [100_000]
    faiss.omp_set_num_threads(1)
    whole.PROBES = PROBES
    head = (
        f"# A recall in place of a width\n\n`python -m benchmarks.recall {' '.join(map(str, sizes))}`. {evaluation.device()}; "
        f"faiss {faiss.__version__}; one thread for everyone while searching, load average {os.getloadavg()[0]:.0f} before. "
        f"{WIDTH} dimensions, {ASKED:,} queries one at a time, medians of milliseconds, recall of the exact first {DEPTH}; plans "
        f"chosen on {CHOSEN_ON:,} other queries. *Kept*: on {JUDGED:,} further ones, at least, with its standard error; many "
        "queries lose all or nothing, so a thousand tell a recall of .99 to within .006.\n"
    )
    OUT.write_text("\n".join([head, *(one_size(size) for size in sizes)]), "utf-8")
    print(OUT.read_text("utf-8"))


def one_size(size: int) -> str:
    """Markdown of so many documents."""
    documents = whole.clustered(size)
    seeds = ((7, CHOSEN_ON), (11, JUDGED), (1, ASKED))
    chosen_on, judged, asked = (perturbed(documents, seed, count) for seed, count in seeds)
    truth, flat = whole.exact(documents, asked)
    lists = [run for cells in (whole.root(size), 4 * whole.root(size)) for run in whole.lists(documents, asked, truth, cells)]
    lines, notes = [], []
    shapes = [rq_kmeans.default_shape(size), *([(3, 256)] if size < LARGE else [])]
    for shape in shapes:
        runs, note = of_tree(documents, asked, truth, chosen_on, judged, shape)
        notes.append(note)
        for target, kept, run in runs:
            beside = whole.reaching(lists, float(target) if target in ASKED_FOR else run.recall)
            told = f"{beside.setting} | {beside.recall:.4f} | {beside.ms:.2f} | {run.ms / beside.ms:.2f}" if beside else "- | | |"
            lines.append(f"| {run.name} | {target} | {run.setting} | {kept} | {run.recall:.4f} | {run.ms:.2f} | {told} |\n")
            print(lines[-1], end="", file=sys.stderr)
    head = "| tree | asked for | plan | kept | recall | ms | IVF-Flat | recall | ms | ours, times its ms |\n"
    table = f"{head}|---|---|---|---|---|---|---|---|---|---|\n{''.join(lines)}"
    return f"## {size:,} documents\n\nExact search: {flat.ms:.1f} ms.\n\n{table}\n{' '.join(notes)}\n"


def perturbed(documents: np.ndarray, seed: int, count: int) -> np.ndarray:
    """Documents plus noise, as queries."""
    random = np.random.default_rng(seed)
    queries = documents[np.sort(random.integers(0, len(documents), count))]
    return whole.unit(queries + random.normal(size=queries.shape) * whole.PERTURBED / np.sqrt(WIDTH))


def of_tree(
    documents: np.ndarray,
    asked: np.ndarray,
    truth: np.ndarray,
    chosen_on: np.ndarray,
    judged: np.ndarray,
    shape: tuple[int, int],
) -> tuple[list[tuple[str, str, Timed]], str]:
    """One tree: every plan judged and timed, then the plain beam; and what choosing took."""
    levels, codes = shape
    with whole.all_cores():
        sample = np.sort(np.random.default_rng(2).permutation(len(documents))[: whole.FITTED_ON])
        fitted = rq_kmeans.fit(Material(documents[sample], ()), {"levels": levels, "codes": codes}, 0, lambda done, total: None)
        given = Identifiers(identifiers.assign("rq-kmeans", fitted, documents), fitted.vocabulary, fitted.codebooks)
    given = extra_code(given, Material(documents, ()), 0)
    tree = trie.build(given.codes)
    scorer = CentroidScorer(tree, node_means(tree, documents), fitted.codebooks)
    start = time.perf_counter()
    seen = list(widths.passed_all(tree, scorer, chosen_on, DEPTH))
    scored, start = time.perf_counter() - start, time.perf_counter()
    plans = {str(target): widths.choose(tree, seen, target) for target in TARGETS}
    chose, name = time.perf_counter() - start, f"{levels} x {codes}"
    kept = kept_by(list(plans.values()), widths.passed_all(tree, scorer, judged, DEPTH))
    runs = [
        (target, of, timed(name, told(plan), searching(tree, scorer, plan), asked, truth))
        for (target, plan), of in zip(plans.items(), kept, strict=True)
    ]
    runs.append(("(no plan)", "", timed(name, f"{DEPTH} beams", searching(tree, scorer, Plan()), asked, truth)))
    return runs, f"{name}: scoring everything for {len(seen)} queries took {scored:.0f} s, choosing {chose:.1f} s."


def kept_by(plans: list[Plan], seen: Iterable[Passed]) -> list[str]:
    """What each plan keeps, in the mean of many queries, with its standard error."""
    shares = np.array([[widths.kept(of, plan) for plan in plans] for of in seen])
    return [f"{of.mean():.4f} ± {of.std() / len(of) ** 0.5:.4f}" for of in shares.T]


def searching(tree: trie.Trie, scorer: CentroidScorer, plan: Plan) -> Search:
    """The search by a plan."""
    ask = partial(decoding.decode, tree, scorer, beams=DEPTH, narrow=plan.widths, below=plan.below)
    return lambda query: ask([query])[0].documents(tree, DEPTH)[0]


def timed(name: str, setting: str, search: Search, asked: np.ndarray, truth: np.ndarray) -> Timed:
    """A search timed."""
    return Timed(name, setting, *whole.timed(search, asked, truth), 0.0)


def told(plan: Plan) -> str:
    """A plan in a cell."""
    parts: Iterator[str] = (f"{width:,} within {below:.1f}" for width, below in zip(plan.widths, plan.below, strict=True))
    return ", ".join(parts)


if __name__ == "__main__":
    main()
