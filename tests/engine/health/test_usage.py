from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.health.usage import documents_of, lorenz, neighbours, residual_steps, usage, usage_given_prefix
from engine.identifiers import rq_kmeans
from engine.identifiers.base import Identifiers, Material
from engine.identifiers.collisions import extra_code
from tests.engine.oracles import identifiers, padded

CODES = 5  # one more than the words use: there are always dead codes
seeds = st.integers(0, 1 << 30)
counts = st.lists(st.integers(0, 50), min_size=1, max_size=20).map(np.array)


def table(words):
    codes = padded(words)
    return codes, (CODES,) * codes.shape[1]


def vectors(seed, shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@given(identifiers())
def test_a_count_is_the_number_of_documents_with_the_code_at_the_level(words):
    for level, found in enumerate(usage(*table(words))):
        assert found.tolist() == [sum(len(word) > level and word[level] == code for word in words) for code in range(CODES)]


@given(identifiers())
def test_every_document_that_reaches_a_level_is_counted_there_once(words):
    assert [found.sum() for found in usage(*table(words))] == [
        sum(len(word) > level for word in words) for level in range(max(map(len, words)))
    ]


@given(identifiers())
def test_within_a_prefix_a_code_has_its_part_of_the_documents_that_go_on(words):
    for level, found in enumerate(usage_given_prefix(*table(words))):
        parts = {code: [] for code in range(CODES)}
        for prefix in {word[:level] for word in words if len(word) > level}:
            below = [word[level] for word in words if word[:level] == prefix and len(word) > level]
            for code in set(below):
                parts[code].append(below.count(code) / len(below))
        assert found.prefixes.tolist() == [len(parts[code]) for code in range(CODES)]
        assert found.share.tolist() == pytest.approx(
            [np.mean(parts[code]) if parts[code] else np.nan for code in range(CODES)], nan_ok=True
        )


@given(identifiers())
def test_at_the_first_level_the_empty_prefix_is_the_only_one(words):
    codes, vocabulary = table(words)
    found, first = usage(codes, vocabulary)[0], usage_given_prefix(codes, vocabulary)[0]
    assert first.prefixes.tolist() == (found > 0).astype(int).tolist()
    assert first.share[found > 0] == pytest.approx(found[found > 0] / found.sum())


def test_collapse_under_a_prefix_shows_where_the_counts_look_even():
    codes = np.array([[0, 0], [0, 0], [1, 1], [1, 1]], np.int32)
    assert usage(codes, (2, 2))[1].tolist() == [2, 2]
    second = usage_given_prefix(codes, (2, 2))[1]
    assert second.prefixes.tolist() == [1, 1]
    assert second.share.tolist() == [1, 1]


@given(counts)
def test_a_point_of_the_lorenz_curve_is_what_the_least_used_codes_hold(found):
    points = lorenz(found)
    ordered, total = sorted(found.tolist()), int(found.sum())
    for place, (codes, documents) in enumerate(points):
        assert codes == pytest.approx(place / len(found))
        assert documents == pytest.approx(sum(ordered[:place]) / total if total else codes)


@given(counts)
def test_the_lorenz_curve_rises_below_the_diagonal_from_nothing_to_everything(found):
    points = lorenz(found)
    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [1, 1]
    assert (np.diff(points[:, 1]) >= 0).all()
    assert (points[:, 1] <= points[:, 0] + 1e-12).all()


@given(identifiers())
def test_documents_of_a_code_are_those_that_have_it_in_document_order(words):
    codes, _ = table(words)
    for level, column in enumerate(codes.T):
        for code, rows in zip(range(CODES), documents_of(column, range(CODES)), strict=True):
            assert rows.tolist() == [row for row, word in enumerate(words) if len(word) > level and word[level] == code]


@given(seeds, st.integers(1, 8), st.integers(1, 10))
def test_neighbours_are_the_codes_with_the_highest_cosines(seed, size, k):
    book = vectors(seed, (size, 3))
    for code in range(size):
        expected = sorted(
            (-float(book[code] @ book[other] / np.linalg.norm(book[code]) / np.linalg.norm(book[other])), other)
            for other in range(size)
            if other != code
        )[:k]
        found = neighbours(book, code, k)
        assert [near.cosine for near in found] == pytest.approx([-cosine for cosine, _ in expected], abs=1e-6)
        assert len({near.code for near in found} - {code}) == len(expected)
        for near in found:
            assert near.distance == pytest.approx(float(np.linalg.norm(book[near.code] - book[code])), rel=1e-5)


def test_neighbours_with_the_same_cosine_come_by_number_and_zero_vectors_have_none():
    book = np.array([[1, 0], [0, 0], [2, 0], [5, 0]], np.float32)
    assert [(near.code, near.cosine) for near in neighbours(book, 0, 3)] == [(2, 1), (3, 1), (1, 0)]
    assert [near.cosine for near in neighbours(book, 1, 3)] == [0, 0, 0]


@given(seeds)
def test_a_step_is_what_a_loop_over_the_codewords_finds(seed):
    random = np.random.default_rng(seed)
    books = [random.normal(size=(size, 4)).astype(np.float32) for size in (3, 5)]
    embedding, codes = random.normal(size=4).astype(np.float32), np.array([random.integers(3), random.integers(5)])
    fitted = Identifiers(codes[None].astype(np.int32), (3, 5), books)
    total = np.zeros(4)
    for level, (book, code, step) in enumerate(zip(books, codes, residual_steps(fitted, embedding, codes), strict=True), 1):
        left = embedding - total
        distances = {other: float(np.linalg.norm(left - vector)) for other, vector in enumerate(book)}
        total = total + book[code]
        other = min((other for other in distances if other != code), key=distances.__getitem__)
        assert (step.level, step.code, step.other) == (level, code, other)
        assert step.before == pytest.approx(float(np.linalg.norm(left)), rel=1e-5)
        assert step.after == pytest.approx(distances[code], rel=1e-5)
        assert step.after == pytest.approx(float(np.linalg.norm(embedding - total)), rel=1e-5)
        assert step.other_distance == pytest.approx(distances[other], rel=1e-5)
        cosine = float(total @ embedding / np.linalg.norm(total) / np.linalg.norm(embedding))
        assert step.cosine == pytest.approx(cosine, abs=1e-6)


@pytest.fixture(scope="module")
def fitted():
    embeddings = vectors(3, (200, 8))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    found = rq_kmeans.fit(Material(embeddings, ()), {"levels": 3, "codes": 8}, 0, lambda done, total: None)
    return extra_code(found, None, 0), embeddings


def test_residual_kmeans_chooses_the_nearest_code_and_the_collision_code_is_no_step(fitted):
    found, embeddings = fitted
    assert found.codes.shape[1] == 4
    for row in range(0, 200, 20):
        steps = residual_steps(found, embeddings[row], found.codes[row])
        assert [step.level for step in steps] == [1, 2, 3]
        assert steps[0].before == pytest.approx(1, abs=1e-6)
        assert all(step.after <= step.other_distance + 1e-6 for step in steps)
        assert [step.before for step in steps[1:]] == pytest.approx([step.after for step in steps[:-1]])


def test_a_moved_document_is_nearer_to_another_code(fitted):
    found, embeddings = fitted
    codes = found.codes[0].copy()
    codes[0] = (codes[0] + 1) % 8
    step = residual_steps(found, embeddings[0], codes)[0]
    assert step.other == found.codes[0, 0]
    assert step.other_distance < step.after


def test_steps_end_where_the_identifier_ends_and_there_are_none_without_codebooks():
    books = [np.eye(2, dtype=np.float32)] * 2
    fitted = Identifiers(np.array([[0, -1]], np.int32), (2, 2), books)
    assert len(residual_steps(fitted, np.ones(2), fitted.codes[0])) == 1
    assert residual_steps(fitted, np.ones(2), np.array([-1, -1])) == []
    assert residual_steps(replace(fitted, codebooks=[]), np.ones(2), fitted.codes[0]) == []


def test_a_codebook_of_one_has_no_second_code_and_a_zero_vector_no_cosine():
    fitted = Identifiers(np.zeros((1, 1), np.int32), (1,), [np.zeros((1, 2), np.float32)])
    step = residual_steps(fitted, np.ones(2), np.array([0]))[0]
    assert (step.other, step.other_distance, step.cosine) == (None, None, 0)
