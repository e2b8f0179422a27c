"""Train a scorer on a build: from a spec to a stored run, and the first word on whether it is worth having."""

import logging
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine import evaluation
from engine.builds import layout, runs, trained, weighing
from engine.builds.history import Evaluation
from engine.builds.in_use import in_use
from engine.builds.parts import Parts
from engine.builds.trained import Run
from engine.decoding import decode
from engine.errors import TriescopeError
from engine.files import alone, writing
from engine.identifiers.base import load_without_content
from engine.retrievers import RETRIEVERS, Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.retrievers.tuning import tune_hybrid
from engine.retrievers.weighting import UNTUNED_TRAINED, Tuning
from engine.scorers.base import Scorer
from engine.scorers.centroid import CentroidScorer
from engine.scorers.kinds import kind
from engine.training import dev, loop
from engine.training.batches import Batches
from engine.training.budget import Stretch
from engine.training.checkpoint import note_down, same_or_afresh
from engine.training.crew import crew
from engine.training.material import Prepared, prepare
from engine.training.source import Source, open_source
from engine.training.spec import TrainSpec, complete

log = logging.getLogger(__name__)

Tell = Callable[[str, int, int], None]
Values = dict[str, np.ndarray]  # measure -> values, a query each


def train(folder: Path, spec: TrainSpec, name: str = "", tell: Tell | None = None) -> Run:
    """Train a scorer and store it with its build.

    Goes on where an interrupted training of the same name and spec stopped. The run becomes the build's default if the default so
    far is the centroid scorer and it is certainly better than that: on judged development queries on which nothing was chosen
    (:attr:`engine.builds.trained.Run.certain`).

    Parameters
    ----------
    folder : Path
        A build.
    spec : TrainSpec
        What to do.
    name : str
        Name of the run; that of the kind of scorer unless given.
    tell : callable, optional
        Progress: ``(stage, done, total)``.

    Returns
    -------
    Run
        As :func:`engine.builds.runs.read` gives it.

    Raises
    ------
    TriescopeError
        The spec does not fit the build, nothing is there to learn from, the loss is not finite, nothing can be written, or the
        build was removed meanwhile.
    """
    name, source = runs.check_name(name or spec.scorer), open_source(folder)
    spec = complete(spec, labelled=bool(spec.train and source.splits.get(spec.train)))
    work, together = runs.partial_of(folder, name), crew()
    tell = together.only_first(tell)
    with in_use(folder) as still_there:
        if together.follow(lambda: _train(source, spec, name, work, tell)):
            return runs.read(folder, name)
        with writing(folder):
            work.mkdir(parents=True, exist_ok=True)
        with writing(folder), alone(work, f"{name}: another process is training a scorer of this name"):
            same_or_afresh(work, spec.digest(), spec.model_dump(mode="json"))
            together.wait()
            run, tensors = _train(source, spec, name, work, tell)
            still_there()
            runs.store(folder, run, tensors)
            shutil.rmtree(work, ignore_errors=True)
            try:
                weighing.weigh(folder, name)
            except TriescopeError as error:
                log.warning("the hybrid of %s is fused without late interaction: %s", name, error)
        together.wait()
        return runs.settle(folder, name)


