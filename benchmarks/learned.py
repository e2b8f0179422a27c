"""Trained systems of the field beside what they change: ``python -m benchmarks.learned STUDY [BUILD ...]``.

A study is a block a build of ``benchmarks/results/learned.md``; running it again replaces that block. A build is one of those at
home (the bundled films when none is named), with train, dev and test queries. Weights are chosen on dev and judged on test; where
a training is repeated with other seeds, the difference is of the mean over the seeds, a query at a time.

    nci     the transformer scorer, with and without weights that depend on the prefix
    genret  identifiers learned with what writes them, with and without their guards, beside residual k-means
    ltrgr   n-grams whose weights learned to rank, beside MINDER
    glen    keywords, the most telling first, and those that train queries ask by, beside keywords and residual k-means
    numbers digits of an arbitrary number (DSI's naive strings) beside one code a document, random and semantic identifiers
    seal    n-grams written by the language model `smollm2` (`make lm`), on the first queries of test
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.blocks import run_named
from benchmarks.ngrams import step_of_index
from benchmarks.training import Values, measured, test_of, trained
from engine import evaluation, identifiers, paths
from engine.builds import layout, runs
from engine.builds.given import Given
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.identifiers import rq_kmeans
from engine.identifiers.collapse import collapsed
from engine.retrievers import Queries
from engine.retrievers.ltrgr import STEPS, LearnedRetriever
from engine.retrievers.ngrams_lm import WritingRetriever

OUT, HEAD = Path(__file__).parent / "results" / "learned.md", "# Trained systems of the field"
SHOWN = ("nDCG@10", "Recall@100")
BEAMS, SEEDS = 50, (0, 1)
NODE = {"scorer": "node", "steps": 400, "evaluate_every": 100, "patience": 99}
NARROW, LEVELS = 10, 3
MODEL, FEW = "smollm2", 50
Schemes = tuple[tuple[str, str, dict[str, Any]], ...]
SCHEMES: Schemes = (
    ("rq-kmeans", "rq-kmeans", {}),
    ("rq-vae", "rq-vae", {}),
    ("genret", "genret", {}),
    ("unguarded", "genret", {"guarded": 0}),
)
LEXICAL: Schemes = (
    ("rq-kmeans", "rq-kmeans", {"levels": 3, "codes": 32}),
    ("keywords", "keywords", {}),
    ("telling first", "keywords", {"order": "telling"}),
    ("telling first, asked by", "keywords", {"order": "telling", "asked": 3}),
)
NUMBERED: Schemes = (
    ("naive strings", "atomic", {"base": 10}),
    ("naive strings, base 32", "atomic", {"base": 32}),
    ("random", "random", {"levels": 3, "codes": 32}),
    ("rq-kmeans", "rq-kmeans", {"levels": 3, "codes": 32}),
    ("atomic", "atomic", {}),
)
RANK = 8  # of the change that a prefix makes
DECODER = NODE | {"scorer": "transformer"}


def main() -> None:
    """Run the study that is named on every build named."""
    run_named(STUDIES, "benchmarks.learned", __doc__, OUT, HEAD)


class Judged(NamedTuple):
    """What came of one training: test values of every measure, a query each, minutes of a processor, steps, the best step."""

    values: Values
    minutes: float
    steps: int
    best: int


def one(opened: Build, label: str, seed: int, **asked: Any) -> Judged:
    """Train once and judge on test; kept, so that a study that was stopped goes on."""
    name, kept = f"bench-{label}-{seed}", paths.cache() / "learned" / f"{opened.name}-{label}-{seed}.npz"
    if not kept.is_file():
        start = time.process_time()
        run = trained(opened, name, beams=BEAMS, seed=seed, **asked)
        minutes = (time.process_time() - start) / 60
        values = measured(Build(opened.folder), f"generative:{name}", test_of(opened), BEAMS)
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, took=np.array([minutes, run.steps, run.best_step]), **{key: values[key] for key in SHOWN})
        runs.remove(opened.folder, name)
    with np.load(kept) as found:
        minutes, steps, best = found["took"].tolist()
        return Judged({key: found[key] for key in SHOWN}, minutes, int(steps), int(best))


def over_seeds(opened: Build, label: str, seeds: Sequence[int] = SEEDS, **asked: Any) -> tuple[Values, str]:
    """Test values of a scorer, a mean over seeds for each query, and what its training took."""
    found = [one(opened, label, seed, **asked) for seed in seeds]
    values = {measure: np.mean([of.values[measure] for of in found], axis=0) for measure in SHOWN}
    minutes, best = np.mean([of.minutes for of in found]), ", ".join(str(of.best) for of in found)
    return values, f"{minutes:.1f} min of a processor, {found[0].steps:,} steps, best at {best}"


def line(label: str, values: Values, took: str = "", against: Values | None = None) -> str:
    """A line of a table: means with intervals, and the difference to another line with its own."""
    cells = [evaluation.told(evaluation.interval(values[measure])) for measure in SHOWN]
    less = ""
    if against is not None:
        found = evaluation.difference(values[SHOWN[0]], against[SHOWN[0]])
        less = f"{evaluation.told(found, sign=True)}, p {evaluation.told_p(found)}"
    return f"| {' | '.join([label, *cells, less, took])} |"


def head(against: str) -> list[str]:
    """The head of a table."""
    return [f"| | {' | '.join(SHOWN)} | {SHOWN[0]} less {against} | training |", f"|---|{'---|' * (len(SHOWN) + 2)}"]


def nci(opened: Build) -> Iterator[str]:
    """The same decoder for the same steps, its outputs plain or of the prefix."""
    yield from head("plain")
    yield line("node scorer", *over_seeds(opened, "node", **NODE))
    plain, took = over_seeds(opened, "plain", settings={"prefix_rank": 0}, **DECODER)
    yield line("transformer, plain", plain, took)
    found, took = over_seeds(opened, "nci", settings={"prefix_rank": RANK}, **DECODER)
    yield line(f"transformer, prefix-aware, rank {RANK}", found, took, plain)
    yield f"\nBeam {BEAMS}; means of {len(SEEDS)} seeds. {len(test_of(opened))} test queries."


def genret(opened: Build) -> Iterator[str]:
    """The same node scorer on identifiers of one shape: k-means, RQ-VAE, and learned ones."""
    yield f"| | {SHOWN[0]}, beam {NARROW} | less rq-kmeans | {SHOWN[0]}, beam {BEAMS} | less rq-kmeans | collapse | made in |"
    yield f"|---|{'---|' * 6}"
    base: Values | None = None
    for label, scheme, more in SCHEMES:
        values, told, seconds = on_scheme(opened, label, scheme, more)
        cells = []
        for beams in (NARROW, BEAMS):
            of = values[f"beam {beams}"]
            less = evaluation.difference(of, base[f"beam {beams}"]) if base else None
            cells += [evaluation.told(evaluation.interval(of))]
            cells += [f"{evaluation.told(less, sign=True)}, p {evaluation.told_p(less)}" if less else ""]
        base = base or values
        yield f"| {' | '.join([label, *cells, told, f'{seconds:.0f} s'])} |"
    yield (
        f"\n{LEVELS} levels, {codes_of(opened)} codes a level. Node scorer, {NODE['steps']} steps, seed 0. Collapse: levels "
        "whose codes are less varied than a third of what there are, and the most documents that share their codes."
    )


def codes_of(opened: Build) -> int:
    """Codes a level of every scheme compared."""
    return rq_kmeans.default_codes(len(opened.documents)) if len(opened.documents) < 3000 else 64


def glen(opened: Build) -> Iterator[str]:
    """Lexical identifiers."""
    yield from beside(opened, "glen", LEXICAL, "keywords")
    yield f"\nNode scorer, {NODE['steps']} steps, seed 0. Asked by: a train query counts three times as words of what answers it."


def numbers(opened: Build) -> Iterator[str]:
    """DSI's three kinds of identifiers: digits of an arbitrary number, one code a document, and codes that mean something."""
    yield from beside(opened, "numbers", NUMBERED, "naive strings")
    yield f"\nNode scorer, {NODE['steps']} steps, seed 0. Random: the tree of rq-kmeans with its documents dealt out."


