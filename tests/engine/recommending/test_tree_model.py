"""A tree over histories: a proper distribution over the catalogue, the loss its logarithm, a teacher that draws by its mass."""

import numpy as np
import pytest
import torch

from engine.data.histories import Histories
from engine.recommending import item_item
from engine.recommending.models import networks, train
from engine.recommending.models.sequence import Shape
from engine.recommending.models.spec import SequenceSpec
from engine.recommending.models.tree import TreeModel
from engine.recommending.models.tree_draws import drawn_from
from tests.engine.recommending.baskets import ITEMS, material


@pytest.fixture(scope="module")
def of():
    return material()


@pytest.fixture(scope="module")
def model(of):
    torch.manual_seed(0)
    made = TreeModel(of.trie, ITEMS, Shape(16, 1, 2, 0.0, 8)).eval()
    with torch.no_grad():
        made.nodes.weight.mul_(50)
        made.bias.normal_()
    return made


def test_the_probability_of_an_item_is_that_of_its_codes(of, model):
    with torch.no_grad():
        states = model.states(torch.tensor([[3, 7, 1], [-1, -1, 5]]))[:, -1]
        found = model.of_leaves(states).numpy().astype(float)
    logits = (states @ model.nodes.weight.detach().T + model.bias.detach()).numpy().astype(float)
    for item in range(ITEMS):
        for row in range(2):
            total = 0.0
            for node in of.trie.path(item):
                siblings = of.trie.children(np.array([of.trie.parent(node)])).node
                total += logits[row, node] - np.log(np.exp(logits[row, siblings]).sum())
            assert found[row, item] == pytest.approx(total, abs=1e-4)
    assert np.exp(found).sum(1) == pytest.approx([1, 1], abs=1e-5)


def test_the_loss_is_the_negative_logarithm_of_that(model):
    with torch.no_grad():
        states = model.states(torch.tensor([[3, 7, 1]] * ITEMS))[:, -1]
        nats = model.nats(states, torch.arange(ITEMS))
        assert torch.allclose(nats, -model.of_leaves(states).diagonal(), atol=1e-4)


def test_the_teacher_draws_by_the_mass_of_the_matrix(of):
    matrix = item_item.made(of, {}, lambda stage, done, total: None)
    rows = np.tile(np.array([[-1, 3, 7]]), (4000, 1))
    told = np.zeros(rows.shape, bool)
    told[:, 2] = True
    drawn, there = drawn_from(matrix, rows, told, np.random.default_rng(0))
    assert there.all()
    mass = matrix.scores(Histories.of([[3, 7]]))[0].astype(float)
    assert np.bincount(drawn, minlength=ITEMS) / 4000 == pytest.approx(mass / mass.sum(), abs=0.03)
    told[:] = False
    told[:, 1] = True
    drawn, _ = drawn_from(matrix, rows, told, np.random.default_rng(0))
    alone = matrix.scores(Histories.of([[3]]))[0].astype(float)
    assert np.bincount(drawn, minlength=ITEMS) / 4000 == pytest.approx(alone / alone.sum(), abs=0.03)


def test_it_is_trained_taught_and_opened_again(of, tmp_path):
    spec = SequenceSpec(model="tree", epochs=30, width=16, heads=2, dropout=0.1, batch=20, distill=0.5, longest=8, patience=99)
    known = train.train(of, spec, tmp_path / "tree")
    assert known.dev["R@10"] > 0.6
    opened = networks.opened(of, tmp_path / "tree")
    assert opened.scores(of.split.dev.histories).shape == (len(of.split.dev.targets), ITEMS)
