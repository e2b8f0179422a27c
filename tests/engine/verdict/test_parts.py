"""What a verdict measures: who judges, who is compared, parts of the catalogue, and catalogues larger than there are."""

import re

import numpy as np
import pytest

from engine import evaluation, trie
from engine.builds.opened import Build
from engine.data.corpus import Corpus
from engine.errors import TriescopeError
from engine.evaluation import Asked, power
from engine.identifiers import Identifiers
from engine.retrievers.weighting import LATE, Tuning
from engine.scorers.centroid import node_means
from engine.verdict import field, grown, judging, measure, quality, scale, sizes, twins


def asking(opened: Build, **splits) -> Build:
    """The same build with other judged queries."""
    other = Build(opened.folder)
    known = other.manifest.corpus.model_copy(update={"queries": {name: len(qrels) for name, qrels in splits.items()}})
    other.manifest = other.manifest.model_copy(update={"corpus": known})
    corpus = opened.corpus
    other.__dict__["corpus"] = Corpus(corpus.name, corpus.documents, corpus.queries, splits, [])
    return other


class TestJudging:
    def test_test_judges_and_development_chooses_where_there_are_enough(self, opened):
        found = judging.judging(opened)
        assert (found.split, list(found.asked.qrels), dict(found.choosing.qrels)) == (
            "test",
            list(opened.corpus.qrels["test"]),
            {},
        )
        assert "nothing is chosen, for want of development queries" in found.told
        both = opened.corpus.qrels["test"] | opened.corpus.qrels["dev"]
        found = judging.judging(asking(opened, test=opened.corpus.qrels["test"], dev=both))
        assert (len(found.asked.qrels), len(found.choosing.qrels)) == (6, 12)

    def test_development_alone_is_halved_and_no_query_is_in_both_halves(self, opened):
        both = opened.corpus.qrels["test"] | opened.corpus.qrels["dev"]
        found = judging.judging(asking(opened, dev=both))
        assert set(found.asked.qrels).isdisjoint(found.choosing.qrels)
        assert set(found.asked.qrels) | set(found.choosing.qrels) == set(both)
        few = judging.judging(asking(opened, dev=opened.corpus.qrels["dev"]))
        assert (len(few.asked.qrels), dict(few.choosing.qrels)) == (6, {})

    def test_another_split_and_queries_of_ones_own_judge_where_they_are_asked_for(self, opened):
        both = opened.corpus.qrels["test"] | opened.corpus.qrels["dev"]
        other = asking(opened, test=opened.corpus.qrels["test"], dev=both, eval=opened.corpus.qrels["dev"])
        found = judging.judging(other, split="eval")
        assert (found.split, dict(found.asked.qrels), len(found.choosing.qrels)) == ("eval", opened.corpus.qrels["dev"], 12)
        assert judging.judging(asking(opened, eval=opened.corpus.qrels["dev"])).split == "eval"
        mine = Asked({"q": "a road"}, {"q": {opened.documents[0].id: 1}})
        found = judging.judging(other, split="mine", brought=mine)
        assert (found.split, found.asked, len(found.choosing.qrels)) == ("mine", mine, 12)
        with pytest.raises(TriescopeError, match="what taught cannot judge"):
            judging.judging(asking(opened, train=both), split="train")
        with pytest.raises(TriescopeError, match="it has test, dev"):
            judging.judging(opened, split="nosuch")

    def test_without_judgements_each_query_is_a_run_of_its_documents_own_words(self, opened):
        found = judging.judging(asking(opened, train=opened.corpus.qrels["dev"]))
        assert found.made_up
        text_of = {document.id: f"{document.title} {document.text}" for document in opened.documents}
        for query, grades in found.asked.qrels.items():
            (document,) = grades
            assert set(re.findall(r"\w+", found.asked.queries[query])) <= set(re.findall(r"\w+", text_of[document]))


