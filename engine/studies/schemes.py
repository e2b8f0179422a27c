"""Every identifier scheme on one catalogue, side by side: health, retrieval quality with the same scorer, seconds, bytes.

The embeddings of a build are reused; each scheme is fitted on them, made into a trie, scored by the centroid scorer and
measured on the same judged queries. Schemes are chosen by their figures, so those are of the development queries; the test split
only judges the best one. A scheme that does not fit the catalogue (a URL scheme without URLs) is listed with why.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from engine import evaluation, identifiers, trie
from engine.builds import layout
from engine.builds.opened import Build
from engine.builds.stages import asked_of
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.files import replace_json, writing
from engine.health.report import choose_labels, normalised_mutual_information, report
from engine.identifiers import SCHEMES, Identifiers
from engine.identifiers.checked import check
from engine.recommending.rebuilt import behaviour_of
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.centroid import CentroidScorer, node_means
from engine.stored import content
from engine.studies.found import Best, Measured, Pair, Study
from engine.text.hub import NONE

BEAMS = DEFAULT_BEAMS
# A wide beam on a small catalogue hides what an identifier is worth; a narrow one shows it.
NARROW = 10
MEASURES = ("nDCG@10", "Recall@100")
# They show what identifiers are worth, and are never the best one: dealt out at random, cut by random planes, no tree at all.
CONTROLS = ("random", "simhash", "atomic")
JUDGING = "test"

Report = Callable[[str, int, int], None]
Questions = tuple[dict[str, dict[str, int]], Queries]
Values = dict[str, np.ndarray]


def study_folder(opened: Build) -> Path:
    """Where a study is kept: beside the builds, named after the catalogue and what its vectors are made of. Builds of one
    catalogue that differ in their identifiers share it, for it does not look at them."""
    spec = opened.manifest.spec
    made_of = opened.manifest.files[layout.EMBEDDINGS].sha256 if spec.model == NONE else spec.model
    vectors = hashlib.sha256(json.dumps([list(spec.fields), made_of]).encode()).hexdigest()
    return layout.study_of(opened.folder, opened.manifest.corpus.sha256, vectors)


def minutes(documents: int) -> int:
    """What a study takes on two cores, roughly and in whole minutes: for 5,183 documents half of one to fit all schemes, and as
    much to judge them.

    >>> minutes(1_201), minutes(57_638)
    (1, 12)
    """
    return max(1, round(documents / 5_000))


def run(
    opened: Build, names: Sequence[str] = (), split: str = "dev", seed: int = 0, report_progress: Report | None = None
) -> Study:
    """Fit and measure schemes; writes each one's identifiers and ``study.json`` into :func:`study_folder`.

    Parameters
    ----------
    opened : Build
        Its embeddings, documents and judged queries are used, not its own identifiers.
    names : sequence of str
        Schemes; all of them when empty.
    split : str
        Judged queries to measure and choose on; without any, quality is left out. The best is judged on the test split.
    seed : int
        Seed of every fit.
    report_progress : callable, optional
        Called with (scheme, schemes done, schemes in all).

    Raises
    ------
    TriescopeError
        A name is no scheme, or nothing can be written beside the build.
    """
    chosen = list(names or SCHEMES)
    for name in chosen:
        identifiers.check_settings(name, {})
    folder = study_folder(opened)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    tell = report_progress or (lambda scheme, done, total: None)
    labels = choose_labels(opened.corpus.documents)
    questions = _questions(opened, split)
    rows: dict[str, Measured] = {}
    fits: dict[str, Identifiers] = {}
    values: dict[str, Values] = {}
    for place, name in enumerate(chosen):
        tell(name, place, len(chosen))
        try:
            rows[name], fits[name] = _fitted(opened, name, seed, labels)
        except TriescopeError as error:
            rows[name] = Measured(error=str(error))
            continue
        if questions:
            values[name] = _values(opened, fits[name], questions)
        with writing(folder):
            identifiers.save(fits[name], folder / f"{name}.npz")
    tell("done", len(chosen), len(chosen))
    best = _best(opened, values, fits, split) if values else None
    behind = _behind(values, best.scheme) if best else {}
    for name, of in values.items():
        rows[name] = rows[name].model_copy(
            update={"quality": _intervals(of)} | ({"behind": behind[name]} if name in behind else {})
        )
    found = Study(
        corpus=opened.name,
        documents=len(opened.corpus.documents),
        split=split,
        queries=len(questions[0]) if questions else 0,
        beams=BEAMS,
        seed=seed,
        device=evaluation.device(),
        schemes=rows,
        nmi=_all_pairs(fits),
        best=best,
    )
    with writing(folder):
        replace_json(folder / layout.STUDY, found.as_json())
    return found


def read(opened: Build) -> Study | None:
    """The study of a build, or None when there is none.

    Raises
    ------
    TriescopeError
        Its file is damaged.
    """
    path = study_folder(opened) / layout.STUDY
    try:
        return Study.model_validate_json(content.read(path)) if path.exists() else None
    except (ValidationError, TriescopeError) as error:
        raise TriescopeError(f"{path}: the study is damaged; run it again") from error


def read_identifiers(opened: Build, name: str) -> Identifiers:
    """What a scheme of the study fitted."""
    path = study_folder(opened) / f"{name}.npz"
    if name not in SCHEMES or not path.is_file():
        raise TriescopeError(f"the study of {opened.name} has no identifiers by {name!r}")
    fitted = identifiers.load(path)
    check(fitted, path, len(opened.embeddings))
    return fitted


def _questions(opened: Build, split: str) -> Questions | None:
    qrels = opened.corpus.qrels.get(split)
    if not qrels:
        return None
    texts = [opened.corpus.queries[query] for query in qrels]
    return qrels, Queries(texts, opened.embed_queries(texts))


def _fitted(opened: Build, name: str, seed: int, labels: Sequence[str | None] | None) -> tuple[Measured, Identifiers]:
    """A scheme's identifiers, their health and what they cost."""
    start = time.perf_counter()
    documents, taken = opened.corpus.documents, behaviour_of(opened, name, {}, seed)
    asked = asked_of(opened.corpus, opened.encoder) if SCHEMES[name].asks({}) else None
    fitted = identifiers.fit(name, np.asarray(opened.embeddings), {}, seed, documents, behaviour=taken, asked=asked)
    fit_seconds = time.perf_counter() - start
    tree = trie.build(fitted.codes)
    row = Measured(
        vocabulary=list(fitted.vocabulary),
        fit_seconds=round(fit_seconds, 2),
        trie_bytes=tree.nbytes,
        trie_nodes=len(tree.code),
        report=report(fitted, tree, np.asarray(opened.embeddings), labels, seed),
    )
    return row, fitted


