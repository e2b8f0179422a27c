"""Retrievers by name: their records, how they are opened from a build, and what is kept open."""

import json
import re
import shutil

import bm25s
import faiss
import numpy as np
import pytest

from engine import trie
from engine.builds import runs
from engine.builds.opened import Build
from engine.builds.parts import Parts
from engine.builds.stages import tuned
from engine.data.halves import halves
from engine.errors import TriescopeError
from engine.retrievers import RETRIEVERS, method_of, usual
from engine.retrievers.base import Found, Named
from engine.retrievers.weighting import MEMBERS, UNTUNED, Tuning
from engine.scorers import node
from engine.scorers.centroid import CentroidScorer
from engine.training.models.node import create
from tests.engine.stored_runs import stored_run

QUERY = "a ship in a storm"


@pytest.fixture
def vector(opened):
    return np.asarray(opened.embeddings[7])


@pytest.fixture
def folder(small_build, tmp_path):
    """A build of its own."""
    return shutil.copytree(small_build, tmp_path / "sixty")


def ids(build, name, vector, beams=50):
    return [hit.id for hit in build.search(QUERY, name, 10, beams, vector)[0]]


def test_a_record_is_found_by_its_own_name_and_says_what_there_is_to_know():
    dense = "dense dense-hnsw dense-ivfpq dense-usearch dense-lance moved tuned tuned-moved late splade seal minder ltrgr seal-lm"
    assert (
        list(RETRIEVERS)
        == f"bm25 tfidf {dense} generative generative-passages look-up feedback hybrid reranked cross lm lm-list".split()
    )
    assert usual() == ["bm25", "dense", "generative", "hybrid"]
    for name, method in RETRIEVERS.items():
        assert method.name == name
        assert method.summary
        assert re.fullmatch("#[0-9A-F]{6}", method.color)
    assert len({method.color for method in RETRIEVERS.values()}) == len(RETRIEVERS)


def test_evidence_is_in_the_terms_of_the_retriever(opened):
    text = opened.documents[3].searched_text()
    word = max(re.findall("[a-z]+", text), key=len)
    found = Found(f"{word} zzz", text, 0.51234, "3-17", "bm25 + dense", 3, opened.retriever("bm25"))
    told = {
        name: method.evidence(found)
        for name, method in RETRIEVERS.items()
        if name not in ("generative-passages", "late", "splade", "seal", "minder", "ltrgr", "seal-lm", "look-up")
    }  # they ask their encoders, what was written, or who was asked
    assert told == {
        "bm25": f"words: {word} 100%",
        "tfidf": f"words: {word} 100%",
        "dense": "cosine 0.512",
        "dense-hnsw": "cosine 0.512",
        "dense-ivfpq": "cosine 0.512",
        "dense-usearch": "cosine 0.512",
        "dense-lance": "cosine 0.512",
        "moved": "cosine 0.512",
        "tuned": "cosine 0.512",
        "tuned-moved": "cosine 0.512",
        "generative": "codes 3-17",
        "feedback": "cosine 0.512",
        "hybrid": "from bm25 + dense",
        "reranked": "score 0.512 of who ranks",
        "cross": "logit 0.512",
        "lm": "0.512 nats a token of the query",
        "lm-list": "0.512 nats for its letter",
    }


@pytest.mark.parametrize(
    "name",
    ["tfi", "", "dense:node", "generative:", ":node", "bm25+tfi", "tfidf:k1=1", "bm25+", "bm25+bm25", "+", "2*bm25", "bm25@z"],
)
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(TriescopeError, match=r"unknown retriever|a scorer can be named after|fused with itself"):
        method_of(name)


@pytest.mark.parametrize("name", [".3*bm25+dense", "0*bm25+1*dense", "-1*bm25+2*dense", "x*bm25+.5*dense", "nan*bm25+inf*dense"])
def test_weights_that_are_none_are_refused(name):
    with pytest.raises(TriescopeError, match="give every member a weight above 0"):
        method_of(name)


