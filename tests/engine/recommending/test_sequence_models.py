"""Sequence models: what comes later changes nothing earlier, thirty are learned by heart, a resumed training is the same."""

import numpy as np
import pytest
import torch

from engine.builds.layout import partial_of
from engine.data.histories import Histories
from engine.errors import TriescopeError
from engine.recommending import item_item
from engine.recommending.judging import judge
from engine.recommending.models import draws, full_softmax, kept, networks, train
from engine.recommending.models.draws import NextItem
from engine.recommending.models.networks import loss_of
from engine.recommending.models.sequence import SequenceModel, Shape
from engine.recommending.models.spec import SequenceSpec, spec_of
from engine.recommending.queries import Asked, Queries
from tests.engine.recommending.baskets import ITEMS, lists, material

SMALL = Shape(width=16, blocks=2, heads=2, dropout=0.0, longest=8)


MODELS = ("sasrec", "bert4rec", "tree", "one-pass", "joint", "tiger", "mult-vae", "diffrec", "irgan")


def queried(of):
    """The same with queries, which joint needs: each item's own text."""
    asked = Asked(of.embeddings, np.arange(ITEMS))
    return of._replace(queries=Queries(asked, asked))


def model(causal=True, **more):
    torch.manual_seed(0)
    return SequenceModel(ITEMS, SMALL, causal, **more).eval()


def test_a_later_item_changes_nothing_earlier():
    made, history = model(), torch.tensor([[-1, 3, 7, 1, 9]])
    changed = torch.tensor([[-1, 3, 7, 2, 4]])
    with torch.no_grad():
        one, other = (made(rows, made.item_vectors()) for rows in (history, changed))
    assert torch.equal(one[:, :3], other[:, :3])
    assert not torch.allclose(one[:, 3:], other[:, 3:])


def test_one_that_reads_both_ways_sees_what_comes_later():
    made = model(causal=False)
    with torch.no_grad():
        one, other = (made(torch.tensor([[3, 7, last]]), made.item_vectors()) for last in (1, 2))
    assert not torch.allclose(one[:, 0], other[:, 0])


def test_padding_changes_nothing():
    made = model()
    with torch.no_grad():
        short, padded = (made.scores(torch.tensor([row])) for row in ([3, 7], [-1, -1, 3, 7]))
    assert torch.allclose(short, padded, atol=1e-6)


def test_the_loss_is_that_of_every_true_position():
    # Of every width that is read apart: up to five items, up to ten, and longer than the model reads.
    made, rows = model(), [[3, 7, 1], [5, 2], list(range(8)), [9, 8, 7, 6, 5, 4]]
    loss = NextItem(Histories.of(rows), len(rows), 0)
    with torch.no_grad():
        found = float(loss(made, 0, 0.0)[0])
        expected = []
        for row in rows:
            for place in range(1, len(row)):
                state = made(torch.tensor([row[:-1]]), made.item_vectors())[0, place - 1]
                scores = state @ made.table.weight[:ITEMS].T
                expected.append(float(torch.nn.functional.cross_entropy(scores, torch.tensor(row[place]))))
    assert found == pytest.approx(np.mean(expected), abs=1e-5)


def test_the_loss_in_pieces_and_its_gradient_are_those_of_the_whole(monkeypatch):
    monkeypatch.setattr(full_softmax, "TOGETHER", 4)
    torch.manual_seed(1)
    targets, found = torch.randint(0, 9, (10,)), {}
    for name, loss in (
        ("pieces", full_softmax.nats),
        ("whole", lambda states, vectors, of: torch.nn.functional.cross_entropy(states @ vectors.T, of)),
    ):
        torch.manual_seed(2)
        states, vectors = torch.randn(10, 3, requires_grad=True), torch.randn(9, 3, requires_grad=True)
        value = 2 * loss(states, vectors, targets)
        value.backward()
        found[name] = torch.cat([value.detach()[None], states.grad.ravel(), vectors.grad.ravel()])
    assert torch.allclose(found["pieces"], found["whole"], atol=1e-6)


