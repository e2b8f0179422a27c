"""Vectors of tokens: of an encoder that was trained for that, by hand, and of any other one's states."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.errors import TriescopeError
from engine.text import encoders, late_encoder
from tests.engine import tiny_models


@pytest.fixture(scope="module")
def colbert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "colbert"
    return folder, *tiny_models.colbert(folder)


def by_hand(model, weight, ids, mask=None):
    """Projected states of tokens, unit rows."""
    mask = torch.ones_like(ids) if mask is None else mask
    with torch.no_grad():
        states = model(input_ids=ids[None], attention_mask=mask[None]).last_hidden_state[0] @ weight.T
    return torch.nn.functional.normalize(states, dim=-1).numpy()


def test_a_colbert_in_pylates_layout_is_what_its_transformer_and_projection_give(colbert):
    folder, model, weight = colbert
    encoder = late_encoder.load(str(folder))
    assert (encoder.trained, encoder.dimensions) == (True, 8)
    tokens = tiny_models.tokenizer()
    documents = ["kite , whale sea .", "storm"]
    for text, found in zip(documents, encoder.encode(documents, "document"), strict=True):
        ids = tokens(f"[D] {text}", return_tensors="pt")["input_ids"][0]
        counts = [word not in ",." for word in tokens.convert_ids_to_tokens(ids.tolist())]
        assert found.ids.tolist() == ids[counts].tolist()
        np.testing.assert_allclose(found.vectors, by_hand(model, weight, ids)[counts], atol=1e-5)
    # A query has its own mark, and is filled up with [MASK]s that nobody attends to and that count.
    (query,) = encoder.encode(["whale , storm"], "query")
    ids = tokens("[Q] whale , storm", return_tensors="pt")["input_ids"][0]
    whole = torch.cat([ids, torch.full((8 - len(ids),), tokens.mask_token_id)])
    assert encoder.words(query.ids) == ["[CLS]", "[Q]", "whale", ",", "storm", "[SEP]", "[MASK]", "[MASK]"]
    np.testing.assert_allclose(query.vectors, by_hand(model, weight, whole, (whole != tokens.mask_token_id).long()), atol=1e-5)


def test_colberts_own_layout_is_read_too(colbert, tmp_path):
    folder, model, weight = colbert
    tiny_models.tokenizer().save_pretrained(tmp_path)
    config = json.loads((folder / "config.json").read_text("utf-8")) | {"architectures": ["HF_ColBERT"]}
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    tensors = {f"bert.{name}": tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors | {"linear.weight": weight}, tmp_path / "model.safetensors", {"format": "pt"})
    marks = {"query_token_id": "[Q]", "doc_token_id": "[D]", "query_maxlen": 8, "doc_maxlen": 16}
    (tmp_path / "artifact.metadata").write_text(json.dumps(marks), "utf-8")
    for role in ("query", "document"):
        theirs, ours = (late_encoder.load(str(one)).encode(["sea, whale."], role)[0] for one in (folder, tmp_path))
        assert ours.ids.tolist() == theirs.ids.tolist()
        np.testing.assert_allclose(ours.vectors, theirs.vectors, atol=1e-5)
    before = encoders.fingerprint(str(tmp_path))
    (tmp_path / "artifact.metadata").write_text(json.dumps(marks | {"query_maxlen": 9}), "utf-8")
    assert encoders.fingerprint(str(tmp_path)) != before


def test_any_other_encoder_gives_the_states_of_its_words():
    encoder = late_encoder.load()
    text = "a heist, inside dreams."
    (document,), (query,) = encoder.encode([text], "document"), encoder.encode([text], "query")
    words = ["a", "he", "##ist", "inside", "dreams"]
    assert (encoder.trained, encoder.words(document.ids)) == (False, words)
    assert encoder.words(query.ids) == [*words[:3], ",", *words[3:], "."]
    whole = encoders.load().model
    with torch.inference_mode():
        states = whole[0](whole.preprocess([text]))["token_embeddings"][0]
    states = torch.nn.functional.normalize(states, dim=-1).numpy()
    np.testing.assert_allclose(document.vectors, states[[1, 2, 3, 5, 6]], atol=1e-5)


def test_a_text_alone_has_the_vectors_that_it_has_among_others(colbert):
    texts = ["sea " * count for count in range(1, 40)]
    encoder = late_encoder.load(str(colbert[0]))
    together = encoder.encode(texts, "document")
    assert max(len(one.ids) for one in together) == 16  # no more than its folder says
    for place in (0, 7, 38):
        (alone,) = encoder.encode([texts[place]], "document")
        assert alone.ids.tolist() == together[place].ids.tolist()
        np.testing.assert_allclose(alone.vectors, together[place].vectors, atol=1e-5)


def test_a_projection_in_a_pickle_is_refused_and_a_folder_of_something_else_is_said(colbert, tmp_path):
    folder = tmp_path / "colbert"
    tiny_models.colbert(folder)
    (folder / "1_Dense" / "model.safetensors").rename(folder / "1_Dense" / "pytorch_model.bin")
    with pytest.raises(TriescopeError, match=r"no \.safetensors file in .*1_Dense"):
        late_encoder.load(str(folder))
    other = tmp_path / "other"
    tiny_models.colbert(other)
    modules = json.loads((other / "modules.json").read_text("utf-8"))
    modules[1]["type"] = "os.Dense"
    (other / "modules.json").write_text(json.dumps(modules), "utf-8")
    with pytest.raises(TriescopeError, match="gives no token vectors"):
        late_encoder.load(str(other))