def test_a_fusion_is_by_the_method_and_weights_that_its_name_gives(opened, vector):
    assert method_of(".25*bm25+.75*dense@rrf")[1] == Named(members=("bm25", "dense"), weights=(0.25, 0.75), method="rrf")
    told = {name: method_of(name)[0].told(opened, method_of(name)[1]) for name in ("bm25+dense", ".2*bm25+.8*dense@tm2c2")}
    assert told["bm25+dense"] == "by standardised scores: bm25 1, dense 1 (equal weights)"
    assert told[".2*bm25+.8*dense@tm2c2"] == "by scores over the best one (TM2C2): bm25 0.2, dense 0.8 (the weights named)"
    assert ids(opened, ".001*bm25+.999*dense", vector) == ids(opened, "dense", vector)
    with pytest.raises(TriescopeError, match="members are fused by z, tm2c2, rrf"):
        method_of("bm25+dense@sum")
    with pytest.raises(TriescopeError, match="needs scores with a least possible value"):
        opened.retriever("bm25+generative@tm2c2")


def test_names_joined_are_fused_at_equal_weights(opened, vector):
    both = {name: ids(opened, name, vector) for name in ("bm25", "dense-hnsw", "bm25+dense-hnsw")}
    assert set(both["bm25+dense-hnsw"]) <= set(both["bm25"]) | set(both["dense-hnsw"])
    first = opened.search(QUERY, "bm25+dense-hnsw", 1, vector=vector)[0][0]
    assert first.source in ("bm25", "dense-hnsw", "bm25 + dense-hnsw")
    three = opened.search(QUERY, "dense+generative:centroid+bm25", 60, vector=vector)[0]
    assert {name for hit in three for name in hit.source.split(" + ")} == {"dense", "generative:centroid", "bm25"}


def test_what_reads_an_index_is_opened_once_whatever_the_width(folder, vector, monkeypatch):
    build, opened_so_far = Build(folder), []

    def counted(where, name, what):
        real = getattr(where, name)
        monkeypatch.setattr(where, name, lambda *given, **named: opened_so_far.append(what) or real(*given, **named))

    counted(bm25s.BM25, "load", "words")
    counted(faiss, "read_index", "graph")
    counted(trie, "load", "trie")
    counted(CentroidScorer, "__init__", "scorer")
    for beams in (3, 5, 9, 9, 3):
        for name in ("bm25", "dense", "dense-hnsw", "generative", "hybrid", "bm25+dense-hnsw", "hybrid:centroid"):
            build.search(QUERY, name, 5, beams, vector)
    assert sorted(opened_so_far) == ["graph", "scorer", "trie", "words"]


def test_a_width_is_that_of_the_search_it_was_asked_with(opened, vector):
    for beams in (4, 9, 4):
        assert len(ids(opened, "generative", vector, beams)) == beams
        assert ids(opened, "generative", vector, beams) == [
            hit.id for hit in opened.search(QUERY, "generative:centroid", 10, beams, vector)[0]
        ]