def beside(opened: Build, study: str, schemes: Schemes, against: str) -> Iterator[str]:
    """Identifiers under the untrained scorer and the node scorer, narrow and wide."""
    kinds = [(scorer, beams) for scorer in ("centroid", "node") for beams in (NARROW, BEAMS)]
    heads = [f"{scorer}, beam {beams} | less {against}" for scorer, beams in kinds]
    yield f"| {SHOWN[0]} | {' | '.join(heads)} | nodes |\n|---|{'---|' * (2 * len(kinds) + 1)}"
    found: dict[str, dict[tuple[str, int], np.ndarray]] = {}
    nodes: dict[str, int] = {}
    for label, scheme, settings in schemes:
        out = paths.builds() / f"bench-{opened.name}-{study}-{label.replace(' ', '-').replace(',', '')}"
        spec = BuildSpec(scheme=scheme, settings=settings, fields=opened.manifest.spec.fields)
        made = Build(make(opened.corpus, spec, out, given=Given(vectors=np.asarray(opened.embeddings))))
        if "node" not in runs.names(out):
            trained(made, "node", beams=BEAMS, **NODE)
            made = Build(out)
        nodes[label] = len(made.trie.code)
        found[label] = {of: measured(made, f"generative:{of[0]}", test_of(made), of[1])[SHOWN[0]] for of in kinds}
    for label, values in found.items():
        cells = []
        for of, one in values.items():
            less = evaluation.difference(one, found[against][of])
            gain = "" if label == against else f"{evaluation.told(less, sign=True)}, p {evaluation.told_p(less)}"
            cells += [evaluation.told(evaluation.interval(one)), gain]
        yield f"| {' | '.join([label, *cells, f'{nodes[label]:,}'])} |"


