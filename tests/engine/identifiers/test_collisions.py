from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import identifiers, trie
from engine.errors import TriescopeError
from engine.identifiers import rq_kmeans
from engine.identifiers.base import Identifiers, Material
from engine.identifiers.collisions import RESOLVERS
from engine.identifiers.distortion import distortion
from tests.engine.oracles import unit

UNIQUE = [name for name in RESOLVERS if name != "leave"]
BY_VECTORS = ["reassign", "sinkhorn", "one-more-level"]


@st.composite
def fits(draw):
    """A fit of a few documents with many collisions, some of them identical, some without an identifier.

    Everything is a small whole number, so that distances are exact and ties are real.
    """
    levels, codes, d = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    number = st.integers(-4, 4)
    table = st.lists(st.lists(number, min_size=d, max_size=d), min_size=codes, max_size=codes)
    word = st.lists(st.integers(0, codes - 1), min_size=levels, max_size=levels)
    words = draw(st.lists(st.one_of(word, word, word, st.just([-1] * levels)), min_size=1, max_size=16))
    vectors = draw(st.lists(st.lists(number, min_size=d, max_size=d), min_size=len(words), max_size=len(words)))
    books = [np.array(draw(table), np.float32) for _ in range(levels)]
    fitted = Identifiers(np.array(words, np.int32), (codes,) * levels, books)
    return fitted, Material(np.array(vectors, np.float32), ())


def resolved(name, fitted, material, seed=0):
    return RESOLVERS[name](fitted, material, seed)


def words_of(fitted):
    return [tuple(code for code in row if code >= 0) for row in fitted.codes.tolist()]


def has_one(fitted):
    return fitted.codes[:, 0] >= 0


def vectors(rows, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(rows, 16)))


def raw_fit(embeddings, **settings):
    """RQ-KMeans before any resolver."""
    return rq_kmeans.fit(Material(embeddings, ()), {"levels": 2, "codes": None} | settings, 0, lambda done, total: None)


@pytest.mark.parametrize("name", UNIQUE)
@given(case=fits())
def test_afterwards_every_identifier_is_one_documents_own(name, case):
    found = resolved(name, *case)
    words = [word for word in words_of(found) if word]
    assert len(set(words)) == len(words) == has_one(case[0]).sum()
    assert all(found.codes.max(axis=0) < found.vocabulary)
    assert found.codes.dtype == np.int32
    assert len(found.vocabulary) == found.codes.shape[1]


@pytest.mark.parametrize("name", UNIQUE)
@given(case=fits())
def test_the_trie_takes_what_a_resolver_gives_and_each_leaf_has_one_document(name, case):
    found = resolved(name, *case)
    if has_one(found).any():
        tree = trie.build(found.codes)
        assert all(tree.counts[tree.path(row)[-1]] == 1 for row in np.flatnonzero(has_one(found)))


@pytest.mark.parametrize("name", list(RESOLVERS))
@given(case=fits())
def test_one_seed_gives_one_result_and_the_fit_is_not_touched(name, case):
    fitted, material = case
    codes, embeddings = fitted.codes.copy(), material.embeddings.copy()
    first, again = resolved(name, *case, seed=5), resolved(name, *case, seed=5)
    assert (first.codes == again.codes).all()
    assert (fitted.codes == codes).all()
    assert (material.embeddings == embeddings).all()
    assert len(fitted.codebooks) == codes.shape[1]


@pytest.mark.parametrize("name", ["extra-code", "reassign"])
@given(case=fits())
def test_a_document_that_shared_its_identifier_with_nobody_keeps_it(name, case):
    fitted, words = case[0], words_of(case[0])
    found = resolved(name, *case).codes[:, : fitted.codes.shape[1]]
    for row, word in enumerate(words):
        if words.index(word) == row:  # also the first of those that share
            assert (found[row] == fitted.codes[row]).all()


@pytest.mark.parametrize("name", ["reassign", "sinkhorn"])
@given(case=fits())
def test_only_the_last_level_changes(name, case):
    before, after = case[0].codes, resolved(name, *case).codes
    assert (after[:, : before.shape[1] - 1] == before[:, :-1]).all()


@given(fits())
def test_sinkhorn_leaves_a_prefix_alone_under_which_nobody_collides(case):
    words = words_of(case[0])
    found = resolved("sinkhorn", *case).codes
    for row, word in enumerate(words):
        under = [other for other in words if other and word and other[:-1] == word[:-1]]
        if len(set(under)) == len(under):
            assert found[row, : len(word)].tolist() == list(word)


@given(fits())
def test_sinkhorn_never_leaves_more_to_be_numbered(case):
    fitted = case[0]
    levels = fitted.codes.shape[1]
    assert len(np.unique(resolved("sinkhorn", *case).codes[:, :levels], axis=0)) >= len(np.unique(fitted.codes, axis=0))


def slow_reassign(fitted, material):
    """Content codes after reassign, one document at a time."""
    words = [list(row) for row in fitted.codes.tolist()]
    owners = {tuple(word) for word in words}
    for row, word in enumerate(words):
        if word[0] < 0 or word not in words[:row]:
            continue
        left = material.embeddings[row].astype(float)
        for level in range(len(word) - 1):
            left = left - fitted.codebooks[level][word[level]]
        free = [code for code in range(fitted.vocabulary[-1]) if (*word[:-1], code) not in owners]
        if free:
            distances = [float(((left - fitted.codebooks[-1][code]) ** 2).sum()) for code in free]
            moved = [*word[:-1], free[distances.index(min(distances))]]
            owners.add(tuple(moved))
            words[row] = moved
    return words


