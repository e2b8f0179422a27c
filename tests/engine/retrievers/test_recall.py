"""A recall in place of a width: chosen for a build, kept in it, and searched by."""

import shutil

import numpy as np
import pytest

from engine.builds import widths
from engine.builds.opened import Build
from engine.builds.opening import verify
from engine.errors import TriescopeError
from engine.retrievers import Queries, method_of, recall
from engine.retrievers.hnsw_width import probes


@pytest.fixture(scope="module")
def planned(small_build, tmp_path_factory):
    folder = shutil.copytree(small_build, tmp_path_factory.mktemp("planned") / "sixty")
    return folder, widths.make(folder, [0.6, 0.95])


def test_a_plan_a_target_is_kept_in_the_build_and_what_it_found_was_judged_apart(planned):
    folder, known = planned
    assert recall.read(folder) == known
    assert [target.asked for target in known.targets] == [0.6, 0.95]
    assert known.targets[0].scored < known.targets[1].scored
    assert known.targets[1].recall > 0.9
    assert known.of(0.9).asked == known.of(0.95).asked == 0.95
    verify(folder, Build(folder).manifest)


def test_a_name_asks_for_it_and_the_search_goes_by_its_plan(planned):
    folder, known = planned
    build, queries = Build(folder), Queries([""] * 20, probes(np.asarray(Build(folder).embeddings), 5)[:20])
    by = build.retriever("generative:recall=0.6")
    assert by.plan == known.targets[0].plan
    assert (
        method_of("generative:recall=0.6")[0].told(build, method_of("generative:recall=0.6")[1]).startswith("the centroid scorer")
    )
    few, all_of = ([trace.scored for trace in one.traces(queries)] for one in (by, build.retriever("generative")))
    assert sum(few) < sum(all_of)
    allowed = np.arange(60) % 2 == 0
    under = [build.retriever(name).search(queries, 10, allowed).rows.tolist() for name in ("generative:recall=0.6", "generative")]
    assert under[0] == under[1]  # a plan is for all documents


def test_a_plan_that_found_less_than_was_asked_for_says_so(planned):
    known = planned[1]
    target = known.targets[1]
    assert "less than was asked for" in recall.told(target.model_copy(update={"recall": 0.94}), known)
    assert "less than was asked for" not in recall.told(target.model_copy(update={"recall": 0.95}), known)


def test_a_scorer_can_still_be_named(planned):
    assert method_of("generative:centroid")[1].scorer == "centroid"
    with pytest.raises(TriescopeError, match=r"generative:recall=2.*between 0\.5 and 1"):
        method_of("generative:recall=2")


def test_the_shell_chooses_tells_and_decodes_by_it(planned, told, shell):
    folder, known = planned
    listed = told("decode", folder, "a film of the sea", "--recall", "0.9")
    assert listed["strategy"] == "narrowed"
    widest = [len(step["kept"]) for step in listed["steps"]]
    assert all(count <= width for count, width in zip(widest, known.targets[1].widths, strict=False))
    code, _, err = shell("decode", folder, "a film", "--recall", "0.99")
    assert (code, "no widths were chosen for a recall of 0.99; there are those for 0.6, 0.95" in err) == (2, True)
    code, _, err = shell("decode", folder, "a film", "--recall", "0.9", "--strategy", "diverse")
    assert (code, "leave out --strategy" in err) == (2, True)
    again = told("widths", folder, "--recall", "0.9")
    assert [target["asked"] for target in again["targets"]] == [0.9]
    widths.make(folder, [0.6, 0.95])


def test_without_any_or_with_a_damaged_file_it_is_said(planned, tmp_path):
    with pytest.raises(TriescopeError, match="engine widths"):
        recall.plan_of(tmp_path, 0.9)
    (tmp_path / recall.FILE).write_text('{"nearest": 0}')
    with pytest.raises(TriescopeError, match="damaged"):
        recall.read(tmp_path)
