"""Another encoder under the same name is another one: its vectors are its own, and it is refused where the first is meant."""

import hashlib
import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import TriescopeError
from engine.text import embed, encoders, hub
from engine.text.vector_cache import cache_of, keys_of

TEXTS = ["a blue cup with a saucer", "a lamp with a bendable arm", "a hundred soups"]
FILES = {
    "model.safetensors": "weights",
    "config.json": '{"hidden_size": 8, "transformers_version": "4.1"}',
    "modules.json": '[{"path": ""}, {"path": "1_Pooling"}, {"path": "2_Normalize"}]',
    "sentence_bert_config.json": '{"max_seq_length": 256}',
    "config_sentence_transformers.json": '{"__version__": {"pytorch": "1.8"}, "prompts": {}, "default_prompt_name": null}',
    "tokenizer.json": "{}",
    "vocab.txt": "a",
    "1_Pooling/config.json": '{"pooling_mode_cls_token": false}',
}


@pytest.fixture
def folder(tmp_path):
    """An encoder's folder, which nobody could load: a fingerprint needs no model."""
    for name, content in FILES.items():
        write(tmp_path / "encoder" / name, content)
    return tmp_path / "encoder"


def write(path: Path, content: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")


def test_a_copy_is_the_same_encoder(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    assert encoders.fingerprint(str(folder)) == encoders.fingerprint(str(tmp_path / "copy"))
    assert len(encoders.fingerprint(str(folder))) == 64


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", "Weights"),
        ("config.json", '{"hidden_size": 9, "transformers_version": "4.1"}'),
        ("sentence_bert_config.json", '{"max_seq_length": 128}'),
        ("config_sentence_transformers.json", '{"prompts": {"query": "Q: "}, "default_prompt_name": null}'),
        ("config_sentence_transformers.json", "damaged"),
        ("modules.json", '[{"path": ""}, {"path": "1_Pooling"}]'),
        ("tokenizer.json", '{"lowercase": true}'),
        ("vocab.txt", "b"),
        ("1_Pooling/config.json", '{"pooling_mode_cls_token": true}'),
        ("2_Normalize/config.json", "{}"),
        ("chat_template.jinja", "{{ text }}"),
        ("sentencepiece.model", "pieces"),
    ],
)
def test_whatever_decides_a_vector_decides_the_fingerprint(folder, name, content):
    before = encoders.fingerprint(str(folder))
    write(folder / name, content)
    assert encoders.fingerprint(str(folder)) != before
    if name in FILES:
        write(folder / name, FILES[name])
    else:
        (folder / name).unlink()
    assert encoders.fingerprint(str(folder)) == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("README.md", "A better text."),
        ("config.json", '{"transformers_version": "5.0", "hidden_size": 8, "_name_or_path": "elsewhere"}'),
        ("config_sentence_transformers.json", '{"__version__": {"pytorch": "3"}, "default_prompt_name": null, "prompts": {}}'),
        ("checkpoint-500/model.safetensors", "other weights"),
        ("onnx/config.json", "{}"),
        ("training_args.bin", "a pickle"),
    ],
)
def test_what_is_not_read_does_not(folder, name, content):
    before = encoders.fingerprint(str(folder))
    write(folder / name, content)
    assert encoders.fingerprint(str(folder)) == before


def test_the_ways_of_a_router_decide_it(folder):
    write(folder / "router_config.json", '{"types": {"query_0_Static": "x", "document_0_Static": "x"}}')
    write(folder / "query_0_Static" / "model.safetensors", "one")
    before = encoders.fingerprint(str(folder))
    write(folder / "query_0_Static" / "model.safetensors", "two")
    assert encoders.fingerprint(str(folder)) != before


def test_another_encoder_under_the_same_name_is_refused_in_a_line(folder):
    was = encoders.fingerprint(str(folder))
    encoders.check_same(str(folder), was)
    write(folder / "1_Pooling" / "config.json", '{"pooling_mode_cls_token": true}')
    with pytest.raises(
        TriescopeError, match=f"has changed since the documents were embedded .fingerprint {was[:12]} then"
    ) as caught:
        embed.encode_query("tea", str(folder), expected=was)
    assert "\n" not in str(caught.value)