@given(fits())
def test_reassign_gives_the_nearest_code_that_is_still_free(case):
    assert resolved("reassign", *case).codes[:, : case[0].codes.shape[1]].tolist() == slow_reassign(*case)


@given(fits())
def test_reassign_adds_a_number_only_where_the_codes_ran_out(case):
    found, content = resolved("reassign", *case), [tuple(word) for word in slow_reassign(*case) if word[0] >= 0]
    assert (found.codes.shape[1] > case[0].codes.shape[1]) == (len(set(content)) < len(content))


def test_two_documents_that_want_one_code_are_separated_by_who_loses_less():
    books = [np.array([[0.0], [1.0]], np.float32)]
    fitted = Identifiers(np.array([[0], [0]], np.int32), (2,), books)
    assert resolved("sinkhorn", fitted, Material(np.array([[0.4], [0.1]], np.float32), ())).codes.tolist() == [[1], [0]]
    assert resolved("reassign", fitted, Material(np.array([[0.4], [0.1]], np.float32), ())).codes.tolist() == [[0], [1]]


def test_sinkhorn_moves_nobody_where_that_separates_nobody():
    fitted = Identifiers(np.array([[1], [1]], np.int32), (3,), [np.array([[0], [1], [9]], np.float32)])
    found = resolved("sinkhorn", fitted, Material(np.zeros((2, 1), np.float32), ()))
    assert found.codes.tolist() == [[1, 0], [1, 1]]


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_one_more_level_is_what_rq_kmeans_with_one_more_level_fits(levels):
    embeddings = vectors(300)
    found = resolved("one-more-level", raw_fit(embeddings, levels=levels, codes=4), Material(embeddings, ()))
    deeper = raw_fit(embeddings, levels=levels + 1, codes=4)
    assert (found.codes[:, : levels + 1] == deeper.codes).all()
    assert [book.tolist() for book in found.codebooks] == [book.tolist() for book in deeper.codebooks]
    assert (rq_kmeans.assign(found, embeddings) == deeper.codes).all()


def test_one_more_level_names_its_codes_where_the_scheme_has_words():
    embeddings = vectors(12)
    fitted = replace(raw_fit(embeddings, levels=1, codes=2), words=[["a", "b"]])
    found = resolved("one-more-level", fitted, Material(embeddings, ()))
    assert [len(level) for level in found.words] == list(found.vocabulary)


def test_numbering_costs_no_distortion_moving_costs_some_and_a_level_gains():
    embeddings = vectors(200)
    fitted = raw_fit(embeddings, levels=2, codes=16)
    cost = {name: distortion(resolved(name, fitted, Material(embeddings, ())), embeddings).squared_error for name in RESOLVERS}
    assert cost["extra-code"] == cost["leave"] == distortion(fitted, embeddings).squared_error
    assert cost["one-more-level"] < cost["leave"] < min(cost["reassign"], cost["sinkhorn"])


@pytest.mark.parametrize("name", BY_VECTORS)
def test_documents_that_are_all_the_same_differ_in_a_number_alone(name):
    found = identifiers.fit("rq-kmeans", np.tile(vectors(1), (7, 1)), {}, resolver=name)
    assert found.codes[:, -1].tolist() == list(range(7))
    assert not found.codes[:, :-1].any()


@pytest.mark.parametrize("name", BY_VECTORS)
def test_one_document_keeps_its_identifier(name):
    assert identifiers.fit("rq-kmeans", vectors(1), {}, resolver=name).codes.tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("name", BY_VECTORS)
@pytest.mark.parametrize("levels", [1, 2])
def test_more_documents_than_there_are_identifiers_are_numbered(name, levels):
    embeddings = vectors(100)
    found = identifiers.fit("rq-kmeans", embeddings, {"levels": levels, "codes": 3}, resolver=name)
    assert len(np.unique(found.codes, axis=0)) == 100
    assert found.codes.shape[1] == len(found.codebooks) + 1


@pytest.mark.parametrize("levels", [1, 2])
def test_reassign_fills_every_code_before_it_numbers(levels):
    found = identifiers.fit("rq-kmeans", vectors(100), {"levels": levels, "codes": 3}, resolver="reassign")
    assert len(np.unique(found.codes[:, :levels], axis=0)) == 3**levels


@pytest.mark.parametrize("name", BY_VECTORS)
def test_identifiers_that_all_differ_are_left_as_they_are(name):
    embeddings = vectors(5)
    fitted = raw_fit(embeddings, levels=2, codes=5)
    found = resolved(name, fitted, Material(embeddings, ()))
    assert (found.codes == fitted.codes).all()
    assert found.vocabulary == fitted.vocabulary


@pytest.mark.parametrize("name", BY_VECTORS)
@pytest.mark.parametrize(
    ("codes", "books"), [([[0], [0]], 0), ([[0, 0], [0, 0]], 1), ([[0, -1], [0, 0]], 2)], ids=["none", "some", "ragged"]
)
def test_codes_without_vectors_are_refused(name, codes, books):
    fitted = Identifiers(np.array(codes, np.int32), (1,) * len(codes[0]), [np.zeros((1, 16), np.float32)] * books)
    with pytest.raises(TriescopeError, match=f"resolver '{name}' needs identifiers in which every code has a vector"):
        resolved(name, fitted, Material(vectors(2), ()))


def test_a_resolver_that_a_scheme_lists_is_there():
    for scheme in identifiers.SCHEMES.values():
        assert set(scheme.resolvers) <= set(RESOLVERS)
