"""Train a sequence model on histories; development chooses its weights, test is never read."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine import evaluation
from engine.builds import layout
from engine.builds.history import Evaluation
from engine.data.histories import Held, Histories
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.files import alone, writing
from engine.recommending import item_item
from engine.recommending.base import Material, Ranked, Recommender
from engine.recommending.judging import judge
from engine.recommending.models import kept, pieces
from engine.recommending.models.draws import NextItem
from engine.recommending.models.one_pass import OnePassModel
from engine.recommending.models.pieces import Pieced
from engine.recommending.models.sequence import SequenceModel, Shape
from engine.recommending.models.spec import SequenceSpec
from engine.recommending.models.tiger import TigerModel
from engine.recommending.models.tiger_draws import NextCodes, likelihood
from engine.recommending.models.tree import TreeModel
from engine.recommending.models.tree_draws import NextIdentifier
from engine.recommending.models.vae import Rewritten, VaeModel
from engine.recommending.models.writing import Writing
from engine.text.tuned import Turn
from engine.training import loop
from engine.training.budget import Stretch
from engine.training.checkpoint import note_down, same_or_afresh
from engine.training.crew import crew

log = logging.getLogger(__name__)
Tell = Callable[[str, int, int], None]
Network = SequenceModel | TreeModel | OnePassModel | TigerModel | VaeModel
Loss = NextItem | NextIdentifier | NextCodes | Rewritten
# Models that score all items by their codes and learn those of what came.
SIBLINGS: Mapping[str, type[TreeModel | OnePassModel]] = {"tree": TreeModel, "one-pass": OnePassModel}
MEASURE = "NDCG@10"
# Development questions that choose the weights: drawn once by the seed, for all of them take as long as a pass.
WATCHED = 5000
# A list that is written code by code takes ten times as long: the weights of such a model are chosen by how likely the right
# items are, which tells more of as many questions, too, and its last figures are of some questions.
LIKELIHOOD, JUDGED = "log-likelihood", 2000


class SequenceScores:
    """Scores of a sequence model: logits of all items.

    Parameters
    ----------
    model : Network
        Trained; not one that writes.
    name : str
        What it is called.
    """

    logits = True
    """Its scores are logits, to whoever sums them with others."""

    def __init__(self, model: SequenceModel | TreeModel | OnePassModel | VaeModel, name: str):
        self.model, self.name = model.eval(), name

    def scores(self, histories: Histories) -> np.ndarray:
        """Float32 ``(histories, items)``; of an empty history 0 everywhere."""
        found = np.zeros((histories.people, self.model.items), np.float32)
        there = np.flatnonzero(histories.lengths)
        if len(there):
            chosen = histories.pick(there)
            width = min(int(chosen.lengths.max()), self.model.shape.longest)
            with torch.inference_mode():
                rows = torch.as_tensor(chosen.padded(width), device=next(self.model.parameters()).device)
                found[there] = self.model.scores(rows).float().cpu().numpy()
        return found


class _Choice(NamedTuple):
    """Questions that choose, and where the course is noted."""

    held: Held
    work: Path

    def look(self, model: Network, stretch: Stretch) -> Evaluation:
        """The model's measures on them."""
        if isinstance(model, TigerModel):
            likely = {LIKELIHOOD: likelihood(model, self.held)}
            return Evaluation(**stretch._asdict(), dev=likely, code_accuracy=(), detectors=(), watched=())
        values = judge(Ranked(SequenceScores(model, "")), self.held).values
        means = {name: float(of.mean()) for name, of in values.items()}
        return Evaluation(**stretch._asdict(), dev=means, code_accuracy=(), detectors=(), watched=())

    def note(self, seen: Evaluation) -> None:
        """A line of the history."""
        line = {
            "step": seen.step,
            "seconds": seen.seconds,
            "loss": seen.loss,
            "dev": round(next(seen.dev[name] for name in (LIKELIHOOD, MEASURE) if name in seen.dev), 5),
        }
        note_down(self.work, line)


