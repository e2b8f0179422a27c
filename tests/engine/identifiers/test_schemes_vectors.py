"""Schemes that cluster the embeddings otherwise than by residuals: pq, opq, hierarchical-kmeans, cluster-index."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.identifiers import base, hierarchical_kmeans, opq, pq
from engine.identifiers.nearest import nearest
from tests.engine.identifiers.vector_schemes import (
    CLUSTERS,
    HIERARCHICAL,
    SUMS,
    check,
    content,
    fit,
    planted,
    random_vectors,
    schemes,
    sums,
)


@schemes
@pytest.mark.parametrize("rows", [1, 2, 3, 60])
@pytest.mark.parametrize("columns", [1, 2, 5, 16])
def test_every_identifier_decodes_to_exactly_its_document_and_assign_equals_fit(scheme, rows, columns):
    check(scheme, np.random.default_rng(0).normal(size=(rows, columns)))


@schemes
@given(st.lists(st.lists(st.integers(-2, 2), min_size=3, max_size=3), min_size=1, max_size=12))
def test_small_whole_numbers_full_of_ties_are_no_trouble(scheme, rows):
    settings = {"leaf": 2, "branching": 3} if scheme is HIERARCHICAL else {"clusters": 4} if scheme is CLUSTERS else {"codes": 4}
    check(scheme, rows, **settings)


@pytest.mark.parametrize(
    ("scheme", "codes"),
    [
        (pq.SCHEME, [[0, 0, 0, 0]]),
        (opq.SCHEME, [[0, 0, 0, 0]]),
        (HIERARCHICAL, [[hierarchical_kmeans.BRANCHING]]),
        (CLUSTERS, [[0]]),
    ],
)
def test_one_document_has_an_identifier(scheme, codes):
    assert check(scheme, random_vectors(1)).codes.tolist() == codes


@schemes
def test_documents_that_are_all_the_same_differ_in_the_last_code_alone(scheme):
    codes = check(scheme, np.tile(random_vectors(1), (40, 1))).codes
    assert len(np.unique(codes[:, :-1], axis=0)) == 1
    assert np.diff(codes[:, -1]).tolist() == [1] * 39


@pytest.mark.parametrize("scheme", [*SUMS, CLUSTERS], ids=lambda scheme: scheme.name)
def test_fewer_documents_than_codes_get_a_code_each(scheme):
    embeddings = random_vectors(5)
    check(scheme, embeddings)
    fitted = fit(scheme, embeddings, **({"clusters": 64} if scheme is CLUSTERS else {"codes": 64}))
    assert fitted.vocabulary[0] == 5
    assert len(set(fitted.codes[:, 0].tolist())) == 5


@sums
def test_vectors_far_from_the_origin_get_the_code_that_is_nearest_in_float64(scheme):
    embeddings = random_vectors(60) + np.float32(1000)
    fitted = check(scheme, embeddings, levels=2, codes=8)
    for row, vector in enumerate(embeddings.astype(np.float64)):
        for level, book in enumerate(fitted.codebooks):
            distances = ((vector - book) ** 2).sum(axis=1)
            assert distances[fitted.codes[row, level]] - distances.min() < 1e-5


@schemes
def test_one_seed_gives_one_result_and_another_may_give_another(scheme):
    embeddings = random_vectors(120)
    first, again = fit(scheme, embeddings, 3), fit(scheme, embeddings, 3)
    assert (first.codes == again.codes).all()
    assert all((a == b).all() for a, b in zip(first.codebooks, again.codebooks, strict=True))
    assert any(not np.array_equal(first.codes, fit(scheme, embeddings, seed).codes) for seed in (4, 5, 6))
    assert len(fit(scheme, embeddings, (1 << 31) - 1).codes) == 120


@pytest.mark.parametrize(
    ("scheme", "settings"),
    [(pq.SCHEME, {"codes": 6}), (opq.SCHEME, {"codes": 6}), (CLUSTERS, {"clusters": 6}), (HIERARCHICAL, {"branching": 6})],
)
def test_planted_clusters_share_their_first_code_and_no_other_does(scheme, settings):
    embeddings, cluster = planted(6)
    # k-means from random points may put two starts into one cluster and stay there, so of ten seeds one has to do.
    found = []
    for seed in range(10):
        first = fit(scheme, embeddings, seed, **settings).codes[:, 0]
        found.append(len(set(zip(first.tolist(), cluster.tolist(), strict=True))))
    assert min(found) == 6


@pytest.mark.parametrize(
    ("scheme", "settings"),
    [(pq.SCHEME, {"codes": 30}), (opq.SCHEME, {"codes": 30}), (CLUSTERS, {"clusters": 30}), (HIERARCHICAL, {"branching": 30})],
)
def test_with_codes_to_spare_no_code_mixes_planted_clusters_whatever_the_seed(scheme, settings):
    embeddings, cluster = planted(6)
    for seed in range(5):
        first = fit(scheme, embeddings, seed, **settings).codes[:, 0]
        assert len(set(zip(first.tolist(), cluster.tolist(), strict=True))) == len(set(first.tolist()))


@schemes
def test_a_new_document_goes_where_its_twin_is(scheme):
    embeddings = random_vectors(200)
    fitted = fit(scheme, embeddings)
    twins = embeddings[:20] + np.float32(1e-6)
    assert scheme.assign(fitted, twins).tolist() == content(scheme, fitted)[:20].tolist()
    assert scheme.assign(fitted, twins[:1]).tolist() == content(scheme, fitted)[:1].tolist()


@schemes
def test_saved_identifiers_come_back_the_same_and_still_place_documents(scheme, tmp_path):
    embeddings = random_vectors(80)
    fitted = fit(scheme, embeddings)
    base.save(fitted, tmp_path / "identifiers.npz")
    loaded = base.load(tmp_path / "identifiers.npz")
    assert (loaded.codes == fitted.codes).all()
    assert loaded.vocabulary == fitted.vocabulary
    assert [book.tolist() for book in loaded.codebooks] == [book.tolist() for book in fitted.codebooks]
    assert {name: array.tolist() for name, array in loaded.arrays.items()} == {n: a.tolist() for n, a in fitted.arrays.items()}
    assert (scheme.assign(loaded, embeddings) == scheme.assign(fitted, embeddings)).all()


@schemes
def test_a_default_lies_in_its_range(scheme):
    for option in scheme.options:
        assert option.help
        assert option.default is None or option.low <= option.default <= option.high


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10**6))
def test_nearest_is_what_a_loop_over_distances_finds(rows, codes, seed):
    rng = np.random.default_rng(seed)
    points, codebook = (rng.normal(size=(count, 3)).astype(np.float32) for count in (rows, codes))
    slow = [min(range(codes), key=lambda code: sum((point - codebook[code]).astype(float) ** 2)) for point in points]
    assert nearest(points, codebook).tolist() == slow


def test_nearest_is_the_same_when_it_takes_several_blocks(monkeypatch):
    points, codebook = random_vectors(50), random_vectors(7, seed=1)
    whole = nearest(points, codebook)
    monkeypatch.setattr("engine.identifiers.nearest.BLOCK", 64)
    assert (nearest(points, codebook) == whole).all()
    assert nearest(points[:0], codebook).shape == (0,)