def test_each_pass_takes_everybody_once():
    loss = NextItem(Histories.of(lists(11)), 4, 0)
    assert sorted(np.concatenate([loss.people(step) for step in range(3)]).tolist()) == list(range(11))
    assert loss.people(0).tolist() != loss.people(3).tolist()


def test_bert4rec_hides_the_share_that_is_asked_for_and_the_last_item_in_a_third():
    rows = torch.arange(20).expand(3000, 20)
    for share in (0.2, 0.6):
        hidden = draws.hidden(rows, share, 3, 0).float().mean(0)
        assert hidden[:-1].mean() == pytest.approx(share, abs=0.01)
        assert hidden[-1] == pytest.approx(share + (1 - share) / 3, abs=0.04)
    assert not draws.hidden(torch.full((9, 4), -1), 0.9, 3, 0).any()
    spec = SequenceSpec(model="bert4rec")
    assert loss_of(spec.model_copy(update={"hidden": 0.2}), material(), Histories.of(lists(9)), print).hidden == 0.2
    assert SequenceSpec(model="bert4rec", hidden=0.2).digest() != spec.digest() == SequenceSpec(model="bert4rec").digest()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"model": "bert4rec"},
        {"sampled": 20, "items": "both"},
        {"items": "ngrams"},
        *({"model": name, "epochs": 120} for name in ("tree", "one-pass", "joint", "mult-vae")),
        {"model": "diffrec", "epochs": 300, "dropout": 0.1},
        {"model": "irgan", "epochs": 300},
    ],
)
def test_thirty_people_are_learned_by_heart(tmp_path, asked):
    rng = np.random.default_rng(1)
    rows = [rng.permutation(ITEMS)[:5].tolist() for _ in range(30)]
    of = queried(material())
    held = of.split.dev._replace(
        people=np.arange(30, dtype=np.int32),
        histories=Histories.of([row[:-1] for row in rows]),
        targets=np.array([row[-1] for row in rows], np.int32),
    )
    nobody = held.pick(slice(0, 0))
    learned = of._replace(split=of.split._replace(train=Histories.of(rows), dev=held, test=nobody))
    plain = {"epochs": 60, "width": 32, "heads": 2, "dropout": 0.0, "batch": 30, "learning_rate": 1e-2, "patience": 99}
    spec = SequenceSpec.model_validate(plain | asked)
    known = train.train(learned, spec, tmp_path / "heart")
    # DiffRec learns to leave a history as it is, and only by what falls out of it to fill in what is missing.
    assert known.dev["R@5"] > (0.8 if spec.model == "diffrec" else 0.9)
    again = judge(networks.opened(learned, tmp_path / "heart"), held).values
    assert again["R@5"].mean() == pytest.approx(known.dev["R@5"])


class Stopped(Exception):
    """As a kill would."""


@pytest.mark.parametrize("name", [name for name in MODELS if name != "tiger"])  # which has one of its own
def test_a_training_that_was_stopped_goes_on_as_if_it_never_was(tmp_path, name):
    of = queried(material())
    spec = SequenceSpec(model=name, epochs=6, width=16, batch=20, dropout=0.2, longest=8, cooling=0.5)
    whole = train.train(of, spec, tmp_path / "whole")

    def stop(stage, done, total):
        if done == 14:
            raise Stopped

    with pytest.raises(Stopped):
        train.train(of, spec, tmp_path / "halves", stop)
    assert partial_of(tmp_path / "halves").is_dir()
    assert not kept.is_there(tmp_path / "halves")
    halves = train.train(of, spec, tmp_path / "halves")
    assert halves.weights == whole.weights
    assert [turn.dev for turn in halves.history] == [turn.dev for turn in whole.history]
    assert not partial_of(tmp_path / "halves").exists()


@pytest.mark.parametrize("name", MODELS)
def test_any_history_has_a_list(name):
    of = material()
    network = networks.model_of(SequenceSpec(model=name, width=16, heads=2, longest=5), of)
    asked = [[3], [3, 3, 3], [*range(12)] * 4, []]  # of one item, with repeats, longer than it reads, empty
    found = networks.recommender_of(network, name, ITEMS).recommend(Histories.of(asked), 8).rows
    for row, history in zip(found, asked, strict=True):
        assert len(set(row.tolist())) == 8
        assert row.min() >= 0
        assert not set(row.tolist()) & set(history)