def recommender_of(model: Network, name: str, beams: int) -> Recommender:
    """The recommender that a network is."""
    return Writing(model, name, beams) if isinstance(model, TigerModel) else Ranked(SequenceScores(model, name))


def model_of(spec: SequenceSpec, material: Material) -> Network:
    """The network that a spec asks for, its weights drawn by its seed.

    Raises
    ------
    TriescopeError
        The spec's fields contradict each other.
    """
    if spec.width % spec.heads:
        raise TriescopeError(f"width: {spec.width} is no multiple of {spec.heads} heads")
    torch.manual_seed(spec.seed)
    shape = Shape(spec.width, spec.blocks, spec.heads, spec.dropout, spec.longest)
    if spec.model in SIBLINGS:
        if spec.items != "ids" or spec.sampled:
            raise TriescopeError(
                f"{spec.model} has vectors of its own and no softmax over items: leave items at ids and sampled at 0"
            )
        return SIBLINGS[spec.model](material.trie, material.items, shape, spec.learning_rate)
    if spec.model == "tiger":
        if spec.items != "ids" or spec.sampled:
            raise TriescopeError("tiger reads and writes the codes of the tree: leave items at ids and sampled at 0")
        return TigerModel(material.trie, material.items, shape, spec.people, spec.learning_rate)
    if spec.distill or spec.people:
        raise TriescopeError("distill needs --model tree, one-pass or tiger, people needs --model tiger")
    if spec.model == "mult-vae":
        if spec.items != "ids" or spec.sampled:
            raise TriescopeError("mult-vae reads a bag of items and writes all of them: leave items at ids and sampled at 0")
        return VaeModel(material.items, shape, spec.learning_rate)
    causal, rate = spec.model == "sasrec", spec.learning_rate
    if spec.pieced:
        taken = np.bincount(material.split.train.items, minlength=material.items)
        cut = pieces.WAYS[spec.items](Pieced(pieces.codes_of(material.trie, material.items), taken, spec.rows))
        return SequenceModel(material.items, shape, causal, None, False, rate, torch.from_numpy(cut), spec.rows)
    vectors = None if spec.items == "ids" else torch.tensor(np.array(material.embeddings, np.float32))
    return SequenceModel(material.items, shape, causal, vectors, spec.items != "text", rate)


def loss_of(spec: SequenceSpec, material: Material, histories: Histories, tell: Tell) -> Loss:
    """The loss that a spec asks for, on histories of which some have two items or more."""
    if spec.model == "mult-vae":
        return Rewritten(histories.pick(histories.lengths > 0), spec.batch, spec.seed)
    of = NextItem(histories.pick(histories.lengths > 1), spec.batch, spec.seed, spec.sampled)
    if spec.model not in (*SIBLINGS, "tiger"):
        return of
    teacher = (material.matrix or item_item.made(material, {}, tell)) if spec.distill else None
    if spec.model == "tiger":
        written = material.trie.leaves_of(np.arange(material.items)) >= 0
        return NextCodes(histories, written, spec.batch, spec.seed, teacher, spec.distill)
    return NextIdentifier(of, teacher, spec.distill)


def train(material: Material, spec: SequenceSpec, folder: Path, tell: Tell | None = None) -> kept.Kept:
    """Train and store in ``folder``, in the place of what was there; goes on where an interrupted training of the same spec
    stopped.

    Raises
    ------
    TriescopeError
        Nobody has two items to learn from, the loss is not finite, nothing can be written.
    """
    together, work = crew(), layout.partial_of(folder)
    tell = together.only_first(tell)
    if together.follow(lambda: _train(material, spec, work, tell)):
        return kept.read(folder)
    with writing(folder.parent):
        work.mkdir(parents=True, exist_ok=True)
    with writing(folder.parent), alone(work, f"{folder.name}: another process is training it"):
        same_or_afresh(work, spec.digest(), spec.model_dump(mode="json"))
        together.wait()
        known, weights = _train(material, spec, work, tell)
        known = kept.store(folder, known, weights)
        for left in work.iterdir():
            left.unlink()
        work.rmdir()
    together.wait()
    return known