class TestARealEncoder:
    """all-MiniLM-L6-v2 in a folder of its own, its settings changed between one text and the next."""

    @pytest.fixture
    def own(self, tmp_path, monkeypatch):
        source, folder = hub.locate(hub.DEFAULT_MODEL), tmp_path / "own"
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.safetensors", "onnx", "openvino"))
        (folder / "model.safetensors").symlink_to(source / "model.safetensors")
        monkeypatch.setattr(encoders, "_load", encoders._load.__wrapped__)  # none of these is kept
        return folder

    def change(self, folder, name, **settings):
        path = folder / name
        write(path, json.dumps(json.loads(path.read_text("utf-8")) | settings))

    def test_other_pooling_gives_other_vectors_although_the_weights_are_the_same(self, own, tmp_path):
        mean = embed.embed(TEXTS, str(own), cache=tmp_path / "cache")
        self.change(own, "1_Pooling/config.json", pooling_mode_mean_tokens=False, pooling_mode_cls_token=True)
        found = embed.embed(TEXTS, str(own), cache=tmp_path / "cache")
        np.testing.assert_allclose(found, encoders.load(str(own)).encode(TEXTS), atol=1e-5)
        assert ((found * mean).sum(axis=1) < 0.9).all()

    def test_pooling_that_doubles_the_width_gives_wide_vectors(self, own, tmp_path):
        embed.embed(TEXTS[:2], str(own), cache=tmp_path / "cache")
        self.change(own, "1_Pooling/config.json", pooling_mode_max_tokens=True)
        found = embed.embed(TEXTS, str(own), cache=tmp_path / "cache")
        assert found.shape == (3, 768)
        assert embed.encode_query("tea", str(own))[0].shape == (768,)

    def test_vectors_of_another_width_under_the_same_key_are_not_taken(self, own, tmp_path):
        key = encoders.fingerprint(str(own))
        cache_of(tmp_path / "cache", key, 3).add(keys_of(TEXTS[:1]), np.ones((1, 3), np.float32))
        right = embed.embed(TEXTS, str(own), cache=tmp_path / "cache")
        assert right.shape == (3, 384)
        np.testing.assert_allclose(right, encoders.load(str(own)).encode(TEXTS), atol=1e-5)

    @pytest.mark.parametrize("default", [None, "query"])
    def test_a_query_gets_the_prompt_of_queries_and_a_document_that_of_documents(self, own, tmp_path, default):
        prompts = {"query": "Represent this question for finding a product: ", "document": "product: "}
        self.change(own, "config_sentence_transformers.json", prompts=prompts, default_prompt_name=default)
        model = encoders.load(str(own)).model
        right = {role: model.encode([prompt + TEXTS[0]], prompt="")[0] for role, prompt in prompts.items()}
        assert right["query"] @ right["document"] < 0.95
        for role, vector in right.items():
            found = embed.embed(TEXTS[:1], str(own), cache=tmp_path / "cache", role=role)[0]
            assert found @ vector == pytest.approx(1, abs=1e-4)
        assert embed.encode_query(TEXTS[0], str(own))[0] @ right["query"] == pytest.approx(1, abs=1e-4)

    def test_vectors_kept_by_the_weights_alone_are_said_to_be_embedded_again(self, own, tmp_path, caplog):
        weights = hub.sha256(own / "model.safetensors")
        old = hashlib.sha256(weights.encode()).hexdigest()[:24]
        cache_of(tmp_path / "cache", old, 384).add(keys_of(TEXTS), np.ones((3, 384), np.float32))
        with caplog.at_level(logging.WARNING):
            embed.embed(TEXTS[:1], str(own), cache=tmp_path / "cache")
            embed.embed(TEXTS[1:], str(own), cache=tmp_path / "cache")
        assert [f"{old}-384: its vectors are embedded again, once" in line for line in caplog.messages] == [True]
