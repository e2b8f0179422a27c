"""Confidence against quality: as a loop over queries would have it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import evaluation
from engine.evaluation.sure import curve

ROWS = st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12)


@given(ROWS)
def test_a_point_is_what_every_query_gets(rows):
    confidence, ours, theirs = np.array(rows, float).T
    points = curve(confidence, ours, theirs)
    shares = [point.share for point in points]
    assert shares == sorted(set(shares))
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    for point in points:
        got = [other if sure < point.below else own for sure, own, other in rows]
        kept = [own for sure, own, _ in rows if not sure < point.below]
        assert point.mean.mean == pytest.approx(np.mean(got))
        assert point.share == pytest.approx(1 - len(kept) / len(rows))
        assert point.kept == (pytest.approx(np.mean(kept)) if kept else None)
        assert 0.0 <= point.mean.low <= point.mean.high <= 1.0 + 1e-9


def test_an_evaluation_says_how_sure_each_decoder_was_at_any_width(opened):
    found = evaluation.evaluate(opened, "dev", ["generative", "bm25", "hybrid"], beams=5)
    assert list(found.confidence) == ["generative"]
    queries = [opened.corpus.queries[query] for query in opened.corpus.qrels["dev"]]
    for query, sure in zip(queries, found.confidence["generative"], strict=True):
        assert sure == pytest.approx(opened.decode(query, 100).confidence, abs=1e-6)
    assert found.by_query()["confidence"]["generative"] == np.round(found.confidence["generative"], 6).tolist()
    assert "confidence" not in found.as_json()
