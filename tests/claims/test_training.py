"""What the README and the results file say of trained scorers. What trains again is slow: ``make test-slow``."""

import json
import re
import shutil

import numpy as np
import pytest

from benchmarks.training import STEPS, STUDIES
from engine import evaluation, paths
from engine.builds import runs
from engine.builds.opened import Build
from engine.retrievers import Queries
from engine.studies import bundle
from engine.text import embed
from engine.training.spec import TrainSpec
from engine.training.train import train
from tests.claims.test_readme import README, opened

__all__ = ["opened"]
BEAMS = 200
RESULTS = (paths.ROOT / "benchmarks" / "results" / "training.md").read_text("utf-8")
TOLERANCE = 0.02


def values(build, name, split="test"):
    qrels = build.corpus.qrels[split]
    texts = [build.corpus.queries[query] for query in qrels]
    rows = (
        build.retriever(name, BEAMS).search(Queries(texts, embed.embed(texts, build.model, role="query")), evaluation.DEPTH).rows
    )
    ids = [document.id for document in build.corpus.documents]
    found = zip(qrels, rows, strict=True)
    return evaluation.measure(qrels, {query: [ids[row] for row in of_query if row >= 0] for query, of_query in found})


def quoted(name):
    """Figures of the README's table of trained scorers: (dense, moved, node, hybrid), each (nDCG@10, Recall@100)."""
    cells = re.search(rf"^\| {name} \| (.+) \|$", README, re.MULTILINE).group(1).split(" | ")
    return np.array([[float(number) for number in re.findall(r"\.\d+", cell)[:2]] for cell in cells[:4]])


@pytest.mark.slow
@pytest.mark.parametrize(("label", "name"), [("films", "films"), ("NFCorpus", "nfcorpus")])
def test_the_node_scorer_beats_the_dense_retriever_it_started_from(opened, tmp_path, label, name):
    build = Build(shutil.copytree(opened(name).folder, tmp_path / name))
    run = train(build.folder, TrainSpec(steps=STEPS))
    dense, moved, node, hybrid = (values(build, name) for name in ("dense", "moved", "generative:node", "hybrid:node"))
    figures = np.array([[of[measure].mean() for measure in ("nDCG@10", "Recall@100")] for of in (dense, moved, node, hybrid)])
    assert figures == pytest.approx(quoted(label), abs=TOLERANCE)
    assert evaluation.paired_p(node["nDCG@10"], dense["nDCG@10"]) < 0.05
    assert run.beats_centroid
    assert runs.default(build.folder) == ("node" if run.certain else runs.CENTROID)
    if name == "nfcorpus":
        assert figures[2][0] >= 0.325
        assert figures[2][1] >= 0.37
        assert figures[3][0] >= 0.35
        assert run.seconds + run.seconds_before < 180


def test_what_comes_with_the_films_was_trained_as_the_readme_says():
    assert TrainSpec(scorer="node", steps=STEPS, seed=0) == bundle.RECIPE


def test_the_readme_quotes_the_evaluation_that_comes_with_the_films():
    folder = paths.bundled() / "films" / "found"
    known = json.loads((folder / "evaluation" / "evaluation.json").read_text("utf-8"))
    found = known["retrievers"]
    node, hybrid = found["generative:node"], found["hybrid:node"]
    measures = (node["nDCG@10"], hybrid["nDCG@10"])
    told = [f"{one['mean']:.3f} [{one['low']:.3f}, {one['high']:.3f}]".replace("0.", ".") for one in measures]
    assert f"has {told[0]} and {node['Recall@100']['mean']:.3f}".replace(" 0.", " .") in README
    assert f"the hybrid with it {told[1]}. It is still not\nthe default there" in README
    moved, pairs = found["moved"], known["pairs"]["nDCG@10"]
    (beside,) = (pair for pair in pairs if {pair["ours"], pair["theirs"]} == {"moved", "generative:node"})
    figure = moved["nDCG@10"]
    told = f"{figure['mean']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}] and {moved['Recall@100']['mean']:.3f} on films"
    less = [abs(beside[key]) for key in ("mean", "low", "high")]  # the one less the other, or the other less the one
    ends = less[1:] if beside["ours"] == "generative:node" else less[:0:-1]
    above = f"the node scorer at that width is {less[0]:.3f} [-{ends[0]:.3f}, {ends[1]:.3f}] above it"
    assert told.replace("0.", ".") in README
    assert above.replace("0.", ".") in README
    dev = json.loads((folder / "trained" / "run.json").read_text("utf-8"))["dev"]
    assert dev["queries"] == 50
    assert dev["difference"]["low"] <= 0 < dev["difference"]["mean"]


def measured(title, label):
    """nDCG@10, Recall@100 and p of a row of the results file, as it stands there."""
    block = RESULTS.partition(f"## {title}\n")[2].partition("\n## ")[0]
    cells = re.findall(rf"^\| {label} \| ([\d.]+) [^|]+\| ([\d.]+) [^|]+\| ((?:at most )?[\d.]*) \|", block, re.MULTILINE)
    assert cells, (title, label)
    return cells


