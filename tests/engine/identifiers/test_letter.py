"""LETTER's two regularisers: the losses by loops, and what they do to identifiers."""

import numpy as np
import pytest
import torch

from engine import identifiers
from engine.errors import TriescopeError
from engine.health.report import normalised_mutual_information
from engine.identifiers import letter
from tests.engine.identifiers.test_identifiers import planted, random_vectors

SMALL = {"codes": 12, "levels": 1, "latent": 8, "epochs": 60}


def fit(vectors, behaviour=None, **settings):
    asked = SMALL | settings
    return identifiers.fit("rq-vae", np.asarray(vectors, np.float32), asked, 0, resolver="leave", behaviour=behaviour)


def cosine(one, other):
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_the_contrast_is_that_of_all_pairs_of_a_batch():
    ours, theirs = random_vectors(5, seed=1), random_vectors(5, seed=2)
    nats = []
    for row in range(5):
        logits = np.array([cosine(ours[row], other) / letter.TEMPERATURE for other in theirs])
        nats.append(-logits[row] + np.log(np.exp(logits).sum()))
    found = letter.contrast(torch.from_numpy(ours * 3), torch.from_numpy(theirs))
    assert float(found) == pytest.approx(np.mean(nats), abs=1e-4)


def test_what_is_taken_together_gets_a_code_together():
    texts, (behaviour, cluster) = random_vectors(60), planted()
    behaviour = behaviour.astype(np.float32)
    behaviour[7] = 0  # nobody took it
    plain, told = fit(texts), fit(texts, behaviour, collaborative=300.0)
    alike = [normalised_mutual_information(found.codes, cluster[:, None], 1) for found in (plain, told)]
    assert alike[1] > alike[0] + 0.2
    # It says what it says of a new document by its text, as ever.
    assert (identifiers.assign("rq-vae", told, texts) == told.codes).all()


def test_without_interactions_it_says_what_to_do():
    with pytest.raises(TriescopeError, match=r"rq-vae: collaborative=2 needs to know who took what; join interactions"):
        fit(random_vectors(20), collaborative=2.0)


class TestDiverse:
    def test_groups_are_even_and_hold_what_lies_together(self, monkeypatch):
        centres = random_vectors(3, seed=4) * 50
        near = np.repeat(centres, 4, axis=0) + random_vectors(12, seed=5) * 0.01
        with monkeypatch.context() as patch:
            patch.setattr(letter, "GROUPS", 3)
            found = letter.even_groups(near.astype(np.float32), 0)
        assert [len(set(found[place : place + 4])) for place in (0, 4, 8)] == [1, 1, 1]
        sizes = np.bincount(letter.even_groups(random_vectors(47, seed=6), 0))
        assert (len(sizes), sizes.max() - sizes.min()) == (letter.GROUPS, 1)

    def test_a_mate_is_any_other_of_the_group(self):
        groups = torch.tensor([0, 1, 0, 2, 1, 0])
        seen = [set(), set(), set(), set(), set(), set()]
        for _ in range(60):
            for place, mate in enumerate(letter.mates(groups).tolist()):
                seen[place].add(mate)
        assert seen == [{2, 5}, {4}, {0, 5}, {3}, {1}, {0, 2}]

    def test_the_loss_is_that_of_all_other_vectors(self):
        book, mate, codes = random_vectors(5, seed=7), [3, 2, 1, 0, 4], [0, 2, 2, 4]
        nats = []
        for code in codes:
            logits = {other: float(book[code] @ book[other]) for other in range(5) if other != code or mate[code] == code}
            nats.append(np.log(sum(np.exp(list(logits.values())))) - logits[mate[code]])
        found = letter.apart(torch.from_numpy(book), torch.tensor(mate), torch.tensor(codes))
        assert float(found) == pytest.approx(np.mean(nats), abs=1e-4)

    def test_vectors_of_a_group_come_nearer_and_codes_are_still_told_by_the_text(self):
        texts = random_vectors(120)
        barely, much = (fit(texts, diverse=weight) for weight in (1e-9, 100.0))
        assert [inner(found) for found in (barely, much)] == sorted(inner(found) for found in (barely, much))
        assert inner(much) > inner(barely) + 0.2
        assert (identifiers.assign("rq-vae", much, texts) == much.codes).all()


def inner(found):
    """Mean cosine of the vectors of a group, of a first codebook."""
    book = found.arrays["latent_codebook_0"]
    groups = letter.even_groups(book, 0)
    rows = book / np.linalg.norm(book, axis=1, keepdims=True)
    return np.mean([rows[one] @ rows[other] for one in range(12) for other in range(one) if groups[one] == groups[other]])
