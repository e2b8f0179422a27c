"""Train a sequence model on histories; development chooses its weights, test is never read."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import Tensor

from engine import evaluation
from engine.builds import layout
from engine.builds.history import Evaluation
from engine.data.histories import Held
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.files import alone, writing
from engine.recommending.base import Material, Ranked
from engine.recommending.judging import judge
from engine.recommending.models import kept
from engine.recommending.models.joint import JointModel, searched
from engine.recommending.models.networks import Network, SequenceScores, loss_of, model_of, recommender_of
from engine.recommending.models.spec import SequenceSpec
from engine.recommending.models.tiger import TigerModel
from engine.recommending.models.tiger_draws import likelihood
from engine.recommending.queries import Queries
from engine.text.tuned import Turn
from engine.training import loop
from engine.training.budget import Stretch
from engine.training.checkpoint import note_down, same_or_afresh
from engine.training.crew import crew

log = logging.getLogger(__name__)
Tell = Callable[[str, int, int], None]
MEASURE = "NDCG@10"
# Development questions that choose the weights: drawn once by the seed, for all of them take as long as a pass.
WATCHED = 5000
# A list that is written code by code takes ten times as long: the weights of such a model are chosen by how likely the right
# items are, which tells more of as many questions, too, and its last figures are of some questions.
LIKELIHOOD, JUDGED = "log-likelihood", 2000
# What chooses the weights of a model of two tasks: both measures, by their shares.
BOTH = "both tasks"


class _Choice(NamedTuple):
    """Questions that choose, and where the course is noted."""

    held: Held
    work: Path
    spec: SequenceSpec
    queries: Queries | None

    def look(self, model: Network, stretch: Stretch) -> Evaluation:
        """The model's measures on them."""
        if isinstance(model, TigerModel):
            likely = {LIKELIHOOD: likelihood(model, self.held)}
            return Evaluation(**stretch._asdict(), dev=likely, code_accuracy=(), detectors=(), watched=())
        values = judge(Ranked(SequenceScores(model, "")), self.held).values
        means = {name: float(of.mean()) for name, of in values.items()}
        if isinstance(model, JointModel) and self.queries:
            means |= _of_queries(model, self.queries)
            means[BOTH] = (1 - self.spec.asked) * means[MEASURE] + self.spec.asked * means[f"search {MEASURE}"]
        return Evaluation(**stretch._asdict(), dev=means, code_accuracy=(), detectors=(), watched=())

    def note(self, seen: Evaluation) -> None:
        """A line of the history."""
        line = {
            "step": seen.step,
            "seconds": seen.seconds,
            "loss": seen.loss,
            "dev": round(next(seen.dev[name] for name in (LIKELIHOOD, BOTH, MEASURE) if name in seen.dev), 5),
        }
        note_down(self.work, line)


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
    choice = _Choice(dev.pick(np.sort(order[:WATCHED])), work, spec, material.queries)
    budget = _Budget(spec, -(-loss.steps // crew().size))  # the steps of a pass, which all go through together
    measure = LIKELIHOOD if writes else BOTH if spec.model == "joint" else MEASURE
    course = loop.fit(model, budget, loss, choice.look, work, tell, choice.note, measure, spec.cooling)  # type: ignore[arg-type]
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
        dev={name: float(of.mean()) for name, of in values.items()}
        | (_of_queries(model, material.queries) if isinstance(model, JointModel) else {}),
    )
    return known, _arrays(model.state_dict())


def _of_queries(model: JointModel, queries: Queries) -> dict[str, float]:
    return {f"search {name}": float(of.mean()) for name, of in searched(model, queries.dev).items()}


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