def _train(material: Material, spec: SequenceSpec, work: Path, tell: Tell) -> tuple[kept.Kept, dict[str, np.ndarray]]:
    train_on = material.split.train
    long = train_on.lengths > 1
    if not long.any():
        raise TriescopeError("nobody has two items in training, so there is no next one to learn")
    device = loop.device_for()
    model = model_of(spec, material).to(device)
    loss = loss_of(spec, material, train_on, tell)
    if not loss.steps:
        raise TriescopeError("no next item in training has an identifier, so there is none to be learned")
    dev, writes = material.split.dev, isinstance(model, TigerModel)
    order = np.random.default_rng([spec.seed, 7]).permutation(len(dev.targets))
    choice = _Choice(dev.pick(np.sort(order[:WATCHED])), work)
    budget = _Budget(spec, -(-loss.steps // crew().size))  # the steps of a pass, which all go through together
    measure = LIKELIHOOD if writes else MEASURE
    course = loop.fit(model, budget, loss, choice.look, work, tell, choice.note, measure)  # type: ignore[arg-type]
    model.load_state_dict(course.best)
    standing = course.standing
    tell("judging", 0, 0)
    judged = dev.pick(np.sort(order[:JUDGED])) if writes else dev
    values = judge(recommender_of(model, "", DEFAULT_BEAMS), judged).values
    known = kept.Kept(
        spec=spec.model_dump(mode="json"),
        weights="",  # known when they are written
        digest=spec.digest(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        device=crew().told(evaluation.device() if device == "cpu" else device),
        seed=spec.seed,
        steps=standing.step,
        best_step=standing.best_step,
        seconds=round(standing.seconds, 1),
        stopped=course.stopped,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        measure=measure,
        chosen_on=len(choice.held.targets),
        judged_on=len(judged.targets) if len(judged.targets) < len(dev.targets) else 0,
        history=tuple(map(Turn.model_validate_json, (work / layout.HISTORY).read_text("utf-8").splitlines())),
        dev={name: float(of.mean()) for name, of in values.items()},
    )
    return known, _arrays(model.state_dict())


def _arrays(state: dict[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: tensor.detach().cpu().numpy() for name, tensor in state.items()}


class _Budget:
    """A spec as the loop reads it: passes in steps, and an evaluation after every second pass where they are told."""

    average, patience = 0.0, 5

    def __init__(self, spec: SequenceSpec, steps: int):
        self.minutes, self.steps, self.patience, self.seed = spec.minutes, spec.epochs * steps, spec.patience, spec.seed
        # A pass of tiger asks for every item: by minutes it is looked at as often as the loop finds right.
        self.evaluate_every = 0 if spec.model == "tiger" and not spec.epochs else 2 * steps
        self._digest = spec.digest()

    def digest(self) -> str:
        """That of the spec."""
        return self._digest


def opened(material: Material, folder: Path, beams: int = DEFAULT_BEAMS) -> Recommender:
    """A trained model of a folder; ``beams`` are those of one that writes.

    Raises
    ------
    TriescopeError
        There is none, or it was trained for another catalogue.
    """
    known = kept.read(folder)
    model = model_of(SequenceSpec.model_validate(dict(known.spec)), material)
    found = {name: torch.tensor(array) for name, array in kept.tensors(folder, known).items()}
    try:
        model.load_state_dict(found)
    except RuntimeError as error:
        raise TriescopeError(f"{folder.name} was trained for another catalogue ({str(error).splitlines()[0][:80]})") from error
    return recommender_of(model, folder.name, beams)