class TestField:
    def test_without_development_queries_the_copy_gets_no_vote(self, opened):
        found = field.field(opened, Asked({}, {}), 5)
        assert (found.neighbours, found.with_it) == (["bm25", "dense", "hybrid:centroid"], "")
        assert any("moved is left aside: it needs judged queries of split train" in note for note in found.notes)

    def test_with_them_both_hybrids_are_weighed_on_these_and_can_be_opened_by_name(self, opened):
        dev = opened.corpus.qrels["dev"] | opened.corpus.qrels["test"]
        found = field.field(opened, Asked(opened.corpus.queries, dev), 5)
        for name in filter(None, (found.without, found.with_it)):
            assert opened.search("a road", name, 3, vector=np.asarray(opened.embeddings[0]))[0]
        assert "generative" not in found.without
        assert not found.with_it or "generative:centroid" in found.with_it

    def test_late_interaction_stands_beside_it_where_there_are_token_vectors(self, opened, monkeypatch):
        monkeypatch.setattr(field, "refused", lambda build, name: "" if name == LATE else "it is left aside here")
        found = field.field(opened, Asked({}, {}), 5)
        assert found.neighbours == ["bm25", "dense", LATE, "hybrid:centroid"]
        assert found.called(LATE) == "late interaction"

    def test_a_name_says_the_weights_again(self, opened):
        tuning = Tuning(weights={"bm25": 0.2, "dense": 0.8}, method="tm2c2")
        opened_by_name = opened.retriever(field.named(tuning))
        assert (opened_by_name.tuning.weights, opened_by_name.tuning.method) == (tuning.weights, "tm2c2")


class TestQuality:
    def test_queries_needed_are_those_that_set_it_apart_from_what_it_is_held_against(self):
        rng = np.random.default_rng(0)
        values = {"a": rng.random(50), "b": rng.random(50)}
        found = quality.compared(values, "a", "b", -0.01, "the other")
        assert found.needed == power.needed(values["a"] - values["b"], beyond=-0.01)
        assert found.mean == pytest.approx(values["a"].mean() - values["b"].mean())

    def test_queries_with_a_twin_that_taught_are_counted_as_by_a_loop(self):
        rng = np.random.default_rng(0)
        judging, taught = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in rng.normal(size=(2, 300, 3)))
        slow = sum(any(float(one @ other) > 0.99 for other in taught) for one in judging)
        assert 0 < slow < 300
        assert twins.twins(judging, taught, 0.99) == slow

    def test_the_time_of_a_query_is_that_of_encoding_and_of_search(self, opened):
        made = quality.quality(opened, judging.judging(opened), 5, lambda *_: None)
        assert made.p95_ms == made.found.encoding_ms.p95 + made.found.retrievers["generative:centroid"].latency_ms.p95


class TestSizes:
    def test_each_size_is_that_of_a_loop_over_its_parts(self, opened):
        # Answers that are not what the query says, so that few stand first.
        answers = [document.id for document in opened.documents]
        asked = Asked(
            opened.corpus.queries,
            {query: {answers[7 * place + 3]: 1} for place, query in enumerate(opened.corpus.queries) if place < 8},
        )
        found = sizes.sizes(opened, asked, 5, 0, lambda *_: None)
        assert [(one.documents, one.parts, one.queries) for one in found] == [(30, 2, 8), (60, 1, 8)]
        whole = evaluation.evaluate(opened, "odd", ["generative", "dense", "bm25"], 5, asked=asked)
        for name, of in found[-1].quality.items():
            assert of.mean == pytest.approx(whole.retrievers[name].measures["nDCG@10"].mean)
        relevant = np.isin([d.id for d in opened.documents], [i for grades in asked.qrels.values() for i in grades])
        part = sizes.dealt(relevant, 2, 0)
        values = []
        for query, grades in asked.qrels.items():
            (document,) = grades
            inside = part == part[opened.row_of[document]]
            vector = opened.embed_queries([asked.queries[query]])[0]
            order = sorted(np.flatnonzero(inside), key=lambda row: (-round(float(opened.embeddings[row] @ vector), 6), row))[:10]
            place = order.index(opened.row_of[document]) if opened.row_of[document] in order else None
            values.append(0.0 if place is None else 1 / np.log2(place + 2))
        assert 0 < np.mean(values) < 1
        assert found[0].quality["dense"].mean == pytest.approx(np.mean(values))

    def test_every_document_is_in_one_part_and_each_part_has_its_share_of_answers(self):
        relevant = np.random.default_rng(0).random(103) < 0.3
        part = sizes.dealt(relevant, 4, 1)
        for of in (part, part[relevant], part[~relevant]):
            counts = np.bincount(of, minlength=4)
            assert counts.sum() == len(of)
            assert counts.max() - counts.min() <= (2 if of is part else 1)


