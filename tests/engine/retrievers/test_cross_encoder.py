"""Candidates ranked by a cross-encoder: as sentence-transformers' own judges the same pairs."""

import numpy as np
import pytest
from transformers import BertForSequenceClassification

from engine.errors import TriescopeError
from engine.retrievers import Queries, cross_encoder, method_of
from engine.text import models
from tests.engine import tiny_models

QUERY = "a film of love and war in the city"


@pytest.fixture
def judge(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    tiny_models.bert(BertForSequenceClassification, tmp_path / "judge", num_labels=1)
    models.add("judge", str(tmp_path / "judge"))
    return tmp_path / "judge"


def test_the_first_of_the_candidates_are_in_its_order_and_the_others_as_they_were_found(judge, opened, monkeypatch):
    from sentence_transformers import CrossEncoder
    from torch import nn

    monkeypatch.setattr(cross_encoder.Cross, "depth", 9)
    found = [opened.row_of[hit.id] for hit in opened.search(QUERY, "bm25", 60).hits]
    assert len(found) > 15
    theirs = CrossEncoder(str(judge), activation_fn=nn.Identity())
    expected = theirs.predict([(QUERY, opened.texts()[row]) for row in found[:9]], batch_size=1)
    order = [row for _, row in sorted(zip(-np.round(expected, 4), found[:9], strict=True))]
    hits = opened.search(QUERY, "bm25~cross:judge", 15).hits
    assert [opened.row_of[hit.id] for hit in hits] == order + found[9:15]
    assert order != found[:9]
    np.testing.assert_allclose([hit.score for hit in hits[:9]], np.sort(expected)[::-1], atol=1e-3)
    method, named = method_of("bm25~cross:judge")
    assert method.told(opened, named) == "judge reads the first 9"


def test_it_finds_nothing_itself_and_a_name_that_is_none_is_said(judge, opened):
    for name, says in (
        ("cross:judge", "only orders what another found"),
        ("cross", "a model is named after cross"),
        ("cross:../judge", "a model is named after cross"),
        ("bm25~cross:other", "no cross-encoder is known as 'other'; there are: judge"),
    ):
        with pytest.raises(TriescopeError, match=says):
            opened.search(QUERY, name)
    assert [len(of) for of in opened.retriever("bm25~cross:judge").scores(Queries(["x"]), [np.empty(0, np.int64)])] == [0]
