"""Claims about dimensions, sizes and other catalogues: each measurement against the same worked out another way."""

import numpy as np
import pytest

from engine import evaluation, trie
from engine.claims import CLAIMS, loss_by_size, one_vector, out_of_distribution, sized
from engine.claims.learned_late import Pairs
from engine.data.figures import Interval
from engine.evaluation.run import _silent
from engine.scorers.centroid import node_means


def at(mean, wide=0.01):
    return Interval(mean, mean - wide, mean + wide)


def test_as_many_directions_as_children_keep_everything_and_one_node_is_one_vector():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 6)).astype(np.float32)
    tree = trie.build(np.array([[row % 5, row // 5] for row in range(30)], np.int32))
    assert one_vector.by_node(tree, vectors, 6) == pytest.approx(node_means(tree, vectors), abs=1e-5)
    flat = trie.build(np.arange(30, dtype=np.int32)[:, None])
    rows = flat.documents[flat.doc_start[1:]]
    assert one_vector.by_node(flat, vectors, 2)[1:] == pytest.approx(one_vector.squeezed(vectors, 2)[rows], abs=1e-4)
    # One direction a node: what a child keeps beside its parent is a multiple of one vector.
    made = one_vector.by_node(tree, vectors, 1)
    children = np.arange(tree.first_child[1], tree.first_child[2])
    assert np.linalg.matrix_rank(made[children] - made[1], tol=1e-4) == 1


def test_a_pair_is_found_where_both_of_its_documents_stand_first(monkeypatch):
    monkeypatch.setattr(one_vector, "DOCUMENTS", 4)
    monkeypatch.setattr(one_vector, "SIDE", 2)
    monkeypatch.setattr(one_vector, "STEPS", 150)
    assert one_vector.free_vectors(4, 0).tolist() == one_vector.free_decoder(4, 0).tolist() == [1.0] * 6
    assert one_vector.free_vectors(1, 0).mean() < 1  # on a line of two directions two documents are one
    scores = np.array([[0.9, 0.1, 0.8], [0.9, 0.8, 0.1]])
    assert one_vector._first_two(scores, np.array([[0, 2], [0, 2]])).tolist() == [1.0, 0.0]


def test_more_dimensions_keep_more_and_a_tree_is_never_behind(opened, monkeypatch):
    monkeypatch.setattr(one_vector, "FREE", (one_vector.SMALL,))
    monkeypatch.setattr(one_vector, "STEPS", 1)
    found = one_vector.measure(opened, 0, _silent)
    kept = {(name, number): share for name, number, share, *_ in found.rows}
    shares = [kept["one vector, here", number] for number in (2, 8, 32)]
    assert shares == sorted(shares)
    assert all(kept["a decoder, here", number] >= kept["one vector, here", number] for number in (2, 8, 32))


def test_a_loss_is_that_of_every_code_and_a_model_learns_what_it_is_shown(monkeypatch):
    codes = np.array([[0, 1], [1, 0], [1, -1]], np.int32)
    pairs = Pairs(np.eye(3, dtype=np.float32), np.arange(3))
    monkeypatch.setattr(sized, "STEPS", 60)
    monkeypatch.setattr(sized, "LOOK", 60)
    monkeypatch.setattr(sized, "DROPOUT", 0.0)
    parameters, taught = sized.taught(8, codes, pairs, pairs, pairs, 0)
    assert taught.max() < 0.1
    assert parameters < sized.taught(16, codes, pairs, pairs, pairs, 0)[0]
    model, logs = sized._model(8, codes, 3), []
    for head in model.write:  # even odds at every level: log 2 a code that is there
        head.weight.data.zero_()
        head.bias.data.zero_()
    import torch

    logs = model(torch.eye(3), torch.from_numpy(codes.astype(np.int64))).detach().numpy()
    assert logs == pytest.approx([2 * np.log(2), 2 * np.log(2), np.log(2)])


def test_no_query_chooses_that_is_learned_from(opened, monkeypatch):
    pairs = loss_by_size.pairs_of(opened, "test")
    expected = {(q, opened.row_of[d]) for q, grades in opened.corpus.qrels["test"].items() for d in grades}
    assert len(pairs.row) == len(expected)
    learned, choosing = loss_by_size.halved(pairs, 0.5, 0)
    assert not {vector.tobytes() for vector in learned.vectors} & {vector.tobytes() for vector in choosing.vectors}
    assert len(learned.row) + len(choosing.row) == len(pairs.row)
    monkeypatch.setattr(loss_by_size, "PIECES", 5)
    more = loss_by_size.with_pieces(opened, pairs, 0)
    assert len(more.row) > len(pairs.row)
    assert (more.row[: len(pairs.row)] == pairs.row).all()


def test_an_adapter_that_learned_nothing_changes_no_list(opened, monkeypatch):
    monkeypatch.setattr(out_of_distribution, "STEPS", 0)
    pairs = loss_by_size.pairs_of(opened, "test")
    adapter = out_of_distribution.adapted(opened, pairs, 0)
    texts = [opened.corpus.queries[query] for query in opened.corpus.qrels["test"]]
    queries = out_of_distribution.Queries(texts, opened.embed_queries(texts))
    rows = out_of_distribution._searched(opened, adapter, queries)
    assert rows.tolist() == opened.retriever("generative").search(queries, out_of_distribution.DEPTH).rows.tolist()
    # Twenty ways to ask for the same document, by something else: what is learned carries over to those kept back.
    rng = np.random.default_rng(0)
    near = np.asarray(opened.embeddings)[3] + 0.01 * rng.normal(size=(20, opened.embeddings.shape[1]))
    asked = Pairs(near.astype(np.float32), np.full(20, 40))
    for name, value in (("STEPS", 30), ("LOOK", 10), ("RATE", 1e-3)):
        monkeypatch.setattr(out_of_distribution, name, value)
    learned = out_of_distribution.adapted(opened, asked, 0)
    wanted = opened.embeddings[40]
    assert learned(asked.vectors[0]) @ wanted > asked.vectors[0] @ wanted


def test_what_is_carried_is_asked_of_every_catalogue_beside(opened, monkeypatch):
    assert "no train queries" in CLAIMS["out-of-distribution"].refuses(opened)
    corpus = opened.corpus._replace(qrels=opened.corpus.qrels | {"train": opened.corpus.qrels["dev"]})
    monkeypatch.setitem(opened.__dict__, "corpus", corpus)
    assert "no build of another catalogue" in CLAIMS["out-of-distribution"].refuses(opened)
    monkeypatch.setattr(out_of_distribution, "STEPS", 0)
    found = out_of_distribution.measure(opened, 0, _silent)
    assert {name: of.mean for name, of in found.figures.items()} == {"learned on sixty, asked on sixty": 0}
    known = evaluation.evaluate(opened, "test", ["generative:centroid", "bm25"], measures=["nDCG@10"])
    of = {row[0]: row[2] for row in found.rows}
    assert of["nothing"] == pytest.approx(known.values["generative:centroid"]["nDCG@10"].mean(), abs=1e-4)
    assert of["bm25"] == pytest.approx(known.values["bm25"]["nDCG@10"].mean(), abs=1e-4)


SIZES = {loss_by_size.FALL: at(-1), loss_by_size.POWER: at(0.3), loss_by_size.LAST: at(-0.1), loss_by_size.LEFT: at(0.001)}
OURS, THEIRS = ("a decoder less one vector, here", "a decoder less one vector, synthetic")
HOME, AWAY, ELSE = (f"learned on {a}, asked on {b}" for a, b in (("x", "x"), ("x", "y"), ("y", "x")))


@pytest.mark.parametrize(
    ("key", "figures", "verdict"),
    [
        ("loss-by-size", SIZES, "holds"),
        ("loss-by-size", SIZES | {loss_by_size.LAST: at(0)}, "holds partly"),
        ("loss-by-size", SIZES | {loss_by_size.LEFT: at(0.1)}, "holds partly"),
        ("loss-by-size", SIZES | {loss_by_size.FALL: at(0)}, "does not hold here"),
        ("one-vector", {OURS: at(0.1), THEIRS: at(0.1)}, "holds"),
        ("one-vector", {OURS: at(0), THEIRS: at(0.1)}, "holds partly"),
        ("one-vector", {OURS: at(0), THEIRS: at(0)}, "does not hold here"),
        ("out-of-distribution", {HOME: at(0.1), AWAY: at(0), ELSE: at(-0.1)}, "holds"),
        ("out-of-distribution", {HOME: at(0.1), AWAY: at(0.1), ELSE: at(-0.1)}, "holds partly"),
        ("out-of-distribution", {HOME: at(0.1), AWAY: at(0.1), ELSE: at(0.1)}, "does not hold here"),
        ("out-of-distribution", {HOME: at(0), AWAY: at(0.1), ELSE: at(0.1)}, "not testable here"),
    ],
)
def test_the_verdict_follows_from_the_figures(key, figures, verdict):
    assert CLAIMS[key].judge(figures) == verdict
