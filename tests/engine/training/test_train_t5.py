"""The T5 scorer against a plain T5ForConditionalGeneration of the same weights, and against enumeration."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decoding.exact import exact_search
from engine.decoding.strategies import decode
from engine.scorers import t5 as scorer_file
from engine.training.models.base import path_log_probs
from engine.trie import restrict
from tests.engine.oracles import beam_search, identifiers
from tests.engine.training.small_t5 import (
    VARIABLE,
    asked,
    by_hand,
    checkpoint,
    leaves_of,
    model_of,
    one_thread,
    save_checkpoint,
    texts_of,
    trace_totals,
)

__all__ = ["checkpoint", "one_thread"]


@pytest.mark.parametrize("family", ["t5", "t5-1.1"])
def test_teacher_forcing_decoding_and_the_library_itself_agree(family, checkpoint, tmp_path):
    if family == "t5-1.1":
        checkpoint = save_checkpoint(tmp_path, 3, feed_forward_proj="gated-gelu", tie_word_embeddings=False)
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    assert model.network.tied == (family == "t5")
    leaves = leaves_of(parts.trie)
    queries = asked(["red dog runs", "old cat"], parts, chosen)
    pairs = torch.arange(2).repeat_interleave(len(leaves))
    with torch.inference_mode():
        logs = path_log_probs(model.candidates(model.encode(queries), pairs, torch.from_numpy(np.tile(leaves, 2))), len(pairs))
    forced = logs.sum(dim=1).reshape(2, -1).numpy()
    for query, totals in zip(queries, forced, strict=True):
        found = trace_totals(beam_search(parts.trie, model.scorer(), query, 50))
        assert found.keys() == set(leaves.tolist())
        np.testing.assert_allclose([found[leaf] for leaf in leaves], totals, atol=1e-4)
        words = [parts.trie.prefix(leaf) for leaf in leaves]
        exact = [sum(by_hand(model, query, word)[n][code] for n, code in enumerate(word)) for word in words]
        np.testing.assert_allclose(totals, exact, atol=1e-4)


@given(identifiers(), texts_of, st.integers(0, 1 << 30))
@settings(max_examples=10)
def test_on_any_trie_the_decoder_adds_what_teacher_forcing_gives(checkpoint, words, text, seed):
    model, parts, chosen = model_of(words, checkpoint, seed)
    scorer, leaves = model.scorer(), leaves_of(parts.trie)
    queries = asked([text], parts, chosen)
    with torch.inference_mode():
        levels = model.candidates(model.encode(queries), torch.zeros(len(leaves), dtype=torch.int64), torch.from_numpy(leaves))
    forced = path_log_probs(levels, len(leaves)).sum(dim=1)
    found = trace_totals(beam_search(parts.trie, scorer, queries[0], len(leaves)))
    np.testing.assert_allclose([found[leaf] for leaf in leaves], forced.numpy(), atol=1e-4)
    ranked, totals = exact_search(parts.trie, scorer, queries[0])
    np.testing.assert_allclose([found[leaf] for leaf in ranked], totals, atol=2e-5)


def test_candidates_are_all_codes_of_each_level_with_the_nodes_that_exist(checkpoint):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    words = [word for word in VARIABLE if word]
    leaf = torch.tensor([parts.trie.find(word) for word in words])
    levels = model.candidates(model.encode(asked(["red", "blue"], parts, chosen)), torch.arange(len(words)) % 2, leaf)
    assert model.network.codes == (4, 4, 3)
    for place, level in enumerate(levels):
        rows = [row for row, word in enumerate(words) if len(word) > place]
        expected = [
            (row, parts.trie.find((*words[row][:place], code))) for row in rows for code in range(model.network.codes[place])
        ]
        assert level.rows.tolist() == rows
        assert level.pair.tolist() == [row for row, _ in expected]
        assert level.node.tolist() == [-1 if node is None else node for _, node in expected]
        assert level.node[level.target].tolist() == [parts.trie.find(words[row][: place + 1]) for row in rows]
        assert level.score.shape == level.pair.shape


def test_levels_below_every_leaf_are_left_out(checkpoint):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    encoded = model.encode(asked(["red"], parts, chosen))
    shallow = torch.tensor([parts.trie.find((3,)), parts.trie.find((1, 3))])
    assert [len(level.rows) for level in model.candidates(encoded, torch.tensor([0, 0]), shallow)] == [2, 1]


def test_padding_of_queries_changes_nothing(checkpoint):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    queries = asked(["red", "old cat runs under new bird"], parts, chosen)
    leaf = torch.tensor([parts.trie.find((0, 1, 2))])
    both = model.candidates(model.encode(queries), torch.tensor([0]), leaf)
    alone = model.candidates(model.encode(queries[:1]), torch.tensor([0]), leaf)
    for one, other in zip(both, alone, strict=True):
        np.testing.assert_allclose(one.score.detach(), other.score.detach(), atol=1e-5)


def test_the_masked_share_is_what_the_full_softmax_gives_to_absent_codes(checkpoint):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    (query,), scorer, built = asked(["cat sleeps"], parts, chosen), model.scorer(), parts.trie
    state = scorer.start(query)
    for level in range(1, built.levels + 1):
        nodes = np.arange(built.level_start[level - 1], built.level_start[level])
        nodes = nodes[~built.is_leaf(nodes)]
        children = built.children(nodes)
        scored = scorer.score(state, nodes, np.zeros(len(nodes), np.float32), children)
        masked = scorer.masked(state, level, nodes, children)
        for beam, node in enumerate(nodes):
            prefix = built.prefix(node)
            logs = by_hand(model, query, prefix)[level - 1]
            legal = [int(built.code[child]) for child in children.node[children.parent == beam]]
            np.testing.assert_allclose(scored.total[children.parent == beam], logs[legal], atol=1e-4)
            np.testing.assert_allclose(masked[beam], 1 - np.exp(logs[legal]).sum(), atol=1e-4)
            among = logs[legal] - np.log(np.exp(logs[legal]).sum())
            np.testing.assert_allclose(scored.log_prob[children.parent == beam], among, atol=1e-4)


def test_beams_of_different_levels_are_scored_together_as_alone(checkpoint):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    (query,), scorer, built = asked(["bird near dog"], parts, chosen), model.scorer(), parts.trie
    state, nodes = scorer.start(query), np.flatnonzero(~built.is_leaf(np.arange(len(built.code))))[::-1].copy()
    totals = -np.arange(len(nodes), dtype=np.float32)
    children = built.children(nodes)
    together = scorer.score(state, nodes, totals, children)
    for beam in range(len(nodes)):
        own = built.children(nodes[beam : beam + 1])
        alone = scorer.score(scorer.start(query), nodes[beam : beam + 1], totals[beam : beam + 1], own)
        np.testing.assert_allclose(together.total[children.parent == beam], alone.total, atol=2e-5)


@given(st.data())
@settings(max_examples=15)
def test_what_a_search_remembers_changes_no_total(checkpoint, data):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    (query,), scorer, built = asked(["new cat"], parts, chosen), model.scorer(), parts.trie
    inner = np.flatnonzero(~built.is_leaf(np.arange(len(built.code)))).tolist()
    one = scorer.start(query)
    for _ in range(data.draw(st.integers(1, 5))):
        nodes = np.array(data.draw(st.lists(st.sampled_from(inner), min_size=1, unique=True)))
        totals, children = np.zeros(len(nodes), np.float32), built.children(nodes)
        fresh = scorer.score(scorer.start(query), nodes, totals, children)
        np.testing.assert_allclose(scorer.score(one, nodes, totals, children).total, fresh.total, atol=2e-5)


def test_a_search_decodes_each_level_once_and_only_its_last_code(checkpoint, monkeypatch):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    (query,), scorer, calls = asked(["new cat"], parts, chosen), model.scorer(), []
    follow = scorer.model.follow
    monkeypatch.setattr(scorer.model, "follow", lambda *given: calls.append((given[1].shape[1], given[3])) or follow(*given))
    beam_search(parts.trie, scorer, query, 4)
    assert [length for length, _ in calls] == [0, 1, 2]
    assert [past and past[0][0].shape[2] for _, past in calls] == [None, 1, 2]


def test_decoding_without_a_mask_goes_on_from_prefixes_that_do_not_exist(checkpoint):
    model, parts, chosen = model_of([(0, 1, 2), (1, 0, 0), (2, 2, 1), (0, 0, 0)], checkpoint, seed=4)
    (query,), built = asked(["fast red bird"], parts, chosen), parts.trie
    trace = decode("unconstrained", built, model.scorer(), query, 27)
    last = trace.steps[-1].kept
    found = {trace.prefix(built, int(node)): float(total) for node, total in zip(last.node, last.total, strict=True)}
    everything = {
        word: float(sum(logs[code] for logs, code in zip(by_hand(model, query, word[:2]), word, strict=True)))
        for word in itertools.product(range(3), repeat=3)
    }
    assert found.keys() == everything.keys()
    np.testing.assert_allclose([found[word] for word in everything], list(everything.values()), atol=1e-4)
    assert np.exp(list(found.values())).sum() == pytest.approx(1, abs=1e-3)
    masked = trace_totals(beam_search(built, model.scorer(), query, 27))
    for leaf, total in masked.items():
        assert found[built.prefix(leaf)] == pytest.approx(total, abs=2e-5)


def test_many_prefixes_go_through_the_decoder_in_turns(checkpoint, monkeypatch):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    (query,), scorer = asked(["slow"], parts, chosen), model.scorer()
    whole = exact_search(parts.trie, scorer, query)
    free = decode("unconstrained", parts.trie, scorer, query, 9)
    monkeypatch.setattr(scorer_file, "TOGETHER", 2)
    np.testing.assert_allclose(exact_search(parts.trie, scorer, query)[1], whole[1], atol=2e-5)
    again = decode("unconstrained", parts.trie, scorer, query, 9)
    np.testing.assert_allclose(again.steps[-1].kept.total, free.steps[-1].kept.total, atol=2e-5)


def test_a_view_and_a_temperature(checkpoint):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    (query,), scorer = asked(["green"], parts, chosen), model.scorer()
    whole = trace_totals(beam_search(parts.trie, scorer, query, 50))
    some = trace_totals(beam_search(restrict(parts.trie, ban=[(0, 1), (2,)]), scorer, query, 50))
    assert len(some) == 5
    # Masked without renormalising: a filter changes no total.
    assert all(whole[leaf] == pytest.approx(total, abs=2e-5) for leaf, total in some.items())
    hot = beam_search(parts.trie, scorer, query, 50, temperature=1000.0)
    lengths = [len(parts.trie.prefix(leaf)) for leaf in hot.leaves]
    even = [-np.log(np.array(model.network.codes[:length])).sum() for length in lengths]
    np.testing.assert_allclose(hot.scores, even, atol=0.05)
