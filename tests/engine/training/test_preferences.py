"""Preferences: which pairs judgements give, that an update moves them and nothing else is touched, and that it can be undone."""

import shutil
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builds import runs
from engine.builds.opened import Build
from engine.data.halves import halves
from engine.errors import TriescopeError
from engine.scorers import kinds
from engine.training import preferences
from engine.training.preferred_pairs import in_order, pairs_of, settings_of, updated


def slow_pairs(grades, listed):
    """Every two documents of one query, one by one."""
    found = {(a, b) for a, b in permutations(grades, 2) if grades[a] > grades[b]}
    if not found:
        liked = [row for row, grade in grades.items() if grade > 0]
        found = {
            (a, b) for a in liked for b in listed if b not in grades and (a not in listed or listed.index(b) < listed.index(a))
        }
    return found


@given(st.dictionaries(st.integers(0, 9), st.integers(0, 2), max_size=5), st.permutations(range(10)), st.integers(0, 10))
def test_pairs_are_those_that_a_look_at_every_two_gives(grades, listed, shown):
    lists = np.array([[*listed[:shown], *[-1] * (10 - shown)]])
    pairs = pairs_of([grades], lists, [0])
    assert set(zip(pairs.better.tolist(), pairs.worse.tolist(), strict=True)) == slow_pairs(grades, listed[:shown])
    assert set(pairs.query.tolist()) <= {0}


def judged(opened):
    """Whatever is asked for, and that the document after it is not."""
    queries = opened.corpus.queries
    qrels = {}
    for split in ("dev", "test"):
        for query, grades in opened.corpus.qrels[split].items():
            (document,) = grades
            other = opened.documents[(opened.row_of[document] + 1) % 60].id
            qrels[query] = {other: 2, document: 0}  # the other way round: what the scorer holds is wrong
    return {query: queries[query] for query in qrels}, qrels


def test_no_step_changes_nothing_and_steps_bring_pairs_into_order(opened):
    queries, qrels = judged(opened)
    vectors = opened.embed_queries(list(queries.values()))
    grades = [{opened.row_of[one]: grade for one, grade in of.items()} for of in qrels.values()]
    pairs = pairs_of(grades, np.full((len(queries), 1), -1), list(range(len(queries))))
    still = updated(opened, "centroid", vectors, pairs, 0, 0)
    scorer = kinds.kind("node").open(opened.parts, still, settings_of(opened, "centroid"))
    centroid = opened.scorer("centroid")
    nodes = np.arange(len(opened.trie.code))
    assert scorer.node_scores(scorer.start(vectors[0]), nodes) == pytest.approx(
        centroid.node_scores(centroid.start(vectors[0]), nodes), abs=1e-3
    )
    assert in_order(opened, centroid, vectors, pairs) == 0
    moved = updated(opened, "centroid", vectors, pairs, 60, 0)
    taught = kinds.kind("node").open(opened.parts, moved, settings_of(opened, "centroid"))

    def ahead(of):
        leaves = opened.trie.leaves_of(np.arange(60))
        scores = [np.subtract(*of.node_scores(of.start(vectors[q]), leaves[[b, w]])) for q, b, w in zip(*pairs, strict=True)]
        return np.mean(scores)

    assert ahead(taught) > ahead(centroid)


def test_an_update_is_a_run_judged_by_what_was_held_back_and_is_undone(opened, small_build, shell, told, tmp_path):
    folder = shutil.copytree(small_build, tmp_path / "mine")
    queries, qrels = judged(opened)
    found = preferences.prefer(folder, queries, qrels, steps=3)
    parts = halves(qrels)
    assert (found.queries, found.pairs, found.held_back) == (len(parts.choosing), len(parts.choosing), len(parts.judging))
    assert found.gain.mean == pytest.approx(found.after.mean - found.before.mean)
    build = Build(folder)
    again = preferences.prefer(folder, queries, qrels, steps=3)
    assert again._replace(seconds=0) == found._replace(seconds=0)  # it begins from the scorer before, not from itself
    hits = build.search("a war at sea", "generative:preferred")[0]
    assert len(hits) == 10
    assert runs.read(folder, "preferred").dev.queries == len(parts.judging)
    assert runs.default(folder) == "centroid"
    code, out, _ = shell("prefer", folder, "--undo")
    assert code == 0
    assert "every other scorer is as it was" in out
    assert build.search("a war at sea", "generative")[0] == Build(folder).search("a war at sea", "generative")[0]
    assert runs.names(folder) == []
    code, _, err = shell("prefer", folder, "--split", "test")
    assert (code, "nothing is learned from test" in err) == (2, True)
    code, _, err = shell("prefer", folder)
    assert (code, "nothing is judged under 'judged'" in err) == (2, True)
    with pytest.raises(TriescopeError, match="half can be held back"):
        preferences.prefer(folder, queries, dict(list(qrels.items())[:5]))
    same = {query: dict.fromkeys(grades, 0) for query, grades in qrels.items()}
    with pytest.raises(TriescopeError, match="which one is better"):
        preferences.prefer(folder, queries, same)
