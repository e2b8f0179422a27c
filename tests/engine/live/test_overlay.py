"""An overlay is the trie that a rebuild would give: whatever was added and removed, before compaction and after."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import trie
from engine.decoding.exact import exact_search, score_all
from engine.errors import TriescopeError
from engine.live.overlay import Overlay
from tests.engine.oracles import SumScorer, beam_search, identifiers, padded

QUERY = np.zeros(2, np.float32)
seeds, widths = st.integers(0, 1 << 30), st.integers(1, 30)


def fits(words, live):
    """Whether no word is the beginning of another one, or of a live one."""
    words = [word for word in [*words, *live] if word]
    return not any(one != other and other[: len(one)] == one for one in words for other in words)


@st.composite
def histories(draw, steps=6):
    """An overlay after a random life, with the words of all rows: ``()`` where the row is removed or never had one."""
    words = list(draw(identifiers()))
    overlay = Overlay.of(trie.build(padded(words)), len(words))
    for _ in range(draw(st.integers(0, steps))):
        if draw(st.booleans()):
            # Removed words come back now and then, so that a prefix dies and lives again.
            added = [word for word in draw(identifiers()) if fits([word], words)]
            added = [word for place, word in enumerate(added) if fits([word], added[:place])]
            if added:
                overlay = overlay.add(
                    padded(added, extra=draw(st.integers(0, 1))) if any(added) else np.full((len(added), 1), -1)
                )
                words += added
        else:
            gone = draw(st.lists(st.integers(0, len(words) - 1), max_size=len(words)))
            overlay = overlay.remove(gone)
            words = [() if row in gone else word for row, word in enumerate(words)]
    return overlay, words


def living(history):
    return any(history[1])


lives = histories().filter(living)


def table(words):
    return padded(words) if any(words) else np.full((len(words), 1), -1, np.int32)


def same(first, second):
    """Equal array for array, types included."""
    return [(a.dtype, a.tolist()) for a in first] == [(a.dtype, a.tolist()) for a in second]


def scorers(rebuilt, overlay, seed):
    """The same quarters for every prefix, by the node numbers of each tree."""
    sums = -np.random.default_rng(seed).integers(0, 4, len(rebuilt.code)) / 4
    over = np.full(len(overlay.code), np.nan)
    over[[overlay.find(rebuilt.prefix(node)) for node in range(len(rebuilt.code))]] = sums
    return SumScorer(sums), SumScorer(over)


@given(lives)
@settings(max_examples=300)
def test_compacting_equals_rebuilding_array_for_array(history):
    overlay, words = history
    assert overlay.identifiers().tolist() == [[*w, *[-1] * (overlay.identifiers().shape[1] - len(w))] for w in words]
    assert same(overlay.compact(), trie.build(padded(words)))


@given(lives)
def test_compacting_between_changes_loses_nothing(history):
    overlay, words = history
    again = Overlay.of(overlay.compact(), overlay.rows)
    assert same(again.compact(), trie.build(padded(words)))
    assert again.nodes.tolist() == list(range(len(again.code)))


@given(lives)
def test_every_node_says_what_the_rebuilt_node_says(history):
    overlay, words = history
    rebuilt = trie.build(padded(words))
    nodes = overlay.nodes
    assert len(nodes) == len(rebuilt.code)
    assert [overlay.prefix(node) for node in nodes] == [rebuilt.prefix(node) for node in range(len(nodes))]
    assert [overlay.find(rebuilt.prefix(node)) for node in range(len(nodes))] == nodes.tolist()
    assert overlay.code[nodes].tolist() == rebuilt.code.tolist()
    assert overlay.counts_of(nodes).tolist() == rebuilt.counts.tolist()
    assert overlay.is_leaf(nodes).tolist() == rebuilt.is_leaf(np.arange(len(nodes))).tolist()
    assert [overlay.leaf_documents(n).tolist() for n in nodes] == [rebuilt.leaf_documents(n).tolist() for n in range(len(nodes))]
    assert overlay.documents.tolist() == rebuilt.documents.tolist()
    assert overlay.levels == rebuilt.levels
    assert (np.diff(overlay.tie_key(nodes)) > 0).all()
    assert [overlay.path(row) for row in range(len(words))] == [
        [int(nodes[n]) for n in rebuilt.path(r)] for r in range(len(words))
    ]
    # All other numbers belong to nodes that are gone.
    assert overlay.counts_of(np.setdiff1d(np.arange(len(overlay.code)), nodes)).sum() == 0


@given(lives, st.data())
def test_children_of_many_nodes_come_at_once_in_the_order_asked(history, data):
    overlay, words = history
    rebuilt = trie.build(padded(words))
    asked = np.array(data.draw(st.lists(st.integers(0, len(rebuilt.code) - 1), min_size=1, max_size=8)))
    found, expected = overlay.children(overlay.nodes[asked]), rebuilt.children(asked)
    assert found.parent.tolist() == expected.parent.tolist()
    assert found.node.tolist() == overlay.nodes[expected.node].tolist()


@given(lives, st.lists(st.integers(0, 4), max_size=5).map(tuple))
def test_find_finds_live_prefixes_and_no_other(history, asked):
    overlay, words = history
    expected = trie.build(padded(words)).find(asked)
    assert overlay.find(asked) == (None if expected is None else overlay.nodes[expected])


@given(lives, st.lists(st.lists(st.integers(0, 4), max_size=5).map(tuple), min_size=1, max_size=8))
def test_many_prefixes_are_located_at_once(history, asked):
    overlay, _ = history
    expected = [-1 if (node := overlay.find(prefix)) is None else node for prefix in asked]
    assert overlay.locate(padded(asked, extra=1)).tolist() == expected


@given(lives, seeds, widths)
@settings(max_examples=300)
def test_beam_search_ranks_as_over_the_rebuilt_trie_ties_included(history, seed, beams):
    overlay, words = history
    rebuilt = trie.build(padded(words))
    plain, over = scorers(rebuilt, overlay, seed)
    expected, found = beam_search(rebuilt, plain, QUERY, beams), beam_search(overlay, over, QUERY, beams)
    for ours, theirs in zip(found.steps, expected.steps, strict=True):
        for mine, wanted in ((ours.kept, theirs.kept), (ours.pruned, theirs.pruned)):
            assert mine.node.tolist() == overlay.nodes[wanted.node].tolist()
            assert mine.parent.tolist() == wanted.parent.tolist()
            assert mine.total.tolist() == wanted.total.tolist()
    for k in (1, 3, 100):
        assert [a.tolist() for a in found.documents(overlay, k)] == [a.tolist() for a in expected.documents(rebuilt, k)]


@given(lives, seeds)
def test_exact_search_ranks_as_over_the_rebuilt_trie_ties_included(history, seed):
    overlay, words = history
    rebuilt = trie.build(padded(words))
    plain, over = scorers(rebuilt, overlay, seed)
    (leaves, totals), (wanted, expected) = exact_search(overlay, over, QUERY), exact_search(rebuilt, plain, QUERY)
    assert leaves.tolist() == overlay.nodes[wanted].tolist()
    assert totals.tolist() == expected.tolist()
    levels = zip(score_all(overlay, over, QUERY), score_all(rebuilt, plain, QUERY), strict=True)
    assert all(mine.node.tolist() == overlay.nodes[theirs.node].tolist() for mine, theirs in levels)


@given(lives, st.data())
def test_an_identifier_that_begins_or_continues_a_live_one_is_refused_and_changes_nothing(history, data):
    overlay, words = history
    longer = data.draw(st.sampled_from([word for word in words if word]))
    cut = longer[: data.draw(st.integers(1, len(longer)))]
    word = cut if cut != longer else (*longer, 0)
    added = [(9, 9), word]
    before = overlay.compact()
    with pytest.raises(TriescopeError) as expected:
        trie.build(padded([*words, *added]))
    with pytest.raises(TriescopeError) as found:
        overlay.add(padded(added))
    assert str(found.value) == str(expected.value)
    assert same(overlay.compact(), before)


@given(lives)
def test_removing_everything_leaves_a_tree_in_which_nothing_is_found(history):
    overlay, words = history
    empty = overlay.remove(range(len(words)))
    assert empty.documents.tolist() == []
    assert empty.nodes.tolist() == [trie.ROOT]
    assert empty.find(words[0] or (0,)) is None
    assert not empty.is_leaf(np.array([trie.ROOT])).any()
    scorer = SumScorer(np.zeros(len(empty.code)))
    assert beam_search(empty, scorer, QUERY, 5).documents(empty, 10)[0].tolist() == []
    assert exact_search(empty, scorer, QUERY)[0].tolist() == []
    with pytest.raises(TriescopeError, match="no document has one"):
        empty.compact()
    # And it can be filled again, also across the old structure.
    refilled = empty.add(np.array([[0, -1], [1, 1]], np.int32))
    assert same(refilled.compact(), trie.build(table([*[()] * len(words), (0,), (1, 1)])))


def test_adding_to_a_trie_of_one_document():
    overlay = Overlay.of(trie.build(np.array([[2, 1]], np.int32)), 1)
    grown = overlay.add(np.array([[2, 0, 5], [1, -1, -1], [2, 1, -1]], np.int32))
    assert same(grown.compact(), trie.build(np.array([[2, 1, -1], [2, 0, 5], [1, -1, -1], [2, 1, -1]], np.int32)))
    assert grown.leaf_documents(grown.find((2, 1))).tolist() == [0, 3]
    assert same(overlay.compact(), overlay.base)


def test_an_identifier_that_was_removed_can_be_added_again():
    overlay = Overlay.of(trie.build(np.array([[2, 1], [2, 3]], np.int32)), 2)
    again = overlay.remove([0]).add(np.array([[2, 1]], np.int32))
    assert again.find((2, 1)) == overlay.find((2, 1))
    assert again.leaf_documents(again.find((2, 1))).tolist() == [2]
    assert again.path(0) == []
    assert again.path(2) == overlay.path(0)
    twice = again.remove(np.array([2])).add(np.array([[2, 1]], np.int32))
    assert twice.documents.tolist() == [3, 1]


def test_a_leaf_that_was_removed_can_be_continued_and_a_branch_cut_short():
    overlay = Overlay.of(trie.build(np.array([[0, -1], [1, 0], [1, 1]], np.int32)), 3)
    with pytest.raises(TriescopeError, match="that of document 1 is the beginning of another one"):
        overlay.add(np.array([[0, 7]], np.int32))
    changed = overlay.remove([0, 1, 2]).add(np.array([[0, 7], [1, -1]], np.int32))
    assert changed.is_leaf(np.array([changed.find((0,)), changed.find((1,))])).tolist() == [False, True]
    assert changed.documents.tolist() == [3, 4]


def test_a_search_finds_additions_that_are_deeper_than_every_identifier_before():
    overlay = Overlay.of(trie.build(np.array([[0], [1]], np.int32)), 2).add(np.array([[2, 0, 0], [2, 0, 1]], np.int32))
    assert overlay.levels == 3
    assert overlay.remove([2, 3]).levels == 1
    trace = beam_search(overlay, SumScorer(np.zeros(len(overlay.code))), QUERY, 10)
    assert trace.documents(overlay, 10)[0].tolist() == [0, 1, 2, 3]


def test_documents_without_an_identifier_take_a_row_and_nothing_else():
    overlay = Overlay.of(trie.build(np.array([[-1], [4]], np.int32)), 3).add(np.array([[-1, -1], [5, -1]], np.int32))
    assert overlay.rows == 5
    assert overlay.documents.tolist() == [1, 4]
    assert overlay.remove([0, 2, 3]).documents.tolist() == [1, 4]
    nothing = overlay.add(np.empty((0, 2), np.int32))
    assert nothing.rows == 5
    assert same(nothing.compact(), overlay.compact())


def test_a_code_above_the_narrow_type_widens_the_codes_and_leaves_with_its_document():
    overlay = Overlay.of(trie.build(np.array([[7]], np.int32)), 1).add(np.array([[1 << 16]], np.int32))
    assert overlay.compact().code.dtype == np.int32
    assert overlay.find((1 << 16,)) == 2
    assert overlay.find((0,)) is None
    assert overlay.remove([1]).compact().code.dtype == np.uint16


@pytest.mark.parametrize("row", [-1, 2])
def test_removing_a_row_that_never_was_is_an_error(row):
    with pytest.raises(TriescopeError, match=f"document row {row} cannot be removed: there are rows 0 to 1"):
        Overlay.of(trie.build(np.array([[0], [1]], np.int32)), 2).remove([0, row])


def test_a_gap_is_refused():
    with pytest.raises(TriescopeError, match="a code follows a gap"):
        Overlay.of(trie.build(np.array([[0], [1]], np.int32)), 2).add(np.array([[-1, 3]], np.int32))


def test_a_mapped_trie_is_laid_over_as_well(tmp_path):
    codes = np.array([[0, 1], [0, 2], [3, 0]], np.int32)
    trie.save(trie.build(codes), tmp_path)
    overlay = Overlay.of(trie.load(tmp_path), 3).add(np.array([[0, 0]], np.int32)).remove([1])
    found = overlay.compact()
    assert same(found, trie.build(np.array([[0, 1], [-1, -1], [3, 0], [0, 0]], np.int32)))
    assert not any(isinstance(array.base, np.memmap) for array in found)
