"""One step in place of decoding: an item is the sum of its codes' log-probabilities, a level at a time."""

import numpy as np
import pytest
import torch

from engine.recommending.models.one_pass import OnePassModel
from engine.recommending.models.pieces import codes_of
from engine.recommending.models.sequence import Shape
from engine.trie import build
from tests.engine.recommending.baskets import ITEMS, material

SMALL = Shape(16, 1, 2, 0.0, 8)


def made(trie):
    torch.manual_seed(0)
    return OnePassModel(trie, ITEMS, SMALL).eval()


def test_an_item_has_the_sum_of_its_codes():
    of = material()
    model, codes = made(of.trie), codes_of(of.trie, ITEMS)
    with torch.no_grad():
        history = torch.tensor([[-1, 3, 7], [5, 2, 1]])
        states, found = model.states(history)[:, -1], model.scores(history).numpy()
        heads = [torch.log_softmax(head(states), 1).numpy() for head in model.heads]
        for item in range(ITEMS):
            said = sum(level[:, code] for level, code in zip(heads, codes[item], strict=True) if code >= 0)
            assert found[:, item] == pytest.approx(said, abs=1e-5)
        nats = model.nats(states[:1].expand(ITEMS, -1), torch.arange(ITEMS))
    assert nats.numpy() == pytest.approx(-found[0], abs=1e-5)


def test_an_item_without_an_identifier_never_comes():
    codes = codes_of(material().trie, ITEMS)
    codes[5] = -1
    codes[6, 1:] = -1 if not (np.delete(codes, 6, 0)[:, 0] == codes[6, 0]).any() else codes[6, 1:]
    with torch.no_grad():
        found = made(build(codes)).scores(torch.tensor([[3, 7]]))
    assert found[0, 5] == -torch.inf
    assert torch.isfinite(found[0, torch.arange(ITEMS) != 5]).all()
