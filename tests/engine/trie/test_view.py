import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.exact import exact_search, score_all
from engine.errors import TriescopeError
from engine.trie import ROOT, restrict
from tests.engine.oracles import DictTrie, SumScorer, beam_search, identifiers, padded, random_sums, slow_beam_search

QUERY = np.zeros(2, np.float32)
seeds, widths = st.integers(0, 1 << 30), st.integers(1, 30)
prefixes = st.lists(st.integers(0, 4), max_size=4).map(tuple)


@st.composite
def restricted(draw):
    """Words, the restrictions on them, and the words that are left, ``()`` where a document is not allowed."""
    words = draw(identifiers())
    mask = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    some = st.sampled_from([word for word in words if word])
    begun = st.tuples(some, st.integers(1, 4)).map(lambda drawn: drawn[0][: drawn[1]])
    force = draw(st.just(()) | begun)
    bans = draw(st.lists(begun | prefixes.filter(len), max_size=3))
    given_out = draw(st.lists(some, max_size=2))
    left = [
        word
        if let
        and word
        and word[: len(force)] == force
        and word not in given_out
        and not any(word[: len(ban)] == ban for ban in bans)
        else ()
        for word, let in zip(words, mask, strict=True)
    ]
    return words, {"allowed": np.array(mask), "force": force, "ban": bans}, given_out, left


def view_of(words, restrictions, given_out):
    built = trie.build(padded(words))
    return built, restrict(built, **restrictions, without=[built.find(word) for word in given_out])


@given(restricted())
def test_a_view_is_the_dictionary_trie_of_the_documents_left(case):
    words, restrictions, given_out, left = case
    if not any(left):
        with pytest.raises(TriescopeError, match="no document is left under these restrictions"):
            view_of(words, restrictions, given_out)
        return
    built, view = view_of(words, restrictions, given_out)
    tree = DictTrie(left)
    assert view.levels == built.levels
    assert view.documents.tolist() == tree.below[()]
    nodes = [built.find(prefix) for prefix in tree.nodes]
    assert view.counts_of(np.array(nodes)).tolist() == [len(tree.below[prefix]) for prefix in tree.nodes]
    found = view.children(np.array(nodes))
    told = [(tree.nodes[parent], built.prefix(int(node))) for parent, node in zip(found.parent, found.node, strict=True)]
    assert told == [(prefix, child) for prefix in tree.nodes for child in tree.children(prefix)]
    for prefix, node in zip(tree.nodes, nodes, strict=True):
        assert view.leaf_documents(node).tolist() == tree.below[prefix]
        assert view.is_leaf(np.array([node])).tolist() == [prefix in tree.leaves]
    gone = [node for node in range(len(built.code)) if built.prefix(node) not in tree.below]
    assert not view.counts_of(np.array(gone, int)).any()


@given(restricted(), seeds, widths)
def test_beam_search_over_a_view_is_a_slow_beam_search_of_the_documents_left(case, seed, beams):
    words, restrictions, given_out, left = case
    if not any(left):
        return
    built, view = view_of(words, restrictions, given_out)
    scorer, tree = random_sums(built, seed), DictTrie(left)
    log_probs = [scorer.log_probs[built.find(prefix)] for prefix in tree.nodes]
    trace = beam_search(view, scorer, QUERY, beams)
    for step, (kept, pruned) in zip(trace.steps, slow_beam_search(tree, log_probs, beams), strict=False):
        for told, expected in ((step.kept, kept), (step.pruned, pruned)):
            pairs = zip(told.node, told.total, strict=True)
            assert [(built.prefix(int(node)), float(total)) for node, total in pairs] == expected
    assert all(built.is_leaf(trace.leaves))


@given(restricted(), seeds)
def test_a_wide_beam_and_exact_search_filter_the_exact_list(case, seed):
    words, restrictions, given_out, left = case
    if not any(left):
        return
    built, view = view_of(words, restrictions, given_out)
    scorer = random_sums(built, seed)
    leaves, totals = exact_search(built, scorer, QUERY)
    keep = [built.prefix(int(leaf)) in left for leaf in leaves]
    trace = beam_search(view, scorer, QUERY, beams=len(built.code))
    assert trace.leaves.tolist() == leaves[keep].tolist() == exact_search(view, scorer, QUERY)[0].tolist()
    assert trace.scores.tolist() == totals[keep].tolist()
    rows = [row for leaf in leaves for row in built.leaf_documents(int(leaf)) if left[row]]
    assert trace.documents(view, len(words))[0].tolist() == rows


@given(identifiers(), seeds, widths)
def test_a_view_of_everything_is_the_trie(words, seed, beams):
    built = trie.build(padded(words))
    scorer, nodes = random_sums(built, seed), np.arange(len(built.code))
    for view in (restrict(built), restrict(built, allowed=np.ones(len(words), bool)), restrict(built, force=(), ban=[(9, 9)])):
        assert [array.tolist() for array in view.children(nodes)] == [array.tolist() for array in built.children(nodes)]
        assert view.counts_of(nodes).tolist() == built.counts.tolist()
        assert view.documents.tolist() == built.documents.tolist()
        assert all(view.leaf_documents(node).tolist() == built.leaf_documents(node).tolist() for node in nodes)
        told, plain = (beam_search(tree, scorer, QUERY, beams) for tree in (view, built))
        assert told.leaves.tolist() == plain.leaves.tolist()
        assert told.scored == plain.scored
        assert [level.node.tolist() for level in score_all(view, scorer, QUERY)] == [
            level.node.tolist() for level in score_all(built, scorer, QUERY)
        ]


def test_banning_everything_leaves_nothing():
    built = trie.build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
    for restrictions in (
        {"ban": [()]},
        {"ban": [(0,), (3,)]},
        {"allowed": np.zeros(3, bool)},
        {"force": (0,), "ban": [(0,)]},
        {"without": range(3, 6)},
        {"without": [ROOT]},
    ):
        with pytest.raises(TriescopeError, match="no document is left under these restrictions"):
            restrict(built, **restrictions)


def test_a_prefix_that_no_document_has_cannot_be_forced():
    built = trie.build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
    for prefix in ((1,), (0, 0), (3, 0, 0)):
        with pytest.raises(TriescopeError, match=f"no identifier starts with {'-'.join(map(str, prefix))}, so it cannot be"):
            restrict(built, force=prefix)


def test_the_beam_is_spent_on_legal_branches_only():
    built = trie.build(np.array([[a, b] for a in range(5) for b in range(5)], np.int32))
    only = np.zeros(25, bool)
    only[[7, 24]] = True
    trace = beam_search(restrict(built, only), SumScorer(np.arange(len(built.code))), QUERY, beams=2)
    assert trace.documents(restrict(built, only), 10)[0].tolist() == [24, 7]
    assert trace.scored == 4


def test_restrictions_of_a_restricted_tree_add_up():
    built = trie.build(np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]], np.int32))
    once = restrict(built, np.array([True, True, False, True, False]))
    assert once.documents.tolist() == [0, 1, 3]
    twice = restrict(once, ban=[(0, 1)])
    assert (twice.documents.tolist(), twice.counts.tolist()) == ([0, 3], [2, 1, 1, 0, 1, 0, 0, 1, 0])
    assert (twice.whole, once.whole, built.whole) == (built, built, built)
    assert restrict(twice, without=[built.find((0, 0))]).children(np.array([ROOT])).node.tolist() == [built.find((1,))]
    with pytest.raises(TriescopeError, match="no document is left"):
        restrict(once, force=(2,))
