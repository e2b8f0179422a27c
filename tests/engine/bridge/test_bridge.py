import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GPT2Config,
    GPT2LMHeadModel,
    LogitsProcessorList,
    T5Config,
    T5ForConditionalGeneration,
)

from engine import trie
from engine.bridge import TrieLogitsProcessor, offset_tokens
from engine.errors import TriescopeError
from engine.trie import restrict
from tests.engine.oracles import DictTrie, identifiers, padded

PAD, EOS, VOCABULARY = 0, 1, 40
seeds = st.integers(0, 1 << 30)
# Variable length, documents that share an identifier, one without; more leaves than the widest beam of the tests.
WORDS = [(0,), (1, 0), (1, 3), (2, 1, 0), (2, 1, 1), (2, 1, 1), (), (2, 2), (3, 0, 0, 0), (3, 0, 0, 2), (3, 0, 1), (3, 3)]
# Tokens in no order; levels share some.
TOKENS = [np.array(tokens) for tokens in ([7, 30, 12, 5], [30, 8, 7, 22], [9, 3, 33, 39], [2, 9, 14, 4])]


def own(words=WORDS, prefix_length=1, **options):
    return TrieLogitsProcessor(trie.build(padded(words)), TOKENS, EOS, prefix_length, PAD, **options)


def allowed(words, prefix_length):
    """What transformers' own way to constrain asks for: tokens of a sentence so far, out of a dictionary."""
    tree = DictTrie(words)
    legal = {}
    for prefix in tree.nodes:
        children = tree.children(prefix)
        key = tuple(int(TOKENS[level][code]) for level, code in enumerate(prefix))
        legal[key] = [int(TOKENS[len(prefix)][child[-1]]) for child in children] or [EOS]
    return lambda batch, sentence: legal.get(tuple(sentence[prefix_length:].tolist()), [EOS, PAD])


@pytest.fixture(scope="module")
def t5():
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=VOCABULARY,
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_heads=2,
        pad_token_id=PAD,
        eos_token_id=EOS,
        decoder_start_token_id=PAD,
    )
    model = T5ForConditionalGeneration(config).eval()
    with torch.no_grad():  # far from uniform, so that two beams never tie
        model.lm_head.weight.mul_(20)
    return model


@pytest.fixture(scope="module")
def gpt2():
    torch.manual_seed(1)
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=32,
        n_embd=16,
        n_layer=2,
        n_head=2,
        pad_token_id=PAD,
        eos_token_id=EOS,
        bos_token_id=EOS,
    )
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        model.transformer.wte.weight.mul_(20)
    return model


# Three inputs, the first two padded on the left.
INPUTS = torch.tensor([[PAD, PAD, 11, 17], [PAD, 23, 5, 30], [36, 2, 19, 8]])
PROMPT = {"t5": 1, "gpt2": INPUTS.shape[1]}
BEAMS = [(1, 1), (4, 1), (4, 4), (8, 3), (8, 8)]


def generate(model, beams=1, returned=1, **options):
    return model.generate(
        INPUTS,
        attention_mask=(INPUTS != PAD).long(),
        num_beams=beams,
        num_return_sequences=returned,
        max_new_tokens=5,
        **{"do_sample": False, **options},
    )


def constrained(processor):
    return {"logits_processor": LogitsProcessorList([processor])}


@pytest.mark.parametrize(("beams", "returned"), BEAMS)
@pytest.mark.parametrize("name", ["t5", "gpt2"])
def test_generates_what_transformers_own_processor_does(name, beams, returned, request):
    model, length = request.getfixturevalue(name), PROMPT[name]
    processor = own(prefix_length=length)
    mine = generate(model, beams, returned, **constrained(processor))
    theirs = generate(model, beams, returned, prefix_allowed_tokens_fn=allowed(WORDS, length))
    assert mine.tolist() == theirs.tolist()
    found = processor.documents(mine)
    assert len(found) == 3 * returned
    assert all(len(rows) for rows in found)


