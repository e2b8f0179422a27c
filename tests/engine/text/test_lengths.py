"""How many documents an encoder cuts: as its own tokenizer counts them, said in the manifest and wherever a build is told of."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builds.opening import read_manifest
from engine.text import encoders, hub
from engine.text.lengths import Cut, cut

texts = st.lists(st.integers(0, 400).map(lambda words: "kite " * words) | st.text(max_size=600), max_size=6)


@given(texts)
def test_it_counts_what_the_encoders_own_tokenizer_would_cut(some):
    tokenizer = encoders.load().model.tokenizer
    expected = sum(len(tokenizer(text, truncation=False)["input_ids"]) > 256 for text in some)
    assert cut(some) == Cut(256, expected)


def test_an_encoder_that_does_not_say_how_much_it_reads_is_not_guessed_at(tmp_path):
    folder = shutil.copytree(hub.locate(hub.DEFAULT_MODEL), tmp_path / "own")
    (folder / "sentence_bert_config.json").write_text("{}")
    assert cut(["kite " * 400], str(folder)) is None


def test_a_build_says_how_many_were_cut(tmp_path, shell):
    (tmp_path / "long.csv").write_text(f"id,text\n1,short\n2,{'kite ' * 300}\n3,{'kite ' * 254}\n", "utf-8")
    code, out, _ = shell("build", tmp_path / "long.csv", "--out", tmp_path / "b", "--ids", "atomic")
    assert code == 0
    known = read_manifest(tmp_path / "b").encoder
    assert (known.reads, known.cut) == (256, 1)
    assert known.told() in out
    assert known.told().startswith("1 document is longer than the 256 tokens")


def test_with_passages_nothing_is_cut_off(tmp_path, told):
    (tmp_path / "long.csv").write_text(f"id,text\n1,short\n2,{'kite ' * 300}\n3,{'kite ' * 254}\n", "utf-8")
    known = told("build", tmp_path / "long.csv", "--out", tmp_path / "b", "--ids", "atomic", "--passages", "--recall", ".9")
    assert (known["encoder"]["cut"], known["encoder"]["passages"]) == (1, 4)
    assert known["widths"]["targets"][0]["recall"] == 1.0  # of three documents none is lost


@pytest.mark.parametrize("count", [None, 0])
def test_where_none_is_cut_or_nobody_knows_nothing_is_said(count, small_build):
    assert read_manifest(small_build).encoder.model_copy(update={"cut": count}).told() == ""