class TestGrown:
    def test_the_spread_is_that_of_a_loop_over_leaves(self):
        vectors = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
        codes = np.array([[0, 0], [0, 0], [0, 1], [0, 1], [0, 1], [1, 0], [1, 0], [1, 1], [1, 2]], np.int32)
        tree = trie.build(codes)
        found = grown.spread_of(tree, vectors, node_means(tree, vectors))
        groups = [[0, 1], [2, 3, 4], [5, 6]]
        total = sum(float(((vectors[rows] - vectors[rows].mean(axis=0)) ** 2).sum()) for rows in groups)
        assert (found.level, found.documents) == (2, 7)
        assert found.value == pytest.approx(np.sqrt(total / (7 - 3)), rel=1e-5)
        alone = trie.build(np.arange(9, dtype=np.int32)[:, None])
        assert grown.spread_of(alone, vectors, node_means(alone, vectors)).level == 0

    def test_copies_lie_as_far_from_their_rows_as_was_asked(self, opened):
        there = np.array(opened.embeddings)
        rows = grown.grown(there, 10 * len(there), 0.5, 0)
        assert np.array_equal(rows[: len(there)], there)
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
        cosines = np.einsum("nd,nd->n", rows[60:], there[np.arange(540) % 60])
        assert cosines.mean() == pytest.approx(1 / np.sqrt(1 + 0.5**2), abs=0.01)

    def test_a_scheme_that_cannot_be_fitted_anew_leaves_copies_the_codes_of_their_rows(self):
        fitted = Identifiers(np.array([[3, 0], [5, -1], [3, 1]], np.int32), (6, 2), content=np.array([1, 1, 1], np.int32))
        named = grown.identifiers_of("title", {}, fitted, 0.0, np.eye(6, 3, dtype=np.float32) + 1, 0)
        assert named.fitted.codes[:, 0].tolist() == [3, 5, 3, 3, 5, 3]
        assert len(np.unique(named.fitted.codes, axis=0)) == 6
        assert "codes of the row" in named.told

    def test_identifiers_without_content_stay_one_code_each(self):
        fitted = Identifiers(np.array([[1], [0]], np.int32), (2,), content=np.zeros(2, np.int32))
        named = grown.identifiers_of("atomic", {}, fitted, 0.0, np.eye(5, 2, dtype=np.float32) + 1, 0)
        assert sorted(named.fitted.codes[:, 0].tolist()) == [0, 1, 2, 3, 4]

    def test_limits_are_kept_and_told(self):
        before = scale.Sized(1000, 1000, *(evaluation.Latency(0, 0),) * 2, 1.0, 0, 0, 6.0, 0.0, "")
        assert scale.allowed(9_999, 384, [before]) == (9_999, "")
        assert scale.allowed(100_000, 384, [before]) == (10_000, "would take more than 60 s")
        fitted = before._replace(made_s=8.0, fit_s=2.0)  # of ten times the rows, fitting takes 20 s and the rest 6 s a thousand
        assert scale.allowed(100_000, 384, [fitted])[0] == 1000 * (60 - 20) // 6
        assert scale.allowed(900_000, 1024, [])[1].startswith("would hold more than")


def test_a_larger_catalogue_is_measured_beside_exact_search(opened, monkeypatch):
    monkeypatch.setattr(scale, "TIMES", (3, 1000))
    monkeypatch.setattr(scale, "MOST_DOCUMENTS", 400)
    found = scale.scale(opened, Asked(opened.corpus.queries, opened.corpus.qrels["dev"]), 400)
    assert [(one.documents, one.wanted) for one in found.sizes] == [(60, 60), (180, 180), (400, 60_000)]
    assert all(one.agree > 0.99 for one in found.sizes), "a beam as wide as the catalogue is exact search"
    assert [one.dense_bytes for one in found.sizes] == [4 * opened.embeddings.shape[1] * n for n in (60, 180, 400)]
    assert "1000 times the size, 60,000 documents, are more than 400: 400 were measured instead." in found.limits


def test_without_judgements_words_are_not_held_against_it_and_it_is_never_a_yes(opened):
    found = measure.verdict(asking(opened), beams=5, only=("quality",))
    assert found.made_up
    assert {one.theirs: one.counted for one in found.compared} == {"bm25": False, "dense": True, "hybrid:centroid": False}
    assert found.answer.word in ("cannot tell", "no")
    assert all(judging.TRUST in section.notes for section in found.sections)
