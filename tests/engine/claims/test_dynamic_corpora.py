"""A corpus that grows: the two figures against published ones, slices against a loop, and what is learned late against weights
worked out another way."""

import numpy as np
import pytest

from engine import identifiers, trie
from engine.claims import arriving, dynamic_corpora, learned_late
from engine.claims.arriving import Stood
from engine.claims.learned_late import SETTINGS, Pairs
from engine.data.figures import Interval
from engine.evaluation.run import _silent
from engine.retrievers import Queries
from engine.scorers.centroid import CentroidScorer, node_means


def test_the_figures_are_those_of_the_source():
    """BM25 on NQ, as published: Hit@10 of D0's queries after each slice, and of each slice's own."""
    old = np.array([[0.647], [0.625], [0.611], [0.598], [0.573], [0.573]])
    stood = Stood(old, [np.array([value]) for value in (0.620, 0.588, 0.598, 0.552, 0.571)])
    assert round(stood.forgotten.mean(), 3) == 0.051
    assert round(stood.found.mean(), 3) == 0.586


def test_every_document_comes_once_and_a_query_is_asked_where_its_answers_are(opened):
    slices = arriving.dealt(opened, opened.corpus.qrels["test"], 0)
    assert sorted(slices.order) == list(range(60))
    assert slices.ends == (30, 36, 42, 48, 54, 60)
    for number, (low, high) in enumerate(zip((0, *slices.ends), slices.ends, strict=False)):
        there = {opened.documents[row].id for row in slices.order[low:high]}
        expected = {
            query: kept
            for query, grades in opened.corpus.qrels["test"].items()
            if (kept := {one: grade for one, grade in grades.items() if one in there})
        }
        assert slices.qrels[number] == expected


def test_answers_of_other_slices_are_taken_out_of_a_list(opened):
    (query, *_), ids = opened.corpus.qrels["test"], [document.id for document in opened.documents]
    slices = arriving.Slices(np.arange(60), (30, 60), ({query: {ids[5]: 1}}, {query: {ids[40]: 1}}))
    listed = {0: [5, 1], 1: [40, 5, 1]}
    found = arriving.stood(
        opened, slices, {query: opened.corpus.queries[query]}, lambda number, queries: np.array([listed[number]])
    )
    assert found.old.tolist() == [[1.0], [1.0]]  # what arrived stands first, and is no wrong answer
    assert found.new[0].tolist() == [1.0]


