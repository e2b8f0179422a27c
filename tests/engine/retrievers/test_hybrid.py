import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import nDCG

from engine import identifiers, trie
from engine.retrievers import GenerativeRetriever, Queries, open_members, sparse
from engine.retrievers.dense import ExactRetriever, HnswRetriever, build_hnsw
from engine.retrievers.hybrid import HybridRetriever, Tuning, _ndcg_of_weights, tune
from engine.scorers import centroid
from tests.engine.oracles import unit

# More than a member returns, so that a wrong list does not hold the right document as well.
DOCUMENTS, ASKED = 300, 40


def members(folder, texts, embeddings, without=()):
    """The four members over given texts and vectors; documents in ``without`` get no identifier."""
    codes = identifiers.fit("rq-kmeans", embeddings, {"levels": 2, "codes": 4}, 0).codes.copy()
    codes[list(without)] = -1
    built = trie.build(codes)
    sparse.build(texts, folder / "sparse")
    build_hnsw(embeddings, folder / "graph")
    scorer = centroid.CentroidScorer(built, centroid.node_means(built, embeddings), [])
    return (
        sparse.SparseRetriever(folder / "sparse"),
        ExactRetriever(embeddings),
        GenerativeRetriever(built, scorer),
        HnswRetriever(folder / "graph"),
    )


def planted(rng, documents=DOCUMENTS):
    """Documents with a word of their own and random vectors."""
    return [f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(documents)], unit(rng.normal(size=(documents, 16)))


def ndcg(ranked, gains):
    """nDCG@10 by ir-measures of one ranked list."""
    qrels = {"q": {str(document): grade for document, grade in gains.items()}}
    run = {"q": {str(document): -float(rank) for rank, document in enumerate(ranked)}}
    return ir_measures.calc_aggregate([nDCG @ 10], qrels, run)[nDCG @ 10] if ranked else 0.0


@pytest.fixture
def asked(opened):
    texts = list(opened.corpus.queries.values())
    return Queries(texts, np.stack([opened.encode(text)[0] for text in texts]))


def test_hits_name_the_members_that_brought_them(small_build, asked):
    bm25, dense, generative, ann = open_members(small_build)
    ranking = HybridRetriever(bm25, dense, generative, ann, Tuning()).search(asked, 10)
    for place in range(len(asked.texts)):
        one = Queries(asked.texts[place : place + 1], asked.vectors[place : place + 1])
        lists = {member.name: set(member.search(one, 100).rows[0].tolist()) for member in (bm25, dense, generative)}
        expected = [" + ".join(name for name in lists if row in lists[name]) for row in ranking.rows[place]]
        assert ranking.sources[place] == expected


def test_an_unsure_generator_is_replaced_by_the_index(small_build, asked):
    ranking = HybridRetriever(*open_members(small_build), Tuning(threshold=1.1)).search(asked, 10)
    sources = [source for of_query in ranking.sources for source in of_query]
    assert all("generative" not in source for source in sources)
    assert any("ann" in source for source in sources)


def test_documents_without_an_identifier_are_found_through_the_index_alone(tmp_path):
    texts, embeddings = planted(np.random.default_rng(0))
    bm25, dense, generative, ann = members(tmp_path, texts, embeddings, without=[7])
    query = Queries(["nothing"], embeddings[7:8])
    assert 7 not in generative.search(query, DOCUMENTS).rows
    only_third = Tuning(weights=(0.0, 0.0, 1.0), threshold=1.1)
    ranking = HybridRetriever(bm25, dense, generative, ann, only_third).search(query, 3)
    assert ranking.rows[0, 0] == 7
    assert ranking.sources[0] == ["ann"] * 3


def test_weights_go_to_keyword_search_where_it_alone_is_right(tmp_path):
    rng = np.random.default_rng(1)
    texts, embeddings = planted(rng)
    queries = Queries(texts[:ASKED], unit(rng.normal(size=(ASKED, 16))))
    tuned = tune(*members(tmp_path, texts, embeddings), queries, [{row: 1} for row in range(ASKED)])
    assert tuned.weights[0] > sum(tuned.weights[1:])
    assert sum(tuned.weights) == pytest.approx(1)


