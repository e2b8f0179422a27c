"""Fusion of whole retrievers, its fallback, and the choice of its weights."""

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import nDCG

from engine import identifiers, trie
from engine.errors import TriescopeError
from engine.retrievers import Queries, Ranking, sparse
from engine.retrievers.base import Scoring
from engine.retrievers.dense import ExactRetriever, HnswRetriever, build_hnsw
from engine.retrievers.fusion import Fallback, FusedRetriever, pooled
from engine.retrievers.generative import GenerativeRetriever
from engine.retrievers.shares import METHODS, RRF, TM2C2, Z
from engine.retrievers.tuning import ndcg, tune, ways_of, weights_of
from engine.retrievers.weighting import CONFIDENCE, UNTUNED, UNTUNED_TRAINED, Tuning, even, read_tuning
from engine.scorers import centroid
from tests.engine.oracles import unit

# More than a member returns, so that a wrong list does not hold the right document as well.
DOCUMENTS, ASKED = 300, 40
NAMES = ("bm25", "dense", "generative")


def members(folder, texts, embeddings, without=()):
    """The members and the fallback over given texts and vectors; documents in ``without`` get no identifier."""
    codes = identifiers.fit("rq-kmeans", embeddings, {"levels": 2, "codes": 4}, 0).codes.copy()
    codes[list(without)] = -1
    built = trie.build(codes)
    sparse.build(texts, folder / "sparse")
    build_hnsw(embeddings, folder)
    scorer = centroid.CentroidScorer(built, centroid.node_means(built, embeddings), [])
    three = (
        sparse.SparseRetriever(folder / "sparse"),
        ExactRetriever(embeddings),
        GenerativeRetriever(built, scorer),
    )
    return dict(zip(NAMES, three, strict=True)), Fallback("generative", HnswRetriever(folder))


def planted(rng, documents=DOCUMENTS):
    """Documents with a word of their own and random vectors."""
    return [f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(documents)], unit(rng.normal(size=(documents, 16)))


def weighted(*weights, threshold=0.0, method=Z):
    return Tuning(weights=dict(zip(NAMES, weights, strict=True)), threshold=threshold, method=method)


def judged(ranked, gains):
    """nDCG@10 by ir-measures of one ranked list."""
    qrels = {"q": {str(document): grade for document, grade in gains.items()}}
    run = {"q": {str(document): -float(rank) for rank, document in enumerate(ranked)}}
    return ir_measures.calc_aggregate([nDCG @ 10], qrels, run)[nDCG @ 10] if ranked else 0.0


@pytest.fixture(scope="module")
def asked(opened):
    texts = list(opened.corpus.queries.values())
    return Queries(texts, np.stack([opened.encode(text)[0] for text in texts]))


@pytest.mark.parametrize("weights", [(1, 1, 1), (0.2, 0.8, 0), (0, 0, 1), (0, 0.5, 0.5)])
def test_hits_name_the_members_that_brought_them_and_one_of_no_weight_brings_none(opened, asked, weights):
    three = {name: opened.retriever(name) for name in NAMES}
    ranking = FusedRetriever(three, weighted(*weights)).search(asked, 10)
    used = [name for name, weight in zip(NAMES, weights, strict=True) if weight]
    for place in range(len(asked.texts)):
        one = Queries(asked.texts[place : place + 1], asked.vectors[place : place + 1])
        lists = {name: set(three[name].search(one, 200).rows[0].tolist()) for name in used}
        rows = [row for row in ranking.rows[place] if row >= 0]
        assert ranking.sources[place] == [" + ".join(name for name in used if row in lists[name]) for row in rows]
        assert len(rows) == min(10, len(set().union(*lists.values()) - {-1}))


def test_a_fusion_of_one_member_is_that_member(opened, asked):
    for name, method in (*zip(NAMES, [Z] * 3, strict=True), ("bm25", TM2C2), ("dense", TM2C2), ("generative", RRF)):
        fused = FusedRetriever({name: opened.retriever(name)}, Tuning(weights={name: 1.0}, method=method))
        assert fused.search(asked, 10).rows.tolist() == opened.retriever(name).search(asked, 10).rows.tolist()
    assert not FusedRetriever({"bm25": opened.retriever("bm25")}, Tuning(weights={"bm25": 1.0, "dense": 0.0})).needs_vectors


