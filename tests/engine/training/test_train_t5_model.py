"""The T5 as a model to train and as saved weights: gradients, memory, checkpoints, what is refused."""

import ast
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file
from transformers import BertConfig, T5ForConditionalGeneration

from engine.errors import TriescopeError
from engine.paths import ROOT
from engine.scorers.base import encode_for
from engine.scorers.kinds import kind
from engine.training.models.base import log_softmax_within, path_log_probs
from engine.training.models.t5 import create
from tests.engine.oracles import beam_search
from tests.engine.training.small_t5 import (
    VARIABLE,
    asked,
    checkpoint,
    leaves_of,
    model_of,
    one_thread,
    parts_of,
    save_checkpoint,
    settings_of,
    trace_totals,
)

__all__ = ["checkpoint", "one_thread"]


def test_gradients_reach_every_parameter(checkpoint, tmp_path):
    gated = save_checkpoint(tmp_path, 3, feed_forward_proj="gated-gelu", tie_word_embeddings=False)
    for folder in (checkpoint, gated):
        model, parts, chosen = model_of(VARIABLE, folder, dropout=0.0)
        model.train()
        leaf = torch.from_numpy(leaves_of(parts.trie))
        query = torch.arange(len(leaf)) % 3
        encoded = model.encode(asked(["red dog", "old cat over bird", "blue"], parts, chosen))
        queries, documents = model.represent(encoded, query, leaf)
        assert queries.shape == documents.shape == (len(leaf), 16)
        (path_log_probs(model.candidates(encoded, query, leaf), len(leaf)).sum() + (queries * documents).sum()).backward()
        assert [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.abs().sum()] == []
        in_groups = {id(weight) for group in model.groups() for weight in group["params"]}
        assert in_groups == {id(weight) for weight in model.parameters()}


def test_represented_documents_are_means_of_their_codes(checkpoint):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    encoded = model.encode(asked(["red dog", "blue"], parts, chosen))
    leaf = torch.tensor([parts.trie.find((3,)), parts.trie.find((0, 1, 2))])
    queries, documents = model.represent(encoded, torch.tensor([1, 1]), leaf)
    rows = model.network.embedding.weight[24:]  # the checkpoint's rows are 24; levels have 4, 4 and 3 codes
    np.testing.assert_allclose(documents[0].detach(), rows[3].detach(), rtol=1e-6)
    np.testing.assert_allclose(documents[1].detach(), ((rows[0] + rows[5] + rows[10]) / 3).detach(), rtol=1e-5)
    states = model.encode(asked(["blue"], parts, chosen)).states[0]
    np.testing.assert_allclose(queries[0].detach(), model.project(states.mean(dim=0)).detach(), atol=1e-5)


@pytest.mark.parametrize("family", ["t5", "t5-1.1"])
def test_saved_weights_open_without_the_checkpoint_and_score_the_same(family, tmp_path):
    changed = {} if family == "t5" else {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
    folder = save_checkpoint(tmp_path / "checkpoint", **changed)
    model, parts, chosen = model_of(VARIABLE, folder)
    save_file(model.state_dict(), tmp_path / "weights.safetensors")
    before = [beam_search(parts.trie, model.scorer(), query, 6) for query in asked(["red dog", ""], parts, chosen)]
    for file in folder.iterdir():
        file.unlink()
    opened = kind("t5").open(parts, load_file(tmp_path / "weights.safetensors"), chosen)
    assert opened.abilities.reads_text
    after = [beam_search(parts.trie, opened, query, 6) for query in encode_for(opened, ["red dog", ""], np.zeros((2, 4)))]
    for one, other in zip(before, after, strict=True):
        assert one.leaves.tolist() == other.leaves.tolist()
        assert one.scores.tobytes() == other.scores.tobytes()


def test_what_opens_a_scorer_knows_nothing_of_training():
    for name in ("t5", "t5_model", "t5_tokens"):
        tree = ast.parse((ROOT / "engine" / "scorers" / f"{name}.py").read_text("utf-8"))
        names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not [module for module in names if module.startswith("engine.training")]


def test_later_steps_do_not_change_a_scorer(checkpoint):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    (query,), scorer = asked(["red"], parts, chosen), model.scorer()
    before = beam_search(parts.trie, scorer, query, 5)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(1.0)
    model.train()
    assert beam_search(parts.trie, scorer, query, 5).scores.tobytes() == before.scores.tobytes()
    assert beam_search(parts.trie, model.scorer(), query, 5).scores.tobytes() != before.scores.tobytes()


def test_the_same_seed_makes_the_same_model_and_disturbs_no_other_draw(checkpoint):
    torch.manual_seed(5)
    drawn = torch.rand(1)
    torch.manual_seed(5)
    one = model_of(VARIABLE, checkpoint, seed=7)[0]
    assert torch.rand(1) == drawn
    same, other = model_of(VARIABLE, checkpoint, seed=7)[0], model_of(VARIABLE, checkpoint, seed=8)[0]
    assert all(torch.equal(weight, same.state_dict()[name]) for name, weight in one.state_dict().items())
    assert not torch.equal(one.network.embedding.weight, other.network.embedding.weight)


def test_a_model_from_a_checkpoint_begins_with_its_weights(checkpoint):
    model = model_of(VARIABLE, checkpoint, dropout=0.3)[0]
    trained = T5ForConditionalGeneration.from_pretrained(checkpoint)
    assert torch.equal(model.network.embedding.weight[:24], trained.shared.weight)
    for half in ("encoder", "decoder"):
        for name, weight in getattr(model.network, half).state_dict().items():
            assert torch.equal(weight, getattr(trained, half).state_dict()[name])
    assert {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)} == {0.3}
    assert model.groups()[0]["lr"] == 5e-4


