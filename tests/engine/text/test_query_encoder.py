"""The exported encoder gives the vectors of the one it was exported from, without torch; what cannot be exported says so."""

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from engine import paths
from engine.errors import TriescopeError
from engine.text import embed, encoders, fast_encoder, query_encoder, static_encoder, vector_cache

TEXTS = ["a", "robots", "An old couple visit their children", "東京物語", "ça va? – \U0001f3ac", "x " * 2000, "<b>&amp;</b>\n\t"]


@pytest.fixture(scope="module")
def exported_home(tmp_path_factory):
    """A home with the export of the default encoder."""
    home = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(home))
        query_encoder.export(encoders.load())
    return home


@pytest.fixture
def exported(exported_home, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(exported_home))
    found = query_encoder.find(encoders.fingerprint())
    assert found is not None
    return found


def test_its_vectors_are_those_of_the_original(exported):
    original = encoders.load().encode(TEXTS, "query")
    np.testing.assert_allclose(np.array([exported.encode(text) for text in TEXTS]), original, atol=2e-6)
    np.testing.assert_allclose(exported.encode_all(TEXTS), original, atol=2e-6)


def test_a_query_is_encoded_by_it_and_torch_is_not_imported(exported, exported_home):
    asked = "a query that nobody asked before"
    script = (
        "import sys; from engine.text import embed; vector, ms = embed.encode_query(sys.argv[1]);"
        "print(vector.tolist(), ms > 0, sorted({'torch', 'sentence_transformers', 'transformers'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script, asked]
    out = subprocess.run(command, cwd=paths.ROOT, env={"TRIESCOPE_HOME": str(exported_home)}, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    vector, rest = out.stdout.strip().rsplit("]", 2)[0] + "]", out.stdout
    np.testing.assert_allclose(json.loads(vector.partition("]")[0] + "]"), encoders.load().encode([asked], "query")[0], atol=2e-6)
    assert rest.strip().endswith("True []")


def test_a_second_export_is_not_made(exported, monkeypatch):
    monkeypatch.setattr(query_encoder, "_write_graph", lambda *_: pytest.fail("made again"))
    assert query_encoder.export(encoders.load()) == exported.about


def test_an_export_that_gives_other_vectors_is_not_kept(tmp_path, exported_home, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    graph = query_encoder.folder_of(encoders.fingerprint())
    kept = (exported_home / graph.relative_to(tmp_path) / query_encoder.GRAPH).read_bytes()
    monkeypatch.setattr(query_encoder, "_write_graph", lambda _, path: path.write_bytes(kept))
    monkeypatch.setattr(query_encoder, "PROBES", ("a", "b"))
    encoder = encoders.load()

    class Other(NamedTuple):
        key: str = encoder.key
        name: str = "other"
        model: object = encoder.model

        def encode(self, texts, role):
            return encoder.encode(["something else"] * len(texts), role)

    with pytest.raises(TriescopeError, match="other vectors"):
        query_encoder.export(Other())
    assert query_encoder.find(encoder.key) is None


def test_an_encoder_of_other_modules_says_why_it_is_not_exported():
    class Model(list):
        tokenizer, max_seq_length = None, 128

    class Encoder(NamedTuple):
        key: str = "0" * 64
        name: str = "words"
        model: object = Model([1.0])

    with pytest.raises(TriescopeError, match="'words' is not exported: its modules are float"):
        query_encoder.export(Encoder())


def test_a_damaged_export_is_a_line(tmp_path, exported_home, monkeypatch):
    import shutil

    home = shutil.copytree(exported_home, tmp_path / "home")
    monkeypatch.setenv("TRIESCOPE_HOME", str(home))
    graph = query_encoder.folder_of(encoders.fingerprint()) / query_encoder.GRAPH
    graph.write_bytes(graph.read_bytes()[:1000])
    with pytest.raises(TriescopeError, match="damaged; delete the folder"):
        query_encoder.find(encoders.fingerprint())


def test_a_vector_that_is_in_the_cache_is_taken_from_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    known = embed.embed(["seen before", "and another"], role="query")
    monkeypatch.setattr(encoders, "load", lambda *_: pytest.fail("loaded"))
    vector, ms = embed.encode_query("seen before")
    assert ms == 0
    np.testing.assert_array_equal(vector, known[0])


def test_documents_by_openvino_are_nearly_the_same_and_never_taken_for_the_encoders_own(exported, tmp_path, monkeypatch):
    pytest.importorskip("openvino")
    way, own = fast_encoder.way(embed.DEFAULT_MODEL), encoders.fingerprint()
    texts = [f"{text} {number}" for number in range(3) for text in TEXTS]
    exact = encoders.load().encode(texts)
    vector_cache.cache_of(tmp_path, own, 384).add(vector_cache.keys_of(texts[:1]), -exact[:1])  # what the cache has is taken
    found = embed.embed(texts, cache=tmp_path, way=way)
    cosines = np.einsum("nd,nd->n", found, exact)
    assert cosines[0] == pytest.approx(-1)
    assert cosines[1:].min() > fast_encoder.LEAST_COSINE
    assert len(embed.lacking(texts, cache=tmp_path)) == len(texts) - 1
    monkeypatch.setattr(fast_encoder.FastEncoder, "encode", lambda *_: pytest.fail("embedded again"))
    np.testing.assert_array_equal(embed.embed(texts, cache=tmp_path, way=way), found)


def test_rows_are_longest_first_and_filled_up_to_a_step():
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0}, "[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.enable_truncation(20)
    ((rows, ids, mask),) = fast_encoder._batches(tokenizer, ["a b", "a " * 30, "c"])
    assert rows.tolist() == [1, 0, 2]
    assert ids.shape == (fast_encoder.TOGETHER, 20)
    assert mask.sum(axis=1).tolist() == [20, 2, 1] + [1] * 13


class Whole:
    """An encoder of four tokens, which says of each an axis."""

    def __init__(self, words):
        inner = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, "[UNK]"))
        inner.pre_tokenizer = WhitespaceSplit()
        self.tokenizer = SimpleNamespace(is_fast=True, backend_tokenizer=inner, all_special_tokens=["[UNK]", "[SEP]"])

    def __call__(self, features):
        return {"sentence_embedding": torch.eye(4, 3)[features["input_ids"][:, 0]]}


def test_a_static_encoder_is_the_mean_of_what_the_encoder_says_of_its_tokens(tmp_path, monkeypatch):
    whole = Whole("[UNK] kite red [SEP]".split())
    with monkeypatch.context() as patch:
        patch.setattr(encoders, "load", lambda model: SimpleNamespace(model=whole))
        static_encoder.make(tmp_path / "static", "small")
    made = encoders._load.__wrapped__(str(tmp_path / "static"), "key")
    of_word = static_encoder.weighed(np.eye(4, 3, dtype=np.float32))
    mean = of_word[1] + of_word[2]
    np.testing.assert_allclose(made.encode(["kite red", "kite red never"])[0], mean / np.linalg.norm(mean), atol=1e-6)
    with pytest.raises(TriescopeError, match="is there already"):
        static_encoder.make(tmp_path / "static")
