"""Two kept evaluations beside each other: only what both have, in the order of each, corrected for all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation import difference, evaluate, holm
from engine.evaluation.beside import beside, differs

values = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 4).map(lambda quarter: quarter / 4), max_size=8)


def kept(**of):
    """An evaluation as it is kept: name -> query -> value, all of the same queries."""
    ids = list(next(iter(of.values())))
    return {"ids": ids, "values": {name: {"m": [row[query] for query in ids]} for name, row in of.items()}}


@given(values, values, st.randoms())
def test_only_queries_of_both_count_wherever_they_stand(now, before, random):
    order = list(before)
    random.shuffle(order)
    found = beside(kept(bm25=now, mine=now), kept(bm25={query: before[query] for query in order}, theirs=before), "m")
    shared = [query for query in now if query in before]
    assert (found.queries, found.alone) == (len(shared), ["mine", "theirs"])
    if not shared:
        assert found.changes == []
        return
    (change,) = found.changes
    ours, theirs = (np.array([of[query] for query in shared]) for of in (now, before))
    assert (change.now, change.before) == (pytest.approx(ours.mean()), pytest.approx(theirs.mean()))
    assert change.difference == difference(ours, theirs)


def test_p_is_corrected_for_all_retrievers_and_a_measure_of_one_alone_is_none():
    rng = np.random.default_rng(0)
    now, before = ({name: dict(enumerate(rng.random(9))) for name in "xyz"} for _ in range(2))
    found = beside(kept(**now), kept(**before), "m").changes
    alone = [difference(np.array(list(now[n].values())), np.array(list(before[n].values()))).p for n in "xyz"]
    assert [one.difference.holm for one in found] == holm(alone)
    assert beside(kept(**now), kept(**before), "other").changes == []


def test_the_same_evaluation_has_not_changed(opened):
    told = evaluate(opened, "dev", ["bm25", "dense"]).by_query()
    found = beside(told, told, "nDCG@10")
    assert [(one.name, one.difference.mean, one.difference.p) for one in found.changes] == [("bm25", 0, 1), ("dense", 0, 1)]
    assert found.changes[0].as_json()["holm"] == 1
    assert differs({"split": "dev"}, {"split": "dev"}) == []


def test_the_shell_lists_what_was_kept_and_what_changed(told, shell, small_build, monkeypatch, tmp_path):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    assert shell("evaluations", small_build)[1] == "none was kept; evaluate with --keep\n"
    for beams, names in ((5, ("bm25",)), (2, ("bm25", "tfidf"))):
        told("evaluate", small_build, "--split", "dev", *(f"-r{name}" for name in names), "--beams", beams, "--keep")
    assert [one["number"] for one in told("evaluations", small_build)] == [2, 1]
    found = told("evaluations", small_build, 2, 1)
    assert [(one["name"], one["mean"]) for one in found["changes"]] == [("bm25", 0)]
    assert (found["queries"], found["alone"], found["differs"]) == (6, ["tfidf"], ["beams 5, now 2"])
    out = shell("evaluations", small_build, 2, 1)[1]
    assert "nDCG@10, 2 less 1, on 6 queries that both have" in out
    assert "there is no evaluation 9" in shell("evaluations", small_build, 9)[2]
