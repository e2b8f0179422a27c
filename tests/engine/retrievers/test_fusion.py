import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.retrievers.fusion import RRF_K, fuse, reciprocal_ranks

NAMES = ("bm25", "dense", "generative")
ranked = st.lists(st.integers(0, 9), unique=True, max_size=6)
three = st.tuples(ranked, ranked, ranked)
weights = st.tuples(*[st.sampled_from([0.1, 0.5, 1.0])] * 3)


def padded(rows):
    return np.array([*rows, -1, -1], np.int64)


def part(rows, document):
    return 1 / (RRF_K + 1 + rows.index(document)) if document in rows else 0.0


@given(three, st.lists(st.integers(0, 12), unique=True).map(sorted))
def test_reciprocal_ranks_are_one_over_sixty_plus_the_rank(lists, asked):
    found = reciprocal_ranks([padded(rows) for rows in lists], np.array(asked, np.int64))
    np.testing.assert_allclose(found, np.array([[part(rows, d) for rows in lists] for d in asked]).reshape(-1, 3))


@given(three, weights)
def test_a_fused_score_is_the_weighted_sum_over_the_lists(lists, weights):
    rows, scores, _ = fuse(dict(zip(NAMES, map(padded, lists), strict=True)), weights)
    expected = {
        document: sum(weight * part(one, document) for weight, one in zip(weights, lists, strict=True))
        for one in lists
        for document in one
    }
    assert dict(zip(rows.tolist(), scores.tolist(), strict=True)) == pytest.approx(expected)


@given(three, weights)
def test_a_document_names_the_lists_that_brought_it(lists, weights):
    rows, _, brought = fuse(dict(zip(NAMES, map(padded, lists), strict=True)), weights)
    for document, source in zip(rows.tolist(), brought, strict=True):
        by = [name for name, one in zip(NAMES, lists, strict=True) if document in one]
        assert source == " + ".join(by)


def test_lists_without_a_document_fuse_to_nothing():
    rows, scores, brought = fuse({"a": np.array([-1]), "b": np.empty(0, np.int64)}, (1, 1))
    assert (len(rows), len(scores), brought) == (0, 0, [])