def test_the_unsure_and_only_they_are_replaced_by_the_index(opened, asked):
    generator = opened.retriever("generative")
    confidence = generator.search_with_confidence(asked, 10)[1]
    threshold = float(np.median(confidence))
    three, fallback = {name: opened.retriever(name) for name in NAMES}, Fallback("generative", opened.retriever("dense-hnsw"))
    ranking = FusedRetriever(three, weighted(0, 0, 1, threshold=threshold), fallback).search(asked, 10)
    assert [sources[0] for sources in ranking.sources] == ["ann" if sure < threshold else "generative" for sure in confidence]
    assert {"ann", "generative"} == {sources[0] for sources in ranking.sources}
    by = {"ann": opened.retriever("dense-hnsw"), "generative": generator}
    for place, sources in enumerate(ranking.sources):
        one = Queries(asked.texts[place : place + 1], asked.vectors[place : place + 1])
        assert ranking.rows[place].tolist() == by[sources[0]].search(one, 10).rows[0].tolist()


def test_the_same_queries_are_replaced_at_every_width(opened, asked):
    threshold = float(np.median(opened.retriever("generative").search_with_confidence(asked, 1)[1]))
    replaced = []
    for beams in (1, 3, 50, 60):
        fallback = Fallback("generative", opened.retriever("dense-hnsw"))
        fused = FusedRetriever(
            {"generative": opened.retriever("generative", beams)},
            Tuning(weights={"generative": 1.0}, threshold=threshold),
            fallback,
        )
        replaced.append([sources[0] for sources in fused.search(asked, 3).sources])
    assert replaced[0].count("ann") == len(asked.texts) // 2
    assert replaced == [replaced[0]] * 4


def test_documents_without_an_identifier_are_found_through_the_index_alone(tmp_path):
    texts, embeddings = planted(np.random.default_rng(0))
    three, fallback = members(tmp_path, texts, embeddings, without=[7])
    query = Queries(["nothing"], embeddings[7:8])
    assert 7 not in three["generative"].search(query, DOCUMENTS).rows
    ranking = FusedRetriever(three, weighted(0, 0, 1, threshold=1e9), fallback).search(query, 3)
    assert ranking.rows[0, 0] == 7
    assert ranking.sources[0] == ["ann"] * 3


def test_a_list_that_is_empty_is_replaced_at_any_threshold(tmp_path, monkeypatch):
    texts, embeddings = planted(np.random.default_rng(0), 40)
    three, fallback = members(tmp_path, texts, embeddings)
    nothing = Ranking(np.full((1, 100), -1), np.full((1, 100), -np.inf), [])
    monkeypatch.setattr(three["generative"], "search", lambda queries, k, allowed: nothing)
    monkeypatch.setattr(three["generative"], "search_with_confidence", lambda queries, k, allowed: (nothing, np.ones(1)))
    for threshold in (0.0, 0.5):
        tuning = weighted(0, 0, 1, threshold=threshold)
        ranking = FusedRetriever(three, tuning, fallback).search(Queries(["nothing"], embeddings[:1]), 3)
        assert ranking.sources[0] == ["ann"] * 3


def test_weights_go_to_keyword_search_where_it_alone_is_right(tmp_path):
    rng = np.random.default_rng(1)
    texts, embeddings = planted(rng)
    three, fallback = members(tmp_path, texts, embeddings)
    queries = Queries(texts[:ASKED], unit(rng.normal(size=(ASKED, 16))))
    tuned = tune(three, queries, [{row: 1} for row in range(ASKED)], fallback)
    assert tuned.weights["bm25"] > tuned.weights["dense"] + tuned.weights["generative"]
    assert sum(tuned.weights.values()) == pytest.approx(1)
    assert tuned.confidence == CONFIDENCE


def test_weights_go_to_the_vectors_where_they_alone_are_right(tmp_path):
    texts, embeddings = planted(np.random.default_rng(2))
    three, fallback = members(tmp_path, texts, embeddings)
    queries = Queries(texts[1 : ASKED + 1], embeddings[:ASKED])
    tuned = tune(three, queries, [{row: 1} for row in range(ASKED)], fallback)
    assert tuned.weights["bm25"] < tuned.weights["dense"] + tuned.weights["generative"]