def on_scheme(opened: Build, label: str, scheme: str, more: dict[str, Any]) -> tuple[Values, str, float]:
    """Test values of a node scorer on identifiers of a scheme at both widths, what collapsed, and the seconds that they took."""
    out = paths.builds() / f"bench-{opened.name}-{label}"
    spec = BuildSpec(
        scheme=scheme, settings={"levels": LEVELS, "codes": codes_of(opened)} | more, fields=opened.manifest.spec.fields
    )
    if not out.is_dir():
        start = time.process_time()
        make(opened.corpus, spec, out, given=Given(vectors=np.asarray(opened.embeddings)))
        print(f"{label}: {time.process_time() - start:.0f} s", file=sys.stderr)
    made = Build(out)
    if "node" not in runs.names(out):
        trained(made, "node", beams=BEAMS, **NODE)
        made = Build(out)
    values = {f"beam {b}": measured(made, "generative:node", test_of(made), b)[SHOWN[0]] for b in (NARROW, BEAMS)}
    fitted = identifiers.load(out / layout.IDENTIFIERS)
    content = fitted.codes[:, :LEVELS]
    fallen = collapsed(content, fitted.vocabulary[:LEVELS])
    most = int(np.unique(content, axis=0, return_counts=True)[1].max())
    return values, f"{len(fallen)} of {LEVELS} levels; {most:,}", made.manifest.stages["identifiers"]


def ltrgr(opened: Build) -> Iterator[str]:
    """MINDER, plain and with weights that learned."""
    yield from head("minder")
    plain = measured(opened, "minder", test_of(opened))
    yield line("bm25", measured(opened, "bm25", test_of(opened)), "none", plain)
    yield line("seal", measured(opened, "seal", test_of(opened)), "none", plain)
    yield line("minder", plain, "none")
    start = time.process_time()
    found = opened.retriever("ltrgr")
    took = time.process_time() - start
    assert isinstance(found, LearnedRetriever)
    of = found.learned
    told = f"{of.queries} train queries, best of {STEPS} steps at {of.step} by {of.judging} development queries"
    yield line("ltrgr", measured(opened, "ltrgr", test_of(opened)), f"{told}, {took:.0f} s of a processor", plain)
    factors = zip(found.views, np.exp(of.trust.shape), strict=True)
    shapes = "; ".join(f"{name} {' '.join(f'{one:.2f}' for one in row)}" for name, row in factors)
    words = ", ".join(sorted(of.trust.words, key=of.trust.words.__getitem__)[:8])
    yield f"\nWhat a weight is multiplied by, by view and number of words: {shapes}. Words that lost most: {words}."


def seal(opened: Build) -> Iterator[str]:
    """What a language model writes beside what the neighbours' words say, on the same few queries."""
    qrels = dict(list(test_of(opened).items())[:FEW])
    start = time.perf_counter()
    by = opened.retriever(f"seal-lm:{MODEL}")
    made = time.perf_counter() - start
    assert isinstance(by, WritingRetriever)
    start, spent = time.perf_counter(), time.process_time()
    written = measured(opened, f"seal-lm:{MODEL}", qrels)
    wall, spent = (time.perf_counter() - start) / len(qrels), (time.process_time() - spent) / len(qrels)
    yield from head("seal-lm")
    yield line(f"seal-lm:{MODEL}", written, f"{spent:.1f} s of a processor a query ({wall:.1f} s by the clock)")
    for name in ("bm25", "seal", "dense"):
        yield line(name, measured(opened, name, qrels), "", written)
    held = [by.held(opened.corpus.queries[query], row) for query, row in first_hits(by, opened, qrels)]
    times = by.index.nbytes / sum(len(text.encode()) for text in opened.texts())
    yield f"\n{len(qrels)} test queries, the first; {by.beams} beams, {by.longest} tokens."
    yield f"{len(by.index.order):,} tokens indexed and the model loaded in {made:.0f} s, {times:.1f} times the text."
    yield f"A step of 20 beams in the index: {step_of_index(by.index):.2f} ms."
    yield f"What the first hits of five queries hold: {'; '.join(', '.join(grams[:3]) for grams in held)}."


def first_hits(by: WritingRetriever, opened: Build, qrels: dict[str, dict[str, int]]) -> Iterator[tuple[str, int]]:
    """The first hit of a few queries."""
    for query in list(qrels)[:5]:
        yield query, int(by.search(Queries([opened.corpus.queries[query]], None), 1).rows[0, 0])


STUDIES: dict[str, tuple[str, Callable[[Build], Iterator[str]]]] = {
    "nci": ("NCI, prefix-aware weights", nci),
    "genret": ("GenRet, identifiers learned with their generator", genret),
    "ltrgr": ("LTRGR, weights of n-grams learned to rank", ltrgr),
    "glen": ("GLEN, lexical identifiers that queries ask by", glen),
    "numbers": ("DSI, digits of a number", numbers),
    "seal": ("SEAL, n-grams written by a language model", seal),
}

if __name__ == "__main__":
    main()