class TestTuning:
    def corpus_of(self, corpus, row_of_dev, row_of_test):
        """The corpus, where the queries of a split find their own document by the row that is given."""
        ids = [document.id for document in corpus.documents]
        qrels = {
            "dev": {query: {ids[row_of_dev(place)]: 1} for place, query in enumerate(corpus.qrels["dev"])},
            "test": {query: {ids[row_of_test(place)]: 1} for place, query in enumerate(corpus.qrels["test"])},
        }
        return corpus._replace(qrels=qrels)

    def test_it_is_chosen_on_development_queries_alone(self, opened, small_corpus):
        words = {row: document.text for row, document in enumerate(small_corpus.documents)}
        asked = {q: words[place] for split in small_corpus.qrels.values() for place, q in enumerate(split)}
        # A query's words are those of the document in its place, its vector that of the one ten further on.
        by_text = {text: np.asarray(opened.embeddings[row + 10]) for row, text in words.items() if row < 50}

        def encode(texts):
            return np.stack([by_text[text] for text in texts])

        in_words, in_vectors = (lambda place: place), (lambda place: place + 10)
        corpus = small_corpus._replace(queries=asked)
        dev_in_words = tuned(opened, self.corpus_of(corpus, in_words, in_vectors), encode)
        dev_in_vectors = tuned(opened, self.corpus_of(corpus, in_vectors, in_words), encode)
        assert dev_in_words.weights["bm25"] >= 0.5 > dev_in_vectors.weights["bm25"]
        assert dev_in_words.chosen_on == f"{len(corpus.qrels['dev'])} development queries, nDCG@10"

    def test_it_is_chosen_on_the_half_that_chooses_and_on_queries_that_a_document_answers(self, opened, small_corpus):
        row_of = {f"q{row}": row for row in range(40)}
        ids = [document.id for document in small_corpus.documents]
        asked = {query: small_corpus.documents[row].text for query, row in row_of.items()}
        half = halves(row_of)
        encoded = []

        vector_of = {text: np.asarray(opened.embeddings[row_of[query]]) for query, text in asked.items()}

        def encode(texts):
            encoded.extend(texts)
            return np.stack([vector_of[text] for text in texts])

        judged = {query: {ids[row]: 1} for query, row in row_of.items()} | {half.choosing[0]: {"gone": 1, ids[0]: 0}}
        found = tuned(opened, small_corpus._replace(queries=asked, qrels={"dev": judged}), encode)
        assert encoded == [asked[query] for query in half.choosing[1:]]
        assert found.chosen_on == "19 development queries, nDCG@10"

    def test_where_no_development_query_can_be_answered_weights_are_those_without_any_and_that_is_said(
        self, opened, small_corpus
    ):
        unknown = small_corpus._replace(qrels={"dev": {query: {"gone": 1} for query in list(small_corpus.queries)[:2]}})
        found = tuned(opened, unknown, lambda texts: pytest.fail("a query was encoded"))
        assert found.weights == UNTUNED.weights
        assert found.chosen_on.startswith("none of 2 development queries has a relevant document in the corpus: the weights are")

    def test_without_development_queries_weights_are_those_that_serve_most_sets(self, opened, small_corpus):
        only_test = small_corpus._replace(qrels={"test": small_corpus.qrels["test"]})
        assert tuned(opened, only_test, lambda texts: pytest.fail("a query was encoded")) == UNTUNED

    @pytest.mark.parametrize("alone", ["bm25", "dense", "generative"])
    def test_a_run_is_fused_by_its_own_tuning_and_the_build_by_the_builds(self, folder, vector, alone):
        before = ids(Build(folder), "hybrid:centroid", vector)
        tuning = Tuning(weights=dict.fromkeys(MEMBERS, 0.0) | {alone: 1.0}, method="z")
        settings = {option.name: option.default for option in node.KIND.options}
        run = stored_run(settings=settings, tuning=tuning)
        model = create(Parts(folder).parts, settings, seed=1)
        runs.store(folder, run, {name: value.numpy() for name, value in model.state_dict().items()})
        build = Build(folder)
        of = {"generative": "generative:mine"}.get(alone, alone)
        assert ids(build, "hybrid:mine", vector) == ids(build, of, vector)
        assert ids(build, "hybrid:centroid", vector) == before
        runs.choose(folder, "mine")
        assert ids(build, "hybrid", vector) == ids(build, of, vector)

    def test_what_a_hybrid_was_given_is_told(self, folder):
        stored = {"weights": [0.3, 0.0, 0.7], "threshold": 0.5, "chosen_on": "6 development queries, nDCG@10"}
        (folder / "tuning.json").write_text(json.dumps(stored), "utf-8")
        method, named = method_of("hybrid")
        told = method.told(Parts(folder), named)
        assert told.startswith("by rank (RRF): bm25 0.3, generative 0.7 (6 development queries, nDCG@10; no fallback: ")
