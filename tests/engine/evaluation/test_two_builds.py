"""Two builds side by side: settings, documents, identifiers kept, and figures over what is judged in both."""

import shutil

import numpy as np
import pytest

from engine.builds import living
from engine.builds.opened import Build
from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.evaluation.measures import measure
from engine.evaluation.two_builds import beside, figures


@pytest.fixture
def two(small_build, tmp_path):
    other = shutil.copytree(small_build, tmp_path / "other")
    whole = Build(other)
    judged = next(iter(whole.corpus.qrels["dev"].values()))
    gone = next(iter(judged))
    living.remove(other, [gone])
    altered = whole.documents[1]._replace(title="Another")
    living.add(other, [altered, Document("new", "New", "", {})], vectors=np.asarray(whole.embeddings[:2]))
    return Build(small_build), Build(other)


def test_what_differs_is_counted(two):
    first, second = two
    found = beside(first, second)
    assert found.asked == [("documents", 60, 60)] or found.asked == []
    assert found.documents == (59, 1, 1, 1)
    assert found.kept[0].same > 0.9
    assert beside(first, first).kept[-1].same == 1


def test_figures_are_those_of_each_and_of_their_difference(two):
    first, second = two
    queries, found = figures(first, second, "dev", ["bm25"], measures=["Recall@10"])
    qrels = first.corpus.qrels["dev"]
    assert queries == len(qrels)
    (of,) = found
    wanted = []
    for build in (first, second):
        run = {query: [hit.id for hit in build.search(build.corpus.queries[query], "bm25", 10).hits] for query in qrels}
        wanted.append(measure(qrels, run, ["Recall@10"])["Recall@10"])
    assert (of.first.mean, of.second.mean) == pytest.approx([one.mean() for one in wanted])
    assert of.difference.mean == pytest.approx((wanted[1] - wanted[0]).mean())
    assert of.difference.mean < 0, "a judged document is missing in the second"


def test_nothing_judged_in_both_is_said(two):
    with pytest.raises(TriescopeError, match="no query of split 'train' is judged alike"):
        figures(two[0], two[1], "train", ["bm25"])


def test_the_shell_tells_it(two, told):
    value = told("versus", two[0].folder, two[1].folder, "--split", "dev", "-r", "bm25")
    assert value["documents"]["changed"] == 1
    assert {of["retriever"] for of in value["figures"]} == {"bm25"}
