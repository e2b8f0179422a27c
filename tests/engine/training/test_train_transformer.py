import copy
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from engine.decoding.exact import exact_search
from engine.errors import TriescopeError
from engine.scorers.carried import codes_of
from engine.scorers.centroid import CentroidScorer
from engine.scorers.kinds import kind
from engine.scorers.transformer import SIZES, code_numbers, encode
from engine.text import encoders, token_states
from engine.training.models import transformer
from engine.training.models.transformer import TransformerModel, products
from tests.engine.oracles import unit
from tests.engine.training import whole_models
from tests.engine.training.whole_models import DIMENSIONS, ENCODER, WORDS, parts_of, seeds, shaken, words

KIND = kind("transformer")
SETTINGS = {"size": "tiny", "dropout": 0.1, "learning_rate": 1e-3}
# Wider than the query's vector, as with an encoder that projects what it pools.
TOKEN_WIDTH = 7


def asked(seed, count=3):
    """Queries as :func:`encode` makes them, of 0 to 4 tokens."""
    rng = np.random.default_rng(seed)
    queries = []
    for tokens in rng.integers(0, 5, count):
        query = rng.normal(size=(1 + tokens, TOKEN_WIDTH)).astype(np.float32)
        query[0] = 0
        query[0, :DIMENSIONS] = unit(rng.normal(size=DIMENSIONS))
        queries.append(query)
    return queries


def model_of(words, seed, size="tiny"):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return TransformerModel(parts_of(words, seed), SETTINGS | {"size": size}, TOKEN_WIDTH).eval()


def by_hand(model, query, node, children):
    """Log-probabilities of the children of a node: the formula of the scorer's file in loops, the whole prefix read at once."""
    built, slow = model.parts.trie, copy.deepcopy(model).double()
    prefix = built.prefix(node)
    sizes = [1 + max(map(int, built.code[first:last])) for first, last in pairwise(built.level_start[1:])]
    rows = [0] + [1 + sum(sizes[:level]) + code for level, code in enumerate(prefix)]
    with torch.no_grad():
        memory = slow.remember(
            torch.tensor(query[:1, :DIMENSIONS]).double(), torch.tensor(query[1:]).double(), torch.tensor([len(query) - 1])
        )
        expected = slow(memory, torch.tensor([rows]))[0][0, -1].tolist()
        logits = []
        for child in children:
            code = sum(sizes[: len(prefix)]) + int(built.code[child])
            vector = [a + float(b) for a, b in zip(slow.shifts.weight[code].tolist(), model.parts.means[child], strict=True)]
            cosine = sum(float(a) * b for a, b in zip(query[0], vector, strict=False))
            prior = 20 * cosine + math.log(built.counts[child])
            output = slow.outputs.weight[code].tolist()
            correction = sum(a * b for a, b in zip(expected, output, strict=True))
            logits.append(float(slow.trust[len(prefix)]) * prior + correction + float(slow.bias[child]))
    mass = math.log(sum(math.exp(logit) for logit in logits))
    return [logit - mass for logit in logits]


@settings(max_examples=20)
@given(words, seeds)
def test_every_score_is_the_formula_written_out(words, seed):
    model = shaken(model_of(words, seed), seed)
    built, scorer, query = model.parts.trie, model.scorer(), asked(seed)[0]
    state = scorer.start(query)
    inner = np.flatnonzero(np.diff(built.first_child))
    for level in np.unique(built.level_of(inner)):
        nodes = inner[built.level_of(inner) == level][::-1]
        children = built.children(nodes)
        scored = scorer.score(state, nodes, np.full(len(nodes), -1.5, np.float32), children)
        for place, node in enumerate(nodes):
            mine = children.parent == place
            expected = by_hand(model, query, int(node), children.node[mine])
            np.testing.assert_allclose(scored.log_prob[mine], expected, atol=1e-5)
            np.testing.assert_allclose(scored.total[mine], np.array(expected) - 1.5, atol=1e-5)


@settings(max_examples=20)
@given(words, seeds)
def test_untrained_it_is_the_node_score_softmaxed(words, seed):
    model = model_of(words, seed)
    built, query = model.parts.trie, asked(seed)[0]
    plain, scorer = CentroidScorer(built, model.parts.means, []), model.scorer()
    nodes = np.flatnonzero(np.diff(built.first_child))
    children, totals = built.children(nodes), np.zeros(len(nodes), np.float32)
    expected = plain.score(plain.start(query[0, :DIMENSIONS]), nodes, totals, children)
    found = scorer.score(scorer.start(query), nodes, totals, children)
    np.testing.assert_allclose(found.log_prob, expected.log_prob, atol=3e-4)
    assert scorer.masked(scorer.start(query), 1, nodes, children).tolist() == [0] * len(nodes)