def _train(source: Source, spec: TrainSpec, name: str, work: Path, tell: Tell) -> tuple[Run, dict[str, np.ndarray]]:
    start = time.monotonic()
    with crew().in_order():
        made, device = prepare(source, spec, tell), loop.device_for()
    model = import_module(kind(spec.scorer).model).create(source.parts, spec.settings, spec.seed).to(device)
    if spec.begin:
        _begin(model, source.folder, spec)
    elif hasattr(model, "prime") and not (work / layout.CHECKPOINT).is_file():
        model.prime(np.asarray(source.embeddings), made.material.pairs, made.material.queries)
    batches = Batches(source, made.material, spec.mix, spec.losses, spec.batch, spec.seed, device)
    prepared = time.monotonic() - start
    pairs = dev.pairs_of(source, made.dev, spec.seed)
    codes = _codes(source)
    # Written with every evaluation, so that whoever watches the training sees the lines that it has to cross.
    floor = _means(_of_centroid(source, made.dev, spec.beams)[1])
    beside = {retriever: _means(values) for retriever, values in _beside(source, spec, made.dev).items()}

    def evaluate(now: nn.Module, stretch: Stretch) -> Evaluation:
        scorer: Scorer = now.scorer()  # type: ignore[operator]
        rows = dev.ranked(source, decode(source.parts.trie, scorer, made.dev.queries, spec.beams))
        values = dev.judge(source, made.dev, rows)
        judged = dev.judge_codes(source.parts.trie, now, made.dev.queries, *pairs, device)  # type: ignore[arg-type]
        return Evaluation(
            **stretch._asdict(),
            dev=_means(values),
            centroid=floor,
            beside=beside,
            code_accuracy=tuple(judged.accuracy),
            detectors=tuple(dev.findings(source, rows, codes, judged.first_nll)),
            watched=tuple(dev.watched(source, scorer, made.watch.texts, made.watch.queries, made.watch.qrels)),
        )

    def note(seen: Evaluation) -> None:
        note_down(work, seen.model_dump(mode="json"))

    course = loop.fit(model, spec, batches.loss, evaluate, work, tell, note, dev.MEASURE)
    model.load_state_dict(course.best)
    model.eval()
    tell("judging", 0, 0)
    scorer = model.scorer()
    judged, cold = _judge(source, spec, made, scorer)
    run = Run(
        name=name,
        scorer=spec.scorer,
        settings=spec.settings,
        spec=spec.model_dump(mode="json"),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        device=crew().told(evaluation.device() if device == "cpu" else device),
        seed=spec.seed,
        steps=course.standing.step,
        best_step=course.standing.best_step,
        seconds=round(course.standing.seconds, 1),
        seconds_before=round(prepared, 1),
        stopped=course.stopped,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        bytes=0,  # this and the name of the weights are known when they are written
        weights="",
        pairs=made.counts,
        history=tuple(runs.history(source.folder, name)),
        dev=judged,
        labelled=made.labelled,
        beats_centroid=judged.difference is not None and judged.difference.mean > 0,
        cold=cold,
        tuning=_tuning(source, made, scorer),
    )
    kept = model.kept() if hasattr(model, "kept") else model.state_dict()
    return run, {key: value.cpu().numpy() for key, value in kept.items()}


def _begin(model: nn.Module, folder: Path, spec: TrainSpec) -> None:
    """Give a model the weights of an earlier run of its kind; a head that is not kept begins as it would.

    Raises
    ------
    TriescopeError
        There is no such run, or it is of another kind or shape.
    """
    if (known := runs.read(folder, spec.begin)).scorer != spec.scorer:
        raise TriescopeError(
            f"{spec.begin} is a scorer of kind {known.scorer}; a training of kind {spec.scorer} cannot begin with it"
        )
    given = {name: torch.from_numpy(value) for name, value in runs.tensors_of(folder, spec.begin).items()}
    try:
        model.load_state_dict(model.state_dict() | given)
    except RuntimeError as error:
        told = (str(error).splitlines() or [""])[-1].strip()
        raise TriescopeError(
            f"the weights of {spec.begin} do not fit: give it the settings that {spec.begin} has ({told})"
        ) from error


def _of_centroid(source: Source, asked: dev.Dev, beams: int) -> tuple[list[np.ndarray], Values]:
    """What the centroid scorer finds for development queries, and the value of every measure, a query each."""
    parts = source.parts
    centroid = CentroidScorer(parts.trie, parts.means, parts.codebooks)
    rows = dev.ranked(source, decode(parts.trie, centroid, asked.vectors, beams))
    return rows, dev.judge(source, asked, rows)


def _means(values: Values) -> dict[str, float]:
    return {measure: round(float(of_queries.mean()), 4) for measure, of_queries in values.items()}


