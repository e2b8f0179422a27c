"""The alignment matrix of a transformer: that codes and tokens alone make the correction where nothing else speaks."""

import numpy as np
import pytest
import torch

from engine.claims import alignment
from tests.engine.training.test_train_transformer import asked, model_of
from tests.engine.training.whole_models import shaken

WORDS = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 2)]


@pytest.fixture
def model():
    return shaken(model_of(WORDS, 1, "small"), 3)


def query_of(tokens):
    return next(query for seed in range(50) for query in asked(seed) if len(query) == 1 + tokens)


def leaves(model):
    return model.parts.trie.leaves_of(np.arange(len(WORDS))).tolist()


def test_where_only_the_query_speaks_the_aligned_parts_are_the_whole_correction(model):
    with torch.no_grad():
        block = model.blocks[-1]
        silent = [model.inputs.weight, model.positions, model.norm.bias, model.head.bias, block.out_of_cross.bias]
        silent += [
            part for module in (block.narrow, block.out_of_self, *(model.blocks[0].children())) for part in module.parameters()
        ]
        for part in silent:
            part.zero_()
        block.ask.bias.normal_()  # so that attention is not even, though nothing was read
    scorer = model.scorer()
    for leaf in leaves(model):
        found = alignment.align(scorer, query_of(3), leaf)
        for direct, whole in zip(found.direct, found.whole, strict=True):
            np.testing.assert_allclose(direct.sum(axis=1), whole, atol=1e-6)
            assert np.abs(direct).max() > 0.01
        np.testing.assert_allclose(found.weights.sum(axis=1), 1)
        assert np.ptp(found.weights) > 0.01
        assert found.agreement == pytest.approx(1)


def test_what_is_said_beside_the_query_has_no_such_form_and_an_even_matrix_looks_nowhere(model):
    scorer, query = model.scorer(), query_of(4)
    found = [alignment.align(scorer, query, leaf) for leaf in leaves(model)]
    assert all(abs(of.agreement) < 0.999 for of in found)
    even = alignment.evenly(scorer)
    assert np.allclose(alignment.align(even, query, leaves(model)[0]).weights, 1 / len(query))
    assert not np.allclose(alignment.align(scorer, query, leaves(model)[0]).weights, 1 / len(query))
    alone = alignment.align(scorer, query[:1], leaves(model)[0])
    assert alone.weights.shape == (2, 1)
    rows = alignment.searched(scorer, [query], 10, 10)
    assert sorted(rows[0, : len(WORDS)].tolist()) == list(range(len(WORDS)))
    assert (rows[0, len(WORDS) :] == -1).all()
