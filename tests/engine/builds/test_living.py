"""Documents that come and go in a finished build: found by every retriever at once, and as if all had been built so."""

import shutil

import numpy as np
import pytest

from engine import trie
from engine.builds import living
from engine.builds.opened import Build
from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.identifiers import SCHEMES
from engine.live import journal
from engine.retrievers import RETRIEVERS, sparse
from engine.retrievers.dense import ExactRetriever
from engine.retrievers.ranking import Queries
from engine.scorers.centroid import CentroidScorer, node_means
from tests.engine.oracles import unit

ASKED = "a dragon of glass sings in the opera"
FINDS = "bm25 tfidf bm25:k1=0.9 dense dense-hnsw generative hybrid bm25+dense bm25~dense".split()


def documents(count, first=0):
    return [
        Document(f"new-{n}", f"A dragon of glass {n}", f"It sings in opera {n % 7}.", {"n": n})
        for n in range(first, first + count)
    ]


@pytest.fixture
def folder(sixty_home, home, tmp_path):
    return shutil.copytree(sixty_home / "builds" / "sixty", tmp_path / "sixty")


def vectors(count, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(count, 384))).astype(np.float32)


@pytest.fixture
def changed(folder):
    """The build after three changes: documents came, some of them and of the first ones went, one of each was changed."""
    first = [document.id for document in Build(folder).documents]
    living.add(folder, documents(30), vectors=vectors(30))
    living.remove(folder, ["new-3", first[0], *first[40:50]])
    altered = [documents(1, 5)[0]._replace(title="Another dragon"), Document(first[7], "Glass again", "", {})]
    assert living.add(folder, [*altered, *documents(1, 8)], vectors=vectors(3, 1)).counts() == {
        "added": 0,
        "changed": 2,
        "removed": 0,
        "unchanged": 1,
    }
    return Build(folder)


def test_what_is_there_is_what_stayed_and_then_what_came(changed):
    before = Build(changed.folder, live=False)
    ids = [document.id for document in changed.documents]
    first = [document.id for document in before.documents]
    stayed = [one for place, one in enumerate(first) if place not in {0, 7, *range(40, 50)}]
    came = [f"new-{n}" for n in range(30) if n not in (3, 5)]
    assert ids == [*stayed, *came, "new-5", first[7]]
    assert len(before.documents) == 60
    assert changed.manifest.corpus.documents == len(ids)
    assert changed.documents[changed.row_of["new-5"]].title == "Another dragon"
    np.testing.assert_array_equal(changed.embeddings[-2:], vectors(3, 1)[:2])
    assert changed.catalogue == before.manifest.corpus.sha256 != changed.manifest.corpus.sha256
    assert changed.version != before.version


def test_keywords_and_vectors_find_what_a_rebuild_finds(changed, tmp_path):
    asked = Queries([ASKED, "war", "old couple visit the city"], vectors(3, 9))
    sparse.build(changed.texts(), tmp_path / "anew")
    rebuilt = {"bm25": sparse.SparseRetriever(tmp_path / "anew"), "dense": ExactRetriever(np.array(changed.embeddings))}
    rebuilt["dense-hnsw"] = rebuilt["dense"]
    for name, wanted in rebuilt.items():
        for k in (5, 200):
            found, meant = changed.retriever(name).search(asked, k), wanted.search(asked, k)
            np.testing.assert_array_equal(found.rows[:, : meant.rows.shape[1]], meant.rows)
            np.testing.assert_allclose(found.scores, meant.scores, atol=1e-6)


def test_the_tree_and_its_scores_are_those_of_the_identifiers_built_anew(changed):
    rebuilt = trie.build(changed.codes)
    for made, wanted in zip(changed.trie, rebuilt, strict=True):
        np.testing.assert_array_equal(made, wanted)
    means = node_means(rebuilt, np.array(changed.embeddings))
    np.testing.assert_array_equal(changed.parts.means, means)
    anew = CentroidScorer(rebuilt, means, changed.parts.codebooks)
    nodes, query = np.arange(len(rebuilt.code)), vectors(1, 3)[0]
    scorer = changed.scorer("centroid")
    np.testing.assert_array_equal(scorer.node_scores(scorer.start(query), nodes), anew.node_scores(anew.start(query), nodes))
    assert len(changed.names) == len(nodes)
    assert len(set(map(tuple, changed.codes))) == len(changed.codes)
    leaf = changed.trie.path(changed.row_of["new-5"])[-1]
    assert changed.names[leaf] == "Another dragon"


