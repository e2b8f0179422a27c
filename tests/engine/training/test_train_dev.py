import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from engine import trie
from engine.data.corpus import Document
from engine.decoding import decode
from engine.scorers.centroid import CentroidScorer, node_means
from engine.scorers.kinds import Parts
from engine.scorers.node import KIND
from engine.training.dev import Dev, among_siblings, judge, judge_codes, pairs_of, watched
from engine.training.models.node import create

SETTINGS = {option.name: option.default for option in KIND.options}


def world(seed=0):
    rng = np.random.default_rng(seed)
    codes = np.unique(rng.integers(0, 4, (40, 3)), axis=0).astype(np.int32)
    vectors = rng.normal(size=(len(codes), 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    tree = trie.build(codes)
    return (
        Parts(tree, node_means(tree, vectors), [], "none"),
        vectors,
        torch.tensor([tree.path(row)[-1] for row in range(len(codes))]),
    )


def test_a_level_that_competes_as_a_whole_is_cut_down_to_the_siblings_of_the_true_node():
    parts, vectors, leaf = world()
    level_model = create(parts, SETTINGS, 0).eval()
    sibling_model = create(parts, SETTINGS | {"softmax": "siblings"}, 0).eval()
    pairs = torch.arange(len(leaf))
    with torch.no_grad():
        wide = level_model.candidates(level_model.encode(vectors), pairs, leaf)
        narrow = sibling_model.candidates(sibling_model.encode(vectors), pairs, leaf)
    for one, other in zip(wide, narrow, strict=True):
        cut = among_siblings(parts.trie, one, len(leaf))
        assert torch.equal(cut.node, other.node)
        assert torch.equal(cut.pair, other.pair)
        assert torch.equal(cut.target, other.target)
        assert torch.allclose(cut.score, other.score, atol=1e-4)


def test_codes_are_judged_as_a_loop_over_the_tree_judges_them():
    parts, vectors, leaf = world(1)
    query = np.repeat(np.arange(5), 3)
    model, centroid = create(parts, SETTINGS, 0).eval(), CentroidScorer(parts.trie, parts.means, [])
    chosen = leaf[:15].numpy()
    judged = judge_codes(parts.trie, model, list(vectors), query, chosen, "cpu")
    right, first = [[], [], []], {place: [] for place in range(5)}
    for place, end in zip(query.tolist(), chosen.tolist(), strict=True):
        state, above = centroid.start(vectors[place]), np.array([0])
        for depth, node in enumerate(parts.trie.path(int(parts.trie.documents[parts.trie.doc_start[end]]))):
            children = parts.trie.children(above).node
            scores = centroid.node_scores(state, children)
            alone = (scores == scores.max()).sum() == 1
            right[depth].append(bool(alone and children[scores.argmax()] == node))
            if depth == 0:
                first[place].append(float(np.log(np.exp(scores).sum()) - scores[children.tolist().index(node)]))
            above = np.array([node])
    assert judged.accuracy == pytest.approx([np.mean(level) for level in right], abs=1e-4)
    assert judged.first_nll == pytest.approx(np.mean([np.mean(nats) for nats in first.values()]), abs=1e-3)


def test_only_the_best_graded_documents_of_a_query_are_judged_and_those_with_an_identifier():
    source = SimpleNamespace(row_of={"a": 0, "b": 1, "c": 2}, leaf_of=np.array([7, 8, -1]))
    dev = Dev(
        ["q", "r", "s"],
        ["q", "r", "s"],
        np.zeros((3, 2)),
        [],
        [{"a": 2, "b": 1}, {"a": 1, "b": 1, "gone": 1}, {"c": 2, "b": 0}],
        "",
    )
    query, leaf = pairs_of(source, dev, 0)
    assert list(zip(query.tolist(), leaf.tolist(), strict=True)) == [(0, 7), (1, 7), (1, 8)]


def stub(seed=0):
    """What :func:`engine.training.dev.watched` and :func:`judge` read of a build, of random vectors."""
    parts, vectors, leaf = world(seed)
    documents = [Document(f"d{row}", f"Film {row}", "", {}) for row in range(len(vectors))]
    return SimpleNamespace(parts=parts, documents=documents, leaf_of=leaf.numpy()), vectors


def test_a_watched_query_tells_the_rank_of_its_best_judged_document():
    source, vectors = stub()
    scorer = CentroidScorer(source.parts.trie, source.parts.means, [])
    rows = decode(source.parts.trie, scorer, vectors[:1], 50)[0].documents(source.parts.trie, 100)[0]
    ids = [source.documents[row].id for row in rows]
    judged = {ids[1]: 0, ids[2]: 1, ids[4]: 2, ids[-1]: 1, "gone": 3}
    ((now,), (nothing,)) = (watched(source, scorer, ["q"], vectors[:1], [grades]) for grades in (judged, {ids[0]: 0}))
    assert now.judged_rank == 3
    assert nothing.judged_rank is None
    assert [hit.id for hit in now.hits] == ids[:5]


def test_the_shares_of_a_watched_level_are_those_of_the_whole_beam_and_add_up_to_one():
    source, vectors = stub()
    scorer = CentroidScorer(source.parts.trie, source.parts.means, [])
    (now,) = watched(source, scorer, ["q"], vectors[:1], [{}])
    steps = decode(source.parts.trie, scorer, vectors[:1], 50)[0].steps
    assert len(now.levels) == len(steps)
    for level, step in zip(now.levels, steps, strict=True):
        totals = [float(total) for total in step.kept.total]
        weights = [math.exp(total - max(totals)) for total in totals]
        shares = [kept.share for kept in level.kept]
        assert shares == pytest.approx([weight / sum(weights) for weight in weights[:5]], abs=1e-4)
    assert len(steps[-1].kept.total) > 5


def test_a_development_query_that_is_a_document_does_not_find_itself():
    source, _ = stub()
    asked = Dev(ids=["d3", "q"], texts=["a", "b"], vectors=np.zeros((2, 8)), queries=[], qrels=[{"d4": 1}, {"d3": 1}], told="")
    values = judge(source, asked, [np.array([3, 4]), np.array([3, 4])])
    assert values["Hit@1"].tolist() == [1, 1]
