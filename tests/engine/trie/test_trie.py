import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.errors import TriescopeError
from tests.engine.oracles import DictTrie, identifiers, padded


@given(identifiers(), st.integers(0, 2))
def test_nodes_are_the_prefixes_level_by_level_from_left_to_right(words, extra_columns):
    built, tree = trie.build(padded(words, extra_columns)), DictTrie(words)
    assert [built.prefix(node) for node in range(len(built.code))] == tree.nodes
    assert built.levels == max(map(len, words))


@given(identifiers())
def test_a_node_holds_the_documents_of_its_prefix_in_leaf_order(words):
    built, tree = trie.build(padded(words)), DictTrie(words)
    assert [built.leaf_documents(node).tolist() for node in range(len(built.code))] == [tree.below[p] for p in tree.nodes]
    assert built.counts.tolist() == [len(tree.below[p]) for p in tree.nodes]
    for asked in (np.arange(len(built.code))[::-1], np.empty(0, np.int64)):
        rows, size = built.leaves_documents(asked)
        assert [part.tolist() for part in np.split(rows, np.cumsum(size))][: len(asked)] == [
            tree.below[tree.nodes[node]] for node in asked
        ]


@given(identifiers(), st.data())
def test_children_of_many_nodes_come_at_once_in_the_order_asked(words, data):
    built, tree = trie.build(padded(words)), DictTrie(words)
    asked = data.draw(st.lists(st.integers(0, len(tree.nodes) - 1), min_size=1, max_size=8))
    found = built.children(np.array(asked))
    expected = [(place, tree.nodes.index(c)) for place, node in enumerate(asked) for c in tree.children(tree.nodes[node])]
    assert list(zip(found.parent.tolist(), found.node.tolist(), strict=True)) == expected


@given(identifiers())
def test_a_node_knows_its_parent_its_level_and_its_code(words):
    built, tree = trie.build(padded(words)), DictTrie(words)
    nodes = np.arange(len(tree.nodes))
    assert built.parent(nodes).tolist() == [tree.nodes.index(prefix[:-1]) for prefix in tree.nodes]
    assert built.level_of(nodes).tolist() == [len(prefix) for prefix in tree.nodes]
    assert built.code[1:].tolist() == [prefix[-1] for prefix in tree.nodes[1:]]


@given(identifiers(), st.lists(st.integers(-1, 4), max_size=5).map(tuple))
def test_find_finds_every_prefix_and_no_other(words, asked):
    built, tree = trie.build(padded(words)), DictTrie(words)
    assert [built.find(prefix) for prefix in tree.nodes] == list(range(len(tree.nodes)))
    assert built.find(asked) == (tree.nodes.index(asked) if asked in tree.below else None)


@given(identifiers())
def test_the_path_of_a_document_runs_through_all_its_prefixes(words):
    built, tree = trie.build(padded(words)), DictTrie(words)
    for row, word in enumerate(words):
        assert built.path(row) == [tree.nodes.index(word[:length]) for length in range(1, len(word) + 1)]


@given(identifiers())
def test_a_saved_trie_is_mapped_back_the_same(tmp_path_factory, words):
    folder = tmp_path_factory.mktemp("trie")
    built = trie.build(padded(words))
    trie.save(built, folder)
    mapped = trie.load(folder)
    assert all(isinstance(array.base, np.memmap) for array in mapped)
    assert [(a.dtype, a.tolist()) for a in mapped] == [(a.dtype, a.tolist()) for a in built]


def test_one_document_makes_one_path():
    built = trie.build(np.array([[7, 0, 2]], np.int32))
    assert [built.prefix(node) for node in range(4)] == [(), (7,), (7, 0), (7, 0, 2)]
    assert built.path(0) == [1, 2, 3]


def test_documents_without_an_identifier_are_left_out():
    built = trie.build(np.array([[-1, -1], [1, 0], [-1, -1], [0, 5]], np.int32))
    assert built.documents.tolist() == [3, 1]
    assert built.path(0) == []
    assert built.counts[trie.ROOT] == 2


def test_documents_with_one_identifier_stand_in_document_order():
    built = trie.build(np.array([[2, 2], [1, 1], [2, 2], [2, 2]], np.int32))
    assert built.leaf_documents(built.find((2, 2))).tolist() == [0, 2, 3]


@pytest.mark.parametrize(("largest", "kind"), [(65_535, np.uint16), (65_536, np.int32)])
def test_codes_are_kept_narrow_where_they_fit(largest, kind):
    built = trie.build(np.array([[0, largest], [largest, 1]], np.int32))
    assert built.code.dtype == kind
    assert built.prefix(built.find((0, largest))) == (0, largest)
    assert built.find((0, 1 << 30)) is None


def test_nbytes_is_what_the_arrays_take():
    built = trie.build(np.array([[0, 1], [0, 2]], np.int32))
    assert built.nbytes == sum(array.size * array.itemsize for array in built)


@pytest.mark.parametrize(
    ("codes", "fault"),
    [
        ([[0, -1, 2], [1, 1, 1]], "gap"),
        ([[-1, 0], [1, 1]], "gap"),
        ([[-1, -1], [-1, -1]], "no document has one"),
        ([[0, 0], [3, 1], [3, -1]], "document 3 is the beginning of another"),
        ([[3, -1, -1], [3, 1, 0], [3, 1, 0]], "document 1 is the beginning of another"),
    ],
)
def test_identifiers_that_make_no_trie_are_refused(codes, fault):
    with pytest.raises(TriescopeError, match=fault):
        trie.build(np.array(codes, np.int32))


@given(identifiers(), st.data())
def test_a_proper_prefix_is_refused_wherever_it_stands(words, data):
    longer = data.draw(st.sampled_from([word for word in words if word]))
    place = data.draw(st.integers(0, len(words)))
    rows = [*words[:place], (*longer, 0), *words[place:]]
    with pytest.raises(TriescopeError, match="is the beginning of another one"):
        trie.build(padded(rows))


def test_a_code_that_only_the_next_node_has_is_not_found_below_this_one():
    built = trie.build(np.array([[0, code] for code in range(300)] + [[1, 400]], np.int32))
    assert built.find((0, 400)) is None
    assert built.prefix(built.find((1, 400))) == (1, 400)
