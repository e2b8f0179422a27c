"""SimHash: bits by loops, angles by how often bits agree, and the same answer for a new document."""

import numpy as np
import pytest

from engine import identifiers
from tests.engine.identifiers.test_identifiers import random_vectors


def fit(vectors, seed=0, **settings):
    return identifiers.fit("simhash", np.asarray(vectors, np.float32), settings, seed, resolver="leave")


def test_a_code_is_the_sides_of_its_planes():
    vectors = random_vectors(40) + 3
    found = fit(vectors, levels=2, bits=5)
    assert found.vocabulary == (32, 32)
    mean = vectors.astype(float).mean(0)
    for row, vector in enumerate(vectors.astype(float)):
        for level in range(2):
            told = "".join("1" if np.dot(vector - mean, plane) > 0 else "0" for plane in found.arrays["planes"][level])
            assert found.codes[row, level] == int(told, 2)
    assert (identifiers.assign("simhash", found, vectors[7:8]) == found.codes[7]).all()


def test_bits_differ_as_often_as_the_angle_says():
    vectors = random_vectors(2000, seed=1)
    found = fit(vectors, levels=8, bits=12)
    bits = (found.codes[:, :, None] >> np.arange(12)) & 1
    centred = vectors - vectors.mean(0)
    for one, other in ((0, 1), (2, 3), (4, 5)):
        cosine = centred[one] @ centred[other] / np.linalg.norm(centred[one]) / np.linalg.norm(centred[other])
        assert (bits[one] != bits[other]).mean() == pytest.approx(np.arccos(cosine) / np.pi, abs=0.15)


def test_the_seed_draws_other_planes_and_equal_documents_are_numbered():
    vectors = random_vectors(50)
    assert (fit(vectors, seed=1).codes == fit(vectors, seed=1).codes).all()
    assert (fit(vectors, seed=1).codes != fit(vectors, seed=2).codes).any()
    twins = identifiers.fit("simhash", np.tile(random_vectors(1), (7, 1)), {})
    assert twins.codes[:, -1].tolist() == list(range(7))
