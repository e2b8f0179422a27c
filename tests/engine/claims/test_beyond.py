"""Claim 4 beyond a catalogue: what is real stays as it is, copies are of the size asked, and a step is an evaluation."""

import numpy as np
import pytest

from engine import evaluation
from engine.claims import beyond, kept, loses_at_scale
from engine.evaluation import Asked
from engine.evaluation.run import _silent
from engine.retrievers import Queries


@pytest.fixture
def asked(opened):
    return Asked(opened.corpus.queries, opened.corpus.qrels["test"])


def test_the_whole_catalogue_as_a_step_is_an_evaluation_of_the_build(opened, asked):
    texts = [asked.queries[query] for query in asked.qrels]
    found = beyond.step(opened, asked.qrels, Queries(texts, opened.embed_queries(texts)), len(opened.documents), 50, 0)
    known = evaluation.evaluate(opened, "test", ["generative:centroid", "bm25", "dense"], measures=["nDCG@10"], beams=50)
    for ours, theirs in zip(("generative", "bm25", "dense"), known.values, strict=True):
        assert found.quality[ours] == evaluation.interval(known.values[theirs]["nDCG@10"])
    assert found.real == found.documents == len(opened.documents)


def test_a_part_keeps_all_answers_and_a_larger_one_the_smaller(opened, asked):
    answers = {opened.row_of[one] for grades in asked.qrels.values() for one in grades if one in opened.row_of}
    small, large = (set(beyond.some(opened, asked.qrels, size, 3).tolist()) for size in (len(answers) + 3, len(answers) + 6))
    assert answers < small < large
    assert len(large) == len(answers) + 6


def test_words_that_stay_are_as_many_as_neighbours_share(opened):
    texts = [" ".join(f"{row}-{place}" for place in range(20)) for row in range(10)]
    made = beyond.copied(texts, 1010, 0.3, 0)
    assert made[:10] == texts
    own = [np.mean([word.startswith(f"{row % 10}-") for word in text.split()]) for row, text in enumerate(made) if row >= 10]
    assert np.mean(own) == pytest.approx(0.3 + 0.7 / 10, abs=0.02)
    alike = ["one two three"] * len(opened.documents)
    assert beyond.shared(opened.trie, alike, 1, 0) == 1
    apart = [f"{row} {row}" for row in range(len(opened.documents))]
    assert beyond.shared(opened.trie, apart, 1, 0) == 0


def test_what_is_synthetic_is_said_and_decides_nothing(opened, monkeypatch):
    there = len(opened.documents)
    monkeypatch.setattr(loses_at_scale, "LADDER", (2 * there, 20 * there))
    found = loses_at_scale.measure(opened, 0, _silent)
    assert set(found.figures) == {loses_at_scale.SMALL, loses_at_scale.LARGE}
    assert [row[:2] for row in found.rows[-2:]] == [(there, there), (2 * there, there)]
    assert f"With synthetic copies, {2 * there:,} documents in all" in found.says
    assert all(len(line) == 2 for line in found.beside.lines.values())


def test_what_came_along_of_other_catalogues_is_read_by_claim(tmp_path, monkeypatch):
    known = kept.read(kept.shipped_folder(), "tree-index")
    monkeypatch.setattr(kept, "shipped_folder", lambda: tmp_path)
    assert kept.others("tree-index") == []
    kept.keep(kept.elsewhere() / "one", known)
    assert kept.others("tree-index") == [known]
    assert kept.others("loses-at-scale") == []
