"""GenRet: a query writes its document's codes; what keeps codes from falling together; new documents by the same network."""

import numpy as np
import pytest
import torch

from engine import identifiers
from engine.builds.stages import asked_of
from engine.identifiers import genret
from engine.identifiers.base import Asked
from engine.identifiers.collapse import collapsed
from engine.identifiers.genret_model import SCALE, Generator
from tests.engine.identifiers.vector_schemes import check, random_vectors

SETTINGS = {"levels": 2, "codes": 6, "epochs": 3}


def asked_about(points, seed=0):
    """Two noisy queries a document."""
    rng = np.random.default_rng(seed)
    row = np.repeat(np.arange(len(points)), 2)
    vectors = points[row] + 0.3 * rng.normal(size=(len(row), points.shape[1])) / np.sqrt(points.shape[1])
    return Asked(vectors.astype(np.float32), np.arange(len(row)), row)


def fit(points, seed=0, asked=None, **settings):
    return identifiers.fit("genret", points, SETTINGS | settings, seed, asked=asked)


@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (3, 5), (60, 16)])
def test_every_identifier_decodes_to_its_document_and_assign_equals_fit(rows, columns):
    check(genret.SCHEME, random_vectors(rows, columns), codes=4, epochs=1)


def test_one_seed_gives_one_result():
    points = random_vectors(50)
    first, again, other = (fit(points, seed, asked_about(points)).codes.tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_guarded_codes_are_balanced_and_unguarded_ones_fall_together():
    points = random_vectors(150) * 0.2 + random_vectors(1, seed=5)
    points = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    guarded, plain = (fit(points, asked=asked_about(points), guarded=on, epochs=8, codes=12) for on in (1, 0))
    assert not any("collapsed" in note for note in guarded.notes)
    counts = np.bincount(guarded.codes[:, 0], minlength=12)
    assert counts.max() <= 2 * 150 / 12
    assert any("collapsed" in note for note in plain.notes)
    assert plain.arrays["history_usage"][-1].max() < 0.7


def test_a_query_writes_its_documents_first_code_more_often_than_before_training():
    points = random_vectors(120, 24)
    mixed, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(24, 24)))
    row = np.repeat(np.arange(120), 4)
    rng = np.random.default_rng(4)
    # What asks is said in other words: half of each document, turned about, so that the plain vectors agree badly.
    vectors = 0.5 * points[row] + points[row] @ mixed + 0.1 * rng.normal(size=(480, 24))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    found = fit(points, asked=Asked(vectors, np.arange(480), row), epochs=40)
    plain = identifiers.fit("rq-kmeans", points, {"levels": 2, "codes": 6})
    agree = {
        name: (identifiers.assign(name, fitted, vectors)[:, 0] == fitted.codes[row, 0]).mean()
        for name, fitted in (("genret", found), ("rq-kmeans", plain))
    }
    assert agree["genret"] > agree["rq-kmeans"] + 0.1


def test_log_probabilities_and_losses_are_the_formulas_written_out():
    torch.manual_seed(0)
    points = torch.from_numpy(random_vectors(5, 4))
    model = Generator(points, 2, 3).double()
    model.points = points.double()
    for book in model.books:
        book.data = torch.randn(3, 4, dtype=torch.float64)
    model.prices = [torch.tensor([0.0, 0.2, 0.1]), torch.zeros(3)]
    state = model.points[:1]
    slow = [
        -SCALE / 2 * (sum((s - b) ** 2 for s, b in zip(state[0].tolist(), book.tolist(), strict=True)) + price)
        for book, price in zip(model.books[0], model.prices[0].tolist(), strict=True)
    ]
    logs = model.logits(state, 0).log_softmax(dim=1)[0].tolist()
    assert logs == pytest.approx((torch.tensor(slow).double().log_softmax(dim=0)).tolist())
    rows, codes = np.array([0, 1]), np.array([[0, 1], [2, 2]])
    texts = torch.randn(2, 4, dtype=torch.float64)
    _, written = model.losses(texts, rows, codes, False, np.random.default_rng(0))
    wanted = 0.0
    for vector in (model.points[:2], texts):
        for place in (0, 1):
            first = model.logits(vector[place : place + 1], 0).log_softmax(dim=1)[0, codes[place, 0]]
            left = vector[place] - model.books[0][codes[place, 0]]
            wanted -= first + model.logits(left[None], 1).log_softmax(dim=1)[0, codes[place, 1]]
    near = torch.nn.functional.normalize(texts) @ torch.nn.functional.normalize(model.points[:2]).T * 20
    wanted = wanted / 2 - near.log_softmax(dim=1).diagonal().mean()
    assert written.item() == pytest.approx(wanted.item())


def test_without_queries_it_says_what_stood_for_them(opened):
    assert fit(random_vectors(20)).notes[0] == genret.UNASKED
    asked = asked_of(opened.corpus, opened.encoder, "dev")
    pairs = sum(grade > 0 for grades in opened.corpus.qrels["dev"].values() for grade in grades.values())
    assert len(asked.row) == len(asked.text) == pairs
    assert asked_of(opened.corpus, opened.encoder, "nothing") is None


def test_a_level_as_varied_as_its_documents_allow_has_not_collapsed():
    assert collapsed(np.array([[0], [1]]), (32,)) == []
    assert collapsed(np.array([[0], [-1]]), (32,)) == []
    assert len(collapsed(np.zeros((9, 2), np.int64), (4, 1))) == 1