@pytest.mark.parametrize("name", ["t5", "gpt2"])
def test_the_scores_are_those_of_transformers_too(name, request):
    model, length = request.getfixturevalue(name), PROMPT[name]
    options = {"beams": 4, "returned": 4, "output_scores": True, "return_dict_in_generate": True}
    mine = generate(model, **options, **constrained(own(prefix_length=length)))
    theirs = generate(model, **options, prefix_allowed_tokens_fn=allowed(WORDS, length))
    assert torch.equal(mine.sequences_scores, theirs.sequences_scores)
    assert len(mine.scores) == len(theirs.scores)
    assert all(torch.equal(one, other) for one, other in zip(mine.scores, theirs.scores, strict=True))


@pytest.mark.parametrize("name", ["t5", "gpt2"])
def test_sampling_gives_documents_only_and_draws_as_transformers_does(name, request):
    model, length = request.getfixturevalue(name), PROMPT[name]
    processor = own(prefix_length=length)
    options = {"do_sample": True, "returned": 20, "temperature": 5.0, "top_k": 3, "top_p": 0.95}
    drawn = []
    for constraint in (constrained(processor), {"prefix_allowed_tokens_fn": allowed(WORDS, length)}):
        torch.manual_seed(3)
        drawn.append(generate(model, **options, **constraint))
    assert drawn[0].tolist() == drawn[1].tolist()
    found = processor.documents(drawn[0])
    assert all(len(rows) for rows in found)
    assert len({int(rows[0]) for rows in found}) > 3


def test_every_identifier_comes_out_of_a_beam_as_wide_as_the_trie(t5):
    processor = own()
    leaves = len(DictTrie(WORDS).leaves)
    found = processor.documents(generate(t5, leaves, leaves, **constrained(processor)))
    for rows in np.split(np.arange(3 * leaves), 3):
        assert sorted(np.concatenate([found[row] for row in rows]).tolist()) == [row for row, word in enumerate(WORDS) if word]


def test_a_filter_lets_only_its_documents_through(t5):
    built = trie.build(padded(WORDS))
    view = restrict(built, allowed=np.arange(len(WORDS)) % 2 == 1)
    processor = TrieLogitsProcessor(view, TOKENS, EOS, pad_token_id=PAD)
    found = processor.documents(generate(t5, 6, 6, **constrained(processor)))
    assert [sorted(np.concatenate(found[first : first + 6]).tolist()) for first in (0, 6, 12)] == [[1, 3, 5, 7, 9, 11]] * 3


@given(identifiers(), seeds)
def test_pruning_a_view_is_building_from_its_documents(words, seed):
    built = trie.build(padded(words))
    live = np.random.default_rng(seed).random(len(words)) < 0.6
    live[int(built.documents[0])] = True
    part = restrict(built, allowed=live).compact()
    expected = trie.build(padded([word if lives else () for word, lives in zip(words, live, strict=True)]))
    for one, other in zip(part, expected, strict=True):
        assert one.dtype == other.dtype
        assert one.tolist() == other.tolist()


@st.composite
def sentences(draw):
    """Identifiers, and rows of tokens behind a start token that follow some of them, or none."""
    words = draw(identifiers())
    levels = max(map(len, words))
    length, rng = draw(st.integers(0, levels + 2)), np.random.default_rng(draw(seeds))
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        word = words[rng.integers(len(words))]
        tokens = [int(TOKENS[level][code]) for level, code in enumerate(word)] + [EOS] + [PAD] * 6
        tokens = [int(rng.integers(VOCABULARY)) if rng.random() < 0.1 else token for token in tokens]
        rows.append([PAD, *tokens[:length]])
    scores = rng.standard_normal((len(rows), VOCABULARY))
    scores[rng.random(scores.shape) < 0.4] = -np.inf
    return words, rows, scores.astype(np.float32)