def mixed(rng, documents):
    """Queries of which some are right in words, some in vector, some in neither."""
    texts, embeddings = planted(rng, documents)
    truth = rng.integers(documents, size=12)
    words = [texts[row] if place % 3 else texts[place] for place, row in enumerate(truth)]
    vectors = [embeddings[row] if place % 2 else rng.normal(size=16) for place, row in enumerate(truth)]
    gains = [{int(row): 2, int(row + 1) % documents: 1} for row in truth]
    return texts, embeddings, Queries(words, unit(np.array(vectors))), gains


def mean_ndcg(three, fallback, tuning, queries, gains):
    """nDCG@10 of the fusion itself, by ir-measures."""
    rows = FusedRetriever(three, tuning, fallback).search(queries, 10).rows.tolist()
    return np.mean([judged([row for row in ranked if row >= 0], of_query) for ranked, of_query in zip(rows, gains, strict=True)])


@pytest.mark.parametrize("documents", [40, 300])
def test_no_weights_of_the_grid_do_better_on_the_queries_tuned_on(tmp_path, documents):
    texts, embeddings, queries, gains = mixed(np.random.default_rng(3), documents)
    three, fallback = members(tmp_path, texts, embeddings, without=range(0, documents, 5))
    grid = [(a / 10, b / 10, (10 - a - b) / 10) for a in range(0, 11, 2) for b in range(0, 11 - a, 2)]
    ways = [weighted(*w, method=method) for w in grid for method in METHODS if method != TM2C2 or not w[2]]
    best = max(mean_ndcg(three, fallback, way, queries, gains) for way in ways)
    assert mean_ndcg(three, fallback, tune(three, queries, gains, fallback), queries, gains) >= best - 1e-6


@pytest.mark.parametrize("missing", [0, 5, 2], ids=["all have identifiers", "one of five has none", "one of two has none"])
def test_no_threshold_does_better_with_the_weights_chosen(tmp_path, missing):
    texts, embeddings, queries, gains = mixed(np.random.default_rng(4), 300)
    three, fallback = members(tmp_path, texts, embeddings, without=range(0, 300, missing) if missing else [])
    # Dense search over other vectors: where the words are wrong, only the third list can be right.
    three["dense"] = ExactRetriever(unit(np.random.default_rng(5).normal(size=embeddings.shape)))
    tuned = tune(three, queries, gains, fallback)
    seen = [trace.confidence for trace in three["generative"].traces(queries, sure=True)]
    thresholds = [0, *np.quantile(seen, np.arange(0.05, 0.55, 0.05))]
    other = [tuned.model_copy(update={"threshold": float(t)}) for t in thresholds]
    best = max(mean_ndcg(three, fallback, tuning, queries, gains) for tuning in other)
    assert mean_ndcg(three, fallback, tuned, queries, gains) == pytest.approx(best)


def test_any_members_are_tuned_by_the_names_they_are_given(tmp_path):
    texts, embeddings = planted(np.random.default_rng(2))
    three, _ = members(tmp_path, texts, embeddings)
    near, far = ExactRetriever(embeddings), ExactRetriever(unit(np.random.default_rng(6).normal(size=embeddings.shape)))
    queries = Queries(texts[1 : ASKED + 1], embeddings[:ASKED])
    tuned = tune({"far": far, "near": near, "bm25": three["bm25"], "walk": near}, queries, [{row: 1} for row in range(ASKED)])
    assert tuned.weights["near"] + tuned.weights["walk"] > 0.7
    assert tuned.threshold == 0


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_weights_are_every_way_to_share_ten_tenths(count):
    ways = {tuple(row) for row in np.round(weights_of(count) * 10).astype(int).tolist()}
    assert ways == {way for way in np.ndindex(*[11] * count) if sum(way) == 10}
    assert len(ways) == len(weights_of(count))