@pytest.mark.parametrize("name", MODELS)
def test_a_loss_makes_nothing_elsewhere_than_where_the_weights_are(name):
    of = queried(material())
    of = of._replace(matrix=item_item.made(of, {}, lambda *told: None))
    more = {"sasrec": {"sampled": 5}, "tree": {"distill": 0.5}, "one-pass": {"distill": 0.5}, "tiger": {"distill": 0.5}}
    spec = SequenceSpec(**{"model": name, "width": 16, "heads": 2, "dropout": 0.0} | more.get(name, {}))
    network = networks.model_of(spec, of).eval()
    loss = networks.loss_of(spec, of, of.split.train, lambda *told: None)
    torch.manual_seed(0)
    here = loss(network, 0, 0.0)[0]
    torch.manual_seed(0)
    with torch.device("meta"):  # a tensor that does not say where it is would have no numbers
        again = loss(network, 0, 0.0)[0]
    assert again.item() == here.item()


def test_the_test_is_never_read(tmp_path):
    of, spec = material(), SequenceSpec(epochs=2, width=16, longest=8)
    there = train.train(of, spec, tmp_path / "there")
    gone = train.train(of._replace(split=of.split._replace(test=None)), spec, tmp_path / "gone")
    assert there.weights == gone.weights


@pytest.mark.parametrize("name", MODELS)
def test_nothing_is_learned_from_development(tmp_path, name):
    """It chooses among the weights, so that it must be there; with other answers in it every step is the same."""
    of = queried(material(20))
    of = of._replace(split=of.split._replace(test=None))
    if name in ("tree", "tiger"):
        of = of._replace(matrix=item_item.made(of, {}, lambda *told: None))
    dev = of.split.dev
    other = dev._replace(targets=(dev.targets + 1) % ITEMS, histories=Histories.of([[5]] * dev.histories.people))
    spec = SequenceSpec(model=name, epochs=2, width=8, blocks=1, heads=1, batch=10, distill=0.5 if of.matrix else 0)
    found = {}
    for said, held in (("one", dev), ("other", other)):
        learned = of._replace(split=of.split._replace(dev=held))
        found[said] = [turn.loss for turn in train.train(learned, spec, tmp_path / said).history]
    assert found["one"] == found["other"]
    assert found["one"][-1] > 0


def test_what_is_wrong_is_said(tmp_path):
    of = material()
    with pytest.raises(TriescopeError, match="no multiple of 3 heads"):
        networks.model_of(SequenceSpec(width=16, heads=3), of)
    alone = of._replace(split=of.split._replace(train=Histories.of([[1], [2]])))
    for asked in ({"distill": 0.5}, {"model": "tree", "items": "text"}, {"model": "tree", "sampled": 5}):
        with pytest.raises(TriescopeError, match="tree"):
            networks.model_of(SequenceSpec(**asked), of)
    for name in ("one-pass", "mult-vae", "diffrec", "irgan"):
        with pytest.raises(TriescopeError, match=f"{name} .* leave items at ids"):
            networks.model_of(SequenceSpec(model=name, items="text"), of)
    with pytest.raises(TriescopeError, match="nobody has two items in training"):
        train.train(alone, SequenceSpec(epochs=1), tmp_path / "alone")
    with pytest.raises(TriescopeError, match="model: "):
        spec_of({"model": "gru"})
    with pytest.raises(TriescopeError, match="none has not been trained"):
        networks.opened(of, tmp_path / "none")
    train.train(of, SequenceSpec(epochs=1, width=16, longest=8), tmp_path / "one")
    with pytest.raises(TriescopeError, match="was trained for another catalogue"):
        networks.opened(of._replace(embeddings=of.embeddings[:20]), tmp_path / "one")
    path = next((tmp_path / "one").glob("weights-*"))
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(TriescopeError, match="have changed since they were saved"):
        networks.opened(of, tmp_path / "one")


def test_an_empty_history_is_scored_alike_everywhere():
    scores = networks.SequenceScores(model(), "m").scores(Histories.of([[], [3]]))
    assert (scores[0] == 0).all()
    assert scores[1].std() > 0
