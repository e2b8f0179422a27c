"""What a retriever shows at all: against the definition of Gini, counted by hand, and in an evaluation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation import evaluate
from engine.evaluation.exposure import CUTOFF, exposure, gini


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12))
def test_gini_is_half_of_the_mean_difference_over_the_mean(values):
    of = np.array(values, float)
    slow = np.abs(of[:, None] - of[None, :]).mean() / (2 * of.mean()) if of.sum() else 0.0
    assert gini(of) == pytest.approx(slow)


DOCUMENTS = [str(number) for number in range(9)]


@given(
    st.dictionaries(st.sampled_from("qrs"), st.lists(st.sampled_from(DOCUMENTS), unique=True, max_size=9)),
    st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(1, 5)),
)
def test_places_are_shared_out_among_documents_that_are_asked_for_alike(run, asked):
    found = exposure(run, DOCUMENTS, asked)
    places = [document for of in run.values() for document in of[:CUTOFF]]
    assert found.shown == pytest.approx(len(set(places)) / len(DOCUMENTS))
    assert bool(found.popular) == bool(asked and places)
    for one in found.popular:
        inside = [document for document in DOCUMENTS if one.low <= asked.get(document, 0) <= one.high]
        assert one.documents == pytest.approx(len(inside) / len(DOCUMENTS))
        assert one.places == pytest.approx(sum(document in inside for document in places) / len(places))
    if found.popular:
        assert sum(one.places for one in found.popular) == pytest.approx(1)


def test_only_the_first_of_a_list_are_seen():
    run = {"q": [f"{number}" for number in range(CUTOFF + 5)]}
    assert exposure(run, [*run["q"]], {}).shown == CUTOFF / (CUTOFF + 5)


def test_an_evaluation_tells_it_of_the_documents_that_were_searched(opened):
    found = evaluate(opened, "dev", ["bm25", "dense"], filter="year > 1950", runs={"none": {}})
    passing = {document.id for document, passes in zip(opened.documents, opened.allowed("year > 1950"), strict=True) if passes}
    for name in ("bm25", "dense"):
        seen = {document for of in found.runs[name].values() for document in of[:CUTOFF]}
        assert found.exposure[name].shown == pytest.approx(len(seen) / len(passing))
        assert found.exposure[name].popular == []  # there are no train queries here
    assert found.exposure["none"] == (0.0, 0.0, [])
    assert found.as_json()["exposure"]["bm25"]["gini"] == found.exposure["bm25"].gini