def test_ways_are_every_method_that_fits_at_every_weight_and_one_for_a_member_alone():
    ways = [(way.method, tuple(np.round(way.weights * 10).astype(int).tolist())) for way in ways_of([0.0, -1.0, -np.inf])]
    assert len(set(ways)) == len(ways)
    alone = [way for way in ways if max(way[1]) == 10]
    assert sorted(alone) == [(Z, (0, 0, 10)), (Z, (0, 10, 0)), (Z, (10, 0, 0))]
    assert {method for method, weights in ways if weights[2] and max(weights) < 10} == {Z, RRF}
    assert {method for method, weights in ways if not weights[2] and max(weights) < 10} == {Z, TM2C2, RRF}
    assert {way.method for way in ways_of([0.0, None])} == {Z, RRF}  # z where the one that scores stands alone


rows_and_scores = st.dictionaries(st.integers(0, 14), st.tuples(*[st.integers(0, 3)] * 2), min_size=1, max_size=12)
some_gains = st.dictionaries(st.integers(0, 20), st.integers(0, 3), min_size=1, max_size=6)


@given(rows_and_scores, some_gains)
def test_the_quality_of_a_way_is_ndcg_by_ir_measures_with_ties_in_document_order(scores, gains):
    rows = sorted(scores)
    found = ndcg(np.array(rows), np.array([scores[row] for row in rows], float), gains)
    ranked = [sorted(rows, key=lambda row: (-scores[row][way], row)) for way in range(2)]
    assert found.tolist() == pytest.approx([judged(one, gains) for one in ranked])


class Ranks:
    """A retriever that only ranks, as a plugin may."""

    name, needs_vectors = "ranks", False

    def search(self, queries, k, allowed=None):
        rows = np.arange(5, dtype=np.int64)[None, :k].repeat(len(queries.texts), axis=0)
        return Ranking(rows, -rows.astype(np.float32), [])


class TestScoring:
    """What a retriever says of documents that it did not find."""

    @pytest.mark.parametrize("name", ["bm25", "dense", "dense-hnsw", "generative", "generative:centroid"])
    def test_it_is_what_its_own_search_gives_where_that_looks_at_all(self, opened, asked, name):
        retriever = opened.retriever(name, 200)
        assert isinstance(retriever, Scoring)
        rows = [np.arange(60), *[np.array([7, 3, 3])] * (len(asked.texts) - 1)]
        ranking, found = retriever.search(asked, 60), retriever.scores(asked, rows)
        for place, (of_query, scores) in enumerate(zip(rows, found, strict=True)):
            said = dict(zip(ranking.rows[place].tolist(), ranking.scores[place].tolist(), strict=True))
            assert scores.tolist() == pytest.approx([said.get(row, 0.0) for row in of_query.tolist()], abs=2e-6)
            assert name == "bm25" or set(of_query.tolist()) <= set(said)
            assert min(scores) >= retriever.floor

    def test_a_document_without_an_identifier_has_none(self, tmp_path):
        texts, embeddings = planted(np.random.default_rng(0), 40)
        three, _ = members(tmp_path, texts, embeddings, without=[7])
        (found,) = three["generative"].scores(Queries(["nothing"], embeddings[:1]), [np.array([7, 8])])
        assert found[0] == -np.inf < found[1]


