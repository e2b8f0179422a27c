"""Clusters within clusters: leaves hold what they may, documents walk down to the nearest centroid."""

import numpy as np
import pytest

from engine.identifiers.base import Material
from tests.engine.identifiers.vector_schemes import (
    HIERARCHICAL,
    fit,
    planted,
    random_vectors,
)


@pytest.mark.parametrize(("branching", "leaf"), [(2, 1), (3, 5), (10, 20)])
def test_leaf_clusters_hold_at_most_leaf_documents_and_number_them_in_order(branching, leaf):
    fitted = fit(HIERARCHICAL, random_vectors(150), branching=branching, leaf=leaf)
    inside = {}
    for codes in fitted.codes.tolist():
        *prefix, number = [code for code in codes if code >= 0]
        assert all(code < branching for code in prefix)
        inside.setdefault(tuple(prefix), []).append(number - branching)
    assert all(numbers == list(range(len(numbers))) for numbers in inside.values())
    assert max(map(len, inside.values())) <= leaf


def test_identifiers_are_longer_where_documents_are_dense():
    dense, sparse = planted(1, each=80)[0], planted(3, each=4)[0] - 9
    fitted = fit(HIERARCHICAL, np.vstack([dense, sparse]), branching=4, leaf=5)
    length = (fitted.codes >= 0).sum(axis=1)
    assert length[:80].mean() > length[80:].mean()


def test_a_document_walks_down_to_the_nearest_centroid_at_every_cluster():
    fitted, new = fit(HIERARCHICAL, random_vectors(150), branching=3, leaf=5), random_vectors(30, seed=9)
    centroids, first_child = fitted.arrays["centroids"], fitted.arrays["first_child"]
    assert len(centroids) + 1 == len(first_child)
    for vector, found in zip(new, HIERARCHICAL.assign(fitted, new).tolist(), strict=True):
        cluster, codes = 0, []
        while first_child[cluster] < first_child[cluster + 1]:
            children = range(first_child[cluster], first_child[cluster + 1])
            cluster = min(children, key=lambda child: ((vector - centroids[child]) ** 2).sum())
            codes.append(cluster - children[0])
        assert found == codes + [-1] * (len(fitted.vocabulary) - len(codes))


def test_centroids_are_near_the_means_of_their_documents():
    embeddings, _ = planted(4)
    fitted = fit(HIERARCHICAL, embeddings, branching=4, leaf=10)
    assert fitted.arrays["first_child"].tolist() == [1, 5, 5, 5, 5, 5]
    for code in range(4):
        mean = embeddings[fitted.codes[:, 0] == code].mean(axis=0)
        assert np.allclose(fitted.arrays["centroids"][1 + code], mean, atol=1e-3)


def test_progress_ends_with_every_document_in_its_place():
    seen = []
    settings = {"branching": 3, "leaf": 5}
    HIERARCHICAL.fit(Material(random_vectors(60), ()), settings, 0, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (60, 60)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
