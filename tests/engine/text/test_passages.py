"""Long texts are cut into passages that the encoder reads whole, and nothing of them is lost or said twice."""

import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import TriescopeError
from engine.text import hub
from engine.text.lengths import Cut, cut
from engine.text.passages import cut_up

WORDS = ["kite ", "storm. ", "Über ", "海の嵐。", "x" * 40, "antidisestablishmentarianism ", "\n", "e\u0301 ", "🐋"]
texts = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(1, 300)), min_size=1, max_size=5).map(
    lambda runs: "".join(word * count for word, count in runs).strip() or "kite"
)


@given(texts)
@settings(max_examples=25)
def test_every_passage_is_read_whole_and_together_they_are_the_text(text):
    (passages,) = cut_up([text], [""])
    assert cut(passages) in (Cut(256, 0), Cut(256, int(len(text.split()) < len(passages) == 1)))
    assert "".join("".join(passages).split()) == "".join(text.split())
    assert (passages == [text]) == (cut([text]) == Cut(256, 0)) or len(passages) == 1


def test_passages_end_where_sentences_do_and_are_about_equally_long():
    sentences = [f"Kites number {place} fly over the moor and the sea." for place in range(100)]
    (passages,) = cut_up([" ".join(sentences)], [""])
    assert all(passage.endswith(".") and passage.startswith("Kites") for passage in passages)
    assert min(map(len, passages)) > 0.8 * max(map(len, passages))


def test_all_passages_but_the_first_begin_with_the_title_and_a_long_title_takes_a_quarter_at_most():
    text = "Of kites and storms " + "A kite flies. " * 200
    (passages,) = cut_up([text], ["Of kites and storms"])
    assert [passage.startswith("Of kites and storms A kite") for passage in passages] == [True] * len(passages)
    (long,) = cut_up(["whale " * 300 + "A kite flies. " * 100], ["whale " * 300])
    assert cut(long) == Cut(256, 0)
    assert max(passage.count("whale") for passage in long[2:]) < 80


def test_what_an_encoder_puts_before_documents_takes_room_too(tmp_path):
    folder = shutil.copytree(hub.locate(hub.DEFAULT_MODEL), tmp_path / "own")
    told = folder / "config_sentence_transformers.json"
    told.write_text(json.dumps({"prompts": {"query": "", "document": "kite " * 100}}), "utf-8")
    (passages,) = cut_up(["storm " * 1000], [""], str(folder))
    assert cut([f"{'kite ' * 100}{passage}" for passage in passages], str(folder)) == Cut(256, 0)


def test_an_encoder_that_does_not_say_how_much_it_reads_is_refused(tmp_path):
    folder = shutil.copytree(hub.locate(hub.DEFAULT_MODEL), tmp_path / "own")
    (folder / "sentence_bert_config.json").write_text("{}")
    with pytest.raises(TriescopeError, match="nobody knows where to cut"):
        cut_up(["kite " * 400], [""], str(folder))
