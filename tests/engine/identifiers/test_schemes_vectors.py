"""Schemes that cluster the embeddings otherwise than by residuals: pq, opq, hierarchical-kmeans, cluster-index."""

import subprocess
import sys

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import paths, trie
from engine.identifiers import base, cluster_index, hierarchical_kmeans, opq, pq
from engine.identifiers.base import Material
from engine.identifiers.collisions import resolve
from engine.identifiers.nearest import nearest
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
