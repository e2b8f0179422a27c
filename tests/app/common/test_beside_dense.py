"""Compare and Decode say why a decoded list is, or is not, that of dense search, with as many shared as there are."""

import re

import pytest

from app.common import beside_dense
from app.compare import comparing
from engine.builds import runs
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.retrievers import usual
from tests.app.at import said, visit
from tests.app.conftest import WATCHED, change_run


def lines(at):
    return [caption.value for caption in at.caption if " and dense:" in caption.value]


def shared(build, name, k, beams):
    found = [{hit.id for hit in build.search(WATCHED, one, k, beams)[0]} for one in (name, "dense")]
    return len(found[0] & found[1])


@pytest.mark.parametrize("beams", ["1", "100"])
def test_with_the_centroid_scorer_it_is_one_list_up_to_the_beam(untrained, beams):
    (line,) = lines(visit("compare", query=WATCHED, k="7", beams=beams))
    both = shared(Build(untrained), "generative", 7, int(beams))
    assert "by construction one list" in line
    assert f"{both} of the first 7 are shared" in line
    assert (both == 7) == (beams == "100")
    assert ("the beam cut the other" in line) == (beams == "1")


def test_a_trained_one_and_the_centroid_scorer_have_a_line_each_and_the_default_one_not_two(with_trained):
    runs.choose(with_trained, runs.CENTROID)
    at = visit("compare", query=WATCHED, columns=["generative", "generative:centroid", "generative:node"])  # dense is no column
    centroid, node = lines(at)
    assert centroid.startswith("**centroid and dense:** by construction")
    assert node.startswith("**node and dense:**")
    assert f"{shared(Build(with_trained), 'generative:node', 10, 100)} of the first 10 are shared" in node
    assert "trained to rank" in node
    assert not lines(visit("compare", query=WATCHED, columns=["bm25", "dense"]))


def test_decode_says_it_of_a_plain_beam_search_alone(with_trained):
    (line,) = lines(visit("decode", query=WATCHED, scorer="node"))
    assert f"{shared(Build(with_trained), 'generative:node', 10, 100)} of the first 10 are shared" in line
    assert not lines(visit("decode", query=WATCHED, scorer="node", strategy="greedy"))
    assert not lines(visit("decode", query=WATCHED, scorer="node", temperature="2"))


def test_where_documents_share_an_identifier_it_is_not_one_list_by_construction(empty_home):
    documents = [Document(str(row), f"thing {row}", f"text {row % 2}", {}) for row in range(8)]
    spec = BuildSpec(scheme="random", settings={"codes": 2, "levels": 1}, resolver="leave")
    build = Build(make(Corpus("c", documents, {}, {}, []), spec, empty_home / "c"))
    assert (build.trie.counts[1:] > 1).any()
    assert "by the mean of their vectors" in beside_dense.told(build, "centroid", ["1"], ["1"])
    build.passages = "some"  # dense search goes by a document's best passage: the beam has cut nothing that it misses
    told = beside_dense.told(build, "centroid", ["1"], ["2"])
    assert "0 of the first 1 are shared" in told
    assert "best of its passages" in told
    assert "cut" not in told


class TestWhatIsShownFirst:
    def test_the_best_trained_scorer_stands_beside_the_default_one_in_four_columns(self, with_trained):
        for name, gain in (("node", 0.1), ("slow", 0.2)):
            dev = runs.read(with_trained, name).as_json()["dev"]
            dev["trained"] |= {"nDCG@10": {**dev["trained"]["nDCG@10"], "mean": dev["centroid"]["nDCG@10"]["mean"] + gain}}
            change_run(with_trained, name, dev=dev, beats_centroid=True)
        runs.choose(with_trained, runs.CENTROID)
        assert runs.best(with_trained) == "slow"
        assert comparing.shown_first(Build(with_trained)) == ["bm25", "dense", "generative", "generative:slow"]
        runs.choose(with_trained, "slow")
        assert comparing.shown_first(Build(with_trained)) == usual()[:4]
        (runs.folder_of(with_trained, "slow") / "run.json").write_text("{")
        assert runs.best(with_trained) == "node"

    def test_one_that_is_not_above_the_centroid_scorer_is_no_column_by_itself(self, with_trained):
        for name in ("node", "slow"):
            dev = runs.read(with_trained, name).as_json()["dev"]
            change_run(with_trained, name, dev=dev | {"trained": dev["centroid"]})
        assert runs.best(with_trained) == ""
        assert comparing.shown_first(Build(with_trained)) == usual()[:4]


def test_it_says_of_the_films_what_the_lists_do(with_films):
    at = visit("compare", query="a heist that happens inside dreams")
    (line,) = lines(at)
    assert re.search(r"\d+ of the first 10 are shared", line)
    assert line in said(at)
