import shutil

import numpy as np
import pytest

from engine.errors import TriescopeError
from engine.text import embed, encoders, hub
from engine.text.embed import DEFAULT_MODEL
from engine.text.encoders import Encoder


def load_anew(model):
    """Past the cache of loaded encoders: what a test loads from a folder of its own is not kept."""
    return encoders._load.__wrapped__(model, encoders.fingerprint(model))


TEXTS = [f"a short story about the number {number}" for number in range(12)]


@pytest.fixture
def encoded(monkeypatch):
    """The texts that reach the model, in the order in which they do."""
    seen, encode = [], Encoder.encode

    def listen(self, texts, role="document"):
        seen.extend(texts)
        return encode(self, texts, role)

    monkeypatch.setattr(Encoder, "encode", listen)
    return seen


def weights_folder(tmp_path):
    """A copy of the default model's folder; the weights themselves are linked."""
    source, folder = hub.locate(DEFAULT_MODEL), tmp_path / "model"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.safetensors", "onnx", "openvino"))
    (folder / "model.safetensors").symlink_to(source / "model.safetensors")
    return folder


def test_vectors_have_length_one(tmp_path):
    vectors = embed.embed([*TEXTS, "", "word " * 2000], cache=tmp_path)
    assert vectors.dtype == np.float32
    assert vectors.shape == (14, encoders.load().dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_one_vector_whatever_stands_beside_it(tmp_path):
    alone = embed.embed(TEXTS[:1], cache=tmp_path / "one")
    among = embed.embed([TEXTS[1], "much longer, " * 50, TEXTS[0]], cache=tmp_path / "other")
    np.testing.assert_allclose(among[2], alone[0], atol=1e-5)
    assert (embed.embed([TEXTS[0]] * 2, cache=tmp_path / "one") == alone).all()


def test_a_query_is_embedded_as_a_document_is(tmp_path):
    vector, ms = embed.encode_query(TEXTS[0])
    np.testing.assert_allclose(vector, embed.embed(TEXTS[:1], cache=tmp_path)[0], atol=1e-5)
    assert ms > 0


def test_a_second_call_computes_nothing(tmp_path, encoded):
    first = embed.embed(TEXTS, cache=tmp_path)
    assert sorted(encoded) == sorted(TEXTS)
    encoded.clear()
    told = []
    second = embed.embed(TEXTS, progress=lambda done, total: told.append((done, total)), cache=tmp_path)
    assert (encoded, told) == ([], [(12, 12)])
    assert (first == second).all()


def test_only_what_is_new_is_computed(tmp_path, encoded):
    embed.embed(TEXTS[:8], cache=tmp_path)
    encoded.clear()
    embed.embed(TEXTS, cache=tmp_path)
    assert sorted(encoded) == sorted(TEXTS[8:])


def test_equal_texts_are_embedded_once(tmp_path, encoded):
    vectors = embed.embed([TEXTS[0], TEXTS[1], TEXTS[0], TEXTS[0]], cache=tmp_path)
    assert sorted(encoded) == sorted(TEXTS[:2])
    assert (vectors[0] == vectors[[2, 3]]).all()


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, encoded, monkeypatch):
    monkeypatch.setattr(embed, "CHUNK", 4)

    def stop_after_a_chunk(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed.embed(TEXTS, progress=stop_after_a_chunk, cache=tmp_path)
    before, told = set(encoded), []
    assert len(before) == 4
    encoded.clear()
    vectors = embed.embed(TEXTS, progress=lambda done, total: told.append((done, total)), cache=tmp_path)
    assert set(encoded) == set(TEXTS) - before
    assert told == [(4, 12), (8, 12), (12, 12)]
    np.testing.assert_allclose(vectors, embed.embed(TEXTS, cache=tmp_path / "fresh"), atol=1e-5)


def test_what_a_broken_copy_of_the_cache_lacks_is_embedded_anew_and_said(tmp_path, encoded, caplog):
    first = embed.embed(TEXTS, cache=tmp_path)
    path = next(tmp_path.glob("*/vectors.bin"))
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size - 1000)
    encoded.clear()
    np.testing.assert_allclose(embed.embed(TEXTS, cache=tmp_path), first, atol=1e-5)
    assert len(encoded) == 1
    assert "1 vectors are cut off" in caplog.text
    caplog.clear()
    assert embed.missing(TEXTS, cache=tmp_path) == 0
    embed.embed(TEXTS, cache=tmp_path)
    assert (len(encoded), caplog.text) == (1, "")


