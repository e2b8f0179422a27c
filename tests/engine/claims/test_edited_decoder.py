"""A decoder that learns documents which arrive: what an edit touches, what it is told, and that a search sees what is there."""

import numpy as np
import pytest
import torch

from engine import trie
from engine.claims import edited_decoder
from engine.claims.arriving import Slices
from engine.claims.edited_decoder import Asked, Taught, grown, stepped
from engine.retrievers import Queries
from engine.scorers.centroid import node_means
from engine.scorers.kinds import Parts
from engine.training.losses.codes import next_code
from tests.engine.oracles import unit

ROWS, FIRST, WIDTH, TOKENS = 24, 16, 5, 7
CODES = np.array([[row // 6, row % 6] for row in np.random.default_rng(0).permutation(ROWS)], np.int32)
VECTORS = unit(np.random.default_rng(1).normal(size=(ROWS, WIDTH)))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr("engine.text.token_states.width", lambda encoder: TOKENS)
    for name, value in {"STEPS": 3, "MORE": 2, "BATCH": 12, "BEAMS": 9}.items():
        monkeypatch.setattr(edited_decoder, name, value)


def asked():
    """A title for every document, then two queries for each."""
    rng, rows = np.random.default_rng(2), np.concatenate([np.arange(ROWS), np.repeat(np.arange(ROWS), 2)])
    vectors = unit(VECTORS[rows] + 0.3 * rng.normal(size=(len(rows), WIDTH))).astype(np.float32)
    queries = np.zeros((len(rows), 3, TOKENS), np.float32)
    queries[:, 0, :WIDTH], queries[:, 1:] = vectors, rng.normal(size=(len(rows), 2, TOKENS))
    return Asked(list(queries), vectors, rows, ROWS)


def known():
    tree = trie.build(CODES[:FIRST])
    parts = Parts(tree, node_means(tree, VECTORS[:FIRST]), [], "")
    model = edited_decoder.transformer_model(parts, None, 0)
    return Taught(parts, {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()})


def changed(before, after):
    return {name for name in before if not np.array_equal(before[name], after[name])}


def test_an_edit_changes_its_layer_and_nothing_else():
    there, given = grown(known(), CODES[FIRST:], VECTORS), asked()
    only = ("blocks.1.widen", "blocks.1.narrow")
    with torch.no_grad():  # nothing reaches a layer as long as the head gives out zeros
        there.state["head.weight"] = np.random.default_rng(3).normal(size=there.state["head.weight"].shape).astype(np.float32)
    after = stepped(there, given, given.among(FIRST, ROWS), VECTORS, 2, 0, only, anneal=True)
    assert changed(there.state, after) == {f"{layer}.{part}" for layer in only for part in ("weight", "bias")}
    whole = stepped(there, given, given.among(FIRST, ROWS), VECTORS, 2, 0)
    assert len(changed(there.state, whole)) > 20


def test_targets_go_from_what_dense_search_says_to_the_right_code():
    there, given = grown(known(), CODES[FIRST:], VECTORS), asked()
    chosen, tree = np.arange(ROWS, ROWS + 9), there.parts.trie
    leaf = tree.leaves_of(given.row[chosen]).astype(np.int64)
    model = edited_decoder.transformer_model(there.parts, there.state, 0)
    with torch.no_grad():
        levels = model.candidates(model.encode([given.queries[at] for at in chosen]), torch.arange(9), torch.from_numpy(leaf))
    cosines = given.vectors[chosen] @ VECTORS.T
    found = {hard: float(edited_decoder.nats(levels, tree, cosines, hard)) for hard in (0.0, 0.25, 1.0)}
    assert found[1.0] == pytest.approx(float(next_code(levels, 9, edited_decoder.SMOOTHING)))
    assert found[0.25] == pytest.approx(0.25 * found[1.0] + 0.75 * found[0.0])
    costs = []
    for pair in range(9):
        nearest = sorted(range(ROWS), key=lambda row: -cosines[pair, row])[: edited_decoder.NEAREST]
        mass = {row: np.exp(float(cosines[pair, row]) / edited_decoder.TEMPERATURE) for row in nearest}
        of_pair = []
        for level in levels:
            nodes = level.node[level.pair == pair].tolist()
            scores = level.score[level.pair == pair].numpy().astype(float)
            below = np.array(
                [sum(mass.get(row, 0) for row in tree.documents[tree.doc_start[n] : tree.doc_stop[n]]) for n in nodes]
            )
            if below.sum():
                of_pair.append(-(below / below.sum()) @ (scores - np.log(np.exp(scores).sum())))
        costs.append(np.mean(of_pair))
    assert found[0.0] == pytest.approx(np.mean(costs), abs=1e-4)


def test_a_search_finds_what_has_arrived_and_nothing_else():
    given, order = asked(), np.random.default_rng(4).permutation(ROWS)
    slices = Slices(order, (FIRST, 20, ROWS), ({}, {}, {}))
    texts = [f"query {place}" for place in range(6)]
    encoded = {text: given.queries[ROWS + place] for place, text in enumerate(texts)}
    searches, patched = edited_decoder.ways(slices, CODES, VECTORS, given, encoded, "", 0)
    assert set(searches) == set(edited_decoder.WAYS)
    assert {layer.block for layer in patched.layers} == {1, 2}
    for search in searches.values():
        for step, end in enumerate(slices.ends):
            found = search(step, Queries(texts, np.zeros((6, WIDTH), np.float32)))
            there = {row for row in found.ravel().tolist() if row >= 0}
            assert there <= set(order[:end].tolist())
            assert len(there) > 5
