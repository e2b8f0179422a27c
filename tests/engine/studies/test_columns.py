"""Two columns of vectors: both ways are exact search by the sum where every beam is kept, and what does not fit is refused."""

import numpy as np
import pytest

from engine import evaluation
from engine.errors import TriescopeError
from engine.retrievers import Queries
from engine.studies import columns


@pytest.fixture
def second(opened):
    rng = np.random.default_rng(0)
    noisy = np.asarray(opened.embeddings) + 0.05 * rng.normal(size=opened.embeddings.shape)
    return 3 * noisy  # of no unit length


def slowly(first, second, weights, query):
    """Rows by the weighted sum of cosines, worked out a document at a time."""
    other = second / np.linalg.norm(second, axis=1, keepdims=True)
    scores = [weights[0] * float(a @ query) + weights[1] * float(b @ query) for a, b in zip(first, other, strict=True)]
    return sorted(range(len(scores)), key=lambda row: -scores[row])


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_with_every_beam_both_ways_are_exact_search_by_the_weighted_sum(opened, second, share):
    one, two = columns.columns_of(opened, second, lambda *_: None)
    texts = ["a war at sea", "robots fall in love", "an island"]
    queries, weights = Queries(texts, opened.embed_queries(texts)), (1 - share, share)
    expected = [slowly(one.vectors, second, weights, query)[:5] for query in queries.vectors]
    both = columns.end_to_end([one.vectors, two.vectors], weights)
    asked = Queries(texts, columns.end_to_end([queries.vectors, queries.vectors], weights))
    every = 2 * len(opened.documents)
    assert columns.found(columns.tree_of(both, 0), both, asked, every, 5).tolist() == expected
    trees = [(columns.tree_of(of.vectors, 0), of.vectors) for of in (one, two)]
    assert columns.late(trees, weights, queries, every)[:, :5].tolist() == expected
    few = columns.late(trees, weights, queries, 4)
    for place, query in enumerate(queries.vectors):
        lists = [columns.found(*tree, Queries(texts, queries.vectors), 2, 2)[place].tolist() for tree in trees]
        best = slowly(one.vectors, second, weights, query)
        assert [row for row in few[place] if row >= 0] == [row for row in best if row in {*lists[0], *lists[1]}]


def test_a_study_tells_late_from_early_at_every_width_and_is_read_again(opened, second, told, tmp_path, monkeypatch):
    monkeypatch.setattr(columns, "_path", lambda build: tmp_path / "columns.json")
    assert columns.read(opened) is None
    np.save(tmp_path / "second.npy", second)
    value = told("columns", opened.folder, "--split", "test", "--vectors", tmp_path / "second.npy", "--share", "0.2")
    found = columns.read(opened)
    assert value == found.model_dump(mode="json")
    assert (found.share, found.queries) == (0.2, len(opened.corpus.qrels["test"]))
    ways = {way.name: way.at for way in found.ways}
    for early, late in zip(ways[columns.EARLY], ways[columns.LATE], strict=True):
        assert late.gain.mean == pytest.approx(late.mean.mean - early.mean.mean)
        assert early.gain is None
    qrels = opened.corpus.qrels["test"]
    queries = opened.embed_queries([opened.corpus.queries[query] for query in qrels])
    rows = np.array([slowly(np.asarray(opened.embeddings), second, (0.8, 0.2), query)[: columns.DEPTH] for query in queries])
    run = evaluation.run_of(qrels, rows, [document.id for document in opened.documents])
    assert ways[columns.EXACT][0].mean == evaluation.interval(evaluation.measure(qrels, run, ["nDCG@10"])["nDCG@10"])


def test_a_second_column_that_does_not_fit_is_refused(opened, second, shell, tmp_path):
    for wrong in (second[:-1], second[:, :5], np.full_like(second, np.nan), second.astype(int)):
        with pytest.raises(TriescopeError, match="the second column must be finite numbers"):
            columns.run(opened, "test", second=wrong)
    with pytest.raises(TriescopeError, match="no judged queries in split 'none'"):
        columns.run(opened, "none", second=second)
    (tmp_path / "x.npy").write_text("no array")
    code, _, err = shell("columns", opened.folder, "--vectors", tmp_path / "x.npy")
    assert code != 0
    assert "no array of NumPy is there" in err


def test_the_shell_gives_exact_search_no_number_of_beams(opened, shell):
    code, out, _ = shell("columns", opened.folder, "--split", "test")
    assert code == 0
    assert [line for line in out.splitlines() if "no beam" in line] == [out.splitlines()[-1]]
    assert f"{len(opened.documents)} beams" not in out
