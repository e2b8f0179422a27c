"""Squeezed vectors in lists and in a graph: what comes back is what comparing all gives, but for what the index lets slip."""

import shutil

import numpy as np
import pytest

from engine import paths
from engine.builds import indexes
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.retrievers import Queries, hnsw_width, ivf_pq, lance_table, made_index, method_of, usearch_graph
from engine.retrievers.dense import ExactRetriever
from engine.retrievers.lost import BELOW, SEARCH, Lack
from engine.retrievers.made_index import RefinedRetriever
from tests.engine.oracles import unit

N, D = 1200, 16
KINDS = [(ivf_pq, ivf_pq.SQUEEZED), (usearch_graph, usearch_graph.SQUEEZED), (lance_table, lance_table.SQUEEZED)]


@pytest.fixture(scope="module")
def vectors():
    rng = np.random.default_rng(0)
    found = unit(rng.normal(size=(12, D))[rng.integers(12, size=N)] + 0.6 * rng.normal(size=(N, D))).astype(np.float32)
    found[700:710] = found[3]  # copies have equal scores
    return found


@pytest.fixture(scope="module")
def queries(vectors):
    return Queries([""] * 200, hnsw_width.probes(vectors))


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind[1].name)
def made(request, vectors):
    module, of = request.param
    index = of.make(vectors)
    return module, of, index, made_index.choose(of, index, vectors)


def allowed_of(share, rows=N):
    return np.random.default_rng(1).random(rows) < share


def shared(found, exact):
    """Share of the scores of an exact search that a list has too."""
    return np.mean(
        [len(set(map(float, a)) & set(map(float, b))) / len(set(map(float, b))) for a, b in zip(found, exact, strict=True)]
    )


class TestSearch:
    def test_what_is_found_has_cosines_in_order_and_is_nearly_what_comparing_all_finds(self, made, vectors, queries):
        _, of, index, (width, recall) = made
        by, exact = RefinedRetriever(of.name, index, vectors), ExactRetriever(vectors)
        found, truth = by.search(queries, 100), exact.search(queries, 100)
        same = np.mean([(a >= b[-1] - 1e-6).mean() for a, b in zip(found.scores, truth.scores, strict=True)])
        assert recall == pytest.approx(same, abs=1e-3)
        assert recall > 0.95
        assert width in of.widths
        for rows, scores, query in zip(found.rows, found.scores, queries.vectors, strict=True):
            assert scores.tolist() == pytest.approx((vectors[rows] @ query).tolist(), abs=1e-5)
            assert [(-score, row) for score, row in zip(scores, rows, strict=True)] == sorted(
                (-score, row) for score, row in zip(scores, rows, strict=True)
            )

    @pytest.mark.parametrize("share", [0.9, 0.2, 0.01])
    def test_a_filter_is_looked_through_within_the_index_and_as_many_come_back_as_pass(
        self, made, vectors, queries, share, monkeypatch
    ):
        monkeypatch.setattr(made_index, "FEW", 0)
        _, of, index, _ = made
        allowed, some = allowed_of(share), Queries(queries.texts[:20], queries.vectors[:20])
        by = RefinedRetriever(of.name, index, vectors)
        found, exact = by.search(some, 10, allowed), ExactRetriever(vectors).search(some, 10, allowed)
        assert allowed[found.rows[found.rows >= 0]].all()
        assert (found.rows >= 0).sum() == (exact.rows >= 0).sum()
        assert shared(found.scores, exact.scores) > 0.9
        everything = by.search(some, N, allowed)
        assert (everything.rows >= 0).sum(axis=1).tolist() == [allowed.sum()] * 20

    def test_where_few_pass_all_of_them_are_compared(self, made, vectors, queries):
        _, of, _, _ = made
        allowed = allowed_of(0.05)
        found = RefinedRetriever(of.name, None, vectors).search(queries, 20, allowed)  # no index is asked
        assert found.rows.tolist() == ExactRetriever(vectors).search(queries, 20, allowed).rows.tolist()

    def test_what_came_is_put_in_and_what_is_gone_is_found_no_more(self, made, vectors, queries):
        module, of, _, (width, _) = made
        index = of.make(vectors[:1000])
        index.width = width
        kept = np.setdiff1d(np.arange(1000), np.arange(0, 1000, 3))
        now = np.concatenate([vectors[:1000][kept], vectors[1000:]])
        grown = RefinedRetriever(of.name, module._Grown(index, kept, vectors[1000:]), now)
        found, exact = grown.search(queries, 20), ExactRetriever(now).search(queries, 20)
        assert shared(found.scores, exact.scores) > 0.95
        assert (found.rows >= len(kept)).any()
        allowed = allowed_of(0.5, len(now))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(made_index, "FEW", 0)
            under = grown.search(queries, 20, allowed)
        assert allowed[under.rows].all()
        assert shared(under.scores, ExactRetriever(now).search(queries, 20, allowed).scores) > 0.9