@pytest.fixture(scope="module")
def taught():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(12, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    codes = np.array([[row % 3, row // 3] for row in range(12)], np.int32)
    pairs = Pairs(vectors[[0, 4, 10]], np.array([0, 4, 10]))
    known = learned_late.begun(trie.build(codes[:8]), vectors[:8], pairs.among(0, 8), 0)
    return codes, vectors, pairs, known


def test_an_untaught_scorer_ranks_documents_where_their_queries_draw_them(taught, monkeypatch):
    codes, vectors, pairs, _ = taught
    monkeypatch.setattr(learned_late, "STEPS", 0)
    tree = trie.build(codes)
    known = learned_late.begun(tree, vectors, pairs, 0)
    twin = CentroidScorer(tree, node_means(tree, learned_late.drawn(vectors, pairs)), [])
    nodes = np.arange(1, len(tree.code))
    ours = known.scorer.node_scores(known.scorer.start(vectors[3]), nodes)
    assert ours == pytest.approx(twin.node_scores(twin.start(vectors[3]), nodes), abs=1e-3)


def test_overlay_keeps_what_was_learned_and_shrinking_gives_it_back(taught):
    codes, vectors, _, known = taught
    more = learned_late.grown(known, codes[8:], vectors)
    back = learned_late.shrunk(more, 8, vectors)
    query = vectors[9]
    for node in range(1, len(known.tree.code)):
        prefix = known.tree.prefix(node)
        (there,) = [n for n in range(1, len(more.tree.code)) if more.tree.prefix(n) == prefix]
        old = known.scorer.node_scores(known.scorer.start(query), np.array([node]))
        assert more.scorer.node_scores(more.scorer.start(query), np.array([there])) == pytest.approx(old)
    assert back.tree.documents.tolist() == known.tree.documents.tolist()
    assert back.state["vectors"] == pytest.approx(known.state["vectors"])


def test_fine_tuning_learns_what_it_is_shown(taught, monkeypatch):
    codes, vectors, _, known = taught
    more = learned_late.grown(known, codes[8:], vectors)
    monkeypatch.setattr(learned_late, "MORE", 30)
    monkeypatch.setitem(SETTINGS, "learning_rate", 1e-2)
    late = Pairs(vectors[[0]], np.array([10]))  # what the first document was found by is asked for a new one
    tuned = learned_late.tuned(more, vectors, np.arange(8, 12), late, 0)

    def margin(of, row):
        scores = of.scorer.node_scores(of.scorer.start(vectors[0]), of.tree.leaves_of(np.arange(12)))
        return scores[row] - np.delete(scores, row).max()

    assert margin(more, 10) < 0 < margin(tuned, 10)
    assert margin(tuned, 0) < 0


def test_one_level_of_everything_is_dense_search_and_nothing_is_trained_without_train_queries(opened, monkeypatch):
    monkeypatch.setattr(dynamic_corpora, "LEFT_OUT", (*dynamic_corpora.LEFT_OUT, "rq-vae", "opq", "rq-behaviour"))
    found = dynamic_corpora.measure(opened, 0, _silent)
    of = {row[:2]: row[2:] for row in found.rows}
    assert of["atomic", "untrained, fitted anew"] == of["dense", "index"]
    assert {how for _, how in of} == {"index", "untrained, placed", "untrained, fitted anew"}
    assert dynamic_corpora.judge(found.figures) in ("holds partly", "does not hold here", "holds")
    assert any("url" in note for note in found.notes)


def test_a_placed_identifier_is_never_changed_by_what_comes_later(opened):
    slices = arriving.dealt(opened, opened.corpus.qrels["test"], 0)
    made = dynamic_corpora.scheme(opened, slices, np.asarray(opened.embeddings)[slices.order], "rq-kmeans", 0)
    assert made.how == "placed"
    for step, end in enumerate(slices.ends):
        assert (made.codes(step) == made.codes(5)[:end]).all()
        assert len(made.codes(step)) == end
    vectors = np.asarray(opened.embeddings)[slices.order]
    before = identifiers.fit("rq-kmeans", vectors[:30], {}, 0)
    assert (made.codes(5)[30:, :3] == identifiers.assign("rq-kmeans", before, vectors[30:])[:, :3]).all()
    search = dynamic_corpora._untrained(slices, vectors, made)
    rows = search(2, Queries(["a war at sea"], opened.embed_queries(["a war at sea"])))
    assert set(rows[0][rows[0] >= 0].tolist()) == set(slices.order[: slices.ends[2]].tolist())


@pytest.mark.parametrize(
    ("new", "forgot", "late", "verdict"),
    [
        ((-0.1, -0.1), (0, 0), (0, 0), "holds"),
        ((-0.1, 0.1), (0, 0), (0, 0), "holds partly"),
        ((0.1, 0.1), (0, 0.1), (0, 0), "holds partly"),
        ((0.1, 0.1), (0, 0), (-0.1, -0.1), "holds partly"),
        ((0.1, 0.1), (0, -0.1), (0, -0.1), "does not hold here"),
    ],
)
def test_the_verdict_follows_from_numbers_alone(new, forgot, late, verdict):
    figures = {"title, overlay: new documents less BM25": Interval(-1, -1, -1)}
    for number, way in enumerate(("overlay", "editing")):
        for name, values in ((dynamic_corpora.NEW, new), (dynamic_corpora.FORGOT, forgot), (dynamic_corpora.LATE, late)):
            mean = values[number]
            figures[f"rq-kmeans, {way}: {name}"] = Interval(mean, mean - 0.01, mean + 0.01)
    assert dynamic_corpora.judge(figures) == verdict
