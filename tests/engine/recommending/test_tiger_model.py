"""TIGER: what it reads, that its lists are those of all probabilities, that only identifiers come, and that it learns."""

import numpy as np
import pytest
import torch

from engine.builds.layout import partial_of
from engine.data.histories import Histories
from engine.decoding import decode
from engine.errors import TriescopeError
from engine.recommending.base import Material, unseen
from engine.recommending.judging import judge
from engine.recommending.models import networks, train, writing_many
from engine.recommending.models.sequence import Shape
from engine.recommending.models.spec import SequenceSpec
from engine.recommending.models.tiger import NOBODY, PEOPLE, TigerModel
from engine.recommending.models.tiger_draws import NextCodes, likelihood
from engine.recommending.models.writing import Writing
from engine.training.models.t5 import SIZES
from engine.trie import build
from tests.engine.recommending.baskets import ITEMS, lists, material

SMALL = {"model": "tiger", "width": 32, "blocks": 1, "heads": 2, "dropout": 0.0, "longest": 5, "batch": 40, "learning_rate": 1e-2}


@pytest.fixture(scope="module")
def of():
    return material()


@pytest.fixture(scope="module")
def model(of):
    torch.manual_seed(0)
    made = TigerModel(of.trie, ITEMS, Shape(32, 1, 2, 0.0, 3), people=7).eval()
    with torch.no_grad():
        made.network.embedding.weight.mul_(2)
    return made


def test_it_reads_the_person_and_the_codes_of_the_last_items(of, model):
    codes, sizes = of.trie.path, model.network.codes
    first = [PEOPLE + 7 + sum(sizes[:level]) for level in range(len(sizes))]
    found = model.tokens(Histories.of([[3, 1, 5, 9], [], [2]]), np.array([15, 3, -1]))
    for row, (begin, items) in enumerate([(PEOPLE + 1, [1, 5, 9]), (PEOPLE + 3, []), (NOBODY, [2])]):
        spelled = [first[level] + int(of.trie.code[node]) for item in items for level, node in enumerate(codes(item))]
        assert found[row].tolist() == [begin, *spelled]
    assert model.tokens(Histories.of([[2]]))[0][0] == NOBODY


def test_a_full_beam_is_the_order_of_all_probabilities_and_names_no_item_of_the_history(model):
    history, beams = [3, 1], Writing(model, "tiger", ITEMS)
    with torch.no_grad():
        read = model.network.encode(model.tokens(Histories.of([history])))
        nats = model.nats(read, torch.zeros(ITEMS, dtype=torch.int64), np.arange(ITEMS)).numpy()
    found = beams.recommend(Histories.of([history]), ITEMS, seen=True)
    assert sorted(found.rows[0].tolist()) == list(range(ITEMS))
    assert np.allclose(-found.scores[0], nats[found.rows[0]], atol=1e-3)
    left = beams.recommend(Histories.of([history]), ITEMS).rows[0]
    assert sorted(left[left >= 0].tolist()) == sorted(set(range(ITEMS)) - set(history))
    trace = Writing(model, "tiger", 4).trace(np.array(history))
    assert set(trace.leaves.tolist()) <= set(model.trie.leaves_of(np.arange(ITEMS)).tolist())


def test_the_likelihood_is_the_mean_over_questions_whatever_their_lengths(of, model):
    held = of.split.dev.pick(slice(0, 9))
    alone = []
    for row, target in enumerate(held.targets):
        found = Writing(model, "tiger", ITEMS).recommend(
            held.histories.pick(slice(row, row + 1)), ITEMS, seen=True, people=held.people[row : row + 1]
        )
        alone.append(float(found.scores[0][found.rows[0].tolist().index(target)]))
    assert likelihood(model, held) == pytest.approx(np.mean(alone), abs=1e-3)


def test_many_histories_at_once_are_written_as_each_alone(monkeypatch):
    codes = np.array([[0, 1, 2], [0, 0, -1], [1, -1, -1], [-1, -1, -1], [0, 1, 2], [2, 1, 0], [2, 1, 1], [2, 0, -1]], np.int32)
    rng = np.random.default_rng(0)
    codes = np.concatenate([codes, rng.integers([3, 0, 0], [8, 5, 5], (60, 3))]).astype(np.int32)
    items = len(codes)
    torch.manual_seed(0)
    made = TigerModel(build(codes), items, Shape(16, 2, 2, 0.0, 4), people=3).eval()
    with torch.no_grad():
        made.network.embedding.weight.mul_(3)
    drawn = [rng.integers(0, items, size) for size in range(1, 9)]
    histories = Histories.of([[], [3], list(range(items)), [0], [4, 4, 0], *drawn])
    people = rng.integers(-1, 9, histories.people)
    for beams, numbers in ((4, 1 << 20), (items, 1), (7, 2000)):
        monkeypatch.setattr(writing_many, "NUMBERS", numbers)
        whole = Writing(made, "t", beams)
        for seen in (False, True):
            found = whole.recommend(histories, 9, seen, people)
            for row, read in enumerate(made.tokens(histories, people)):
                tree = unseen(whole.trie, items, histories.one(row), seen)
                rows, scores = decode(tree, whole.scorer, [read], beams)[0].documents(tree, 9)
                assert found.rows[row].tolist() == [*rows, *[-1] * (9 - len(rows))]
                assert np.allclose(found.scores[row, : len(rows)], scores, atol=1e-4)


