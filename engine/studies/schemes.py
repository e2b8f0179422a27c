"""Every identifier scheme on one catalogue, side by side: health, retrieval quality with the same scorer, seconds, bytes.

The embeddings of a build are reused; each scheme is fitted on them, made into a trie, scored by the centroid scorer and
measured on the same judged queries. A scheme that does not fit the catalogue (a URL scheme without URLs) is listed with why.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine import evaluation, identifiers, trie
from engine.builds import layout
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.files import replace_json
from engine.health.report import choose_labels, normalised_mutual_information, report
from engine.identifiers import SCHEMES, Identifiers
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.centroid import CentroidScorer, node_means

BEAMS = 100
# A wide beam on a small catalogue hides what an identifier is worth; a narrow one shows it.
NARROW = 10
MEASURES = ("nDCG@10", "Recall@100")

Report = Callable[[str, int, int], None]


def study_folder(opened: Build) -> Path:
    """Where a study is kept: beside the builds, named after the catalogue and what its vectors are made of. Builds of one
    catalogue that differ in their identifiers share it, for it does not look at them."""
    spec = opened.manifest.spec
    vectors = hashlib.sha256(json.dumps([list(spec.fields), spec.model]).encode()).hexdigest()
    return layout.study_of(opened.folder, opened.manifest.corpus.sha256, vectors)


def run(
    opened: Build, names: Sequence[str] = (), split: str = "test", seed: int = 0, report_progress: Report | None = None
) -> dict[str, Any]:
    """Fit and measure schemes; writes each one's identifiers and ``study.json`` into :func:`study_folder`.

    Parameters
    ----------
    opened : Build
        Its embeddings, documents and judged queries are used, not its own identifiers.
    names : sequence of str
        Schemes; all of them when empty.
    split : str
        Judged queries to measure on; without any, quality is left out.
    seed : int
        Seed of every fit.
    report_progress : callable, optional
        Called with (scheme, schemes done, schemes in all).

    Returns
    -------
    dict
        ``{"corpus", "documents", "split", "queries", "beams", "seed", "device", "schemes": {name: {...} or {"error"}},
        "nmi"}``; ``nmi`` holds the normalised mutual information of the first codes of every two schemes.
    """
    chosen = list(names or SCHEMES)
    for name in chosen:
        identifiers.check_settings(name, {})
    folder = study_folder(opened)
    folder.mkdir(parents=True, exist_ok=True)
    tell = report_progress or (lambda scheme, done, total: None)
    labels = choose_labels(opened.corpus.documents)
    questions = _questions(opened, split)
    rows: dict[str, Any] = {}
    fits: dict[str, Identifiers] = {}
    for place, name in enumerate(chosen):
        tell(name, place, len(chosen))
        try:
            rows[name], fits[name] = _measure(opened, name, seed, labels, questions)
        except TriescopeError as error:
            rows[name] = {"error": str(error)}
            continue
        identifiers.save(fits[name], folder / f"{name}.npz")
    tell("done", len(chosen), len(chosen))
    found = {
        "corpus": opened.name,
        "documents": len(opened.corpus.documents),
        "split": split,
        "queries": len(questions[0]) if questions else 0,
        "beams": BEAMS,
        "seed": seed,
        "device": evaluation.device(),
        "schemes": rows,
        "nmi": _all_pairs(fits),
    }
    replace_json(folder / layout.STUDY, found)
    return found


def read(opened: Build) -> dict[str, Any] | None:
    """The study of a build, or None when there is none."""
    path = study_folder(opened) / layout.STUDY
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise TriescopeError(f"{path}: the study is damaged; run it again") from error


def read_identifiers(opened: Build, name: str) -> Identifiers:
    """What a scheme of the study fitted."""
    path = study_folder(opened) / f"{name}.npz"
    if name not in SCHEMES or not path.is_file():
        raise TriescopeError(f"the study of {opened.name} has no identifiers by {name!r}")
    return identifiers.load(path)


def _questions(opened: Build, split: str) -> tuple[dict[str, dict[str, int]], Queries] | None:
    qrels = opened.corpus.qrels.get(split)
    if not qrels:
        return None
    texts = [opened.corpus.queries[query] for query in qrels]
    return qrels, Queries(texts, opened.embed_queries(texts))


def _measure(
    opened: Build, name: str, seed: int, labels: Sequence[str | None] | None, questions: tuple | None
) -> tuple[dict[str, Any], Identifiers]:
    start = time.perf_counter()
    fitted = identifiers.fit(name, np.asarray(opened.embeddings), {}, seed, opened.corpus.documents)
    fit_seconds = time.perf_counter() - start
    tree = trie.build(fitted.codes)
    row: dict[str, Any] = {
        "vocabulary": list(fitted.vocabulary),
        "fit_seconds": round(fit_seconds, 2),
        "trie_bytes": tree.nbytes,
        "trie_nodes": len(tree.code),
        "report": report(fitted, tree, np.asarray(opened.embeddings), labels, seed),
    }
    if questions:
        qrels, queries = questions
        scorer = CentroidScorer(tree, node_means(tree, opened.embeddings), fitted.codebooks)
        ids = [document.id for document in opened.corpus.documents]
        row["quality"] = {}
        for beams, measures in ((BEAMS, MEASURES), (NARROW, MEASURES[:1])):
            found = GenerativeRetriever(tree, scorer, beams).search(queries, evaluation.DEPTH).rows
            run_of = {query: [ids[place] for place in places if place >= 0] for query, places in zip(qrels, found, strict=True)}
            values = evaluation.measure(qrels, run_of)
            for measure in measures:
                label = measure if beams == BEAMS else f"{measure}, beam {beams}"
                row["quality"][label] = evaluation.interval(values[measure])._asdict()
    return row, fitted


def _all_pairs(fits: dict[str, Identifiers]) -> list[dict[str, Any]]:
    names = list(fits)
    return [
        {"a": a, "b": b, "nmi": round(normalised_mutual_information(fits[a].codes, fits[b].codes, 1), 4)}
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    ]