@settings(max_examples=20)
@given(words, seeds)
def test_candidates_are_the_siblings_of_the_path(words, seed):
    whole_models.check_candidates(model_of(words, seed), asked(seed))


@settings(max_examples=20)
@given(words, seeds)
def test_teacher_forcing_gives_the_total_of_the_search(words, seed):
    whole_models.check_path(shaken(model_of(words, seed), seed), asked(seed))


@settings(max_examples=20)
@given(words, seeds)
def test_searches_agree_whatever_they_keep(words, seed):
    model = shaken(model_of(words, seed), seed)
    whole_models.check_searches(model.scorer(), model.parts.trie, asked(seed)[0], dense=False)


@pytest.mark.parametrize("size", SIZES)
def test_sizes_differ_and_all_work(size, tmp_path):
    model = shaken(model_of(WORDS[1], 1, size))
    assert sum(weight.numel() for weight in model.parameters()) > {"tiny": 5e4, "small": 4e5, "base": 1.5e6}[size]
    whole_models.check_path(model, asked(1))
    whole_models.check_stored(model, KIND.open, asked(1), tmp_path)


def test_a_scorer_keeps_its_weights():
    whole_models.check_snapshot(shaken(model_of(WORDS[0], 1)), asked(1))


def test_half_precision_leaves_the_prior_alone():
    whole_models.check_half_precision(model_of(WORDS[1], 1), asked(1))


def test_every_weight_is_trained():
    assert whole_models.without_gradient(shaken(model_of(WORDS[1], 1)), asked(1)) == []
    groups = model_of(WORDS[1], 1).groups()
    assert sum(len(group["params"]) for group in groups) == len(list(model_of(WORDS[1], 1).parameters()))
    assert {group["lr"] for group in groups} == {1e-3}


@pytest.mark.parametrize("block", [1, 2])
def test_prefixes_read_in_blocks_or_out_of_order_get_the_same_totals(block, monkeypatch):
    model = shaken(model_of(WORDS[0], 1))
    built, scorer, query = model.parts.trie, model.scorer(), asked(1)[0]
    _, expected = exact_search(built, scorer, query)
    deep = np.flatnonzero(np.diff(built.first_child))[::-1]
    children, totals = built.children(deep), np.zeros(len(deep), np.float32)
    at_once = scorer.score(scorer.start(query), deep, totals, children)
    monkeypatch.setattr("engine.scorers.transformer.BLOCK", block)
    assert exact_search(built, scorer, query)[1].tolist() == expected.tolist()
    assert scorer.score(scorer.start(query), deep, totals, children).total.tolist() == at_once.total.tolist()


def test_a_temperature_divides_the_logits():
    model = shaken(model_of(WORDS[0], 1))
    built, scorer, query = model.parts.trie, model.scorer(), asked(1)[0]
    root = np.zeros(1, np.int64)
    cold, warm = (
        scorer.score(scorer.start(query, t), root, np.zeros(1, np.float32), built.children(root)).log_prob for t in (1.0, 4.0)
    )
    np.testing.assert_allclose(cold - cold[0], 4 * (warm - warm[0]), atol=1e-5)


def test_log_probabilities_of_a_filtered_node_are_among_what_is_left():
    model = shaken(model_of(WORDS[2], 1))
    built, scorer = model.parts.trie, model.scorer()
    root, totals = np.zeros(1, np.int64), np.zeros(1, np.float32)
    children = built.children(root)
    some = type(children)(children.parent[::3], children.node[::3])
    whole, part = (scorer.score(scorer.start(asked(1)[0]), root, totals, ones) for ones in (children, some))
    np.testing.assert_allclose(np.exp(part.log_prob).sum(), 1, atol=1e-6)
    assert part.total.tolist() == whole.total[::3].tolist()


def test_what_a_query_gets_does_not_depend_on_who_is_encoded_beside_it():
    model, queries = shaken(model_of(WORDS[0], 1)), asked(2, count=6)
    together, _, leaf = whole_models.every_pair(model, queries)
    pairs = len(leaf) // len(queries)
    for place, query in enumerate(queries):
        alone, _, _ = whole_models.every_pair(model, [query])
        for all_of, one in zip(together, alone, strict=True):
            mine = (all_of.pair >= place * pairs) & (all_of.pair < (place + 1) * pairs)
            np.testing.assert_allclose(all_of.score[mine], one.score, atol=1e-4)


