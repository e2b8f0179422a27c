"""Two builds on the Evaluate page: the same judged queries asked of both, the differences with their intervals."""

import pytest

from app.common import guard, state
from app.evaluate import two_builds
from engine.evaluation.two_builds import figures
from tests.app.at import button, infos, said, sound, table, visit

ASKED = {"build": "sixty", state.B: "fewer", two_builds.SPLIT: "test", two_builds.NAMES: ["bm25", "dense"]}


def test_both_are_asked_after_a_press_and_by_the_link_that_it_leaves(two):
    at = visit("evaluate", **ASKED)
    assert not [frame for frame in at.dataframe if "B − A" in frame.value]
    at = sound(button(at, "Ask both").click().run())
    assert at.query_params[two_builds.ASKED] in ("test", ["test"])
    rows = table(at, "B − A")
    queries, found = figures(*two, "test", ["bm25", "dense"])
    of_first = [of for of in found if of.measure == "nDCG@10"]
    assert rows["Retriever"].tolist() == [of.retriever for of in of_first]
    assert rows["B − A"].str.split().str[0].tolist() == [f"{of.difference.mean:+.3f}" for of in of_first]
    assert f"{queries} queries of test" in said(at)
    again = table(visit("evaluate", **ASKED, **{two_builds.ASKED: "test"}), "B − A")
    assert again.equals(rows)
    at = sound(at.selectbox(two_builds.SPLIT).select("dev").run())
    assert not [frame for frame in at.dataframe if "B − A" in frame.value]


@pytest.mark.usefixtures("two")
def test_a_server_that_only_shows_asks_nothing(monkeypatch):
    monkeypatch.setenv(guard.READ_ONLY, "1")
    at = visit("evaluate", **ASKED, **{two_builds.ASKED: "test"})
    assert button(at, "Ask both").disabled
    assert not [frame for frame in at.dataframe if "B − A" in frame.value]


def test_without_a_query_set_of_both_it_is_said(two, monkeypatch):
    monkeypatch.setattr(type(two[1].corpus), "qrels", {}, raising=False)
    at = visit("evaluate", build="sixty", **{state.B: "fewer"})
    assert "No split of judged queries is in both" in infos(at)
