"""IRGAN: one learns alone at first, then each from the other; the draws' mean is the gradient that they stand for."""

import numpy as np
import pytest
import torch

from engine.data.histories import Histories
from engine.recommending.models import irgan
from engine.recommending.models.irgan import Contest, IrganModel
from engine.recommending.models.sequence import Shape
from tests.engine.recommending.baskets import ITEMS

ROWS = [[3, 7], [5, 2], [9, 4]]


def made():
    torch.manual_seed(0)
    return IrganModel(ITEMS, Shape(width=8, dropout=0.0, longest=8))


def test_at_first_the_one_who_draws_learns_the_item_that_came_alone():
    model = made()
    found, parts = Contest(Histories.of(ROWS), 3, 0)(model, 0, 0.0)
    expected = [-torch.log_softmax(model.scores(torch.tensor([[first]]))[0], 0)[second].item() for first, second in ROWS]
    assert found.item() == pytest.approx(np.mean(expected), abs=1e-5)
    assert set(parts) == {"came"}
    found.backward()
    assert all(of.grad is None for of in model.tells.parameters())


def test_then_it_learns_what_the_other_takes_for_true(monkeypatch):
    # With so many draws their mean is the expectation: the sum over all items of chance times reward, and its gradient.
    monkeypatch.setattr(irgan, "DRAWN", 40_000)
    model = made()
    with torch.no_grad():
        model.tells.written.weight.mul_(10)
    Contest(Histories.of(ROWS), 3, 0)(model, 0, 0.9)[0].backward()
    found = model.draws.bias.grad.clone()
    read = torch.tensor([[first] for first, _ in ROWS])
    reward = 2 * torch.sigmoid(model.tells.of_all(model.tells.people(read))).detach() - 1
    model.zero_grad()
    (-(torch.softmax(model.scores(read), 1) * reward).sum(1).mean()).backward()
    assert found.numpy() == pytest.approx(model.draws.bias.grad.numpy(), abs=2e-3)
    assert np.abs(model.draws.bias.grad.numpy()).max() > 5e-3


def test_the_other_tells_what_was_taken_from_what_was_drawn():
    model = made()
    _, parts = Contest(Histories.of(ROWS), 3, 0)(model, 0, 0.9)
    torch.manual_seed(0)
    optimiser = torch.optim.Adam(model.tells.parameters(), 0.05)
    for step in range(30):
        optimiser.zero_grad()
        loss, last = Contest(Histories.of(ROWS), 3, 0)(model, step, 0.9)
        loss.backward()
        optimiser.step()
    assert last["told apart"] < 0.7 * parts["told apart"]
    with torch.no_grad():
        told = torch.sigmoid(model.tells.of(model.tells.people(torch.tensor([[3], [5]])), torch.tensor([[7, 11], [2, 11]])))
    assert (told[:, 0] > told[:, 1]).all()
