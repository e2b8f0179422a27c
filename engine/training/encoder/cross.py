"""Fine-tune a cross-encoder on a build's own judged pairs: an encoder's weights under a new head, for ``bm25~cross:NAME``.

Passage re-ranking by a model that reads both texts (Nogueira and Cho 2019). It learns from the train split alone; development
queries choose the weights on one half and judge them on the other; test is never read. It becomes a model of this machine under
a name, as one from elsewhere would, and orders the candidates of any build.
"""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engine import evaluation, paths
from engine.builds import layout
from engine.builds.history import Evaluation
from engine.builds.in_use import in_use
from engine.data.values import counted
from engine.errors import TriescopeError
from engine.files import alone, replace_json, writing
from engine.retrievers import Queries
from engine.text import cross_tuned, encoders, models
from engine.text.tuned import Turn
from engine.training import dev, loop
from engine.training.budget import Stretch
from engine.training.checkpoint import note_down, same_or_afresh
from engine.training.crew import crew
from engine.training.dev import Dev
from engine.training.encoder.cross_model import CrossLoss, CrossModel
from engine.training.encoder.draws import Draws
from engine.training.encoder.spec import CrossSpec
from engine.training.encoder.tune import prepare
from engine.training.encoder.watched import subset
from engine.training.source import Source, open_source

Tell = Callable[[str, int, int], None]
# Whose candidates it is to order; how many development queries and candidates of each a look while it learns takes, for each pair
# is read anew; how many queries and candidates judge it, and how many orders at random stand beside it.
FOUND_BY = ("bm25", "dense")
LOOKED_AT, LOOKED_DEEP = 50, 10
JUDGED, JUDGED_DEEP, SHUFFLES = 40, 20, 20
# Of these are hard negatives drawn: deeper than for an encoder, for it is to order fifty.
MINED = 40
WORK = "cross"


def tune(folder: Path, name: str, spec: CrossSpec, tell: Tell) -> cross_tuned.CrossTuned:
    """Fine-tune a cross-encoder and know it by a name, in the place of the one that was tuned under it before.

    Goes on where an interrupted fine-tuning of the same spec on the same build stopped.

    Raises
    ------
    TriescopeError
        The name cannot be one or is that of a model from elsewhere, the build has no judged pairs to learn from, its encoder is
        none that a cross-encoder can be made of, the loss is not finite, no look was better than the start, nothing can be
        written, or the build was removed meanwhile.
    """
    source, out = open_source(folder), _place(name)
    work = layout.partial_of(folder / f"{WORK}-{name}")
    with in_use(folder) as still_there:
        with writing(folder):
            work.mkdir(parents=True, exist_ok=True)
        with writing(folder), alone(work, f"{folder.name}: another process is fine-tuning {name} on it"):
            same_or_afresh(work, spec.digest(), spec.model_dump(mode="json"))
            model, known = _tune(source, spec, work, tell)
            still_there()
            with writing(out.parent):
                _put(model, known, out)
                models.add(name, str(out))
            shutil.rmtree(work)
    return known


