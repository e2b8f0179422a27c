"""Evaluation under a filter: what counts, what is left out, and that both are said."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TriescopeError
from engine.evaluation import evaluate, measure
from engine.evaluation.filtered import under

DOCUMENTS = [f"d{number}" for number in range(5)]
judged = st.dictionaries(
    st.sampled_from([f"q{number}" for number in range(4)]),
    st.dictionaries(st.sampled_from([*DOCUMENTS, "gone"]), st.integers(0, 2), max_size=4),
    min_size=1,
)
EARLY = "year < 1990"


@given(judged, st.lists(st.booleans(), min_size=5, max_size=5))
def test_what_is_left_out_and_what_stays_are_all_there_is(qrels, mask):
    row_of = {document: row for row, document in enumerate(DOCUMENTS)}
    outside = {document for document, row in row_of.items() if not mask[row]}
    relevant = {query: {d for d, grade in grades.items() if grade} for query, grades in qrels.items()}
    lost = [query for query, wanted in relevant.items() if wanted and wanted <= outside]
    if len(lost) == len(qrels):
        with pytest.raises(TriescopeError, match="no judged query is left"):
            under(qrels, row_of, np.array(mask))
        return
    kept, counts = under(qrels, row_of, np.array(mask))
    assert list(kept) == [query for query in qrels if query not in lost]
    assert all(kept[query] == {d: g for d, g in qrels[query].items() if d not in outside} for query in kept)
    assert (counts.documents, counts.of, counts.queries, counts.queries_left_out) == (sum(mask), 5, len(qrels), len(lost))
    assert counts.relevant == sum(map(len, relevant.values()))
    assert counts.relevant_left_out == sum(len(wanted & outside) for wanted in relevant.values())


@pytest.fixture(scope="module")
def early(opened):
    """The judged queries whose document is early, and how many are not."""
    year = {document.id: document.metadata["year"] for document in opened.documents}
    qrels = {
        query: grades for query, grades in opened.corpus.qrels["dev"].items() if all(year[document] < 1990 for document in grades)
    }
    assert 0 < len(qrels) < len(opened.corpus.qrels["dev"])
    return qrels


@pytest.mark.parametrize("name", ["bm25", "dense", "generative"])
def test_it_measures_what_a_search_under_the_filter_finds(opened, early, name):
    found = evaluate(opened, "dev", [name], measures=["MRR@10", "Recall@100"], filter=EARLY)
    run = {query: [hit.id for hit in opened.search(opened.corpus.queries[query], name, 100, filter=EARLY)[0]] for query in early}
    expected = measure(early, run, ["MRR@10", "Recall@100"])
    for one, values in expected.items():
        assert found.retrievers[name].measures[one].mean == pytest.approx(values.mean())
    assert found.queries == len(early)


def test_the_shell_says_how_many_documents_and_judgements_are_left(opened, early, shell, told):
    passed = sum(document.metadata["year"] < 1990 for document in opened.documents)
    gone = len(opened.corpus.qrels["dev"]) - len(early)
    asked = ("evaluate", opened.folder, "--split", "dev", "-r", "bm25", "--filter", EARLY)
    out = shell(*asked)[1]
    assert f"filter {EARLY}: {passed} of 60 documents pass and are searched\n" in out
    assert f"{gone} of {gone + len(early)} relevant judgements are of others and are left out, and with them {gone} of" in out
    filtered = told(*asked)["filtered"]
    assert (filtered["filter"], filtered["documents"], filtered["queries_left_out"]) == (EARLY, passed, gone)
    assert "filtered" not in told(*asked[:-2])


def test_a_filter_that_leaves_no_query_is_refused(opened):
    with pytest.raises(TriescopeError, match="no judged query is left"):
        evaluate(opened, "dev", ["bm25"], filter="id = 'nosuch' or id = " + json.dumps(unjudged(opened)))


def unjudged(opened):
    judged = {document for grades in opened.corpus.qrels["dev"].values() for document in grades}
    return next(document.id for document in opened.documents if document.id not in judged)
