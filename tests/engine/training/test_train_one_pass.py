import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from engine.decoding.strategies import decode
from engine.kernels import compiled as kernels
from engine.kernels import rows as kernels_rows
from engine.scorers.kinds import kind
from engine.training.models import one_pass
from engine.training.models.one_pass import first_head
from tests.engine.oracles import DictTrie, unit
from tests.engine.training import whole_models
from tests.engine.training.whole_models import DIMENSIONS, WORDS, parts_of, seeds, shaken, words

KIND = kind("one-pass")
SETTINGS = {"hidden": 16, "dropout": 0.1, "learning_rate": 1e-3}


def asked(seed, count=3):
    return list(unit(np.random.default_rng(seed).normal(size=(count, DIMENSIONS))))


def model_of(words, seed, codebooks=False):
    return one_pass.create(parts_of(words, seed, codebooks=codebooks), SETTINGS, seed).eval()


def by_hand(model, query):
    """Log-probability of every code of every level, in loops."""

    def linear(matrix, bias, vector):
        rows = zip(matrix.tolist(), bias.tolist(), strict=True)
        return [sum(a * b for a, b in zip(row, vector, strict=True)) + more for row, more in rows]

    vector = [float(value) for value in query]
    hidden = linear(model.into.weight, model.into.bias, vector)
    hidden = [value * (1 + math.erf(value / math.sqrt(2))) / 2 for value in hidden]
    vector = [a + b for a, b in zip(vector, linear(model.out.weight, model.out.bias, hidden), strict=True)]
    levels = []
    for head, bias in zip(model.heads, model.biases, strict=True):
        logits = linear(head, bias, vector)
        peak = max(logits)
        mass = peak + math.log(sum(math.exp(logit - peak) for logit in logits))
        levels.append([logit - mass for logit in logits])
    return levels


@settings(max_examples=20)
@given(words, seeds)
def test_a_total_is_the_sum_of_each_codes_log_probability_among_all_codes(words, seed):
    model = shaken(model_of(words, seed), seed)
    built, scorer, query = model.parts.trie, model.scorer(), asked(seed)[0]
    levels, state = by_hand(model, query), scorer.start(query)
    nodes = np.flatnonzero(np.diff(built.first_child))
    children = built.children(nodes)
    totals = np.array([sum(levels[i][code] for i, code in enumerate(built.prefix(int(node)))) for node in nodes], np.float32)
    scored = scorer.score(state, nodes, totals, children)
    for place, node in enumerate(nodes):
        mine = np.flatnonzero(children.parent == place)
        level = int(built.level_of(node))
        full = [levels[level][built.code[child]] for child in children.node[mine]]
        np.testing.assert_allclose(scored.total[mine], totals[place] + full, atol=1e-4)
        legal = sum(math.exp(log_prob) for log_prob in full)
        np.testing.assert_allclose(np.exp(scored.log_prob[mine]), np.exp(full) / legal, atol=1e-5)
        only = type(children)(np.zeros(len(mine), np.int64), children.node[mine])
        np.testing.assert_allclose(scorer.masked(state, level + 1, nodes[[place]], only), 1 - legal, atol=1e-5)


@settings(max_examples=20)
@given(words, seeds)
def test_codes_that_the_tree_lacks_have_totals_too(words, seed):
    model = shaken(model_of(words, seed), seed)
    built, scorer, query = model.parts.trie, model.scorer(), asked(seed)[0]
    levels, state = by_hand(model, query), scorer.start(query)
    for level in range(1, built.levels + 1):
        above = np.arange(built.level_start[level - 1], built.level_start[level])
        above = above[~built.is_leaf(above)]
        nodes, totals = np.append(above, -1), np.arange(len(above) + 1).astype(np.float32)
        dense = scorer.dense(state, level, nodes, totals, np.zeros((len(nodes), level - 1), np.int64))
        assert dense.dtype == np.float32
        np.testing.assert_allclose(dense, totals[:, None] + np.array(levels[level - 1]), atol=1e-4)
        children = built.children(above)
        legal = scorer.score(state, above, totals[:-1], children).total
        assert dense[children.parent, built.code[children.node]].tolist() == legal.tolist()


@settings(max_examples=20)
@given(words, seeds)
def test_candidates_are_all_codes_of_the_level(words, seed):
    model = model_of(words, seed)
    whole_models.check_candidates(model, asked(seed), [len(head) for head in model.heads])


@settings(max_examples=20)
@given(words, seeds)
def test_teacher_forcing_gives_the_total_of_the_search(words, seed):
    whole_models.check_path(shaken(model_of(words, seed), seed), asked(seed))