def test_a_small_set_is_learned_by_heart():
    rng = np.random.default_rng(3)
    words = list(dict.fromkeys(map(tuple, rng.integers(0, 5, (80, 3)).tolist())))[:50]
    parts, chosen = parts_of(words), settings_of(size="tiny", dropout=0.0)
    names = ["".join(rng.choice(list("bcdfglmnprst"), 3)) + rng.choice(list("aeiou")) for _ in range(40)]
    texts = [" ".join(rng.choice(names, 4)) for _ in words]
    model = create(parts, chosen, 0).train()
    queries = asked(texts, parts, chosen)
    leaf = torch.tensor([parts.trie.find(word) for word in words])
    assert model.groups()[0]["lr"] == 1e-3
    optimiser = torch.optim.Adam(model.groups())
    for _ in range(120):
        loss = -path_log_probs(model.candidates(model.encode(queries), torch.arange(50), leaf), 50).sum(dim=1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if loss.item() < 0.05:
            break
    scorer = model.scorer()
    first = [beam_search(parts.trie, scorer, query, 10, explain=False).leaves[0] for query in queries]
    assert first == leaf.tolist()


def test_one_level_with_many_codes(checkpoint):
    words = [(code,) for code in range(0, 3000, 3)]
    model, parts, chosen = model_of(words, checkpoint)
    (query,), leaves = asked(["new dog"], parts, chosen), leaves_of(parts.trie)
    with torch.inference_mode():
        (level,) = model.candidates(model.encode([query]), torch.tensor([0, 0]), torch.tensor([leaves[5], leaves[700]]))
    logs = log_softmax_within(level.score, level.pair, 2)
    assert level.node[level.target].tolist() == [leaves[5], leaves[700]]
    assert (level.node >= 0).sum() == 2 * len(words)
    found = trace_totals(beam_search(parts.trie, model.scorer(), query, len(words)))
    np.testing.assert_allclose([found[leaves[5]], found[leaves[700]]], logs[level.target], atol=1e-4)


def test_long_queries_are_cut_and_empty_ones_read(checkpoint):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    long, empty = asked(["red " * 500, ""], parts, chosen)
    assert len(long) == 64
    assert len(empty) == 1
    assert long.dtype == np.int64
    assert np.isfinite(beam_search(parts.trie, model.scorer(), empty, 3).scores).all()
    packaged = asked(["red " * 500, ""], parts, settings_of())
    assert [len(tokens) for tokens in packaged] == [64, 2]


def test_weights_of_other_identifiers_are_refused(checkpoint):
    model, parts, chosen = model_of(VARIABLE, checkpoint)
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    for words in ([(0, 1, 5)], [(0, 0, 0, 1), (1, 0, 0, 0)]):
        with pytest.raises(TriescopeError, match="its weights belong to other identifiers"):
            kind("t5").open(parts_of(words), tensors, chosen)
    del tensors["network.embedding.weight"]
    with pytest.raises(TriescopeError, match="scorer t5: its weights cannot be loaded"):
        kind("t5").open(parts, tensors, chosen)
    with pytest.raises(TriescopeError, match="scorer t5: its weights cannot be loaded"):
        kind("t5").open(parts, {}, chosen)


def test_checkpoints_that_cannot_be_used(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    parts = parts_of(VARIABLE)

    def refused(folder, words):
        with pytest.raises(TriescopeError, match=words) as told:
            create(parts, settings_of(checkpoint=str(folder)), 0)
        assert "\n" not in str(told.value)

    refused("nobody/no-such-t5", "checkpoint 'nobody/no-such-t5' is neither a folder here nor a model that could be fetched")
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    for file in Path(checkpoint).iterdir():
        (pickled / file.name.replace("model.safetensors", "pytorch_model.bin")).write_bytes(file.read_bytes())
    refused(pickled, "no .safetensors file in .*; other weight formats are not read")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for file in Path(checkpoint).iterdir():
        (damaged / file.name).write_bytes(file.read_bytes()[: 100 if file.name == "model.safetensors" else None])
    refused(damaged, "checkpoint .* cannot be loaded: ")
    other = save_checkpoint(tmp_path / "other")
    BertConfig().save_pretrained(other)
    refused(other, "is a bert model, not a T5")
    (damaged / "tokenizer.json").unlink()
    refused(damaged, "its tokenizer cannot be loaded: ")