class TestMeasured:
    class Blind:
        """Finds the nearest but for the first, however wide."""

        def __init__(self, vectors, sees_at):
            self.vectors, self.sees_at, self.width = vectors, sees_at, 0

        def nearest(self, queries, depth, allowed):
            order = np.argsort(-(queries @ self.vectors.T), axis=1)
            return list(order[:, int(self.width < self.sees_at) :][:, :depth])

    def test_the_narrowest_width_that_finds_enough_is_taken_and_what_slips_is_counted(self, vectors):
        of = ivf_pq.SQUEEZED._replace(widths=(1, 2, 4))
        for sees_at, chosen in ((1, (1, 1.0)), (4, (4, 1.0)), (9, (4, 0.99))):
            assert made_index.choose(of, self.Blind(vectors[:500], sees_at), vectors[:500]) == chosen

    def test_what_slipped_is_a_search_error_and_what_ranks_lower_is_not(self, vectors):
        by = RefinedRetriever("dense-ivfpq", self.Blind(vectors, 9), vectors)
        query = Queries([""], vectors[5:6])
        ranked = ExactRetriever(vectors).search(query, 50).rows[0]
        slipped, below = made_index.lost(Lack(by, query, ranked[[0, 40]], 10, None, N))
        assert (slipped.kind, slipped.rank, below.kind, below.rank) == (SEARCH, 1, BELOW, 41)
        assert slipped.told.startswith("the index let it slip: exact rank 1, cosine 1.000")


def test_the_shell_makes_them_in_the_cache_and_a_build_of_other_vectors_has_none(small_build, told, shell, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "cache", lambda: tmp_path / "cache")
    folder = shutil.copytree(small_build, tmp_path / "sixty")
    code, _, err = shell("search", folder, "x", "-r", "dense-ivfpq")
    assert code == 2
    assert "`python -m engine indexes sixty` makes it" in err
    found = told("indexes", folder)
    assert list(found) == list(indexes.KINDS)
    assert not [path for path in folder.rglob("*") if path.suffix in (".faiss", ".usearch") and path.name != "dense.faiss"]
    build = Build(folder)
    asked = {"query": "a ship in a storm", "k": 10, "vector": np.asarray(build.embeddings[7])}
    truth = build.search(retriever="dense", **asked).hits
    for name, of in found.items():
        assert (of["documents"], of["recall"]) == (60, 1.0)
        hits = build.search(retriever=name, **asked).hits
        assert [(hit.id, hit.score) for hit in hits] == [(hit.id, hit.score) for hit in truth]
        assert f"found 100.0% of the {of['nearest']} nearest" in method_of(name)[0].told(build, method_of(name)[1])
        path = made_index.folder_of(folder, name)
        for part in path.rglob("*.*[!n]"):
            if part.is_file():
                part.write_bytes(b"no index" * 9)
        with pytest.raises(TriescopeError, match="delete"):
            Build(folder).search(retriever=name, **asked)
    (folder / "embeddings.npy").write_bytes(b"other")
    assert not made_index.is_there(folder, "dense-ivfpq")
    assert shell("indexes", folder, "--kind", "flat")[0] == 2