@settings(max_examples=20)
@given(words, seeds)
def test_searches_agree_whatever_they_keep(words, seed):
    model = shaken(model_of(words, seed), seed)
    whole_models.check_searches(model.scorer(), model.parts.trie, asked(seed)[0], dense=True)


@settings(max_examples=20)
@given(words, seeds)
def test_without_codebooks_a_code_begins_at_the_mean_of_its_documents(words, seed):
    parts, tree = parts_of(words, seed), DictTrie(words)
    embeddings = unit(np.random.default_rng(seed).normal(size=(len(words), DIMENSIONS)))
    for level in range(1, parts.trie.levels + 1):
        head, bias = first_head(parts, level)
        below = {}
        for prefix, rows in tree.below.items():
            if len(prefix) == level:
                below.setdefault(prefix[-1], []).extend(rows)
        assert len(head) == len(bias) == max(below) + 1
        for code in range(len(head)):
            mean = 20 * embeddings[below[code]].mean(axis=0) if code in below else np.zeros(DIMENSIONS)
            np.testing.assert_allclose(head[code], mean, atol=1e-4)
            np.testing.assert_allclose(bias[code], math.log(len(below.get(code, [])) or 0.5), atol=1e-6)


def test_with_codebooks_it_begins_at_its_vector_and_untrained_the_query_is_as_it_is():
    model = model_of(WORDS[0], 1, codebooks=True)
    books, query = model.parts.codebooks, asked(1)[0]
    assert [len(head) for head in model.heads] == [len(books[0]), len(books[1]), 2]
    for head, book in zip(model.heads, books, strict=False):
        np.testing.assert_allclose(head.detach(), 20 * book, rtol=1e-6)
    logits = 20 * books[0] @ query + np.log([3, 0.5, 3, 0.5])
    np.testing.assert_allclose(model.scorer().start(query).levels[0], logits - np.log(np.exp(logits).sum()), atol=1e-5)


def test_without_a_mask_some_outputs_are_no_document():
    model = shaken(model_of(WORDS[1], 3))
    trace = decode("unconstrained", model.parts.trie, model.scorer(), asked(3)[0], beams=50)
    assert trace.absent
    assert len(trace.leaves) == len(whole_models.leaves_of(model.parts.trie))


def test_weights_are_stored_and_kept_and_all_trained(tmp_path):
    model = shaken(model_of(WORDS[1], 1))
    whole_models.check_stored(model, KIND.open, asked(1), tmp_path)
    assert whole_models.without_gradient(model, asked(1)) == []
    assert sum(len(group["params"]) for group in model.groups()) == len(list(model.parameters()))
    whole_models.check_snapshot(model, asked(1))


def test_half_precision_leaves_the_heads_alone():
    whole_models.check_half_precision(model_of(WORDS[1], 1), asked(1))


def test_a_temperature_divides_the_logits():
    scorer, query = shaken(model_of(WORDS[2], 1)).scorer(), asked(1)[0]
    cold, warm = (scorer.start(query, temperature).levels[0] for temperature in (1.0, 4.0))
    np.testing.assert_allclose(cold - cold[0], 4 * (warm - warm[0]), atol=1e-5)


def test_fifty_queries_are_memorised():
    parts, embeddings, leaf = whole_models.fifty(32)
    noise = np.random.default_rng(1).normal(size=embeddings.shape) * 0.3
    model = one_pass.create(parts, SETTINGS | {"hidden": 64, "dropout": 0.0}, seed=0)
    before, after = whole_models.memorise(model, list(unit(embeddings + noise)), leaf, steps=80, rate=1e-2)
    assert before < 0.9
    assert after == 1.0


@pytest.mark.parametrize("block", [2, 1000])
def test_row_products_do_not_depend_on_their_neighbours(block, monkeypatch):
    monkeypatch.setattr(kernels_rows, "BLOCK", block)
    rng = np.random.default_rng(0)
    table, vectors = rng.normal(size=(9, 37)).astype(np.float32), rng.normal(size=(4, 37))
    rows, which = rng.integers(0, 9, 25), rng.integers(0, 4, 25)
    found = kernels_rows.row_products(kernels.fixed(table), rows, vectors, which)
    slow = [sum(float(a) * float(b) for a, b in zip(table[r], vectors[w], strict=True)) for r, w in zip(rows, which, strict=True)]
    np.testing.assert_allclose(found, slow, rtol=1e-12)
    np.testing.assert_allclose(kernels_rows.row_products_plain(table, rows, vectors, which), slow, rtol=1e-12)
    alone = [kernels_rows.row_products(kernels.fixed(table), rows[[i]], vectors, which[[i]])[0] for i in range(25)]
    assert found.tolist() == alone


def test_one_seed_gives_one_model():
    one, same, other = (one_pass.create(parts_of(WORDS[0]), SETTINGS, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["into.weight"], other["into.weight"])
