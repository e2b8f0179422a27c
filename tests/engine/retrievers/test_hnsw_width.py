"""The width of the walk: the narrowest that finds what it has to, measured as a brute-force search would measure it."""

import json

import faiss
import numpy as np
import pytest

from engine.errors import TriescopeError
from engine.retrievers import Queries, hnsw_width
from engine.retrievers.dense import ExactRetriever, HnswRetriever, build_hnsw
from engine.retrievers.hnsw_width import Width, choose, probes, recall
from tests.engine.oracles import unit


class Walk:
    """An index that finds the nearest, but for so many of them, at each width."""

    def __init__(self, vectors, missed):
        self.vectors, self.missed, self.hnsw = vectors, missed, self

    def search(self, queries, k):
        miss = self.missed[self.efSearch]
        order = np.argsort(-(queries @ self.vectors.T), axis=1)
        return None, np.concatenate([order[:, miss:k], np.full((len(queries), miss), -1)], axis=1)


@pytest.fixture(scope="module")
def vectors():
    return unit(np.random.default_rng(0).normal(size=(400, 8))).astype(np.float32)


@pytest.mark.parametrize(
    ("missed", "width", "found"),
    [({256: 0}, 256, 1.0), ({256: 1, 512: 0}, 512, 1.0), ({256: 9, 512: 9, 1024: 9, 2048: 3}, 2048, 0.97)],
)
def test_the_narrowest_that_reaches_the_goal_is_taken_else_the_widest_and_its_recall_is_said(vectors, missed, width, found):
    known = choose(Walk(vectors, missed), vectors)
    assert (known.width, known.recall, known.probes) == (width, found, 200)
    assert f"{found:.1%}" in hnsw_width.told(known)


def test_recall_is_by_score_so_an_equal_vector_is_as_good(vectors):
    twice = np.concatenate([vectors, vectors])

    class Other(Walk):
        def search(self, queries, k):
            return None, (super().search(queries, k)[1] + len(vectors)) % len(twice)

    walk = Other(twice, {256: 0})
    walk.efSearch = 256
    assert recall(walk, twice, vectors[:5], 10) == 1.0


def test_made_up_queries_are_unit_and_turned_away_from_a_document(vectors):
    made = probes(vectors)
    assert np.linalg.norm(made, axis=1) == pytest.approx(1, abs=1e-5)
    rng = np.random.default_rng(0)
    own = vectors[rng.choice(len(vectors), 200)]
    assert (made * own).sum(axis=1) == pytest.approx(0.6, abs=1e-5)


def test_a_clustered_set_is_searched_as_wide_as_it_was_measured_and_finds_what_was_promised(tmp_path):
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(40, 32))
    vectors = unit(centres[rng.integers(40, size=3000)] + 0.4 * rng.normal(size=(3000, 32))).astype(np.float32)
    build_hnsw(vectors, tmp_path)
    opened = HnswRetriever(tmp_path)
    assert opened.index.hnsw.efSearch == opened.width.width == json.loads((tmp_path / hnsw_width.FILE).read_text())["width"]
    queries = Queries([""] * 50, unit(centres[rng.integers(40, size=50)] + 0.4 * rng.normal(size=(50, 32))).astype(np.float32))
    found, exact = opened.search(queries, 100).rows, ExactRetriever(vectors).search(queries, 100).rows
    shares = [len(set(one) & set(other)) / 100 for one, other in zip(found.tolist(), exact.tolist(), strict=True)]
    assert np.mean(shares) >= 0.99


def test_a_build_of_an_earlier_version_is_searched_and_a_damaged_file_said(tmp_path, vectors):
    build_hnsw(vectors, tmp_path)
    (tmp_path / hnsw_width.FILE).unlink()
    assert HnswRetriever(tmp_path).width == Width(width=256)
    assert "did not measure" in hnsw_width.told(Width(width=256))
    for content in ("{", '{"width": 1000000}', '{"width": 1}'):
        (tmp_path / hnsw_width.FILE).write_text(content)
        with pytest.raises(TriescopeError, match="damaged"):
            HnswRetriever(tmp_path)
    assert faiss.read_index(str(tmp_path / "dense.faiss")).ntotal == 400