@pytest.mark.parametrize("name", FINDS)
def test_every_retriever_finds_what_came_and_nothing_that_went(changed, name):
    row = changed.row_of["new-9"]
    hits = [hit.id for hit in changed.search(ASKED + " 9", name, 100, 200, vector=np.asarray(changed.embeddings[row])).hits]
    assert "new-9" in hits
    assert "new-3" not in hits
    assert set(hits) <= {document.id for document in changed.documents}


def test_a_retriever_with_an_index_that_does_not_follow_says_so(changed, monkeypatch):
    monkeypatch.setattr("engine.retrievers.RETRIEVERS", {**RETRIEVERS, "bm25": RETRIEVERS["bm25"]._replace(follows=False)})
    with pytest.raises(TriescopeError, match=r"bm25 reads an index that does not know what came or went .* fold that in"):
        Build(changed.folder).retriever("bm25")


def test_a_walk_goes_on_until_enough_of_what_it_finds_is_still_there(folder):
    opened = Build(folder)
    query = np.asarray(opened.embeddings[3])
    nearest = [hit.id for hit in opened.search(ASKED, "dense", 50, vector=query).hits]
    living.remove(folder, nearest[:45])
    found = Build(folder).search(ASKED, "dense-hnsw", 5, vector=query).hits
    assert [hit.id for hit in found] == nearest[45:50]


def test_a_removal_is_all_or_nothing(folder):
    first = Build(folder).documents[0].id
    with pytest.raises(TriescopeError, match="no document 'x'; nothing is removed"):
        living.remove(folder, [first, "x"])
    with pytest.raises(TriescopeError, match="no document would be left"):
        living.remove(folder, list(Build(folder).row_of))
    assert journal.stamp(folder) == ""


def test_a_scheme_that_cannot_place_a_document_leaves_it_to_keywords_and_vectors_and_says_so(folder, monkeypatch):
    monkeypatch.setattr("engine.builds.living.SCHEMES", {"rq-kmeans": SCHEMES["rq-kmeans"]._replace(assign=None)})
    living.add(folder, documents(2), vectors=vectors(2))
    opened = Build(folder)
    found = {name: [hit.id for hit in opened.search(ASKED, name, 3, vector=vectors(2)[1]).hits] for name in ("bm25", "dense")}
    assert all("new-1" in ids for ids in found.values())
    assert "new-1" not in [hit.id for hit in opened.search(ASKED, "generative", 70, 200, vector=vectors(2)[1]).hits]
    assert "2 have no identifier: keyword and vector search find them" in living.drift_of(opened).told()


def test_drift_counts_what_came_and_how_much_less_is_kept_of_it(changed):
    found = living.drift_of(changed)
    assert (found.fitted, found.later, found.unplaced) == (48, 30, 0)
    assert found.kept > found.kept_later
    assert found.due
    assert found.told().endswith(": fit anew")


def test_codes_that_nobody_fitted_are_refused(folder):
    whole = Build(folder)
    codes = np.array([[2_000_000_000, 0, 0]], np.int32)[:, : whole.codes.shape[1]]
    journal.append(folder, journal.Change((), documents(1), vectors(1), codes, np.array([3])))
    with pytest.raises(TriescopeError, match="a change is damaged"):
        Build(folder).decode(ASKED, vector=vectors(1)[0])


def test_what_reads_files_of_its_own_follows_or_is_left_behind(changed):
    behind = {method.name for method in RETRIEVERS.values() if method.left_behind}
    assert "late" in behind
    assert not behind & {"bm25", "tfidf", "dense", "dense-hnsw", "moved", "tuned", "tuned-moved", "generative", "hybrid"}
    with pytest.raises(TriescopeError, match="late reads an index that does not know what came or went"):
        changed.retriever("late")
