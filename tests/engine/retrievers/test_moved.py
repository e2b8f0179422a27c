"""Documents moved towards their train queries: by train queries alone, as far as development queries say."""

import numpy as np
import pytest

from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.data.halves import halves
from engine.errors import TriescopeError
from engine.retrievers import Queries, method_of
from engine.retrievers.dense import ExactRetriever
from engine.retrievers.moved import SHARES, USUAL, Labels, MovedRetriever, choose, means, moved, pairs_of
from engine.text import embed
from tests.engine.oracles import unit

NONE = Labels(np.empty((0, 8), np.float32), [])


def planted(seed=0, documents=30):
    """Documents at random, and train queries that lie elsewhere but near one another."""
    rng = np.random.default_rng(seed)
    embeddings = unit(rng.normal(size=(documents, 8)))
    asked = unit(rng.normal(size=(documents, 8)))
    train = Labels(asked, [{row: 1} for row in range(documents)])
    return embeddings, train, unit(asked + 0.1 * rng.normal(size=asked.shape))


def test_scores_are_cosines_with_the_moved_documents_in_document_order_where_equal():
    embeddings, train, asked = planted()
    found = MovedRetriever(embeddings, train, NONE)
    place, row = pairs_of(train)
    slow = ExactRetriever(moved(embeddings, train.vectors[place], row, USUAL)).search(Queries([""] * 30, asked), 10)
    assert found.search(Queries([""] * 30, asked), 10).rows.tolist() == slow.rows.tolist()
    assert (found.share, found.pairs, found.chosen_on) == (USUAL, 30, 0)


def test_only_relevant_judgements_move():
    labels = Labels(np.eye(2, 8, dtype=np.float32), [{3: 1, 4: 0, 5: -1}, {3: 2}])
    assert [array.tolist() for array in pairs_of(labels)] == [[0, 1], [3, 3]]


@pytest.mark.parametrize(("near", "share"), [(True, SHARES[-1]), (False, 0.0)])
def test_the_share_is_the_one_that_development_queries_like_best(near, share):
    embeddings, train, asked = planted()
    dev = Labels(asked if near else embeddings, [{row: 1} for row in range(30)])
    found = MovedRetriever(embeddings, train, dev)
    place, row = pairs_of(train)
    assert (found.share >= 1) if near else (found.share == share)
    assert choose(embeddings, means(embeddings, train.vectors[place], row), dev) == found.share


def corpus(splits):
    documents = [Document(f"d{n}", "", f"word{n} thing{n % 7}", {}) for n in range(30)]
    queries = {f"{split}{n}": f"asked{n} {split}" for split in splits for n in range(30)}
    qrels = {split: {f"{split}{n}": {f"d{n}": 1} for n in range(30)} for split in splits}
    return Corpus("labels", documents, queries, qrels, [])


def test_it_reads_the_train_split_and_the_choosing_half_of_development_and_no_other(tmp_path, monkeypatch):
    built = make(corpus(("train", "dev", "test")), BuildSpec(settings={"levels": 2, "codes": 4}), tmp_path / "labels")
    read = []
    real = embed.embed
    monkeypatch.setattr(embed, "embed", lambda texts, *given, **named: read.extend(texts) or real(texts, *given, **named))
    build = Build(built)
    retriever = build.retriever("moved")
    known = corpus(("train", "dev", "test"))
    choosing = {known.queries[query] for query in halves(known.qrels["dev"]).choosing}
    assert set(read) == {known.queries[query] for query in known.qrels["train"]} | choosing
    assert len(read) == len(set(read)) == 45
    method, named = method_of("moved")
    assert method.told(build, named) == f"30 train pairs, share {retriever.share:g} (chosen on 15 development queries)"
    assert build.retriever("moved") is retriever
    ranking = build.retriever("bm25+moved").search(Queries(["thing3"], retriever.embeddings[3:4]), 5)
    assert ranking.rows[0, 0] == 3


def test_without_train_queries_it_is_refused_in_a_line(opened):
    with pytest.raises(TriescopeError, match="moved needs train queries"):
        opened.retriever("moved")