class TestMissing:
    """What a member did not list has the score that it would have had there."""

    @pytest.mark.parametrize("method", [Z, TM2C2])
    def test_the_fusion_is_that_of_members_that_list_everything(self, opened, asked, method, monkeypatch):
        two = {name: opened.retriever(name) for name in ("bm25", "dense")}
        tuning = Tuning(weights={"bm25": 0.3, "dense": 0.7}, method=method)
        whole = FusedRetriever(two, tuning).search(asked, 60)  # sixty documents: dense search lists them all
        monkeypatch.setattr("engine.retrievers.fusion.DEPTH", 8)
        cut = FusedRetriever(two, tuning).search(asked, 8)
        for place in range(len(asked.texts)):
            one = Queries(asked.texts[place : place + 1], asked.vectors[place : place + 1])
            pool = {row for name in two for row in two[name].search(one, 8).rows[0].tolist()} - {-1}
            if method == TM2C2:  # the pool changes neither floor nor best, so neither the scores
                scores = dict(zip(whole.rows[place].tolist(), whole.scores[place].tolist(), strict=True))
                expected = sorted(pool, key=lambda row: (-scores[row], row))[:8]
                assert cut.rows[place].tolist() == expected
                assert cut.scores[place].tolist() == [scores[row] for row in expected]
            assert set(cut.rows[place].tolist()) <= pool

    def test_a_generator_is_asked_for_what_its_beam_has_cut(self, opened, asked):
        narrow, wide = ({"bm25": opened.retriever("bm25"), "g": opened.retriever("generative", n)} for n in (2, 200))
        tuning = Tuning(weights={"bm25": 0.5, "g": 0.5}, method=Z)
        fused = FusedRetriever(narrow, tuning)
        lists = [fused._lists(name, asked, 5, None) for name in narrow]
        for place, pool in enumerate(pooled(lists, asked, True)):
            one = Queries(asked.texts[place : place + 1], asked.vectors[place : place + 1])
            assert len(pool.rows) >= 2
            assert pool.scores[:, 1].tolist() == wide["g"].scores(one, [pool.rows])[0].tolist()

    def test_the_order_in_which_members_are_named_does_not_matter(self, opened, asked):
        for names in (("bm25", "dense"), ("dense", "bm25", "generative")):
            here, there = (opened.retriever("+".join(order)) for order in (names, names[::-1]))
            found, other = here.search(asked, 20), there.search(asked, 20)
            assert found.rows.tolist() == other.rows.tolist()
            assert found.scores.tolist() == other.scores.tolist()

    def test_one_that_only_ranks_is_fused_by_rank_and_by_no_other_method(self, opened, asked):
        two = {"ranks": Ranks(), "bm25": opened.retriever("bm25")}
        ranking = FusedRetriever(two, even(list(two), (None, 0.0))).search(asked, 5)
        assert ranking.rows.shape == (len(asked.texts), 5)
        assert even(list(two), (None, 0.0)).chosen_on == "equal weights, for one of them only ranks"
        for method in (Z, TM2C2):
            with pytest.raises(TriescopeError, match="cannot be fused"):
                even(list(two), (None, 0.0), method=method)
            with pytest.raises(TriescopeError, match="cannot be fused"):
                FusedRetriever(two, Tuning(weights=dict.fromkeys(two, 1.0), method=method))
        assert tune(two, asked, [{0: 1}] * len(asked.texts)).method in (Z, RRF)


class TestStored:
    def test_a_tuning_is_read_as_it_was_written(self):
        for tuning in (UNTUNED, UNTUNED_TRAINED, weighted(0.2, 0.8, 0, threshold=0.25), weighted(1, 1, 1, method=RRF)):
            assert read_tuning(tuning.model_dump(mode="json")) == tuning

    def test_a_threshold_of_format_2_is_left_aside_and_said(self):
        old = {"weights": [0.2, 0.3, 0.5], "threshold": 0.25, "chosen_on": "100 development queries, nDCG@10"}
        tuning = read_tuning(old)
        assert tuning.weights == {"bm25": 0.2, "dense": 0.3, "generative": 0.5}
        assert tuning.threshold == 0
        assert tuning.method == RRF
        assert tuning.chosen_on == (
            "100 development queries, nDCG@10; no fallback: its threshold 0.25 was tuned on another confidence"
        )
        assert read_tuning(old | {"threshold": 0.0}).chosen_on == old["chosen_on"]

    @pytest.mark.parametrize("weights", [None, "many", [], [0, 0, 0], {"bm25": -1.0, "dense": 2.0}, {"bm25": "x"}])
    def test_a_damaged_one_is_said(self, weights):
        with pytest.raises(TriescopeError, match="the tuning of the hybrid is damaged"):
            read_tuning({"weights": weights, "threshold": 0.0, "chosen_on": ""})

    @pytest.mark.parametrize("change", [{"method": "mean"}, {"method": 3}, {"method": TM2C2}])
    def test_a_method_that_is_none_or_does_not_fit_is_said(self, change):
        stored = weighted(0.2, 0.7, 0.1).model_dump(mode="json") | change
        with pytest.raises(TriescopeError, match="the tuning of the hybrid is damaged"):
            read_tuning(stored)