def slow_mask(words, rows, scores, floor=-1e9):
    legal, out = allowed(words, 1), np.full_like(scores, -np.inf)
    for row, tokens in enumerate(rows):
        tokens_left = legal(0, np.array(tokens))
        out[row, tokens_left] = scores[row, tokens_left]
        if (out[row] == -np.inf).all():
            out[row, tokens_left] = floor
    return out


@given(sentences())
def test_each_row_keeps_its_legal_tokens_and_never_loses_all(given):
    words, rows, scores = given
    tensor = torch.tensor(scores)
    masked = own(words)(torch.tensor(rows), tensor)
    assert np.array_equal(masked.numpy(), slow_mask(words, rows, scores))
    assert np.array_equal(tensor.numpy(), scores)
    assert torch.equal(own(words)(torch.tensor(rows), tensor.double()), masked.double())


@given(sentences())
def test_what_runs_on_other_devices_makes_the_same_mask(given):
    words, rows, scores = given
    half = torch.tensor(scores).to(torch.bfloat16)  # half precision goes that way on this device too
    masked = own(words)(torch.tensor(rows), half)
    assert masked.dtype == torch.bfloat16
    lowest = float(torch.tensor(-1e9, dtype=torch.bfloat16))
    assert np.array_equal(masked.float().numpy(), slow_mask(words, rows, half.float().numpy(), lowest))


@given(identifiers())
def test_documents_of_generated_rows(words):
    processor = own(words, prefix_length=2)
    width = max(map(len, words)) + 3
    for word in {word for word in words if word}:
        tokens = [5, 6, *(int(TOKENS[level][code]) for level, code in enumerate(word))]
        bearers = [row for row, other in enumerate(words) if other == word]
        for sequence, expected in [
            (tokens, bearers),
            ([*tokens, EOS], bearers),
            ([*tokens, EOS, *[PAD] * (width - len(word))], bearers),
            (tokens[:-1], []),
            ([*tokens[:-1], EOS], []),
            ([*tokens, 17], []),
            ([*tokens[:-1], 17], []),
        ]:
            assert [rows.tolist() for rows in processor.documents(torch.tensor([sequence]))] == [expected]


def test_one_document_and_a_vocabulary_of_a_row_that_is_not_contiguous():
    processor = own([(3, 1, 2)])
    scores = torch.arange(2.0 * VOCABULARY).reshape(VOCABULARY, 2).T
    masked = processor(torch.tensor([[PAD], [PAD]], dtype=torch.int32), scores)
    assert masked.isfinite().nonzero().tolist() == [[0, 5], [1, 5]]
    assert masked[:, 5].tolist() == [10, 11]


def test_a_trie_read_from_disk_serves_as_well(tmp_path):
    trie.save(trie.build(padded(WORDS)), tmp_path)
    mapped = TrieLogitsProcessor(trie.load(tmp_path), TOKENS, EOS)
    tokens, scores = torch.tensor([[PAD, 12], [PAD, 30]]), torch.zeros(2, VOCABULARY)
    assert torch.equal(mapped(tokens, scores), own()(tokens, scores))


def test_tokens_from_offsets():
    assert [tokens.tolist() for tokens in offset_tokens([2, 3], 10)] == [[10, 11], [12, 13, 14]]
    assert [tokens.tolist() for tokens in offset_tokens([2, 3], [20, 10])] == [[20, 21], [10, 11, 12]]


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (TOKENS[:3], "tokens: 3 levels have some, but identifiers have up to 4 codes"),
        ([TOKENS[0][:3], *TOKENS[1:]], "tokens: level 1 has 3, but identifiers use code 3 there"),
        ([TOKENS[0], np.array([4, 5, 6, 4]), *TOKENS[2:]], "tokens: those of level 2 are not different numbers from 0"),
        ([TOKENS[0], np.array([4, 5, 6, -1]), *TOKENS[2:]], "tokens: those of level 2 are not different numbers from 0"),
        ([*TOKENS[:3], np.array([1, 2, 3])], "tokens: level 4 uses the end token 1 for a code"),
    ],
)
def test_tokens_that_cannot_spell_the_identifiers_are_refused(tokens, message):
    with pytest.raises(TriescopeError, match=f"^{message}$"):
        TrieLogitsProcessor(trie.build(padded(WORDS)), tokens, EOS)


