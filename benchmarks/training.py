"""Trained scorers beside what they started from: ``python -m benchmarks.training STUDY [FOLDER]``.

A study is one block of ``benchmarks/results/training.md``; running it again replaces that block. ``FOLDER`` is the BEIR folder
of the public set that the study is about; studies of the bundled films need none. Builds are made in the usual place and kept.

    labelled FOLDER      NFCorpus: the node scorer, trained on its train pairs, and the hybrid
    kinds FOLDER         NFCorpus: every kind of scorer
    unlabelled FOLDER    SciFact: no labels, pseudo-queries and a teacher alone
    twins FOLDER         SciFact: with labels, with and without twins of test claims among the train claims
    films                the films' own train queries
    cold                 films: documents kept out of the training
    control [FOLDER]     the same training on random identifiers
    losses [FOLDER]      each loss switched on
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.blocks import replace_block
from engine import evaluation, paths
from engine.builds import runs
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.builds.trained import Run
from engine.data.corpus import Corpus
from engine.data.datasets import default_fields, load
from engine.retrievers import Queries
from engine.text import embed
from engine.training.material import cold_rows
from engine.training.source import open_source
from engine.training.spec import TrainSpec
from engine.training.train import train

OUT = Path(__file__).parent / "results" / "training.md"
BEAMS = 200
SHOWN = ("nDCG@10", "Recall@100")
# Of the node scorer where it is trained on judged pairs, so that another machine takes the same course: two minutes on two cores.
STEPS = 1400
# A claim whose embedding is this close to a test claim's, or that cites an abstract which a test claim cites, is its twin.
TWIN = 0.8
Values = dict[str, np.ndarray]


def main() -> None:
    """Run the study that is named and put its block into the file."""
    if len(sys.argv) < 2 or sys.argv[1] not in STUDIES:
        raise SystemExit(__doc__)
    title, run = STUDIES[sys.argv[1]]
    source = sys.argv[2] if len(sys.argv) > 2 else "films"
    command = " ".join(["python -m benchmarks.training", sys.argv[1], *(Path(argument).name for argument in sys.argv[2:])])
    name = f"{title}: {Path(source).name}" if len(sys.argv) > 2 or sys.argv[1] in ("control", "losses") else title
    body = "\n".join(run(source))
    replace_block(name, f"`{command}`. {evaluation.device()}.\n\n{body}\n", OUT, "# Training")


def built(corpus: Corpus, source: str, scheme: str = "rq-kmeans", name: str = "") -> Build:
    """A build of a corpus, made once."""
    spec = BuildSpec(scheme=scheme, fields=default_fields(source))
    return Build(make(corpus, spec, paths.builds() / f"train-{name or corpus.name}-{scheme}"))


def measured(opened: Build, name: str, qrels: dict[str, dict[str, int]], beams: int = BEAMS) -> Values:
    """Values of every measure of a retriever, a query each."""
    texts = [opened.corpus.queries[query] for query in qrels]
    depth = evaluation.depth_for(qrels, opened.row_of)
    rows = opened.retriever(name, beams).search(Queries(texts, embed.embed(texts, opened.model)), depth).rows
    return evaluation.measure(qrels, evaluation.run_of(qrels, rows, [document.id for document in opened.corpus.documents]))


def row(label: str, values: Values, against: Values | None = None, told: str = "") -> str:
    """A line of a table: means with intervals, p of the paired test on nDCG@10."""
    cells = [f"{i.mean:.3f} [{i.low:.3f}, {i.high:.3f}]" for i in (evaluation.interval(values[measure]) for measure in SHOWN)]
    p = ""
    if against is not None:
        found = evaluation.paired_p(values[SHOWN[0]], against[SHOWN[0]])
        p = f"{'at most ' if found <= evaluation.FLOOR else ''}{found:.4f}"
    return f"| {label} | {' | '.join(cells)} | {p} | {told} |"


def head(against: str) -> list[str]:
    """The head of a table."""
    return [f"| | {' | '.join(SHOWN)} | p against {against} | training |", f"|---|{'---|' * (len(SHOWN) + 2)}"]


def spent(run: Run) -> str:
    """What a training took."""
    return f"{run.seconds / 60:.1f} min, best of {run.steps:,} steps at {run.best_step:,}, seed {run.seed}"


def trained(opened: Build, name: str, **fields: Any) -> Run:
    """Train on a build under a name."""
    print(f"training {name}", file=sys.stderr)
    return train(opened.folder, TrainSpec(**fields), name)


def judged_dev(run: Run) -> str:
    """The development figures of a run in a sentence."""
    two = [side["nDCG@10"].mean for side in (run.dev.trained, run.dev.centroid)]
    return f"Development ({run.dev.source}, {run.dev.queries} queries): nDCG@10 {two[0]:.3f}, centroid {two[1]:.3f}."


def test_of(opened: Build) -> dict[str, dict[str, int]]:
    """Judged test queries."""
    return opened.corpus.qrels["test"]


def labelled(source: str) -> Iterator[str]:
    """The node scorer on a set with train pairs."""
    opened = built(load(source), source)
    run = trained(opened, "node", steps=STEPS)
    yield from _beside(opened, test_of(opened), {"node": run})
    weights = f"{tuple(run.tuning.weights.values())} by {run.tuning.method}"
    yield f"\nBeam {BEAMS}. {judged_dev(run)} Hybrid weights (bm25, dense, generative) {weights}."


def _beside(opened: Build, qrels: dict[str, dict[str, int]], known: dict[str, Run]) -> Iterator[str]:
    """Dense, BM25 and centroid beside trained scorers and their hybrids."""
    dense = measured(opened, "dense", qrels)
    yield from head("dense")
    yield row("dense", dense)
    yield row("bm25", measured(opened, "bm25", qrels), dense)
    if any(run.labelled for run in known.values()):  # its fair neighbour: dense search that saw the same labels
        yield row("moved", measured(opened, "moved", qrels), dense, "none")
    yield row("generative, centroid", measured(opened, "generative:centroid", qrels), dense, "none")
    yield row("hybrid, centroid", measured(opened, "hybrid:centroid", qrels), dense, "none")
    for name, run in known.items():
        yield row(f"generative, {name}", measured(opened, f"generative:{name}", qrels), dense, spent(run))
        yield row(f"hybrid, {name}", measured(opened, f"hybrid:{name}", qrels), dense)


def kinds(source: str) -> Iterator[str]:
    """Every kind of trained scorer."""
    opened, qrels = built(load(source), source), test_of(built(load(source), source))
    asked: dict[str, dict[str, Any]] = {
        "one-pass": {"scorer": "one-pass", "minutes": 1.0},
        "transformer-tiny": {"scorer": "transformer", "settings": {"size": "tiny"}, "minutes": 3.0},
        "transformer-small": {"scorer": "transformer", "settings": {"size": "small"}, "minutes": 2.0},
        "t5-tiger": {"scorer": "t5", "settings": {"size": "tiger"}, "minutes": 15.0, "batch": 64},
    }
    known = {name: trained(opened, name, beams=50, **fields) for name, fields in asked.items()}
    yield from _beside(opened, qrels, known)
    speeds = ["generative:centroid", *(f"generative:{name}" for name in known)]
    found = evaluation.evaluate(opened, "test", speeds, 50).retrievers
    told = ", ".join(f"{name.partition(':')[2]} {found[name].latency_ms.p50:.1f}" for name in speeds)
    yield f"\nBeam {BEAMS}. Milliseconds a query at beam 50, one by one, what a scorer reads of the text included (p50): {told}."


def unlabelled(source: str) -> Iterator[str]:
    """No labels: pseudo-queries, and a teacher's ranking as soft targets."""
    opened = built(load(source), source)
    known = {}
    # Many thousand pseudo-queries bear, and need, larger steps than the default; seen on the held-out pseudo-queries.
    fast = {"learning_rate": 5e-4, "adapter_rate": 5e-4}
    for name, teacher, minutes in (("dense-teacher", "dense", 2.0), ("fused-teacher", "bm25+dense", 5.0)):
        asked = {"losses": {"next_code": 0.0, "soft": 1.0}, "settings": fast, "minutes": minutes}
        known[name] = trained(opened, name, train="", dev="", teacher=teacher, **asked)
    codes_alone = {"losses": {"next_code": 1.0, "soft": 0.0}, "minutes": 1.0}
    known["codes-alone"] = trained(opened, "codes-alone", train="", dev="", **codes_alone)
    yield from _beside(opened, test_of(opened), known)
    yield f"\nBeam {BEAMS}; pairs {known['dense-teacher'].pairs}. " + " ".join(f"{n}: {judged_dev(r)}" for n, r in known.items())


