"""PLUM: codes as new words of a causal model. Teacher forcing is the search; what is frozen stays; the ways of tuning differ."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from engine.decoding.exact import exact_search
from engine.errors import TriescopeError
from engine.scorers.carried import codes_of
from engine.scorers.kinds import kind
from engine.scorers.plum_model import WAYS
from engine.text import models
from engine.training.losses.codes import next_code
from engine.training.models import plum
from engine.training.models.base import path_log_probs
from engine.training.pairs.sources import Pairs
from tests.engine import tiny_models
from tests.engine.oracles import beam_search
from tests.engine.training import whole_models
from tests.engine.training.whole_models import WORDS, leaves_of, parts_of

KIND = kind("plum")
TEXTS = ["war at sea", "love", "old man city night"]


@pytest.fixture(autouse=True)
def small(tmp_path_factory, monkeypatch, home):
    """A model of one layer, known as ``small``."""
    monkeypatch.setenv("TRIESCOPE_HOME", str(home))
    folder = home / "small-llama"
    if not folder.is_dir():
        tiny_models.llama(folder)
    models.add("small", str(folder))


def settings(**changed):
    return {option.name: option.default for option in KIND.options} | {"model": "small", "rank": 2} | changed


def made(way, words=WORDS[1], seed=0, **changed):
    if way == "lora":
        pytest.importorskip("peft")
    chosen = settings(tuned=way, **changed)
    parts = parts_of(words)
    return plum.create(parts, chosen, seed).eval(), parts, KIND.encode(TEXTS, np.zeros((3, 5)), parts, chosen)


def shaken(model):
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return model


def by_hand(model, query, word):
    """Log-probability of each code of a path, the whole prefix read at once by the model of transformers itself."""
    network, logs = model.network, []
    embed = network.base.get_input_embeddings()
    for place, code in enumerate(word):
        rows = [0, *(network.first(level) + one for level, one in enumerate(word[:place], 1))]
        vectors = [embed(torch.tensor(query)), network.table[rows]]
        if network.soft is not None:
            vectors.insert(0, network.soft)
        with torch.no_grad():
            found = network.base(inputs_embeds=torch.cat(vectors)[None], output_hidden_states=True).hidden_states[-1][0, -1]
            first = network.first(place + 1)
            own = found @ network.table[first : first + network.codes[place]].T
        logs.append(float(torch.log_softmax(own, dim=0)[code]))
    return sum(logs)


@pytest.mark.parametrize("way", WAYS)
def test_teacher_forcing_the_search_and_the_library_agree(way):
    model, parts, queries = made(way)
    shaken(model)
    leaves = leaves_of(parts.trie)
    pairs = torch.arange(3).repeat_interleave(len(leaves))
    with torch.no_grad():
        levels = model.candidates(model.encode(queries), pairs, torch.from_numpy(np.tile(leaves, 3)))
    forced = path_log_probs(levels, len(pairs)).sum(dim=1).reshape(3, -1).numpy()
    scorer = model.scorer()
    for query, totals in zip(queries, forced, strict=True):
        found, exact = exact_search(parts.trie, scorer, query)
        of_leaf = dict(zip(found.tolist(), exact.tolist(), strict=True))
        np.testing.assert_allclose([of_leaf[leaf] for leaf in leaves.tolist()], totals, atol=1e-3)
        slow = [by_hand(model, query, parts.trie.prefix(int(leaf))) for leaf in leaves]
        np.testing.assert_allclose(totals, slow, atol=1e-3)
        narrow = beam_search(parts.trie, scorer, query, 2)
        np.testing.assert_allclose([of_leaf[leaf] for leaf in narrow.leaves.tolist()], narrow.scores, atol=1e-3)
    assert model.network.codes == codes_of(parts.trie)


@pytest.mark.parametrize("way", WAYS)
def test_only_what_is_said_is_learned_and_stored(way, tmp_path):
    model, parts, queries = made(way)
    before = {name: tensor.clone() for name, tensor in model.network.base.named_parameters()}
    leaf = torch.from_numpy(leaves_of(parts.trie))
    optimiser = torch.optim.Adam(model.groups())
    for _ in range(2):
        next_code(model.candidates(model.encode(queries), torch.arange(len(leaf)) % 3, leaf), len(leaf)).backward()
        optimiser.step()
        optimiser.zero_grad()
    moved = {name for name, tensor in model.network.base.named_parameters() if not torch.equal(tensor, before[name])}
    assert bool(moved) == (way in ("full", "lora"))
    assert way == "full" or all("lora_" in name for name in moved)
    assert (model.network.share == 1.0) == (way == "full")
    kept = {name: tensor.detach().numpy().copy() for name, tensor in model.state_dict().items()}
    assert ("soft" in kept) == (way == "prompt")
    save_file(kept, tmp_path / "weights.safetensors")
    scorer = KIND.open(parts, load_file(tmp_path / "weights.safetensors"), settings(tuned=way))
    again, totals = (exact_search(parts.trie, one, queries[0])[1].tolist() for one in (scorer, model.scorer()))
    assert again == totals
    with pytest.raises(TriescopeError, match="another model or to other identifiers"):
        KIND.open(parts_of([(0, 0, 9), (8, 7, 1)]), kept, settings(tuned=way))


def test_a_few_documents_are_memorised_and_the_scorer_keeps_its_weights():
    model, parts, queries = made("full", learning_rate=5e-3)
    leaf = torch.from_numpy(leaves_of(parts.trie)[:3])
    frozen = model.scorer()
    start = exact_search(parts.trie, frozen, queries[0])[1].tolist()
    before, after = whole_models.memorise(model, queries, leaf, steps=40, rate=5e-3)
    assert after == 1.0 > before
    assert exact_search(parts.trie, frozen, queries[0])[1].tolist() == start


def test_pretraining_counts_words_and_codes_of_both_orders():
    model, parts, queries = made("tokens", WORDS[0])
    leaf = torch.from_numpy(leaves_of(parts.trie)[:2])
    total, count = 0.0, 0
    network = model.network
    embed = torch.cat([network.base.get_input_embeddings().weight, network.table]).detach()
    words = len(network.base.get_input_embeddings().weight)
    for place, behind in enumerate((True, False)):
        codes = [
            words,
            *(words + network.first(level) + code for level, code in enumerate(parts.trie.prefix(int(leaf[place])), 1)),
        ]
        spoken = queries[place].tolist()
        row = spoken + codes if behind else codes + spoken
        with torch.no_grad():
            states = network.base(inputs_embeds=embed[row][None], output_hidden_states=True).hidden_states[-1][0]
            logs = torch.log_softmax(network.word_logits(states), dim=-1)
        total -= sum(float(logs[at, token]) for at, token in enumerate(row[1:]))
        count += len(row) - 1
    found = model.words_and_codes(queries[:2], leaf).item()
    assert found == pytest.approx(total / count, abs=1e-4)
    rows = np.array([int(parts.trie.leaf_documents(int(one))[0]) for one in leaf])
    model.settings["pretrain"] = 5
    model.prime(np.zeros((6, 5)), Pairs([], np.arange(2), rows, np.zeros(2), np.ones(2)), queries)
    assert model.words_and_codes(queries[:2], leaf).item() < found


def test_a_way_and_a_model_that_cannot_be_are_refused():
    assert set(WAYS) == set(next(option.choices for option in KIND.options if option.name == "tuned"))
    with pytest.raises(TriescopeError, match="no language model is known as 'none'"):
        plum.create(parts_of(WORDS[0]), settings(model="none"), 0)
