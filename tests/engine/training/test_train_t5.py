"""The T5 scorer against a plain T5ForConditionalGeneration of the same weights, and against enumeration."""

import ast
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from engine import trie
from engine.decode import beam_search, exact_search
from engine.embed import DEFAULT_MODEL
from engine.errors import TriescopeError
from engine.options import check_options
from engine.paths import ROOT
from engine.scorers import t5 as scorer_file
from engine.scorers.base import TextScorer, encode_for
from engine.scorers.trained import Parts, kind
from engine.strategies import decode
from engine.training.base import log_softmax_within, path_log_probs
from engine.training.t5 import create
from engine.view import restrict
from tests.engine.oracles import identifiers, padded

WORDS = "red green blue dog cat bird runs sleeps flies over under near old new fast slow".split()
VARIABLE = [(0, 1, 2), (0, 1, 0), (0, 2), (3,), (1, 0, 1), (1, 3), (1, 2, 2), (2, 0, 0), (2, 2, 1), ()]
texts_of = st.lists(st.sampled_from(WORDS), min_size=0, max_size=6).map(" ".join)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def save_checkpoint(folder, seed=0, **changed):
    """A very small T5 with a tokenizer of whole words, as a folder; its weights are large, so that scores differ a lot."""
    vocabulary = {word: place for place, word in enumerate(["<pad>", "</s>", "<unk>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=32
    ).save_pretrained(folder)
    torch.manual_seed(seed)
    # More rows than words, as T5's own checkpoints have.
    shape = {"vocab_size": 24, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_heads": 2, "num_layers": 2, "decoder_start_token_id": 0}
    T5ForConditionalGeneration(T5Config(**shape | changed)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_checkpoint(tmp_path_factory.mktemp("checkpoint"))


def parts_of(words):
    built = trie.build(padded(words))
    return Parts(built, np.zeros((len(built.code), 4), np.float32), [], DEFAULT_MODEL)


def settings_of(**changed):
    """Settings as a training fills them in."""
    found = {option.name: option.default for option in kind("t5").options} | changed
    check_options("t5", kind("t5").options, found)
    return found


def model_of(words, checkpoint, seed=1, **changed):
    """(model in evaluation mode, its parts, its settings) of a checkpoint."""
    parts, chosen = parts_of(words), settings_of(checkpoint=str(checkpoint), **changed)
    return create(parts, chosen, seed).eval(), parts, chosen


def asked(texts, parts, chosen):
    return kind("t5").encode(texts, np.zeros((len(texts), 4), np.float32), parts, chosen)


def leaves_of(built):
    return np.flatnonzero(built.is_leaf(np.arange(len(built.code))))


def plain(model):
    """The same weights in the library's own class, the output vectors of the codes among its head's."""
    network = model.network
    plain = T5ForConditionalGeneration(network.config).eval()
    for half in ("encoder", "decoder"):
        getattr(plain, half).load_state_dict(getattr(network, half).state_dict(), strict=False)
    plain.shared.weight.data.copy_(network.embedding.weight.data)
    plain.encoder.embed_tokens = plain.decoder.embed_tokens = plain.shared
    head = torch.zeros_like(network.embedding.weight)
    if network.tied:
        head.copy_(network.embedding.weight.data)
    else:
        head[-sum(network.codes) :] = network.head.data
    plain.lm_head = torch.nn.Linear(*head.T.shape, bias=False)
    plain.lm_head.weight.data.copy_(head)
    return plain


def by_hand(model, tokens, word):
    """Full-softmax log-probabilities of every level after each prefix of ``word``, without any of our code."""
    twin, codes = plain(model), model.network.codes
    first = [twin.config.vocab_size - sum(codes[level:]) for level in range(len(codes))]
    written = [0] + [first[level] + code for level, code in enumerate(word)]
    with torch.inference_mode():
        logits = twin(input_ids=torch.tensor([tokens.tolist()]), decoder_input_ids=torch.tensor([written])).logits[0]
    return [
        torch.log_softmax(logits[level, first[level] :][: codes[level]], 0).numpy()
        for level in range(min(len(written), len(codes)))
    ]


def trace_totals(trace):
    return dict(zip(trace.leaves.tolist(), trace.scores.tolist(), strict=True))


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
    assert isinstance(opened, TextScorer)
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