def test_a_model_without_the_tokens_and_a_prefix_that_is_not_there_are_refused():
    with pytest.raises(TriescopeError, match=r"^the model has 39 tokens, but the identifiers need token 39$"):
        own()(torch.zeros(1, 1, dtype=torch.long), torch.zeros(1, 39))
    with pytest.raises(TriescopeError, match=r"^2 tokens so far, but the prefix has 3: give all of it"):
        own(prefix_length=3)(torch.zeros(1, 2, dtype=torch.long), torch.zeros(1, VOCABULARY))


@pytest.fixture(scope="module")
def bart():
    """A model that forces its token 0 behind the start token, as facebook/bart-large and GENRE do."""
    sizes = {f"{side}_{what}": value for side in ("encoder", "decoder") for what, value in SIZES.items()}
    torch.manual_seed(0)
    special = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 2}
    model = BartForConditionalGeneration(BartConfig(vocab_size=40, d_model=16, **sizes, **special)).eval()
    model.generation_config.forced_bos_token_id = 0
    return model


SIZES = {"layers": 1, "attention_heads": 2, "ffn_dim": 32}
CODES = np.unique(np.random.default_rng(0).integers(0, 4, (20, 3)).astype(np.int32), axis=0)


def written(model, prefix_length, dtype=torch.float32, **options):
    only = TrieLogitsProcessor(trie.build(CODES), offset_tokens([4, 4, 4], 20), eos_token_id=2, prefix_length=prefix_length)
    inputs = torch.randint(3, 20, (2, 6), generator=torch.Generator().manual_seed(0))
    beams = {"num_beams": 5, "num_return_sequences": 5, "max_new_tokens": 3 + prefix_length}
    return only.documents(model.to(dtype).generate(input_ids=inputs, logits_processor=[only], **beams, **options))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("prefix_length", "options"),
    [(2, {}), (2, {"decoder_input_ids": torch.tensor([[2, 0], [2, 0]])}), (1, {"forced_bos_token_id": None})],
)
def test_a_model_that_forces_a_token_behind_its_start_writes_documents(bart, prefix_length, options, dtype):
    rows = written(bart, prefix_length, dtype, **options)
    assert [len(of_output) for of_output in rows] == [1] * 10


def test_a_forced_token_that_is_not_counted_is_said_with_what_to_do(bart):
    with pytest.raises(TriescopeError, match=r"forces token 0, .* \(prefix_length=2\), or .* forced_bos_token_id=None"):
        written(bart, 1)


def test_a_prefix_that_nothing_forces_is_said_with_what_to_do(bart):
    with pytest.raises(TriescopeError, match=r"^1 tokens so far, but the prefix has 2: give all of it .*\(decoder_input_ids\)"):
        written(bart, 2, forced_bos_token_id=None)


def test_a_forced_token_with_which_identifiers_begin_is_taken():
    only = TrieLogitsProcessor(trie.build(CODES), offset_tokens([4, 4, 4], 20), eos_token_id=2)
    scores = torch.full((2, 40), -torch.inf)
    scores[:, 21] = 0.0
    assert only(torch.zeros(2, 1, dtype=torch.long), scores).isfinite().nonzero()[:, 1].unique().tolist()[0] >= 20
    scores[1, 20] = 0.0  # a choice for one row is nothing forced
    scores[:, 5] = 0.0
    assert only(torch.zeros(2, 1, dtype=torch.long), scores)[:, 5].isneginf().all()
