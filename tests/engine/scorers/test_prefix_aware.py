import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from engine.scorers.carried import Change, codes_of
from engine.scorers.kinds import kind
from engine.scorers.prefix_aware import PrefixWeights
from engine.training.models.transformer import TransformerModel
from tests.engine.training import whole_models
from tests.engine.training.test_train_transformer import TOKEN_WIDTH, asked
from tests.engine.training.whole_models import DIMENSIONS, WORDS, parts_of, seeds, shaken, words

KIND = kind("transformer")
SETTINGS = {"size": "tiny", "dropout": 0.1, "learning_rate": 1e-3, "prefix_rank": 2}


def model_of(words, seed, rank=2):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return TransformerModel(parts_of(words, seed), SETTINGS | {"prefix_rank": rank}, TOKEN_WIDTH).eval()


def rows_of(built, node):
    """Input rows of the prefix that ends at a node: the start, then its codes, numbered through."""
    prefix, sizes = built.prefix(node), codes_of(built)
    return [0] + [1 + sum(sizes[:level]) + code for level, code in enumerate(prefix)]


def own_weight(slow, built, node, code):
    """The output row of a code under the prefix of a node: the row, and what two layers over the codes add to it."""
    plain, size = slow.outputs.weight[_number(built, node, code)].tolist(), slow.prefix.rank
    read = sum(slow.prefix.read.weight[number] for number in rows_of(built, node))
    normed = (read - read.mean()) / math.sqrt(float(read.var(correction=0)) + 1e-5)
    hidden = torch.nn.functional.gelu(slow.prefix.widen(normed))
    left, right = slow.prefix.left(hidden).tolist(), slow.prefix.right(hidden).tolist()
    matrix = [
        [sum(left[i * size + k] * right[j * size + k] for k in range(size)) for j in range(len(plain))] for i in range(len(plain))
    ]
    return [value + sum(a * b for a, b in zip(of, plain, strict=True)) for value, of in zip(plain, matrix, strict=True)]


def _number(built, node, code):
    return sum(codes_of(built)[: len(built.prefix(node))]) + code


@torch.no_grad()
@settings(max_examples=5)
@given(words, seeds)
def test_the_fast_way_is_the_product_with_weights_made_for_each_prefix(words, seed):
    model = shaken(model_of(words, seed), seed)
    built, scorer, query = model.parts.trie, model.scorer(), asked(seed)[0]
    slow = copy.deepcopy(model).double()
    plain = copy.deepcopy(slow)
    plain.prefix = None
    memory = slow.remember(
        torch.tensor(query[:1, :DIMENSIONS]).double(), torch.tensor(query[1:]).double(), torch.tensor([len(query) - 1])
    )
    state = scorer.start(query)
    for node in np.flatnonzero(np.diff(built.first_child))[:4]:
        children = built.children(np.array([node]))
        found = scorer.score(state, np.array([node]), np.zeros(1, np.float32), children)
        expected = plain(memory, torch.tensor([rows_of(built, int(node))]))[0][0, -1].tolist()
        logits = []
        for child in children.node:
            code = int(built.code[child])
            number = _number(built, int(node), code)
            vector = model.parts.means[child] + slow.shifts.weight[number].numpy()
            prior = 20 * float(query[0, :DIMENSIONS] @ vector) + math.log(built.counts[child])
            own = own_weight(slow, built, int(node), code)
            met = sum(a * b for a, b in zip(expected, own, strict=True))
            logits.append(float(slow.trust[len(built.prefix(int(node)))]) * prior + met + float(slow.bias[child]))
        wanted = np.array(logits) - np.logaddexp.reduce(logits)
        np.testing.assert_allclose(found.log_prob, wanted, atol=1e-4)


def test_one_code_of_a_level_weighs_otherwise_under_another_prefix():
    model = shaken(model_of(WORDS[0], 1))
    built, table = model.parts.trie, model.outputs.weight
    under = {}
    for prefix in ((0,), (2,)):  # code 0 of level 2 follows both
        node = next(n for n in range(len(built.code)) if built.prefix(n) == prefix)
        read = model.prefix(torch.tensor([rows_of(built, node)]))[0, -1]
        under[prefix] = model.prefix.weights(read, table)[_number(built, node, 0)]
    assert (under[0,] - under[2,]).abs().max() > 1e-3
    assert model_of(WORDS[0], 1, rank=0).prefix is None


def test_untrained_it_changes_nothing():
    with_it, without = model_of(WORDS[0], 3), model_of(WORDS[0], 3, rank=0)
    assert all(torch.equal(with_it.state_dict()[name], tensor) for name, tensor in without.state_dict().items())
    read = with_it.prefix(torch.tensor([[0, 1]]))
    expected = torch.ones(1, 2, 64)
    assert torch.equal(with_it.prefix.change(expected, read), expected)


def test_it_is_a_whole_scorer(tmp_path):
    model, queries = shaken(model_of(WORDS[1], 1)), asked(1)
    whole_models.check_path(model, queries)
    whole_models.check_searches(model.scorer(), model.parts.trie, queries[0], dense=False)
    whole_models.check_stored(model, KIND.open, queries, tmp_path)
    assert whole_models.without_gradient(shaken(model_of(WORDS[1], 1)), queries) == []


def test_a_prefix_read_on_is_the_prefix_read_at_once():
    weights = PrefixWeights(6, 8, 2)
    whole = weights(torch.tensor([[0, 3, 5]]))
    read = weights(torch.tensor([[0]]))
    for place, row in enumerate((3, 5), 1):
        read = weights(torch.tensor([[row]]), read[:, -1])
        torch.testing.assert_close(read[:, 0], whole[:, place])


@pytest.mark.parametrize("more", [[(3, 1)], [(5, 0, 7)]])
def test_it_is_carried_to_a_tree_that_grew(more):
    model, after = shaken(model_of(WORDS[1], 1)), parts_of([*WORDS[1], (5, 0, 1), *more], 2)
    before = model.parts
    came = np.array([_same(before.trie, after.trie.prefix(node)) for node in range(len(after.trie.code))])
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    moved = KIND.carry(tensors, Change(before.trie, after.trie, before.means, after.means, came), model.settings)
    scorer = KIND.open(after, moved, model.settings)
    assert scorer.decoder.prefix.read.weight.shape[0] == 1 + sum(codes_of(after.trie)[:-1])
    codes, old = codes_of(after.trie), codes_of(before.trie)
    rows = [0, *(1 + sum(codes[:level]) + code for level in range(len(codes) - 1) for code in range(old[level]))]
    np.testing.assert_array_equal(moved["prefix.read.weight"][rows], tensors["prefix.read.weight"])


def _same(built, prefix):
    return next((node for node in range(len(built.code)) if built.prefix(node) == prefix), -1)
