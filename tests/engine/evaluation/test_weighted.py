"""Means by a query log: as the log written out search by search would have it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TriescopeError
from engine.evaluation import weighted

ROWS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5)), min_size=1, max_size=9)
QUERIES = {"q1": "A man at sea", "q2": "love  in the city", "q3": "never asked"}


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5)), min_size=1, max_size=9).filter(lambda rows: any(n for _, n in rows))
)
def test_a_weighted_mean_is_that_of_every_search(rows):
    values, weights = np.array(rows).T
    found = weighted.mean(values, weights.astype(int))
    assert found.mean == pytest.approx(np.mean([value for value, times in rows for _ in range(times)]))
    assert found.low <= found.mean + 1e-9
    assert found.high >= found.mean - 1e-9


def test_a_log_is_matched_by_id_or_words_and_what_is_of_no_query_is_counted(tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("a  MAN at sea\nq1\t3\nlove in the city\t2\nsomething else\t4\n\nq1\n", "utf-8")
    found = weighted.read(log, QUERIES)
    assert found == weighted.Log({"q1": 5, "q2": 2, "q3": 0}, 11, 7)
    assert weighted.told(found) == "7 of 11 searches of the log (63.6%) are of 2 of 3 judged queries"


@pytest.mark.parametrize(
    ("content", "says"),
    [("q1\tmany\n", "line 1: expected how often"), ("x\ny\t2\n", "none of its 3 searches"), ("q1\nb\xff\n", "line 2: ")],
)
def test_what_cannot_be_a_log_is_said_with_its_line(tmp_path, content, says):
    log = tmp_path / "log.txt"
    log.write_bytes(content.encode("latin-1"))
    with pytest.raises(TriescopeError, match=says):
        weighted.read(log, QUERIES)
    with pytest.raises(TriescopeError, match="cannot be read"):
        weighted.read(tmp_path / "nowhere", QUERIES)


def test_the_shell_gives_both_means(small_build, opened, told, tmp_path):
    queries = list(opened.corpus.qrels["dev"])
    log = tmp_path / "log.tsv"
    log.write_text(f"{queries[0]}\t8\n{opened.corpus.queries[queries[1]]}\t1\nnobody\t1\n", "utf-8")
    value = told("evaluate", small_build, "--split", "dev", "-r", "bm25", "--log", log)
    one = value["by_log"]["bm25"]["mean"]
    from engine import evaluation

    values = evaluation.evaluate(opened, "dev", ["bm25"]).values["bm25"]["nDCG@10"]
    assert one == pytest.approx((8 * values[0] + values[1]) / 9)
