import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.identifiers.base import Identifiers
from engine.identifiers.collision_vectors import transport
from engine.identifiers.distortion import distortion, residual
from tests.engine.identifiers.test_collisions import fits, raw_fit, vectors


def slow_transport(distances, blur, iterations):
    """Sinkhorn-Knopp, number by number."""
    m, k = len(distances), len(distances[0])
    extra = [[value - min(row) for value in row] for row in distances]
    largest = max(max(row) for row in extra) or 1.0
    plan = [[float(np.exp(-value / (blur * largest))) for value in row] for row in extra]
    kernel, column = [list(row) for row in plan], [1.0] * k
    for _ in range(iterations):
        row = [1 / sum(kernel[i][j] * column[j] for j in range(k)) for i in range(m)]
        column = [max(1.0, m / k) / sum(kernel[i][j] * row[i] for i in range(m)) for j in range(k)]
        column = [min(1.0, value) for value in column] if m < k else column
    plan = [[kernel[i][j] * column[j] for j in range(k)] for i in range(m)]
    return [[value / sum(row) for value in row] for row in plan]


tables = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, 9).map(float), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    )
)


@given(tables, st.sampled_from([0.003, 0.1, 1.0]))
def test_the_transport_plan_equals_that_of_slow_loops(table, blur):
    assert transport(np.array(table), blur, 20) == pytest.approx(np.array(slow_transport(table, blur, 20)), rel=1e-6, abs=1e-9)


@given(tables)
def test_a_plan_gives_away_each_document_once_and_no_code_more_than_its_share(table):
    plan = transport(np.array(table), blur=0.5, iterations=500)
    m, k = plan.shape
    rows, columns = [sum(row) for row in plan.tolist()], [sum(column) for column in plan.T.tolist()]
    assert rows == pytest.approx([1.0] * m)
    if m < k:
        assert max(columns) <= 1 + 1e-3
    else:
        assert columns == pytest.approx([m / k] * k, abs=1e-3)


@pytest.mark.parametrize("shape", [(3, 200), (200, 3), (50, 50), (1, 1), (1, 9), (9, 1)])
def test_a_plan_is_finite_however_far_one_document_lies_from_the_rest(shape):
    distances = np.random.default_rng(1).random(shape)
    distances[0, 0] += 1e12
    plan = transport(distances)
    assert np.isfinite(plan).all()
    assert plan.sum(axis=1) == pytest.approx(1.0)


@given(fits())
def test_distortion_equals_loops_over_documents(case):
    fitted, material = case
    squared, cosines = [], []
    for row, vector in zip(fitted.codes, material.embeddings.astype(float), strict=True):
        rebuilt = sum((book[code] for code, book in zip(row, fitted.codebooks, strict=True) if code >= 0), np.zeros(len(vector)))
        squared.append(sum((a - b) ** 2 for a, b in zip(vector, rebuilt, strict=True)))
        lengths = np.sqrt((vector**2).sum() * (rebuilt**2).sum())
        cosines.append(float(vector @ rebuilt / lengths) if lengths else 0.0)
    found = distortion(fitted, material.embeddings)
    assert found.squared_error == pytest.approx(np.mean(squared), abs=1e-5)
    assert found.cosine == pytest.approx(np.mean(cosines), abs=1e-5)


def test_distortion_is_the_same_in_blocks(monkeypatch):
    embeddings = vectors(50)
    whole = distortion(raw_fit(embeddings), embeddings)
    monkeypatch.setattr("engine.identifiers.distortion.BLOCK", 7)
    assert distortion(raw_fit(embeddings), embeddings) == pytest.approx(whole)


def test_a_scheme_without_vectors_has_no_distortion():
    assert distortion(Identifiers(np.zeros((2, 1), np.int32), (1,)), vectors(2)) is None


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_what_all_levels_leave_is_the_vector_less_its_codewords(levels):
    embeddings = vectors(40)
    fitted = raw_fit(embeddings, levels=levels, codes=4)
    rebuilt = sum(book[fitted.codes[:, level]] for level, book in enumerate(fitted.codebooks))
    assert residual(fitted.codes, fitted.codebooks, embeddings) == pytest.approx(embeddings - rebuilt, abs=1e-6)
