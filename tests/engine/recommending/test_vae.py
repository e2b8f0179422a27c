"""Mult-VAE: a bag knows no order, its loss is that of a loop, the pull comes slowly."""

import numpy as np
import pytest
import torch

from engine.data.histories import Histories
from engine.recommending.models import vae
from engine.recommending.models.sequence import Shape
from engine.recommending.models.vae import Rewritten, VaeModel
from tests.engine.recommending.baskets import ITEMS

ROWS = [[3, 7, 1], [5, 2]]


def made(dropout=0.0):
    torch.manual_seed(0)
    return VaeModel(ITEMS, Shape(width=8, dropout=dropout, longest=8))


def test_a_bag_has_no_order_and_no_padding():
    model = made().eval()
    with torch.no_grad():
        one, other = (model.scores(torch.tensor([row])) for row in ([3, 7, 1], [-1, 1, 3, 7]))
        assert torch.allclose(one, other, atol=1e-6)
        assert torch.isfinite(model.scores(torch.tensor([[-1, -1]]))).all()


def test_the_loss_is_that_of_a_loop_and_the_pull_comes_slowly(monkeypatch):
    model, loss = made(), Rewritten(Histories.of(ROWS), 2, 0)
    monkeypatch.setattr(torch, "randn_like", torch.zeros_like)
    with torch.no_grad():
        found, parts = loss(model, 0, 0.0)
        nats, pull = [], []
        for row in ROWS:
            bag = sum(model.read.weight[item] for item in row) / len(row) ** 0.5
            mean, spread = model.middle(torch.tanh(bag + model.read_bias)).split(8)
            shares = torch.log_softmax(torch.tanh(model.wide(mean)) @ model.written.weight.T + model.bias, 0)
            nats.append(-float(sum(shares[item] for item in row)))
            pull.append(float(0.5 * (mean**2 + spread.exp() - 1 - spread).sum()))
        assert float(found) == pytest.approx(np.mean(nats), abs=1e-4)
        assert parts["pull"] == pytest.approx(np.mean(pull), abs=1e-4)
        late = loss(model, 1000, 0.0)[0]
    assert float(late) == pytest.approx(np.mean(nats) + vae.PULL * np.mean(pull), abs=1e-4)


def test_items_fall_out_of_a_bag_while_it_learns():
    model, rows = made(dropout=0.5), torch.arange(ITEMS)[None]
    one, other = (model.scores(rows) for _ in range(2))
    assert not torch.allclose(one, other)
    assert torch.equal(*(model.eval().scores(rows) for _ in range(2)))
