import json
import time

import numpy as np
import pytest
import torch
from torch import nn

from engine.builds.history import Evaluation
from engine.errors import TriescopeError
from engine.training.checkpoint import Standing, load, save
from engine.training.loop import fit
from engine.training.spec import TrainSpec


class Line(nn.Module):
    """A regression whose batches depend on the step alone, with dropout to show that its randomness does too."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.dropout = nn.Linear(4, 1), nn.Dropout(0.5)

    def groups(self):
        return [{"params": list(self.layer.parameters()), "lr": 0.05}]


def loss_of(model, step, progress):
    rng = np.random.default_rng(step)
    points = torch.from_numpy(rng.normal(size=(8, 4)).astype(np.float32))
    loss = (model.layer(model.dropout(points)).squeeze(1) - points.sum(dim=1)).square().mean()
    return loss, {"squares": float(loss.detach())}


def seen(stretch, score):
    return Evaluation(**stretch._asdict(), dev={"score": score}, code_accuracy=(), detectors=(), watched=())


def evaluate(model, stretch):
    assert not model.training
    return seen(stretch, -float((model.layer.weight.detach() - 1).square().sum()))


def run(folder, steps, loss=loss_of, cooling=0.0, **fields):
    model, notes = Line(), []
    folder.mkdir(exist_ok=True)
    spec = TrainSpec(steps=steps, evaluate_every=fields.pop("every", 5), patience=fields.pop("patience", 99), **fields)
    course = fit(model, spec, loss, evaluate, folder, lambda *told: None, notes.append, "score", cooling)
    return model, course, notes


def test_going_on_from_a_checkpoint_equals_never_having_stopped(tmp_path):
    def until(step_of_death):
        def loss(model, step, progress):
            if step == step_of_death:
                raise KeyboardInterrupt
            return loss_of(model, step, progress)

        return loss

    whole, course, notes = run(tmp_path / "whole", 40)
    for death in (13, 27):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "parts", 40, until(death))
    again, other, later = run(tmp_path / "parts", 40)
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])
        assert torch.equal(course.best[name], other.best[name])
    assert [note.step for note in later] == [30, 35, 40]
    for mine, theirs in zip(notes[-3:], later, strict=True):
        assert (mine.loss, mine.losses, mine.dev) == (theirs.loss, theirs.losses, theirs.dev)
    assert other.standing._replace(seconds=0) == course.standing._replace(seconds=0)


def test_the_best_evaluation_is_kept_and_patience_ends_a_training(tmp_path):
    values = iter([2.0, 1.0, 3.0, 2.0, 3.0, 1.0, 9.0])
    model, weights = Line(), []

    def judge(now, stretch):
        weights.append(now.layer.weight.detach().clone())
        return seen(stretch, next(values))

    spec = TrainSpec(steps=100, evaluate_every=2, patience=3, average=0)
    course = fit(model, spec, loss_of, judge, tmp_path, lambda *told: None, lambda note: None, "score")
    assert (course.standing.step, course.standing.best_step, course.standing.best) == (10, 4, 3.0)
    assert course.stopped == "no better evaluation for 3 in a row"
    assert torch.equal(course.best["layer.weight"], weights[2])


def test_a_loss_that_is_no_number_stops_with_a_message_and_keeps_the_last_good_checkpoint(tmp_path):
    def loss(model, step, progress):
        value, parts = loss_of(model, step, progress)
        return value * (float("nan") if step == 12 else 1), parts

    with pytest.raises(TriescopeError, match="not a finite number at step 13; lower the learning rate"):
        run(tmp_path, 40, loss)
    kept = json.loads((tmp_path / "checkpoint.json").read_text())
    assert kept["step"] == 10
    assert (tmp_path / kept["tensors"]).is_file()


def test_time_is_the_budget_where_no_steps_are_asked_for(tmp_path):
    spec, begun = TrainSpec(minutes=0.01, patience=10**6), time.monotonic()
    course = fit(Line(), spec, loss_of, evaluate, tmp_path, lambda *told: None, lambda note: None, "score")
    assert course.stopped == "the budget is spent"
    assert time.monotonic() - begun >= 0.6
    assert course.standing.every >= 10


def test_averaged_weights_are_what_is_evaluated_and_kept(tmp_path):
    model, weights = Line(), []

    def loss(now, step, progress):
        weights.append(now.layer.weight.detach().clone())
        return loss_of(now, step, progress)

    spec = TrainSpec(steps=6, evaluate_every=6, average=0.5)
    course = fit(model, spec, loss, evaluate, tmp_path, lambda *told: None, lambda note: None, "score")
    average = None
    for step, after in enumerate([*weights[1:], model.layer.weight.detach()], 1):
        share = min(0.5, step / (step + 9))
        average = after if average is None else share * average + (1 - share) * after
    assert torch.allclose(course.best["layer.weight"], average, atol=1e-6)


def test_a_training_that_only_makes_it_worse_ends_with_its_start(tmp_path):
    values, model = iter([5.0, 4.0, 3.0, 2.0]), Line()
    start = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    spec = TrainSpec(steps=3, evaluate_every=1)
    judge = lambda now, stretch: seen(stretch, next(values))  # noqa: E731
    course = fit(model, spec, loss_of, judge, tmp_path, lambda *told: None, lambda note: None, "score")
    assert course.standing.best_step == 0
    assert all(torch.equal(course.best[name], tensor) for name, tensor in start.items())


@pytest.mark.parametrize("harm", ["digest", "tensors gone", "cut", "not json"])
def test_a_checkpoint_of_another_training_or_a_damaged_one_is_none(tmp_path, harm):
    model = Line()
    optimiser = torch.optim.AdamW(model.groups())
    loss_of(model, 0, 0)[0].backward()
    optimiser.step()
    save(tmp_path, "one", Standing(step=3), model, optimiser, {}, {})
    assert load(tmp_path, "one", model, optimiser)[0].step == 3
    if harm == "tensors gone":
        (tmp_path / "checkpoint-3.safetensors").unlink()
    elif harm == "cut":
        path = tmp_path / "checkpoint-3.safetensors"
        path.write_bytes(path.read_bytes()[:20])
    elif harm == "not json":
        (tmp_path / "checkpoint.json").write_text("{")
    assert load(tmp_path, "two" if harm == "digest" else "one", model, optimiser) is None


def test_where_the_distance_is_left_open_the_first_stretch_is_looked_at_twice_more(tmp_path):
    _, _, notes = run(tmp_path, 150, every=0)
    assert [note.step for note in notes][:6] == [0, 2, 5, 10, 20, 30]
    _, _, notes = run(tmp_path / "asked", 30, every=10)
    assert [note.step for note in notes] == [0, 10, 20, 30]


def test_the_learning_rate_rises_over_the_first_steps_also_when_a_training_goes_on(tmp_path):
    # A gradient of 1 that never changes moves a weight by the learning rate, as AdamW has no decay here.
    def pull(model, step, progress):
        if len(weights) == 8 and not resumed:
            raise KeyboardInterrupt
        weights.append(float(model.layer.bias.detach()))
        return model.layer.bias.sum() + 0 * model.layer.weight.sum(), {}

    weights, resumed = [], False
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, 60, pull, every=6)
    weights, resumed = weights[:6], True
    run(tmp_path, 60, pull, every=6)
    moved = -np.diff(weights)
    assert moved == pytest.approx([0.05 * min(1.0, (step + 1) / 50) for step in range(59)], rel=1e-3)


def test_the_learning_rate_falls_to_nothing_over_the_last_steps_where_it_is_asked_to(tmp_path):
    def pull(model, step, progress):
        weights.append(float(model.layer.bias.detach()))
        return model.layer.bias.sum() + 0 * model.layer.weight.sum(), {}

    weights = []
    run(tmp_path, 100, pull, cooling=0.2)
    shares = [min(1.0, (step + 1) / 50, (100 - step) / 20) for step in range(99)]
    assert -np.diff(weights) == pytest.approx([0.05 * share for share in shares], rel=1e-3)


def test_a_copy_of_a_model_shares_what_the_build_gave(tmp_path):
    from copy import deepcopy

    from engine.scorers.kinds import Parts

    parts = Parts(None, np.zeros(3), [], "none")
    assert deepcopy([parts])[0] is parts