@pytest.mark.parametrize(("label", "title"), [("films", "Films"), ("NFCorpus", "Trained on judged pairs: nfcorpus")])
def test_the_readme_quotes_the_results_of_the_node_scorer(label, title):
    rows = [measured(title, row)[0] for row in ("dense", "moved", "generative, node", "hybrid, node")]
    assert quoted(label) == pytest.approx(np.array([[float(row[0]), float(row[1])] for row in rows]))
    assert rows[2][2] == "at most 0.0001"


def test_the_readme_quotes_the_results_on_scifact():
    dense, fused = (measured("No labels: scifact", row)[0] for row in ("dense", "generative, fused-teacher"))
    told = re.search(r"lift it to (\.\d+) \(dense (\.\d+), p = (\.\d+)", README)
    assert [float(number) for number in told.groups()] == [float(fused[0]), float(dense[0]), round(float(fused[2]), 2)]
    all_claims, no_twins = measured("Labels, with and without twins: scifact", "generative, node")
    told = re.search(r"own train claims it reaches (\.\d+), and without .* of test claims (\.\d+):", README)
    assert [float(number) for number in told.groups()] == [float(all_claims[0]), float(no_twins[0])]


def test_the_readme_says_how_little_a_t5_from_random_weights_learns():
    told = re.search(r"T5 from random weights reaches (\.\d+) on NFCorpus", README)
    assert float(told[1]) == float(measured("Kinds of scorers: nfcorpus", "generative, t5-tiger")[0][0])


def test_the_results_file_holds_every_study():
    for title, _ in STUDIES.values():
        assert re.search(rf"^## {re.escape(title)}(: \w+)?$", RESULTS, re.MULTILINE), title


def test_the_readme_quotes_the_results_of_encoders_that_learn():
    results = (paths.ROOT / "benchmarks" / "results" / "encoders.md").read_text("utf-8")
    results, _, other = results.partition("\n## nfcorpus\n")
    results, _, anew = results.partition("\n## films: weights chosen among documents drawn at random\n")
    found = dict(re.findall(r"^\| (\S+) \| (\S+ \[\S+ \S+\]) \| [^|]+\|", results, re.MULTILINE))
    block = README.partition("### When the encoder learns")[2].partition("\nDecoding beside")[0]
    told = {
        "dense": "dense, no label",
        "moved": "dense, documents moved, no training",
        "generative:node": "generative, node scorer",
        "generative:joint": "generative, joint, begun as the build's encoder",
        "tuned": r"\*\*dense, encoder tuned\*\*",
        "generative:joint-tuned": "generative, joint, begun as the tuned encoder",
        "hybrid:joint-tuned": "hybrid with that",
    }
    for name, label in told.items():
        (cell,) = re.findall(rf"^\| {label} \| ([^|]+) \|", block, re.MULTILINE)
        assert cell.replace("*", "") == found[name].replace("0.", "."), name
    first = next(line for line in README.splitlines() if line.startswith("| *after learning"))
    for name in ("tuned", "generative:joint-tuned", "hybrid:joint-tuned"):
        assert found[name].replace("0.", ".") in first.replace("*", "")
    less = dict(re.findall(r"^- (\S+ less \S+): (\S+ \[\S+ \S+\])", results, re.MULTILINE))
    assert less["generative:joint-tuned less tuned"] == "-0.014 [-0.032, +0.003]"
    assert less["generative:node less tuned"] == "-0.106 [-0.134, -0.078]"
    figures = dict(re.findall(r"^\| (\S+) \| (\S+ \[\S+ \S+\]) \| [^|]+\|", anew, re.MULTILINE))
    less = dict(re.findall(r"^- (\S+ less \S+): (\S+ \[\S+ \S+\])", anew, re.MULTILINE))
    above, below = (less[name].translate({ord("+"): None, ord("-"): None}).split() for name in list(less)[:2])
    told = f"has {figures['tuned']}, and {figures['tuned-moved'].split()[0]} with documents moved: still {' '.join(above)} above"
    assert told.replace("0.", ".") in block
    assert f"{below[0]} [{below[2][:-1]}, {below[1][1:-1]}] above the node scorer".replace("0.", ".") in block
    figures = dict(re.findall(r"^\| (\S+) \| (\S+ \[\S+ \S+\]) \| [^|]+\|", other, re.MULTILINE))
    told = block.partition("On NFCorpus")[2]
    for name in ("tuned", "dense", "generative:node", "moved", "generative:joint-node"):
        assert figures[name].replace("0.", ".") in told, name
    less = dict(re.findall(r"^- (\S+ less \S+): (\S+ \[\S+ \S+\])", other, re.MULTILINE))
    assert less["generative:node less tuned"] == "+0.101 [+0.077, +0.126]"
    assert ".101 [.077, .126] above the tuned encoder" in told
    assert less["generative:joint-node less generative:node"] == "+0.003 [-0.004, +0.011]"
    assert ".003 [-.004, .011] above it" in told
