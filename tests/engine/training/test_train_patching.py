"""Activation patching: a layer's output put in the place of another run's, against the decoder's blocks done by hand."""

import json
import shutil

import numpy as np
import pytest
import torch

from engine.builds.opened import Build
from engine.training.models.base import path_log_probs
from engine.training.patching import LAYERS, of_run, patched
from engine.training.spec import TrainSpec
from engine.training.train import train
from tests.engine.training.test_train_transformer import asked, model_of
from tests.engine.training.whole_models import shaken

WORDS = [(0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 1, 1), (1, 1, 2)]


def test_a_layer_wins_back_what_its_output_alone_brings():
    model = shaken(model_of(WORDS, 3, "small"), 3)
    # Of one length, so that keys and values of one may stand beside the mask of another.
    queries, place = [query for query in asked(3, 40) if len(query) == 3][:4], np.array([0, 1, 2, 3, 0])
    leaf = model.parts.trie.leaves_of(np.arange(5)).astype(np.int64)
    found = patched(model, queries, place, leaf)
    assert [(one.block, one.name) for one in found.layers] == [(block, name) for block in (1, 2) for name in LAYERS]

    def nats(memory):
        levels = model.candidates(model.encode(queries)._replace(memory=memory), torch.from_numpy(place), torch.from_numpy(leaf))
        return path_log_probs(levels, 5).numpy()

    with torch.no_grad():
        own = model.encode(queries).memory
        other = own.of(torch.tensor([3, 0, 1, 2]))
        assert found.lost.mean == pytest.approx((nats(own) - nats(other)).sum(axis=1).mean(), abs=1e-5)
        # The cross-attention of a block reads the memory of its block alone, and nothing before the first of them does. Below it
        # nothing has changed, so its output with the own memory is what patching puts there.
        first = own._replace(keys=[own.keys[0], other.keys[1]], values=[own.values[0], other.values[1]])
        back = nats(first) - nats(other)
    cross = next(one for one in found.layers if (one.block, one.name) == (1, "cross-attention"))
    assert cross.nats.mean == pytest.approx(back.sum(axis=1).mean(), abs=1e-5)
    assert cross.levels == pytest.approx(back.mean(axis=0), abs=1e-3)
    # The first self-attention reads codes alone: it gives out the same whoever asks.
    assert found.layers[0].nats.mean == pytest.approx(0, abs=1e-6)
    assert found.strongest("cross-attention") in (1, 2)


def test_layers_of_a_run_are_told_in_the_shell(small_build, shell, tmp_path):
    folder = shutil.copytree(small_build, tmp_path / "mine")
    train(folder, TrainSpec(scorer="transformer", steps=1, evaluate_every=1, batch=8, beams=5, average=0))
    code, out, _ = shell("layers", folder, "--json")
    found = json.loads(out)
    assert code == 0
    assert [layer["name"] for layer in found["layers"]] == list(LAYERS)
    assert found["pairs"] == of_run(folder, "transformer").pairs == len(Build(folder).corpus.qrels["dev"])
    code, out, _ = shell("layers", folder)
    assert "block 1 cross-attention" in out
    code, _, err = shell("layers", folder, "centroid")
    assert (code, "cannot name a trained scorer" in err) == (2, True)