def test_weights_go_to_the_vectors_where_they_alone_are_right(tmp_path):
    texts, embeddings = planted(np.random.default_rng(2))
    queries = Queries(texts[1 : ASKED + 1], embeddings[:ASKED])
    tuned = tune(*members(tmp_path, texts, embeddings), queries, [{row: 1} for row in range(ASKED)])
    assert tuned.weights[0] < sum(tuned.weights[1:])


def mixed(rng, documents):
    """Queries of which some are right in words, some in vector, some in neither."""
    texts, embeddings = planted(rng, documents)
    truth = rng.integers(documents, size=12)
    words = [texts[row] if place % 3 else texts[place] for place, row in enumerate(truth)]
    vectors = [embeddings[row] if place % 2 else rng.normal(size=16) for place, row in enumerate(truth)]
    gains = [{int(row): 2, int(row + 1) % documents: 1} for row in truth]
    return texts, embeddings, Queries(words, unit(np.array(vectors))), gains


def mean_ndcg(four, tuning, queries, gains):
    """nDCG@10 of the hybrid itself, by ir-measures."""
    rows = HybridRetriever(*four, tuning).search(queries, 10).rows.tolist()
    return np.mean([ndcg([row for row in ranked if row >= 0], of_query) for ranked, of_query in zip(rows, gains, strict=True)])


@pytest.mark.parametrize("documents", [40, 300])
def test_no_weights_of_the_grid_do_better_on_the_queries_tuned_on(tmp_path, documents):
    texts, embeddings, queries, gains = mixed(np.random.default_rng(3), documents)
    four = members(tmp_path, texts, embeddings, without=range(0, documents, 5))
    grid = [(a / 10, b / 10, (10 - a - b) / 10) for a in range(11) for b in range(11 - a)]
    best = max(mean_ndcg(four, Tuning(weights), queries, gains) for weights in grid)
    assert mean_ndcg(four, tune(*four, queries, gains), queries, gains) >= best - 1e-6


@pytest.mark.parametrize("missing", [0, 5, 2], ids=["all have identifiers", "one of five has none", "one of two has none"])
def test_no_threshold_does_better_with_the_weights_chosen(tmp_path, missing):
    texts, embeddings, queries, gains = mixed(np.random.default_rng(4), 300)
    bm25, _, generative, ann = members(tmp_path, texts, embeddings, without=range(0, 300, missing) if missing else [])
    # Dense search over other vectors: where the words are wrong, only the third list can be right.
    four = bm25, ExactRetriever(unit(np.random.default_rng(5).normal(size=embeddings.shape))), generative, ann
    tuned = tune(*four, queries, gains)
    seen = [trace.confidence for trace in generative.traces(queries, sure=True)]
    thresholds = [0, *np.quantile(seen, np.arange(0.05, 0.55, 0.05))]
    best = max(mean_ndcg(four, tuned._replace(threshold=float(t)), queries, gains) for t in thresholds)
    assert mean_ndcg(four, tuned, queries, gains) == pytest.approx(best)


ranked = st.lists(st.integers(0, 14), unique=True, min_size=1, max_size=12)
some_gains = st.dictionaries(st.integers(0, 20), st.integers(0, 3), min_size=1, max_size=6)


def by_hand(lists, weights, gains):
    score = {}
    for rows, weight in zip(lists, weights, strict=True):
        for rank, row in enumerate(rows, 1):
            score[row] = score.get(row, 0) + weight / (60 + rank)
    return ndcg(sorted((row for row in score if score[row] > 0), key=lambda row: (-score[row], row)), gains)


@given(st.tuples(ranked, ranked, ranked), some_gains)
def test_the_quality_of_weights_is_ndcg_by_ir_measures(lists, gains):
    weights = np.array([[0.3, 0.3, 0.4], [0.71, 0.2, 0.09]])
    found = _ndcg_of_weights([np.array(rows) for rows in lists], weights, gains)
    assert found.tolist() == pytest.approx([by_hand(lists, row, gains) for row in weights])


@given(st.tuples(ranked, ranked, ranked), some_gains)
def test_a_member_of_weight_zero_earns_nothing(lists, gains):
    weights = np.array([[1.0, 0.0, 0.0], [0.0, 0.3, 0.7]])
    found = _ndcg_of_weights([np.array(rows) for rows in lists], weights, gains)
    assert found.tolist() == pytest.approx([by_hand(lists, row, gains) for row in weights])