def twins(source: str) -> Iterator[str]:
    """With labels: all train claims, and those that are no twin of a test claim."""
    corpus = load(source)
    for label, name, kept in (
        ("all train claims", corpus.name, corpus),
        ("no twins", f"{corpus.name}-no-twins", without_twins(corpus)),
    ):
        opened = built(kept, source, name=name)
        run = trained(opened, "node", minutes=2.0)
        yield f"\n**{label}: {len(kept.qrels['train'])} of {len(corpus.qrels['train'])}**\n"
        yield from _beside(opened, test_of(opened), {"node": run})
    yield (
        f"\nThe same {len(corpus.qrels['test'])} test claims. A train claim is a twin when its embedding has a cosine above "
        f"{TWIN} with that of a test claim, or when it cites an abstract that a test claim cites: it teaches part of the answer."
    )


def without_twins(corpus: Corpus) -> Corpus:
    """A corpus whose train queries are no twins of its test queries."""
    vectors = {
        split: embed.embed([corpus.queries[query] for query in corpus.qrels[split]], role="query") for split in ("train", "test")
    }
    near = (vectors["train"] @ vectors["test"].T).max(axis=1) > TWIN
    cited = {document for grades in corpus.qrels["test"].values() for document, grade in grades.items() if grade > 0}
    kept = {
        query: grades
        for (query, grades), twin in zip(corpus.qrels["train"].items(), near, strict=True)
        if not twin and not cited & {document for document, grade in grades.items() if grade > 0}
    }
    return corpus._replace(qrels=corpus.qrels | {"train": kept})