def _put(model: CrossModel, known: cross_tuned.CrossTuned, out: Path) -> None:
    """All of a model, or nothing of it, in the place of the one before."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = layout.fresh_of(out)
    shutil.rmtree(fresh, ignore_errors=True)  # of a run that was killed
    fresh.mkdir()
    model.save(fresh)
    replace_json(fresh / cross_tuned.ABOUT, known.model_dump(mode="json"))
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


def _place(name: str) -> Path:
    """Where the model of a name will lie."""
    models.check_name(name)
    out, known = paths.home() / "models" / name, models.everything().get(name)
    if (known is not None and Path(known.folder) != out.resolve()) or (out.exists() and not cross_tuned.is_there(out)):
        raise TriescopeError(f"{name!r} is a model that was not fine-tuned here: take another name, or forget that one")
    return out


def _tune(source: Source, spec: CrossSpec, work: Path, tell: Tell) -> tuple[CrossModel, cross_tuned.CrossTuned]:
    made, device, encoder = prepare(source, spec, tell, MINED), loop.device_for(), source.parts.encoder
    texts = [document.searched_text(source.fields) for document in source.documents]
    model = CrossModel(encoder, spec.tokens, spec.learning_rate, spec.seed).to(device)
    draws = Draws(made.pairs.query, made.pairs.row, spec.batch, spec.seed)
    asked = _some(made.choosing, LOOKED_AT, spec.seed)
    both = _together(_found(source, asked, LOOKED_DEEP))

    def evaluate(now: CrossModel, stretch: Stretch) -> Evaluation:
        value = float(_judged(source, asked, ordered(both, _read(now, asked, both, texts))).mean())
        return Evaluation(**stretch._asdict(), dev={dev.MEASURE: value}, code_accuracy=(), detectors=(), watched=())

    def note(seen: Evaluation) -> None:
        value = round(seen.dev[dev.MEASURE], 4)
        note_down(work, {"step": seen.step, "seconds": seen.seconds, "loss": seen.loss, "dev": value})

    loss = CrossLoss(draws, made.pairs.texts, texts, made.mined, spec.negatives)
    course = loop.fit(model, spec, loss, evaluate, work, tell, note, dev.MEASURE)  # type: ignore[arg-type]
    standing = course.standing
    if not standing.best_step:
        raise TriescopeError(
            f"after {counted(standing.step, 'step')} no look was better than the start, a head at random: nothing is kept. "
            "More minutes, pairs or another learning rate may do"
        )
    model.load_state_dict(course.best)
    tell("judging", 0, 0)
    apart = bool(made.judging.ids)
    judging = _some(made.judging if apart else made.choosing, JUDGED, spec.seed)
    known = cross_tuned.CrossTuned(
        build=source.folder.name,
        encoder=encoder,
        encoder_key=encoders.fingerprint(encoder),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        device=crew().told(evaluation.device() if device == "cpu" else device),
        seed=spec.seed,
        spec=spec.model_dump(mode="json"),
        steps=standing.step,
        best_step=standing.best_step,
        seconds=round(standing.seconds, 1),
        stopped=course.stopped,
        pairs=len(made.pairs.query),
        queries=len(made.pairs.texts),
        seen=sum(len(draws(step)) for step in range(standing.step)),
        chosen_on=len(asked.ids),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        measure=dev.MEASURE,
        history=tuple(map(Turn.model_validate_json, (work / layout.HISTORY).read_text("utf-8").splitlines())),
        depth=JUDGED_DEEP,
        judged=len(judging.ids),
        apart=apart,
        told=judging.told,
        orders=_orders(source, model, judging, texts, spec.seed),
    )
    return model, known


def _some(asked: Dev, most: int, seed: int) -> Dev:
    """As many of the development queries, drawn."""
    drawn = np.random.default_rng([seed, 7]).permutation(len(asked.ids))[:most]
    return subset(asked, np.sort(drawn).tolist())


def _found(source: Source, asked: Dev, depth: int) -> dict[str, list[np.ndarray]]:
    """The first rows of each query by those whose candidates it is to order."""
    queries = Queries(asked.texts, asked.vectors)
    rows = {name: source.retriever(name).search(queries, depth).rows for name in FOUND_BY}
    return {name: [one[one >= 0] for one in of] for name, of in rows.items()}


def _together(found: dict[str, list[np.ndarray]]) -> list[np.ndarray]:
    """What any of them found for each query, each row once."""
    of_queries = zip(*found.values(), strict=True)
    return [np.array(list(dict.fromkeys(np.concatenate(lists).tolist())), np.int64) for lists in of_queries]


def _read(model: CrossModel, asked: Dev, rows: list[np.ndarray], texts: list[str]) -> list[np.ndarray]:
    return [model.scores(query, [texts[row] for row in of]) for query, of in zip(asked.texts, rows, strict=True)]


def ordered(rows: list[np.ndarray], scores: list[np.ndarray]) -> list[np.ndarray]:
    """Rows by their scores, equal ones as they were found."""
    return [of[np.argsort(-by, kind="stable")] for of, by in zip(rows, scores, strict=True)]


def _judged(source: Source, asked: Dev, rows: list[np.ndarray]) -> np.ndarray:
    """The measure, a query each."""
    return dev.judge(source, asked, rows)[dev.MEASURE]


def _orders(source: Source, model: CrossModel, asked: Dev, texts: list[str], seed: int) -> dict[str, cross_tuned.Ordered]:
    """Its order of what each finds, beside their own and others at random; a pair that two of them found is read once."""
    found, orders = _found(source, asked, JUDGED_DEEP), {}
    everything = _together(found)
    scores = [
        dict(zip(of.tolist(), by, strict=True)) for of, by in zip(everything, _read(model, asked, everything, texts), strict=True)
    ]
    rng = np.random.default_rng([seed, 9])
    for name, rows in found.items():
        by = [np.array([known[row] for row in of.tolist()]) for of, known in zip(rows, scores, strict=True)]
        crossed, own = _judged(source, asked, ordered(rows, by)), _judged(source, asked, rows)
        chance = np.mean([_judged(source, asked, [rng.permutation(of) for of in rows]) for _ in range(SHUFFLES)], axis=0)
        ahead, ahead_of_chance = (evaluation.difference(crossed, other) for other in (own, chance))
        orders[name] = cross_tuned.Ordered(
            found=evaluation.interval(own),
            crossed=evaluation.interval(crossed),
            shuffled=evaluation.interval(chance),
            ahead=ahead,
            ahead_of_chance=ahead_of_chance,
        )
    return orders