def test_identifiers_of_any_length_and_items_without_one(of):
    codes = np.array([[0, 1, 2], [0, 0, -1], [1, -1, -1], [-1, -1, -1]], np.int32)
    torch.manual_seed(0)
    made = TigerModel(build(codes), 4, Shape(16, 1, 2, 0.0, 3)).eval()
    assert [len(one) for one in made.tokens(Histories.of([[0, 2], [3]]))] == [5, 1]
    assert sorted(Writing(made, "t", 4).recommend(Histories.of([[3]]), 4).rows[0].tolist()) == [-1, 0, 1, 2]


def test_a_pass_asks_for_every_item_that_came_after_another_once():
    histories = Histories.of([*lists(200), [1], []])
    loss = NextCodes(histories, np.arange(ITEMS) != 5, 8, 0)
    chosen = np.concatenate([loss.chosen(step) for step in range(loss.steps)])
    assert sorted(chosen.tolist()) == list(range(len(loss.places)))
    begins = set(histories.starts.tolist())
    expected = [place for place, item in enumerate(histories.items) if place not in begins and item != 5]
    assert loss.places.tolist() == expected
    assert loss.chosen(0).tolist() != loss.chosen(loss.steps).tolist()


def asking(of, rows):
    """Material of which every person's last item is to be learned by heart."""
    held = of.split.dev._replace(
        people=np.arange(len(rows), dtype=np.int32),
        histories=Histories.of([row[:-1] for row in rows]),
        targets=np.array([row[-1] for row in rows], np.int32),
    )
    return Material(of.split._replace(train=Histories.of(rows), dev=held, test=None), of.said, of.embeddings, of.trie), held


def test_thirty_people_are_learned_by_heart(of, tmp_path):
    rng = np.random.default_rng(1)
    learned, held = asking(of, [rng.permutation(ITEMS)[:4].tolist() for _ in range(30)])
    known = train.train(learned, SequenceSpec(**SMALL, epochs=60, patience=99), tmp_path / "heart")
    assert known.dev["R@5"] > 0.9
    assert known.measure == train.LIKELIHOOD
    again = judge(networks.opened(learned, tmp_path / "heart"), held).values
    assert again["R@5"].mean() == pytest.approx(known.dev["R@5"])


def test_the_published_size_is_that_of_the_scorer_of_the_same_name(of):
    spec = SequenceSpec(model="tiger", size="published", dropout=0.2)
    made = networks.model_of(spec, of)
    config = made.network.config
    assert (config.d_model, config.d_kv, config.d_ff, config.num_heads, config.num_layers) == SIZES["tiger"]
    assert (made.people, config.dropout_rate) == (2000, 0.2)
    usual = SequenceSpec(model="tiger")
    assert (usual.blocks, usual.heads, usual.head, usual.people) == (3, 4, 0, 0)
    assert usual.digest() != spec.digest()
    assert SequenceSpec(model="tiger", size="published", blocks=1).blocks == 1
    found = networks.recommender_of(made, "tiger", 5).recommend(Histories.of([[1, 2], []]), 3).rows
    assert found.min() >= 0
    with pytest.raises(TriescopeError, match="size, head and between need --model tiger"):
        networks.model_of(SequenceSpec(model="tree", size="published"), of)


def test_with_tokens_of_people_it_knows_who_asks(of, tmp_path):
    learned = asking(of, [[0, 1 + person] for person in range(10)])[0]
    shared = {**SMALL, "epochs": 16, "batch": 2, "patience": 99}
    alone, known = (train.train(learned, SequenceSpec(**shared, people=n), tmp_path / f"p{n}") for n in (0, 10))
    assert alone.dev["R@5"] < 0.6
    assert known.dev["R@5"] > 0.9


def test_a_training_that_was_stopped_goes_on_as_if_it_never_was(of, tmp_path):
    spec = SequenceSpec(**SMALL | {"dropout": 0.2}, epochs=4, distill=0.4, people=5)
    whole = train.train(of, spec, tmp_path / "whole")

    class Stopped(Exception):
        pass

    def stop(stage, done, total):
        if stage == "training" and done == 3 * total // 4:
            raise Stopped

    with pytest.raises(Stopped):
        train.train(of, spec, tmp_path / "halves", stop)
    assert partial_of(tmp_path / "halves").is_dir()
    halves = train.train(of, spec, tmp_path / "halves")
    assert halves.weights == whole.weights
    assert [turn.dev for turn in halves.history] == [turn.dev for turn in whole.history]