def films(source: str) -> Iterator[str]:
    """The bundled films."""
    opened = built(load(source), source)
    run = trained(opened, "node", steps=STEPS)
    yield from _beside(opened, test_of(opened), {"node": run})
    yield f"\nBeam {BEAMS}. {judged_dev(run)}"


def cold(source: str, share: float = 0.2) -> Iterator[str]:
    """Documents that training never saw, asked for by test queries that have no other answer."""
    opened = built(load(source), source)
    run = trained(opened, "cold", cold=share, minutes=2.0)
    rows = cold_rows(open_source(opened.folder), share, run.seed)
    ids = {opened.corpus.documents[place].id for place in rows}
    qrels = {
        query: grades for query, grades in test_of(opened).items() if all(d in ids for d, grade in grades.items() if grade > 0)
    }
    yield from _beside(opened, qrels, {"cold": run})
    yield f"\n{len(ids)} documents ({share:.0%}) in no pair; {len(qrels)} test queries have all their answers among them."


def control(source: str) -> Iterator[str]:
    """The same training on random identifiers."""
    corpus = load(source)
    values = {}
    yield from head("rq-kmeans")
    for scheme in ("rq-kmeans", "random"):
        opened = built(corpus, source, scheme)
        run = trained(opened, "control", minutes=1.0)
        for beams in (10, BEAMS):
            values[scheme, beams] = found = measured(opened, "generative:control", test_of(opened), beams)
            yield row(f"{scheme}, beam {beams}", found, None if scheme == "rq-kmeans" else values["rq-kmeans", beams], spent(run))
    yield (
        f"\nAt beam 10 identifiers that mean nothing are clearly worse. At beam {BEAMS} the beam sees most leaves of so small a "
        "catalogue, and the leaf's own trained vector decides: the tree no longer matters, for better or worse."
    )


# What each switch changes about next code with label smoothing.
SWITCHES: dict[str, dict[str, float]] = {
    "next code, smoothing .1 (the default)": {},
    "no smoothing": {"smoothing": 0.0},
    "soft targets, dense teacher": {"soft": 1.0},
    "soft targets alone": {"next_code": 0.0, "soft": 1.0},
    "margin (LTRGR)": {"margin": 0.5},
    "prefix (RIPOR)": {"prefix": 0.02},
    "contrastive (CALRec)": {"contrastive": 0.5},
}


def losses(source: str, steps: int = 300) -> Iterator[str]:
    """Each loss switched on beside next code, for the same steps."""
    opened = built(load(source), source)
    qrels, base = test_of(opened), None
    yield from [line.replace("training |", "dev nDCG@10; training |") for line in head("next code")[:1]] + head("")[1:]
    for place, (label, weights) in enumerate(SWITCHES.items()):
        run = trained(opened, f"switch-{place}", steps=steps, losses={"next_code": 1.0} | weights, patience=99)
        found = measured(opened, f"generative:switch-{place}", qrels)
        yield row(label, found, base, f"{run.dev.trained['nDCG@10'].mean:.3f}; {spent(run)}")
        base = base or found
        runs.remove(opened.folder, f"switch-{place}")
    yield f"\nNode scorer, beam {BEAMS}, {steps} steps each, best evaluation on the development split."


STUDIES: dict[str, tuple[str, Callable[[str], Iterator[str]]]] = {
    "labelled": ("Trained on judged pairs", labelled),
    "kinds": ("Kinds of scorers", kinds),
    "unlabelled": ("No labels", unlabelled),
    "twins": ("Labels, with and without twins", twins),
    "films": ("Films", films),
    "cold": ("Films, cold documents", cold),
    "control": ("Random identifiers under the same training", control),
    "losses": ("Losses, one switch at a time", losses),
}

if __name__ == "__main__":
    main()
