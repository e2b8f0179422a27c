import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.trace import PRUNED_WRITTEN, steps_json
from tests.engine.oracles import SumScorer, beam_search, identifiers, padded, random_sums

QUERY = np.zeros(2, np.float32)
seeds, widths = st.integers(0, 1 << 30), st.integers(1, 30)


@given(identifiers(), seeds, widths, st.integers(1, 30))
def test_hits_are_documents_in_order_of_their_leaves_and_none_twice(words, seed, beams, k):
    built = trie.build(padded(words))
    trace = beam_search(built, random_sums(built, seed), QUERY, beams)
    rows, scores = trace.documents(built, k)
    expected = [
        (row, float(score))
        for leaf, score in zip(trace.leaves, trace.scores, strict=True)
        for row, word in enumerate(words)
        if word == built.prefix(int(leaf))
    ]
    assert list(zip(rows.tolist(), scores.tolist(), strict=True)) == expected[:k]
    assert len(set(rows.tolist())) == len(rows)
    assert trace.prefix(built, 0) == ()


@given(identifiers(), seeds, widths)
def test_the_path_of_a_beam_runs_through_its_own_prefixes(words, seed, beams):
    built = trie.build(padded(words))
    trace = beam_search(built, random_sums(built, seed), QUERY, beams)
    for place, leaf in enumerate(trace.leaves):
        word = built.prefix(int(leaf))
        path = trace.beam_path(len(trace.steps) - 1, place)
        on_the_way = [built.prefix(int(step.kept.node[at])) for step, at in zip(trace.steps, path, strict=True)]
        assert on_the_way == [word[: level + 1] for level in range(len(trace.steps))]


@given(identifiers(variable=False), seeds, widths)
def test_written_steps_say_prefix_code_rank_and_documents(words, seed, beams):
    built = trie.build(padded(words))
    trace = beam_search(built, random_sums(built, seed), QUERY, beams)
    written = json.loads(json.dumps(steps_json(trace, built)))
    for step, entry in zip(trace.steps, written, strict=True):
        candidates = entry["kept"] + entry["pruned"]
        assert entry["level"] == step.level
        assert entry["pruned_count"] == len(entry["pruned"]) == len(step.pruned.node)
        assert [one["rank"] for one in candidates] == list(range(1, len(candidates) + 1))
        for one, node in zip(candidates, [*step.kept.node, *step.pruned.node], strict=True):
            word = built.prefix(int(node))
            assert (one["prefix"], one["code"]) == ("-".join(map(str, word[:-1])), word[-1])
            assert one["documents"] == sum(other[: len(word)] == word for other in words)


@given(identifiers(), seeds)
def test_the_prefix_and_code_written_name_the_node_also_when_it_ended_early(words, seed):
    built = trie.build(padded(words))
    trace = beam_search(built, random_sums(built, seed), QUERY, beams=40)
    for step, entry in zip(trace.steps, steps_json(trace, built), strict=True):
        for one, node in zip(entry["kept"], step.kept.node, strict=True):
            assert f"{one['prefix']}-{one['code']}".lstrip("-") == "-".join(map(str, built.prefix(int(node))))


def test_what_was_pruned_is_written_up_to_a_limit_and_counted_beyond():
    built = trie.build(np.arange(PRUNED_WRITTEN + 50, dtype=np.int32)[:, None])
    (entry,) = steps_json(beam_search(built, SumScorer(np.zeros(len(built.code))), QUERY, beams=10), built)
    assert len(entry["pruned"]) == PRUNED_WRITTEN
    assert entry["pruned_count"] == PRUNED_WRITTEN + 40
    assert (entry["pruned"][0]["rank"], entry["pruned"][-1]["rank"]) == (11, PRUNED_WRITTEN + 10)


def test_the_time_of_a_trace_is_that_of_its_steps():
    built = trie.build(np.array([[0, 0], [1, 1]], np.int32))
    trace = beam_search(built, SumScorer(np.zeros(len(built.code))), QUERY, beams=2)
    assert trace.ms == sum(step.ms for step in trace.steps)
    assert all(step.ms > 0 for step in trace.steps)
