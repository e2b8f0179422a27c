"""The query moved towards what was decoded: as a loop over paths and codes has it."""

import numpy as np
import pytest

from engine.errors import TriescopeError
from engine.retrievers import Queries, feedback
from tests.engine.oracles import unit


def test_the_moved_query_is_the_query_and_a_share_of_what_the_best_paths_add_up_to(opened):
    by = opened.retriever("feedback", 20)
    vectors = unit(opened.embeddings[[7, 31]] + opened.embeddings[[40, 2]]).astype(np.float32)
    queries = Queries(["a ship", "a storm"], vectors)
    moved = by.moved(queries)
    for place, query in enumerate(vectors):
        kept = opened.decode("x", 20, query).steps[-1].kept
        paths = sorted(zip(kept.total.tolist(), kept.node.tolist(), strict=True), reverse=True)[: feedback.PATHS]
        mass = [np.exp(total - paths[0][0]) for total, _ in paths]
        thought = np.zeros(len(query))
        for share, (_, node) in zip(np.array(mass) / sum(mass), paths, strict=True):
            codes = opened.trie.prefix(node)
            thought += share * sum(book[code] for book, code in zip(opened.codebooks, codes, strict=False))
        expected = query + feedback.SHARE * thought / np.linalg.norm(thought)
        np.testing.assert_allclose(moved.vectors[place], expected / np.linalg.norm(expected), atol=1e-4)
    found, dense = by.search(queries, 60), opened.retriever("dense").search(moved, 60)
    assert found.rows.tolist() == dense.rows.tolist()
    assert found.rows.tolist() != opened.retriever("dense").search(queries, 60).rows.tolist()


def test_under_a_filter_only_what_passes_is_written(opened):
    by, queries = opened.retriever("feedback", 20), Queries(["x"], np.asarray(opened.embeddings[7:8]))
    allowed = np.arange(60) % 7 == 2
    assert not np.allclose(by.moved(queries, allowed).vectors, by.moved(queries).vectors)
    assert allowed[by.search(queries, 5, allowed).rows].all()
    without = opened.trie.restricted(np.arange(60) != 3).compact()
    by.decodes.trie = without
    assert by.moved(queries, np.arange(60) == 3).vectors is queries.vectors


def test_codes_without_vectors_are_refused(opened, monkeypatch):
    monkeypatch.setattr(type(opened), "codebooks", None)
    with pytest.raises(TriescopeError, match="codes have vectors that add up"):
        opened.retriever("feedback")
