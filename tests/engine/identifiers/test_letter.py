"""LETTER's collaborative regulariser: the loss by loops, and what it does to identifiers."""

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
