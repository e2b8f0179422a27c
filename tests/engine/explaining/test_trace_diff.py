import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.trace import Candidates, Step, Trace
from engine.explaining.difference import Beam, Moved, diff, diff_json
from engine.trie import restrict
from tests.engine.oracles import beam_search, identifiers, padded, random_sums

QUERY = np.zeros(2, np.float32)
seeds, widths = st.integers(0, 1 << 30), st.integers(1, 12)


def rank(of, one):
    return of.index(one) + 1 if one in of else None


@given(identifiers(), seeds, seeds, widths, widths, st.data())
def test_a_diff_is_what_comparing_the_two_lists_gives(words, seed, other, beams, wider, data):
    built = trie.build(padded(words))
    row = data.draw(st.sampled_from([row for row, word in enumerate(words) if word]))
    view = restrict(built, force=words[row][:1])
    before, after = (
        beam_search(built, random_sums(built, seed), QUERY, beams),
        beam_search(view, random_sums(built, other), QUERY, wider),
    )
    found = diff(before, after, built, view, k=5)
    assert [level.level for level in found.levels] == list(range(1, built.levels + 1))
    for level, one, two in zip(found.levels, before.steps, after.steps, strict=True):
        was, now = ([built.prefix(int(node)) for node in step.kept.node] for step in (one, two))
        assert level.both == [Beam(p, rank(was, p), rank(now, p)) for p in was if p in now]
        assert level.only_before == [Beam(p, rank(was, p), None) for p in was if p not in now]
        assert level.only_after == [Beam(p, None, rank(now, p)) for p in now if p not in was]
    was, now = before.documents(built, 5)[0].tolist(), after.documents(view, 5)[0].tolist()
    assert found.entered == [Moved(hit, None, rank(now, hit)) for hit in now if hit not in was]
    assert found.left == [Moved(hit, rank(was, hit), None) for hit in was if hit not in now]
    both = [Moved(hit, rank(was, hit), rank(now, hit)) for hit in now if hit in was]
    assert found.moved == [hit for hit in both if hit.rank_before != hit.rank_after]
    assert found.same == [hit for hit in both if hit.rank_before == hit.rank_after]
    json.dumps(diff_json(found))


@given(identifiers(), seeds, widths)
def test_a_trace_does_not_differ_from_itself(words, seed, beams):
    built = trie.build(padded(words))
    trace = beam_search(built, random_sums(built, seed), QUERY, beams)
    found = diff(trace, trace, built)
    assert not any((found.entered, found.left, found.moved))
    assert [hit.row for hit in found.same] == trace.documents(built, 10)[0].tolist()
    assert all(not level.only_before and not level.only_after for level in found.levels)


def made(*steps, absent=(), leaves=()):
    """A trace of these (level, nodes)."""
    kept = [(level, Candidates(np.array(nodes), *(np.zeros(len(nodes)),) * 3)) for level, nodes in steps]
    return Trace(
        2,
        [Step(level, beams, beams, 0.0, 0.0) for level, beams in kept],
        np.array(leaves, int),
        np.zeros(len(leaves)),
        absent=absent,
    )


def test_prefixes_that_no_document_has_are_compared_by_their_codes():
    built = trie.build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
    before = made((1, [1, -1]), absent=((7,),))
    after = made((1, [-2, -1]), absent=((8,), (7,)))
    found = diff(before, after, built)
    assert found.levels[0].both == [Beam((7,), 2, 1)]
    assert found.levels[0].only_before == [Beam((0,), 1, None)]
    assert found.levels[0].only_after == [Beam((8,), None, 2)]


def test_traces_may_have_other_steps_and_keep_a_prefix_twice():
    built = trie.build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
    before = made((1, [1]), (2, [3, 3]), (2, [4]), leaves=[3, 4])
    found = diff(before, made((1, [2, 1])), built)
    assert [level.level for level in found.levels] == [1, 2]
    assert found.levels[0].both == [Beam((0,), 1, 2)]
    assert found.levels[1].only_before == [Beam((0, 1), 1, None), Beam((0, 2), 2, None)]
    assert found.left == [Moved(0, 1, None), Moved(1, 2, None)]


def test_the_json_has_prefixes_as_text():
    built = trie.build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
    written = diff_json(diff(made((2, [3])), made((2, [5])), built))
    assert written["levels"] == [
        {
            "level": 2,
            "both": [],
            "only_before": [{"prefix": "0-1", "rank_before": 1, "rank_after": None}],
            "only_after": [{"prefix": "3-0", "rank_before": None, "rank_after": 1}],
        }
    ]
    assert [written[part] for part in ("entered", "left", "moved", "same")] == [[], [], [], []]
