"""One model for both tasks: the same nodes answer either, each task has its share, made queries say their item's words."""

import json

import numpy as np
import pytest
import torch

from engine.errors import TriescopeError
from engine.recommending import queries
from engine.recommending.models import networks, train
from engine.recommending.models.draws import NextItem
from engine.recommending.models.joint import JointModel, NextOrAsked, searched
from engine.recommending.models.sequence import Shape
from engine.recommending.models.spec import SequenceSpec
from engine.recommending.models.tree_draws import NextIdentifier
from engine.recommending.queries import Asked, Queries
from tests.engine.recommending.baskets import ITEMS, embeddings, material

VECTORS = embeddings()
SMALL = SequenceSpec(model="joint", epochs=40, width=16, batch=20, dropout=0.1, longest=8, learning_rate=1e-2, patience=99)


def asking():
    whole = Asked(VECTORS, np.arange(ITEMS))
    rng = np.random.default_rng(5)
    near = VECTORS + 0.05 * rng.normal(size=VECTORS.shape).astype(np.float32)
    return Queries(whole, Asked(near, np.arange(ITEMS)))


def test_a_query_is_scored_by_the_same_nodes_as_a_history():
    of = material()
    torch.manual_seed(0)
    model = JointModel(of.trie, ITEMS, Shape(16, 1, 2, 0.0, 8), VECTORS.shape[1]).eval()
    rows, scores = model.search(VECTORS[:3], ITEMS)
    with torch.no_grad():
        expected = model.of_leaves(model.query(torch.from_numpy(VECTORS[:3]))).numpy()
    assert np.sort(rows, axis=1).tolist() == [list(range(ITEMS))] * 3
    assert scores == pytest.approx(np.take_along_axis(expected, rows, 1))
    assert (np.diff(scores, axis=1) <= 0).all()
    assert np.exp(scores).sum(1) == pytest.approx([1, 1, 1], abs=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_loss_is_that_of_both_tasks_by_their_shares(share):
    of, asked = material(), asking().train
    torch.manual_seed(0)
    model = JointModel(of.trie, ITEMS, Shape(16, 1, 2, 0.0, 8), VECTORS.shape[1]).eval()
    histories = of.split.train
    next_one = NextIdentifier(NextItem(histories.pick(histories.lengths > 1), 10, 0))
    with torch.no_grad():
        found, parts = NextOrAsked(next_one, asked, share)(model, 3, 0.0)
        came = float(next_one(model, 3, 0.0)[0])
        drawn = np.random.default_rng([0, 3, 31]).integers(0, ITEMS, 256)
        all_items = -model.of_leaves(model.query(torch.from_numpy(VECTORS))).diagonal().numpy()
    assert float(found) == pytest.approx((1 - share) * came + share * all_items[drawn].mean(), abs=1e-4)
    assert set(parts) == {name for name, there in (("came", share < 1), ("asked", share > 0)) if there}


def test_both_are_learned_and_the_model_is_opened_again(tmp_path):
    of = material()._replace(queries=asking())
    known = train.train(of, SMALL, tmp_path / "joint")
    assert known.measure == "both tasks"
    assert known.dev["R@10"] > 0.6
    assert known.dev["search R@5"] > 0.8
    model = networks.opened_joint(of, tmp_path / "joint")
    assert searched(model, asking().dev)["R@5"].mean() == pytest.approx(known.dev["search R@5"])
    train.train(of, SequenceSpec(epochs=1, width=16, longest=8), tmp_path / "one")
    with pytest.raises(TriescopeError, match="one answers histories alone"):
        networks.opened_joint(of, tmp_path / "one")


def test_made_queries_say_some_of_what_is_said_of_their_item():
    said = [["red", "nail", "red nail", "brand=opi"], [], ["hat"]]
    asked = queries.made(said, np.arange(3), lambda texts: np.array([[len(text)] for text in texts]), 4)
    assert asked.items.tolist() == [0, 2]
    text = queries.keyphrase(said[0], [4, 0])
    assert asked.vectors[0, 0] == len(text)
    left = text
    for term in sorted({"red", "nail", "red nail", "opi"}, key=len, reverse=True):
        left = left.replace(term, "", 1)
    assert not left.strip(" rednail")
    found = queries.of_catalogue(said, np.eye(3), lambda texts: np.ones((len(texts), 3)), 0)
    assert found.train.items.tolist() == [0, 1, 2, 0, 2]
    assert found.dev.items.tolist() == [0, 2]


def test_the_shell_trains_it_and_asks_it(build, shell):
    assert shell("train-next", build.folder, "--model", "joint", "--epochs", 2, "--width", 16, "--name", "two")[0] == 0
    found = json.loads(shell("search-next", build.folder, build.documents[3].title, "-m", "two", "--json")[1])
    assert len(found["hits"]) == 10
    assert {hit["id"] for hit in found["hits"]} <= {document.id for document in build.documents}
