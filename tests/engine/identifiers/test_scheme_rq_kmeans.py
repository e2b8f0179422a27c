"""RQ-KMeans reads of many documents those alone that k-means draws, and fits what it would fit with all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.identifiers import kmeans, rq_kmeans
from engine.identifiers.base import Material
from tests.engine.identifiers.vector_schemes import random_vectors

SETTINGS = {option.name: option.default for option in rq_kmeans.SCHEME.options}


def with_all(embeddings, levels, codes, seed, halving):
    """One k-means a level, each on all that is left over."""
    left, codebooks, columns = embeddings.copy(), [], []
    for level in range(levels):
        codebooks.append(kmeans.kmeans(left, max(2, codes >> level) if halving else codes, seed + level))
        distances = ((left[:, None] - codebooks[-1]) ** 2).sum(axis=2)
        columns.append(distances.argmin(axis=1))
        left = left - codebooks[-1][columns[-1]]
    return np.column_stack(columns), codebooks


@given(st.integers(0, 5), st.booleans(), st.integers(1, 3), st.sampled_from([50, 3000]))
def test_it_is_one_kmeans_a_level_on_what_is_left_over(seed, halving, levels, rows):
    embeddings = random_vectors(rows)
    assert (kmeans.drawn(rows, 4, seed) is None) == (rows == 50)
    asked = SETTINGS | {"levels": levels, "codes": 4, "halving": int(halving)}
    found = rq_kmeans.fit(Material(embeddings, ()), asked, seed, lambda done, total: None)
    codes, codebooks = with_all(embeddings, levels, 4, seed, halving)
    for ours, theirs in zip(found.codebooks, codebooks, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)
    assert (found.codes == codes).mean() > 0.999


def test_rows_that_were_not_drawn_are_not_looked_at():
    embeddings = random_vectors(3000)
    asked = SETTINGS | {"levels": 1, "codes": 4}
    drawn = kmeans.drawn(3000, 4, 0)
    assert len(np.unique(drawn)) == 1024
    spoiled = np.full_like(embeddings, np.nan)
    spoiled[drawn] = embeddings[drawn]
    ours, theirs = (rq_kmeans.codebooks_of(of, asked, 0, lambda done, total: None) for of in (spoiled, embeddings))
    assert ours[0].tolist() == theirs[0].tolist()
