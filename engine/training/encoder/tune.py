"""Fine-tune a build's encoder on its own judged pairs, and set it beside what the same labels give without that.

Retrieval by DPR's recipe (Karpukhin et al. 2020): a query's own document against the others of the batch and hard negatives that
search ranks high. Only the train split is learned from; development queries choose the weights on one half and judge them on the
other; test is never read.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine import evaluation
from engine.builds import layout
from engine.builds.history import Evaluation
from engine.builds.in_use import in_use
from engine.errors import TriescopeError
from engine.files import alone, writing
from engine.retrievers import Queries
from engine.retrievers.dense import ExactRetriever
from engine.retrievers.moved import Labels, MovedRetriever
from engine.text import embed, encoders, tuned
from engine.text.layered import LayeredEncoder, token_ids
from engine.training import dev, dev_queries, loop
from engine.training.budget import Stretch
from engine.training.checkpoint import note_down, same_or_afresh
from engine.training.crew import crew
from engine.training.dev import Dev
from engine.training.encoder.draws import Draws
from engine.training.encoder.model import BiEncoder, Loss
from engine.training.encoder.spec import TuneSpec
from engine.training.encoder.watched import among_all, look, pool, subset
from engine.training.pairs.sources import Pairs, collect
from engine.training.source import Source, open_source
from engine.training.spec import TrainSpec
from engine.training.teachers import negatives

log = logging.getLogger(__name__)
Tell = Callable[[str, int, int], None]
# What the tuned encoder is set beside that has seen no label; moved documents have the same ones.
BESIDE = ("bm25", "dense")
MINED = 16


class Prepared(NamedTuple):
    """Pairs, their queries by the untuned encoder, tokens and negatives, and development queries that choose and that judge."""

    pairs: Pairs
    vectors: np.ndarray
    queries: list[np.ndarray]
    documents: list[np.ndarray]
    mined: np.ndarray
    choosing: Dev
    judging: Dev


def tune(folder: Path, spec: TuneSpec, tell: Tell | None = None) -> tuned.Tuned:
    """Fine-tune a build's encoder and store it with the build, in the place of the one before.

    Goes on where an interrupted fine-tuning of the same spec stopped.

    Raises
    ------
    TriescopeError
        The build has no judged pairs to learn from, its encoder has no layers that could learn, the loss is not finite, nothing
        can be written, or the build was removed meanwhile.
    """
    source, together = open_source(folder), crew()
    work, tell = layout.partial_of(folder / tuned.FOLDER), together.only_first(tell)
    with in_use(folder) as still_there:
        if together.follow(lambda: _tune(source, spec, work, tell)):
            return tuned.read(folder)
        with writing(folder):
            work.mkdir(parents=True, exist_ok=True)
        with writing(folder), alone(work, f"{folder.name}: another process is fine-tuning its encoder"):
            same_or_afresh(work, spec.digest(), spec.model_dump(mode="json"))
            together.wait()
            known, layers, vectors = _tune(source, spec, work, tell)
            still_there()
            known = tuned.store(folder, known, layers, vectors)
            for left in work.iterdir():
                left.unlink()
            work.rmdir()
        together.wait()
    return known


def prepare(source: Source, spec: TuneSpec, tell: Tell, most: int = MINED) -> Prepared:
    """What is learned from and watched; no query of the second is in the first. ``most`` hard negatives a query are mined."""
    if not source.splits.get(spec.train):
        raise TriescopeError(f"{source.name} has no judged queries in split {spec.train!r} to fine-tune its encoder on")
    asked_of = TrainSpec(train=spec.train, dev=spec.dev, seed=spec.seed, mix={"judged": 1.0})
    pairs = collect(source, spec.train, asked_of.mix, spec.seed, progress=tell)
    pairs, asked = dev_queries.choose(source, asked_of, pairs)
    encoder = source.parts.encoder
    texts = [*pairs.texts, *asked.texts]
    vectors = embed.embed(texts, encoder, partial(tell, "queries"), role="query")
    cut, mined = len(pairs.texts), np.full((len(pairs.texts), 0), -1, np.int32)
    if spec.negatives:
        tell("negatives", 0, 0)
        positives: list[set[int]] = [set() for _ in pairs.texts]
        for query, row in zip(pairs.query.tolist(), pairs.row.tolist(), strict=True):
            positives[query].add(row)
        mined = negatives.mine(pairs.texts, vectors[:cut], positives, source, most)
    searched = [document.searched_text(source.fields) for document in source.documents]
    tokens = token_ids(asked.texts, encoder)
    everyone = Dev(asked.ids, asked.texts, vectors[cut:], tokens, asked.qrels, asked.told)
    return Prepared(
        pairs=pairs,
        vectors=vectors[:cut],
        queries=token_ids(pairs.texts, encoder),
        documents=token_ids(searched, encoder, "document", spec.tokens),
        mined=mined,
        choosing=subset(everyone, np.flatnonzero(~asked.judging).tolist()),
        judging=subset(everyone, np.flatnonzero(asked.judging).tolist()),
    )


def _tune(source: Source, spec: TuneSpec, work: Path, tell: Tell) -> tuple[tuned.Tuned, dict[str, np.ndarray], np.ndarray]:
    with crew().in_order():
        made, device, encoder = prepare(source, spec, tell), loop.device_for(), source.parts.encoder
    model = BiEncoder(encoder, spec.learning_rate).to(device)
    draws = Draws(made.pairs.query, made.pairs.row, spec.batch, spec.seed)
    watched = pool(source, made.choosing, spec.seed)

    def evaluate(now: BiEncoder, stretch: Stretch) -> Evaluation:
        queries = now.text.vectors(watched.asked.queries)
        value = look(source, watched, queries, now.text.vectors([made.documents[row] for row in watched.rows]))
        return Evaluation(**stretch._asdict(), dev={dev.MEASURE: value}, code_accuracy=(), detectors=(), watched=())

    def note(seen: Evaluation) -> None:
        value = round(seen.dev[dev.MEASURE], 4)
        note_down(work, {"step": seen.step, "seconds": seen.seconds, "loss": seen.loss, "dev": value})

    loss = Loss(draws, made.queries, made.documents, made.mined, spec.negatives)
    course = loop.fit(model, spec, loss, evaluate, work, tell, note, dev.MEASURE)  # type: ignore[arg-type]
    model.load_state_dict(course.best)
    # Documents are read as far as the encoder goes, as those of the untuned one are, though it learned from their beginnings.
    texts = [document.searched_text(source.fields) for document in source.documents]
    vectors = model.text.vectors(token_ids(texts, encoder, "document"), partial(tell, "embeddings"))
    tell("judging", 0, 0)
    asked, standing = made.choosing, course.standing
    whole = (
        among_all(source, asked, asked.vectors, source.embeddings),
        among_all(source, asked, model.text.vectors(asked.queries), vectors),
    )
    untuned = standing.best_step > 0 and whole[0] >= whole[1]
    if untuned:  # better among the documents of the pool, and not among all
        model, vectors = BiEncoder(encoder, spec.learning_rate).to(device), np.asarray(source.embeddings)
    state = {name: tensor.detach().cpu().numpy() for name, tensor in model.text.state_dict().items()}
    known = tuned.Tuned(
        encoder=encoders.fingerprint(encoder),
        layers="",  # this and the next are known when they are written
        vectors="",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        device=crew().told(evaluation.device() if device == "cpu" else device),
        seed=spec.seed,
        spec=spec.model_dump(mode="json"),
        steps=standing.step,
        best_step=0 if untuned else standing.best_step,
        seconds=round(standing.seconds, 1),
        stopped=course.stopped,
        pairs=len(made.pairs.query),
        queries=len(made.pairs.texts),
        seen=sum(len(draws(step)) for step in range(standing.step)),
        chosen_on=len(watched.asked.ids),
        pool=len(watched.rows),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        measure=dev.MEASURE,
        whole=whole,
        history=tuple(map(tuned.Turn.model_validate_json, (work / layout.HISTORY).read_text("utf-8").splitlines())),
        judged=_judge(source, made, model.text, vectors),
    )
    return known, state, vectors


def _judge(source: Source, made: Prepared, text: LayeredEncoder, documents: np.ndarray) -> tuned.Judged:
    """The tuned encoder beside BM25, dense and moved documents, on queries that nothing was chosen on, where there are enough."""
    apart = bool(made.judging.ids)
    asked = made.judging if apart else made.choosing
    depth, ranked = evaluation.DEPTH + 1, {}
    for name in BESIDE:
        try:
            ranked[name] = source.retriever(name).search(Queries(asked.texts, asked.vectors), depth).rows
        except TriescopeError as error:
            log.warning("%s is not set beside the fine-tuned encoder: %s", name, error)
    choosing, gains = made.choosing, [_gains(source, of) for of in made.choosing.qrels]
    untuned = MovedRetriever(source.embeddings, _labels(made.pairs, made.vectors), Labels(choosing.vectors, gains))
    ranked["moved"] = untuned.search(Queries(asked.texts, asked.vectors), depth).rows
    queries = Queries(asked.texts, text.vectors(asked.queries))
    ranked["tuned"] = ExactRetriever(documents).search(queries, depth).rows
    labels = _labels(made.pairs, text.vectors(made.queries)), Labels(text.vectors(choosing.queries), gains)
    ranked["tuned-moved"] = MovedRetriever(documents, *labels).search(queries, depth).rows
    values = {name: dev.judge(source, asked, list(rows))[dev.MEASURE] for name, rows in ranked.items()}
    others = [name for name in values if name != "tuned"]
    compared = [evaluation.difference(values["tuned"], values[name]) for name in others]
    return tuned.Judged(
        queries=len(asked.ids),
        apart=apart,
        told=asked.told,
        measure=dev.MEASURE,
        of={name: evaluation.interval(of) for name, of in values.items()},
        ahead=dict(zip(others, evaluation.together(compared), strict=True)),
    )


def _labels(pairs: Pairs, vectors: np.ndarray) -> Labels:
    gains: list[dict[int, int]] = [{} for _ in pairs.texts]
    for query, row, grade in zip(pairs.query.tolist(), pairs.row.tolist(), pairs.grade.tolist(), strict=True):
        gains[query][row] = int(grade)
    return Labels(vectors, gains)


def _gains(source: Source, qrels: dict[str, int]) -> dict[int, int]:
    return {source.row_of[one]: grade for one, grade in qrels.items() if one in source.row_of}
