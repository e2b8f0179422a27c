"""A home where every text that a page may show is meant to do harm: the catalogue, the build, its runs, its study and its map."""

import json
from pathlib import Path

import numpy as np

from engine.builds import layout, runs
from engine.builds import map as stored_map
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.scorers.centroid import holders
from engine.studies import schemes
from engine.training.spec import TrainSpec
from tests.engine.builds.tampering import refit
from tests.engine.stored_runs import stored_run
from tests.maps import thrown_down

TEXTS = (
    "![x](http://outside.invalid/a.png)",
    "<img src=http://outside.invalid/b.png onerror=alert(1)>",
    ":red[x] :material/home:",
    "$\\href{http://outside.invalid}{x}$",
    "[a](javascript:alert(1)) <a href='http://outside.invalid/d'>a</a>",
    "</script><script>alert(1)</script>",
    "{{b}} {b} {c} {style|x} {@dim}",
    "http://outside.invalid/c www.outside.invalid a@outside.invalid",
)
WILD = " ".join(TEXTS)
# A value that is an address is a link; as a picture it is asked for only after a press.
POSTER = "http://outside.invalid/poster.png"
# What a build's folder may be called and be listed; a slash or a backslash may not be in it.
NAME = "<img src=x onerror=alert(1)> :red[x] [a](javascript:alert(1)) {{b}}"
UNLISTED = "$\\href{x}{y} ![x](y)"
MEASURES = ("nDCG@10", "Recall@100", WILD)


def furnish(home: Path) -> Path:
    """Make the home; the build's folder. ``TRIESCOPE_HOME`` is to name it."""
    documents = [
        Document(f"{number} {text}", f"{text} {number}", f"dreams {text} {WILD}", _columns(text))
        for number in range(3)
        for text in TEXTS
    ]
    queries = {f"q {WILD}": f"dreams {WILD}"}
    qrels = {"dev": {query: {documents[0].id: 1} for query in queries}}
    folder = home / "builds" / NAME
    corpus = Corpus(WILD, documents, queries, qrels, [WILD], (WILD,))
    make(corpus, BuildSpec(settings={"codes": 4, "levels": 2}), folder)
    (home / "builds" / UNLISTED).mkdir()
    for path, change in ((folder / "tuning.json", {"chosen_on": WILD}), (folder / "manifest.json", {})):
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest |= {"triescope": WILD, "created": WILD, "versions": {WILD: WILD}}
    manifest["identifiers"]["scheme"] = WILD
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    refit(folder)
    opened = Build(folder)
    _train(opened)
    _study(opened)
    count = len(documents)
    stored_map.write(thrown_down(count, method=WILD), stored_map.map_folder(opened))
    return folder


def _columns(text: str) -> dict:
    return {"poster": POSTER, "category": [text, WILD], WILD: text}


def _train(opened: Build) -> None:
    """A finished run, whose weights change nothing, and one that was left."""
    held, width = np.unique(holders(opened.trie)), opened.embeddings.shape[1]
    vectors = np.asarray(opened.parts.means)[held]
    tensors = {"vectors": vectors, "bias": np.log(opened.trie.counts[held]).astype(np.float32)}
    shapes = {"into.weight": (2, width), "into.bias": (2,), "out.weight": (width, 2), "out.bias": (width,)}
    tensors |= {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    figure = {measure: {"mean": 0.5, "low": 0.4, "high": 0.6} for measure in MEASURES}
    dev = {"queries": 6, "from": WILD, "measure": "nDCG@10", "beams": 10, "p": 1.0, "centroid": figure, "trained": figure}
    texts = {"created": WILD, "device": WILD, "stopped": WILD, "pairs": {WILD: 3}, "spec": {WILD: WILD, "watch": [WILD]}}
    history = [_evaluation(opened, step) for step in (0, 5)]
    cold = {"documents": 2, "queries": 3, "centroid": figure, "trained": figure}
    for name in ("node", "other"):
        changes = texts | {"name": name, "dev": dev, "history": history, "cold": cold, "settings": {"softmax": "level"}}
        runs.store(opened.folder, stored_run(**changes | {"spec": {WILD: name}}), tensors)
    left = runs.partial_of(opened.folder, "left")
    left.mkdir()
    spec = TrainSpec(watch=(WILD,)).model_dump_json()
    (left / layout.TRAIN_SPEC).write_text(spec, "utf-8")
    (left / layout.HISTORY).write_text("".join(json.dumps(one) + "\n" for one in history), "utf-8")


def _evaluation(opened: Build, step: int) -> dict:
    documents = opened.documents
    hits = [{"id": documents[row].id, "title": WILD, "score": 1.0, "identifier": opened.identifier(row)} for row in (0, 1)]
    kept = [{"prefix": opened.identifier(0)[:1], "total": 1.0, "share": 0.5}]
    return {
        "step": step,
        "seconds": step / 2,
        "steps_per_second": 2.0,
        "loss": 0.5,
        "losses": {WILD: 0.5, "nodes": 0.5},
        "dev": dict.fromkeys(MEASURES, 0.4 + step / 100),
        "centroid": dict.fromkeys(MEASURES, 0.3),
        "code_accuracy": [0.5, 0.25],
        "detectors": [
            {"name": WILD, "value": 1.0, "verdict": verdict, "says": WILD} for verdict in ("broken", "watch", "healthy")
        ],
        "watched": [{"query": WILD, "hits": hits, "judged_rank": 1, "levels": [{"level": 1, "kept": kept}]}],
    }


def _study(opened: Build) -> None:
    schemes.run(opened, ["rq-kmeans", "category", "random"], "none")
    path = schemes.study_folder(opened) / layout.STUDY
    found = json.loads(path.read_text("utf-8"))
    found |= {"corpus": WILD, "device": WILD, "split": WILD, "best": {"scheme": WILD, "split": WILD, "quality": {}}}
    found["schemes"] |= {"url": {"error": WILD}, WILD: {"error": WILD}}
    for row in found["schemes"].values():
        for judged in (*row.get("report", {}).get("levels", ()), *row.get("report", {}).get("verdicts", ())):
            judged |= {"rule": WILD, "remedy": WILD}
    path.write_text(json.dumps(found), "utf-8")
