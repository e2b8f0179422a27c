"""Schemes that cluster embeddings, fitted for tests, and what must hold for any of them."""

import numpy as np
import pytest

from engine import trie
from engine.identifiers import cluster_index, hierarchical_kmeans, opq, pq
from engine.identifiers.base import Material
from engine.identifiers.collisions import resolve
from tests.engine.oracles import unit

SUMS = (pq.SCHEME, opq.SCHEME)
HIERARCHICAL = hierarchical_kmeans.SCHEME
CLUSTERS = cluster_index.SCHEME
ALL = (*SUMS, HIERARCHICAL, CLUSTERS)

sums = pytest.mark.parametrize("scheme", SUMS, ids=lambda scheme: scheme.name)
schemes = pytest.mark.parametrize("scheme", ALL, ids=lambda scheme: scheme.name)


def fit(scheme, embeddings, seed=0, **settings):
    """What a scheme fits, before collisions are resolved; every option given or None."""
    chosen = {option.name: settings.get(option.name) for option in scheme.options}
    assert not settings.keys() - chosen.keys()
    return scheme.fit(Material(np.asarray(embeddings, np.float32), ()), chosen, seed, lambda done, total: None)


def random_vectors(rows, columns=16, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(rows, columns)))


def planted(clusters, each=10, columns=16):
    """Vectors in tight clusters, and the cluster of each."""
    of = np.repeat(np.arange(clusters), each)
    centres = 3 * random_vectors(clusters, columns, seed=1)
    return (centres[of] + 0.001 * random_vectors(len(of), columns)).astype(np.float32), of


def content(scheme, fitted):
    """The codes that say something of the content: in hierarchical-kmeans all but the last of each identifier."""
    if scheme is not HIERARCHICAL:
        return fitted.codes
    codes = fitted.codes.copy()
    codes[np.arange(len(codes)), (codes >= 0).sum(axis=1) - 1] = -1
    return codes


def check(scheme, embeddings, **settings):
    """What must hold for any input, however odd; returns the identifiers with collisions resolved."""
    embeddings = np.asarray(embeddings, np.float32)
    fitted = fit(scheme, embeddings, **settings)
    assert fitted.codes.dtype == np.int32
    assert len(fitted.vocabulary) == fitted.codes.shape[1]
    assert all(np.isfinite(book).all() and book.dtype == np.float32 for book in fitted.codebooks)
    assert all(book.shape == (size, embeddings.shape[1]) for book, size in zip(fitted.codebooks, fitted.vocabulary, strict=False))
    assigned = scheme.assign(fitted, embeddings)
    assert assigned.dtype == np.int32
    assert assigned.tolist() == content(scheme, fitted).tolist()
    resolved = resolve(None, scheme, fitted, Material(embeddings, ()), 0)
    assert (resolved.codes.max(axis=0) < resolved.vocabulary).all()
    tree = trie.build(resolved.codes)
    for row, codes in enumerate(resolved.codes.tolist()):
        node = tree.find(tuple(code for code in codes if code >= 0))
        assert tree.first_child[node] == tree.first_child[node + 1]
        assert tree.leaf_documents(node).tolist() == [row]
    return resolved