def _judge(source: Source, spec: TrainSpec, made: Prepared, scorer: Scorer) -> tuple[trained.Judged, trained.Cold | None]:
    """The trained scorer beside the centroid scorer on the judging half, which nobody has looked at before; on the queries that
    it was chosen on where they are too few to halve."""
    apart = bool(made.judging.ids)
    asked = made.judging if apart else made.dev
    ranked, values = {}, {}
    ranked["centroid"], values["centroid"] = _of_centroid(source, asked, spec.beams)
    ranked["trained"] = dev.ranked(source, decode(source.parts.trie, scorer, asked.queries, spec.beams))
    values["trained"] = dev.judge(source, asked, ranked["trained"])
    found = evaluation.difference(values["trained"][dev.MEASURE], values["centroid"][dev.MEASURE])
    judged = trained.Judged.model_validate(
        {
            "queries": len(asked.ids),
            "from": asked.told,
            "measure": dev.MEASURE,
            "beams": spec.beams,
            "p": found.p,
            "difference": found,
            "apart": apart,
            "chosen_on": len(made.dev.ids),
            "beside": _intervals(_beside(source, spec, asked)),
            **_intervals(values),
        }
    )
    return judged, _cold(source, made, asked, ranked)


def _beside(source: Source, spec: TrainSpec, asked: dev.Dev) -> dict[str, Values]:
    """What a trained scorer is held against on the same queries, retriever -> measure -> values, a query each; without what the
    build cannot open, which is said in the log. What has the same labels stands there too, where it has no more of them: not
    where the queries were taken out of the train split, nor where documents were kept out of the training."""
    values = {}
    fair = bool(source.splits.get(spec.dev)) and not spec.cold
    for name in trained.BESIDE:
        method = RETRIEVERS[name]
        known = all(source.splits.get(split) for split in method.splits) and method.there(source.folder)
        if name in trained.LABELLED and not (fair and known):
            continue
        try:
            rows = source.retriever(name).search(Queries(asked.texts, asked.vectors), evaluation.DEPTH + 1).rows
        except TriescopeError as error:
            log.warning("%s is not set beside the trained scorer: %s", name, error)
            continue
        values[name] = dev.judge(source, asked, list(rows))
    return values


def _intervals(values: Mapping[str, Values]) -> dict[str, dict[str, evaluation.Interval]]:
    return {name: {measure: evaluation.interval(v) for measure, v in of_name.items()} for name, of_name in values.items()}


def _tuning(source: Source, made: Prepared, scorer: Scorer) -> Tuning:
    """Weights of the hybrid that decodes with the new scorer, tuned on the queries that it was chosen on."""
    if not made.labelled:
        return UNTUNED_TRAINED
    gains = [{source.row_of[d]: grade for d, grade in judged.items() if d in source.row_of} for judged in made.dev.qrels]
    generator = GenerativeRetriever(source.parts.trie, scorer)
    return tune_hybrid(Parts(source.folder), generator, Queries(made.dev.texts, made.dev.vectors), gains)


def _cold(source: Source, made: Prepared, asked: dev.Dev, ranked: Mapping[str, list[np.ndarray]]) -> trained.Cold | None:
    """Judged queries whose relevant documents were all kept out of the training, reported apart."""
    if not made.cold:
        return None
    ids = {source.documents[row].id for row in made.cold}
    chosen = [place for place, judged in enumerate(asked.qrels) if all(d in ids for d, grade in judged.items() if grade > 0)]
    found = trained.Cold(documents=len(ids), queries=len(chosen))
    if chosen:
        some = asked._replace(ids=[asked.ids[place] for place in chosen], qrels=[asked.qrels[place] for place in chosen])
        values = {name: dev.judge(source, some, [rows[place] for place in chosen]) for name, rows in ranked.items()}
        found = found.model_copy(update=_intervals(values))
    return found


def _codes(source: Source) -> np.ndarray:
    return load_without_content(source.folder / layout.IDENTIFIERS).codes
