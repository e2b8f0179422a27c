import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import BertProcessing
from transformers import BertConfig, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.retrievers import Queries, sparse
from engine.text import embed
from engine.training.teachers import rankings, teacher
from tests.engine.oracles import unit
from tests.engine.training.by_hand import source_of

WORDS = "kite moor whale tide sea storm".split()
N = 11


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    rng = np.random.default_rng(3)
    documents = [Document(str(row), "", " ".join(rng.choice(WORDS, 5)), {}) for row in range(N)]
    codes = [[row] if row != 7 else [-1] for row in range(N)]
    return source_of(tmp_path_factory.mktemp("build"), documents, codes, unit(rng.standard_normal((N, 4))))


def vectors_for(count):
    return unit(np.random.default_rng(4).standard_normal((count, 4)))


def slow_softmax(scores, k, temperature):
    """(rows, log-probabilities) of a dictionary row -> score."""
    rows = sorted(scores, key=lambda row: (-scores[row], row))[:k]
    mass = [math.exp(scores[row] / temperature) for row in rows]
    return rows, [math.log(one / sum(mass)) for one in mass]


def slow_dense(source, vector, allowed):
    return {row: round(float(source.embeddings[row] @ vector), 6) for row in allowed}


def slow_fused(source, text, vector, allowed, k):
    cosines = slow_dense(source, vector, allowed)
    found = sparse.SparseRetriever(source.folder / "sparse").search(Queries([text]), N)
    keywords = {int(row): float(score) for row, score in zip(found.rows[0], found.scores[0], strict=True) if row in allowed}
    union = set(sorted(cosines, key=lambda row: (-cosines[row], row))[:k]) | set(list(keywords)[:k])
    mean = dict.fromkeys(union, 0.0)
    for scores in (cosines, keywords):
        values = [scores.get(row, 0.0) for row in union]
        middle = sum(values) / len(values)
        deviation = math.sqrt(sum((value - middle) ** 2 for value in values) / len(values))
        for row in union if deviation > 1e-6 else ():
            mean[row] += (scores.get(row, 0.0) - middle) / deviation / 2
    return {row: round(value, 6) for row, value in mean.items()}


def check(taught, expected, k):
    assert (taught.rows.dtype, taught.log_mass.dtype) == (np.int32, np.float32)
    assert taught.rows.shape == taught.log_mass.shape == (len(expected), k)
    for rows, mass, (right, logs) in zip(taught.rows, taught.log_mass, expected, strict=True):
        assert rows.tolist() == right + [-1] * (k - len(right))
        assert mass[: len(right)] == pytest.approx(logs, abs=1e-4)
        assert np.isneginf(mass[len(right) :]).all()
        assert not right or np.exp(mass.astype(float)).sum() == pytest.approx(1, abs=1e-5)


left_outs = st.sets(st.integers(0, N - 1), max_size=N)


@settings(max_examples=50)
@given(st.integers(0, 4), st.integers(1, N + 3), st.sampled_from([0.05, 0.5, 2.0]), left_outs, st.integers(1, 40))
def test_dense_is_a_softmax_over_the_nearest_documents(source, queries, k, temperature, cold, cells):
    vectors, allowed = vectors_for(queries), [row for row in range(N) if row not in cold | {7}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rankings, "CELLS", cells)
        taught = teacher.dense(vectors, source, k, temperature, np.isin(np.arange(N), list(cold)))
    check(taught, [slow_softmax(slow_dense(source, vector, allowed), k, temperature) for vector in vectors], k)


texts = st.lists(st.lists(st.sampled_from([*WORDS, "zeppelin"]), max_size=3).map(" ".join), max_size=4)


@settings(max_examples=50)
@given(texts, st.integers(1, N + 3), st.sampled_from([0.3, 1.0]), left_outs, st.integers(1, 40))
def test_fused_is_a_softmax_over_mean_z_scores_of_both_top_lists(source, texts, k, temperature, cold, cells):
    vectors, allowed = vectors_for(len(texts)), {row for row in range(N) if row not in cold | {7}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rankings, "CELLS", cells)
        taught = teacher.fused(texts, vectors, source, k, temperature, np.isin(np.arange(N), list(cold)))
    scores = [slow_fused(source, text, vector, allowed, k) for text, vector in zip(texts, vectors, strict=True)]
    check(taught, [slow_softmax(of_query, k, temperature) for of_query in scores], k)


@pytest.mark.parametrize("temperature", [0, -1, float("nan")])
def test_a_temperature_that_is_not_above_zero_is_refused(source, temperature):
    with pytest.raises(TriescopeError, match="temperature"):
        teacher.dense(vectors_for(1), source, 3, temperature)


def tiny_tokenizer():
    vocabulary = {word: place for place, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=32,
    )


