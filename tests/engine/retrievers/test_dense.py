import numpy as np
import pytest

from engine.errors import TriescopeError
from engine.retrievers import Queries
from engine.retrievers.dense import GRAPH, NODES, ExactRetriever, HnswRetriever, build_hnsw
from tests.engine.oracles import unit


def clustered(rows, dimensions=32, clusters=40, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(clusters, dimensions))
    return unit(centres[rng.integers(clusters, size=rows)] + 0.5 * rng.normal(size=(rows, dimensions)))


def test_exact_search_ranks_as_sorting_all_cosines():
    vectors, queries = clustered(300), clustered(20, seed=1)
    ranking = ExactRetriever(vectors).search(Queries([""] * 20, queries), 10)
    for place, query in enumerate(queries):
        cosines = vectors.astype(np.float64) @ query
        assert ranking.rows[place].tolist() == np.argsort(-cosines, kind="stable")[:10].tolist()
        np.testing.assert_allclose(ranking.scores[place], np.sort(cosines)[::-1][:10], atol=1e-6)


def test_equal_cosines_stand_in_document_order():
    vectors = np.array([[0, 1], [1, 0], [0, 1], [1, 0], [1, 0]], np.float32)
    query = np.array([[1, 0]], np.float32)
    assert ExactRetriever(vectors).search(Queries([""], query), 4).rows.tolist() == [[1, 3, 4, 0]]


def test_equal_cosines_of_the_graph_stand_in_document_order(tmp_path):
    vectors = np.array([[0, 1], [1, 0], [0, 1], [1, 0], [1, 0]], np.float32)
    build_hnsw(vectors, tmp_path)
    query = np.array([[1, 0]], np.float32)
    assert HnswRetriever(tmp_path).search(Queries([""], query), 5).rows.tolist() == [[1, 3, 4, 0, 2]]


def test_the_graph_finds_nearly_all_that_exact_search_finds(tmp_path):
    vectors, queries = clustered(2000), clustered(100, seed=1)
    build_hnsw(vectors, tmp_path)
    asked = Queries([""] * 100, queries)
    exact, near = ExactRetriever(vectors).search(asked, 10).rows, HnswRetriever(tmp_path).search(asked, 10).rows
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact.tolist(), near.tolist(), strict=True)])
    assert recall >= 0.95


def test_the_graphs_scores_are_cosines_best_first(tmp_path):
    vectors, queries = clustered(200), clustered(5, seed=1)
    build_hnsw(vectors, tmp_path)
    ranking = HnswRetriever(tmp_path).search(Queries([""] * 5, queries), 10)
    for place, query in enumerate(queries):
        np.testing.assert_allclose(ranking.scores[place], vectors[ranking.rows[place]] @ query, atol=1e-5)
        assert (np.diff(ranking.scores[place]) <= 0).all()


@pytest.mark.parametrize(("single", "copied", "copies"), [(80, 1, 1500), (0, 100, 20)], ids=["one many times", "all many times"])
def test_copies_of_a_vector_hide_no_other_document(tmp_path, single, copied, copies):
    vectors = clustered(single + copied)
    vectors = np.concatenate([np.repeat(vectors[:copied], copies, axis=0), vectors[copied:]])
    vectors = vectors[np.random.default_rng(2).permutation(len(vectors))]
    build_hnsw(vectors, tmp_path)
    asked = Queries([""] * 100, clustered(100, seed=1))
    exact, near = ExactRetriever(vectors).search(asked, 10), HnswRetriever(tmp_path).search(asked, 10)
    assert near.rows.tolist() == exact.rows.tolist()


def test_a_graph_with_a_node_a_document_is_still_read(tmp_path):
    vectors = clustered(50)
    build_hnsw(vectors, tmp_path)
    asked = Queries([""] * 5, vectors[:5])
    before = HnswRetriever(tmp_path).search(asked, 10).rows
    (tmp_path / NODES).unlink()
    assert HnswRetriever(tmp_path).search(asked, 10).rows.tolist() == before.tolist()


def test_nodes_of_another_graph_are_refused(tmp_path):
    build_hnsw(clustered(50), tmp_path)
    np.save(tmp_path / NODES, np.arange(60, dtype=np.int32))
    with pytest.raises(TriescopeError, match="not of this graph"):
        HnswRetriever(tmp_path)


@pytest.mark.parametrize("kind", ["exact", "graph"])
def test_asking_for_more_than_there_is_gives_every_document_once_and_padding(tmp_path, kind):
    vectors = clustered(7)
    build_hnsw(vectors, tmp_path)
    retriever = ExactRetriever(vectors) if kind == "exact" else HnswRetriever(tmp_path)
    rows = retriever.search(Queries([""], vectors[:1]), 10).rows[0].tolist()
    assert sorted(rows) == [-1, -1, -1, *range(7)]
    assert rows[7:] == [-1, -1, -1]


def test_a_file_that_is_no_graph_is_refused(tmp_path):
    (tmp_path / GRAPH).write_bytes(b"no index at all")
    with pytest.raises(TriescopeError, match="not a faiss index"):
        HnswRetriever(tmp_path)


def test_a_query_without_its_vector_is_our_own_mistake():
    with pytest.raises(ValueError, match="dense needs query vectors"):
        ExactRetriever(clustered(3)).search(Queries(["words"]), 1)
