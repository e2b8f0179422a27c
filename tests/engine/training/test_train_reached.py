"""What a beam reaches while training, against a search that is asked query by query; and a teacher's head of its own."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training.models.base import path_log_probs
from engine.training.models.node import create
from engine.training.models.siblings import path_nodes
from tests.engine.oracles import beam_search
from tests.engine.training.test_train_node import SETTINGS, identifiers, leaves, perturbed, some_parts


@settings(max_examples=25)
@given(identifiers(), st.integers(0, 99), st.integers(1, 4))
def test_what_competes_is_what_the_decoder_compares(codes, seed, beams):
    parts, vectors = some_parts(codes, seed)
    model = perturbed(parts, seed, "beam").train()
    model.settings["reach"], model.dropout.p = beams, 0.0
    leaf, scorer = leaves(parts, range(len(codes))), model.scorer()
    # Every query is asked for its own document and for the next one.
    query = torch.arange(len(codes)).repeat(2)
    leaf = torch.cat([leaf, leaf.roll(1)])
    with torch.no_grad():
        levels = model.candidates(model.encode(vectors), query, leaf)
    path = path_nodes(model.tree, leaf)
    for place, asked in enumerate(query.tolist()):
        trace = beam_search(parts.trie, scorer, vectors[asked], beams)
        scored = scorer.start(vectors[asked])
        for depth, (level, step) in enumerate(zip(levels, trace.steps, strict=False)):
            compared = sorted({*step.kept.node.tolist(), *step.pruned.node.tolist()})
            own = int(path[place, depth])
            mine = level.pair == place
            if own not in compared:  # lost above: nothing is asked of this pair here
                assert not mine.any()
                assert place not in level.rows.tolist()
                continue
            assert level.node[mine].tolist() == compared
            assert level.node[level.target[level.rows.tolist().index(place)]] == own
            assert level.score[mine].tolist() == pytest.approx(scorer.node_scores(scored, np.array(compared)).tolist(), abs=5e-4)


def test_a_tree_too_large_to_be_multiplied_whole_gives_the_same(monkeypatch):
    parts, vectors = some_parts([[row // 6, row % 6] for row in range(40)])
    model = perturbed(parts, 0, "beam").train()
    model.dropout.p, rows = 0.0, range(40)

    def found():
        with torch.no_grad():
            return path_log_probs(model.candidates(model.encode(vectors), torch.arange(40), leaves(parts, rows)), 40)

    whole = found()
    monkeypatch.setattr("engine.training.models.node.AT_ONCE", 4)
    assert found().numpy() == pytest.approx(whole.numpy(), abs=1e-5)


def test_a_head_apart_learns_without_moving_the_one_that_is_kept():
    parts, vectors = some_parts([[0, 0], [0, 1], [1, 0], [1, 1]])
    model = create(parts, SETTINGS | {"teacher_head": "apart"}, 0)
    asked = torch.arange(4), leaves(parts, range(4))
    assert path_log_probs(model.taught(model.encode(vectors), *asked), 4).detach().numpy() == pytest.approx(
        path_log_probs(model.candidates(model.encode(vectors), *asked), 4).detach().numpy(), abs=1e-5
    )
    torch.nn.init.normal_(model.out.weight)
    path_log_probs(model.taught(model.encode(vectors), *asked), 4).sum().backward()
    assert model.vectors.grad is None
    assert model.taught_vectors.grad.abs().sum() > 0
    assert model.into.weight.grad.abs().sum() > 0  # the adapter is shared
    assert {"taught_vectors", "taught_bias"} == model.state_dict().keys() - model.kept().keys()
    assert create(parts, SETTINGS, 0).taught(None, *asked) is None