def tiny(kind, folder, labels=1):
    """A BERT of two thousand weights, saved with its tokenizer."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=10,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
        num_labels=labels,
        initializer_range=1.0,
    )
    model = kind(config).eval()
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return model


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reader")
    return folder, tiny(BertForSequenceClassification, folder)


def test_a_cross_encoder_judges_the_best_of_dense_search_anew(source, reader):
    folder, model = reader
    tokenizer, texts, vectors = tiny_tokenizer(), ["kite moor", "whale", "storm tide sea"], vectors_for(3)
    cold = np.arange(N) == 2
    heard = []
    taught = teacher.cross_encoder(str(folder), texts, vectors, source, 4, 2.0, cold, progress=lambda *done: heard.append(done))
    expected = []
    for text, nearest in zip(texts, teacher.dense(vectors, source, 4, left_out=cold).rows, strict=True):
        scores = {}
        for row in nearest.tolist():
            read = tokenizer(text, source.documents[row].searched_text(), return_tensors="pt")
            with torch.no_grad():
                scores[row] = round(float(model(**read).logits[0, 0]), 4)
        rows, logs = slow_softmax(scores, 4, 2.0)
        expected.append((rows, logs))
    check(taught, expected, 4)
    assert heard == [(3, 3)]
    assert taught.rows.tolist() != teacher.dense(vectors, source, 4, left_out=cold).rows.tolist()


def test_a_cross_encoder_says_nothing_where_no_document_may_be_known(source, reader):
    taught = teacher.cross_encoder(str(reader[0]), ["kite"], vectors_for(1), source, 3, left_out=np.ones(N, bool))
    assert taught.rows.tolist() == [[-1, -1, -1]]
    assert np.isneginf(taught.log_mass).all()


def test_a_teacher_is_known_by_its_name(source, reader):
    texts, vectors = ["kite", "sea storm"], vectors_for(2)
    right = {
        "dense": teacher.dense(vectors, source),
        "bm25+dense": teacher.fused(texts, vectors, source),
        str(reader[0]): teacher.cross_encoder(str(reader[0]), texts, vectors, source),
    }
    assert len(teacher.TEACHERS) == len(right) + 1  # and the retrievers of the build, below
    for name, expected in right.items():
        taught = teacher.rank(name, texts, vectors, source)
        assert all(np.array_equal(one, other) for one, other in zip(taught, expected, strict=True))


def test_a_retriever_of_the_build_teaches_what_it_lists(source):
    texts, vectors, cold = ["kite moor", "sea storm"], vectors_for(2), np.arange(N) == 2
    by = sparse.SparseRetriever(source.folder / "sparse")
    taught = teacher.rank("bm25", texts, vectors, SimpleNamespace(retriever={"bm25": by}.get, leaf_of=source.leaf_of), cold)
    found = by.search(Queries(texts, vectors), 100, ~cold & (source.leaf_of >= 0))
    expected = []
    for rows, scores in zip(found.rows, found.scores, strict=True):
        some = {int(row): float(score) for row, score in zip(rows, scores, strict=True) if row >= 0}
        mean, deviation = np.mean(list(some.values())), np.std(list(some.values())) or np.inf
        expected.append(slow_softmax({row: (score - mean) / deviation for row, score in some.items()}, len(rows), 0.5))
    check(taught, expected, found.rows.shape[1])
    assert sum(map(len, (rows for rows, _ in expected))) > 2


def test_what_is_no_cross_encoder_is_refused(tmp_path, source):
    with pytest.raises(TriescopeError, match=r"teacher 'nowhere/nothing' is none of dense, bm25\+dense, no folder here"):
        teacher.rank("nowhere/nothing", ["kite"], vectors_for(1), source)
    with pytest.raises(TriescopeError, match="no cross-encoder: it holds BertModel"):
        teacher.load_cross_encoder(embed.DEFAULT_MODEL)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TriescopeError, match=r"no config\.json"):
        teacher.load_cross_encoder(str(tmp_path / "empty"))
    tiny(BertModel, tmp_path / "model")
    with pytest.raises(TriescopeError, match="not a sequence classifier"):
        teacher.load_cross_encoder(str(tmp_path / "model"))
    tiny(BertForSequenceClassification, tmp_path / "three", labels=3)
    with pytest.raises(TriescopeError, match="gives 3 labels"):
        teacher.load_cross_encoder(str(tmp_path / "three"))
    (tmp_path / "three" / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(TriescopeError, match="cannot be loaded"):
        teacher.load_cross_encoder(str(tmp_path / "three"))
    (tmp_path / "three" / "model.safetensors").unlink()
    with pytest.raises(TriescopeError, match=r"no \.safetensors file"):
        teacher.load_cross_encoder(str(tmp_path / "three"))