@pytest.mark.parametrize("rows", [1, 40])
def test_products_are_row_by_row_whichever_way_they_are_computed(rows):
    rng = np.random.default_rng(rows)
    left, right = torch.tensor(rng.normal(size=(rows, 3))), torch.tensor(rng.normal(size=(9, 3)))
    row, index = torch.tensor(rng.integers(0, rows, 7)), torch.tensor(rng.integers(2, 8, 7))
    expected = [float((left[r] * right[i]).sum()) for r, i in zip(row, index, strict=True)]
    np.testing.assert_allclose(products(left, row, right.float(), index), expected, rtol=1e-5)


def test_codes_of_all_levels_are_numbered_through():
    built = parts_of(WORDS[1]).trie
    assert codes_of(built) == (4, 3, 6)
    numbers = {built.prefix(node): number for node, number in enumerate(code_numbers(built).tolist()) if node}
    assert numbers == {prefix: sum((0, 4, 3)[: len(prefix)]) + prefix[-1] for prefix in numbers}


TEXTS = [
    f"{kind} {thing} number {number}"
    for number, kind in enumerate(("red", "old", "lost", "loud", "small"))
    for thing in ("bridge", "kitchen", "orchestra", "river", "engine", "garden", "letter", "winter", "market", "lighthouse")
]


@pytest.fixture(scope="module")
def encoded():
    vectors = encoders.load(ENCODER).encode(TEXTS)
    return vectors, encode(TEXTS, vectors, parts_of(WORDS[0]), {})


def test_a_query_is_its_vector_and_the_states_of_its_tokens(encoded):
    vectors, queries = encoded
    assert {query.dtype for query in queries} == {np.dtype(np.float32)}
    assert [query[0].tolist() for query in queries] == vectors.tolist()
    states = encoders.load(ENCODER).model.encode(TEXTS, output_value="token_embeddings", convert_to_numpy=False)
    for query, expected in zip(queries, states, strict=True):
        np.testing.assert_allclose(query[1:], expected.numpy(), atol=1e-4)


def test_a_long_text_is_cut_and_an_equal_one_read_once():
    long, short, again = token_states.token_states(["word " * 100, "word", "word"], ENCODER)
    assert len(long) == token_states.TOKENS
    assert short is again
    assert short.shape == (3, token_states.width(ENCODER))


def test_states_narrower_or_wider_than_the_vector_are_filled_with_zeros(encoded):
    vectors, queries = encoded
    wide = np.pad(vectors, ((0, 0), (0, 16)))
    narrow = encode(TEXTS[:2], vectors[:2, :100], parts_of(WORDS[0]), {})[1]
    assert narrow.shape == queries[1].shape
    assert narrow[0, :100].tolist() == vectors[1, :100].tolist()
    assert not narrow[0, 100:].any()
    filled = encode(TEXTS[:2], wide[:2], parts_of(WORDS[0]), {})[1]
    np.testing.assert_allclose(filled[1:, :-16], queries[1][1:], atol=1e-5)
    assert not filled[1:, -16:].any()


def test_an_encoder_without_token_states_is_refused(tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    tokenizer = encoders.load(ENCODER).model.tokenizer
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=8)]).save(str(tmp_path))
    with pytest.raises(TriescopeError, match="no states of tokens"):
        token_states.token_states(["a"], str(tmp_path))


def test_fifty_texts_are_memorised(encoded):
    vectors, queries = encoded
    parts, _, leaf = whole_models.fifty(vectors.shape[1])
    model = transformer.create(parts, SETTINGS | {"dropout": 0.0}, seed=0)
    before, after = whole_models.memorise(model, queries, leaf, steps=60, rate=3e-3)
    assert before < 0.2
    assert after == 1.0
    scorer = model.scorer()
    assert scorer.abilities.reads_text
    again = scorer.encode(TEXTS, vectors)
    assert [query.tolist() for query in again] == [query.tolist() for query in queries]


def test_one_seed_gives_one_model():
    parts = parts_of(WORDS[0], dimensions=384)
    torch.manual_seed(5)
    drawn = torch.rand(3).tolist()
    torch.manual_seed(5)
    one, same, other = (transformer.create(parts, SETTINGS, seed).state_dict() for seed in (1, 1, 2))
    assert torch.rand(3).tolist() == drawn
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["inputs.weight"], other["inputs.weight"])
