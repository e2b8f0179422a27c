"""Product quantization, rotated and not: codes are those of faiss, sub-spaces take every column, the rotation is one."""

import subprocess
import sys

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import paths
from engine.identifiers import opq, pq
from engine.identifiers.base import Material
from engine.identifiers.collisions import resolve
from tests.engine.identifiers.vector_schemes import (
    fit,
    random_vectors,
    sums,
)


@pytest.mark.parametrize("levels", [1, 2, 4])
@sums
def test_codes_are_those_of_faiss_given_the_same_codebooks(scheme, levels):
    embeddings = random_vectors(600)
    fitted = fit(scheme, embeddings, levels=levels, codes=256)
    basis = np.eye(16, dtype=np.float32) if scheme is pq.SCHEME else opq.rotation(embeddings, levels, 256, 0)
    quantizer = faiss.ProductQuantizer(16, levels, 8)
    runs = pq.sub_spaces(16, levels)
    centroids = np.stack([book @ basis[run].T for book, run in zip(fitted.codebooks, runs, strict=True)])
    faiss.copy_array_to_vector(centroids.ravel(), quantizer.centroids)
    turned = np.ascontiguousarray(embeddings @ basis.T)
    assert (quantizer.compute_codes(turned) == fitted.codes).all()
    total = sum(book[fitted.codes[:, level]] for level, book in enumerate(fitted.codebooks))
    assert np.allclose(quantizer.decode(quantizer.compute_codes(turned)) @ basis, total, atol=1e-5)


def lost(fitted, embeddings):
    """Mean squared distance between a document and the sum of its codes' vectors."""
    total = sum(book[fitted.codes[:, level]] for level, book in enumerate(fitted.codebooks))
    return float(((embeddings - total) ** 2).sum(axis=1).mean())


def test_pq_loses_as_little_as_a_quantizer_trained_by_faiss():
    embeddings = random_vectors(800)
    quantizer = faiss.ProductQuantizer(16, 4, 4)
    quantizer.train(embeddings)
    theirs = ((embeddings - quantizer.decode(quantizer.compute_codes(embeddings))) ** 2).sum(axis=1).mean()
    assert lost(fit(pq.SCHEME, embeddings, codes=16), embeddings) == pytest.approx(theirs, rel=0.02)


@pytest.mark.parametrize("columns", [16, 18])
def test_opq_loses_less_than_pq_where_columns_vary_together(columns):
    rng = np.random.default_rng(0)
    embeddings = (rng.normal(size=(800, 4)) @ rng.normal(size=(4, columns))).astype(np.float32)
    assert lost(fit(opq.SCHEME, embeddings, codes=16), embeddings) < 0.9 * lost(fit(pq.SCHEME, embeddings, codes=16), embeddings)


@pytest.mark.parametrize(("columns", "levels"), [(16, 4), (10, 4), (5, 3), (7, 7), (1, 4), (2, 8)])
@sums
def test_codewords_of_different_levels_are_at_right_angles(scheme, columns, levels):
    embeddings = random_vectors(70, columns)
    fitted = fit(scheme, embeddings, levels=levels, codes=8)
    assert len(fitted.codebooks) == min(levels, columns)
    for level, book in enumerate(fitted.codebooks):
        for other in fitted.codebooks[:level]:
            assert np.abs(book @ other.T).max() < 1e-5


@pytest.mark.parametrize(("columns", "levels"), [(16, 4), (10, 4), (5, 3), (16, 1)])
def test_the_rotation_is_one_and_leaves_no_direction_out(columns, levels):
    turned = opq.rotation(random_vectors(70, columns), levels, 8, 0)
    assert np.allclose(turned @ turned.T, np.eye(columns), atol=1e-5)


def test_directions_that_the_division_leaves_over_do_not_shift_those_that_faiss_put_together():
    embeddings = random_vectors(200, 20)
    quantizer, matrix = faiss.ProductQuantizer(18, 3, 2), faiss.OPQMatrix(20, 3, 18)
    quantizer.cp.seed, quantizer.cp.min_points_per_centroid, matrix.pq, matrix.niter = 0, 1, quantizer, opq.ITERATIONS
    matrix.train(embeddings)
    turned, theirs = embeddings @ opq.rotation(embeddings, 3, 4, 0).T, matrix.apply(embeddings)
    for level, run in enumerate(pq.sub_spaces(20, 3)):
        assert np.allclose(turned[:, run[:6]], theirs[:, 6 * level : 6 * level + 6], atol=1e-5)


def test_fewer_documents_than_columns_do_not_end_the_process():
    # faiss writes past the end of a buffer then; in a process of its own, because that kills whoever asks for it.
    code = (
        "import numpy as np; from engine.identifiers import opq; points = np.eye(40, 200, dtype=np.float32);"
        "print(max(np.abs((r := opq.rotation(points, 4, 8, seed)) @ r.T - np.eye(200)).max() for seed in range(5)) < 1e-4)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr


def test_a_codeword_of_pq_is_zero_outside_its_columns():
    fitted = fit(pq.SCHEME, random_vectors(70, 10), levels=3)
    for book, run in zip(fitted.codebooks, pq.sub_spaces(10, 3), strict=True):
        assert not np.delete(book, run, axis=1).any()


@given(st.integers(1, 40), st.data())
def test_sub_spaces_take_every_column_once_and_are_as_even_as_can_be(columns, data):
    runs = pq.sub_spaces(columns, data.draw(st.integers(1, columns)))
    assert np.concatenate(runs).tolist() == list(range(columns))
    assert max(map(len, runs)) - min(map(len, runs)) <= 1


@sums
@pytest.mark.parametrize("resolver", ["reassign", "sinkhorn"])
def test_the_resolvers_that_need_vectors_make_all_identifiers_differ(scheme, resolver):
    embeddings = random_vectors(60)
    fitted = fit(scheme, embeddings, levels=2, codes=8)
    assert len(np.unique(fitted.codes, axis=0)) < 60
    assert len(np.unique(resolve(resolver, scheme, fitted, Material(embeddings, ()), 0).codes, axis=0)) == 60