def _values(opened: Build, fitted: Identifiers, questions: Questions) -> Values:
    """Measure, with the beam where it is the narrow one -> its values, a query each."""
    qrels, queries = questions
    tree = trie.build(fitted.codes)
    scorer = CentroidScorer(tree, node_means(tree, opened.embeddings), fitted.codebooks)
    ids, depth = [document.id for document in opened.corpus.documents], evaluation.depth_for(qrels, opened.row_of)
    found: Values = {}
    for beams, measures in ((BEAMS, MEASURES), (NARROW, MEASURES[:1])):
        rows = GenerativeRetriever(tree, scorer, beams).search(queries, depth).rows
        of_beam = evaluation.measure(qrels, evaluation.run_of(qrels, rows, ids), measures)
        found |= {measure if beams == BEAMS else narrow(): of for measure, of in of_beam.items()}
    return found


def narrow() -> str:
    """What the measure at the narrow beam is called."""
    return f"{MEASURES[0]}, beam {NARROW}"


def _best(opened: Build, values: Mapping[str, Values], fits: Mapping[str, Identifiers], split: str) -> Best | None:
    """The best scheme at the narrow beam that is no control, and how it does on the test split where that chose nothing."""
    offered = [name for name in values if name not in CONTROLS]
    if not offered:
        return None
    best = max(offered, key=lambda name: values[name].get(narrow(), values[name][MEASURES[0]]).mean())
    if split == JUDGING or not (questions := _questions(opened, JUDGING)):
        return Best(scheme=best)
    quality = _intervals(_values(opened, fits[best], questions))
    return Best(scheme=best, split=JUDGING, queries=len(questions[0]), quality=quality)


def _behind(values: Mapping[str, Values], best: str) -> dict[str, evaluation.Difference]:
    """How far every other scheme lies from the best at the narrow beam, query by query."""
    at = {name: {"": of.get(narrow(), of[MEASURES[0]])} for name, of in values.items()}
    return {name: of[""] for name, of in evaluation.differences(at, best).items()}


def _intervals(values: Values) -> dict[str, evaluation.Interval]:
    return {measure: evaluation.interval(of) for measure, of in values.items()}


def _all_pairs(fits: Mapping[str, Identifiers]) -> list[Pair]:
    names = list(fits)
    return [
        Pair(a=a, b=b, nmi=round(normalised_mutual_information(fits[a].codes, fits[b].codes, 1), 4))
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    ]