def test_zeros_that_a_crash_left_in_the_cache_are_no_vectors(tmp_path, encoded, caplog):
    first = embed.embed(TEXTS, cache=tmp_path)
    path = next(tmp_path.glob("*/vectors.bin"))
    path.write_bytes(path.read_bytes()[: -2 * 4 * 384] + bytes(2 * 4 * 384))
    encoded.clear()
    assert embed.missing(TEXTS, cache=tmp_path) == 2
    np.testing.assert_allclose(embed.embed(TEXTS, cache=tmp_path), first, atol=1e-5)
    assert len(encoded) == 2
    assert "2 of the vectors" in caplog.text
    embed.embed(TEXTS, cache=tmp_path)
    assert len(encoded) == 2


def test_zeros_that_the_encoder_gives_are_kept_and_not_called_damaged(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(Encoder, "encode", lambda self, texts, role="document": np.zeros((len(texts), 384), np.float32))
    for _ in range(2):
        assert not embed.embed(TEXTS, cache=tmp_path).any()
    assert next(tmp_path.glob("*/keys.bin")).stat().st_size == 32 * len(TEXTS)
    assert caplog.text == ""


@pytest.mark.parametrize("count", range(8))
def test_every_chunk_is_taken_once(count):
    starts = embed._spread(count * 3, 3)
    assert sorted(starts) == list(range(0, count * 3, 3))


def test_no_texts_give_no_vectors(tmp_path):
    assert embed.embed([], cache=tmp_path).shape == (0, encoders.load().dimensions)


def test_a_folder_with_the_same_weights_gives_the_same_vectors(tmp_path):
    local = load_anew(str(weights_folder(tmp_path)))
    assert local.key == encoders.load().key
    np.testing.assert_allclose(local.encode(TEXTS[:2]), encoders.load().encode(TEXTS[:2]), atol=1e-6)


def test_weights_with_another_hash_are_refused(monkeypatch):
    monkeypatch.setattr(hub, "DEFAULT_SHA256", "0" * 64)
    with pytest.raises(TriescopeError, match=r"model.safetensors is not the all-MiniLM-L6-v2 we know \(SHA-256 differs\)"):
        hub.locate(DEFAULT_MODEL)


@pytest.mark.parametrize("name", ["nobody/has-this-model", "no model: at all", "/nowhere/to/be/found"])
def test_a_model_that_is_nowhere_is_an_error_in_a_line(name):
    with pytest.raises(TriescopeError, match="is neither a folder here nor a model that could be fetched") as caught:
        hub.locate(name)
    assert "\n" not in str(caught.value)


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(TriescopeError, match=r"no .safetensors file"):
        load_anew(str(tmp_path))


def test_a_folder_with_a_damaged_configuration_is_refused(tmp_path):
    folder = weights_folder(tmp_path)
    (folder / "config.json").write_text("{")
    with pytest.raises(TriescopeError, match="cannot be loaded"):
        load_anew(str(folder))


@pytest.mark.parametrize("content", [b"", b"these are no weights", b"\xff" * 4096])
def test_a_folder_with_damaged_weights_is_refused(tmp_path, content):
    weights = weights_folder(tmp_path) / "model.safetensors"
    weights.unlink()
    weights.write_bytes(content)
    with pytest.raises(TriescopeError, match="cannot be loaded") as caught:
        load_anew(str(weights.parent))
    assert "\n" not in str(caught.value)
