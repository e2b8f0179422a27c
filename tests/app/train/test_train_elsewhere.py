"""What trained scorers change on Decode and Compare: real runs of the shell on sixty films."""

import time

import numpy as np
import pytest
from safetensors.numpy import load_file

from app.common import state
from app.compare import comparing, timing
from app.decode import decoding
from engine.builds import runs
from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.retrievers import usual
from tests.app.at import said, sound, table, visit
from tests.app.conftest import HTML, WATCHED, change_run
from tests.labelled import ANYWHERE


class TestDecode:
    def test_without_a_trained_scorer_there_is_nothing_to_choose(self, untrained):
        at = visit("decode", query=WATCHED)
        assert "Scorer" not in [box.label for box in at.selectbox]
        assert "20 × query · mean" in said(at)

    @pytest.mark.parametrize(
        ("name", "total", "label"),
        [("node", "node score of node", "Total"), ("slow", "log-probabilities of the codes added up", "Total, nats")],
    )
    def test_a_trained_scorer_decodes_and_says_what_its_total_is(self, with_trained, name, total, label):
        best = Build(with_trained).decode(WATCHED, 10, scorer=name).steps[0].kept.node[0]
        at = visit("decode", query=WATCHED, scorer=name, node=str(Build(with_trained).trie.code[best]))
        assert label in {metric.label for metric in at.metric}
        written = table(at, "Identifier", "Title", "Total")
        assert written["Total"].is_monotonic_decreasing
        trace = Build(with_trained).decode(WATCHED, 10, scorer=name)
        assert np.allclose(written["Total"], trace.scores[: len(written)], atol=1e-3)
        assert f"{name}, a trained scorer of kind node" in said(at)
        captions = " ".join(caption.value for caption in at.caption)  # the glossary speaks of every kind
        assert total in captions
        assert "20 × query · mean" not in captions

    def test_the_default_scorer_is_the_first_choice(self, with_trained):
        change_run(with_trained, "node", beats_centroid=True)
        runs.choose(with_trained, "node")
        assert visit("decode", query=WATCHED).selectbox(state.SCORER).value == "node"

    @pytest.mark.parametrize("name", ["nosuch", "../../etc", HTML])
    def test_an_unknown_scorer_in_the_address_is_the_default(self, with_trained, name):
        at = visit("decode", query=WATCHED, scorer=name)
        assert at.selectbox(state.SCORER).value == runs.default(with_trained)

    def test_two_scorers_stand_side_by_side(self, with_trained):
        at = visit("decode", query=WATCHED, scorer="node", beside=f"{decoding.SAME_WITH}centroid")
        assert sum("of the exact first" in caption.value for caption in at.caption) == 2
        assert {"beam with node", "beam with centroid"} <= {text.value for text in at.text}
        assert "a trained scorer of kind node" in said(at)
        assert "20 × query · mean" in said(at)
        assert set(table(at, "What", "Rank there")["What"])

    def test_why_is_asked_of_the_scorer_that_decodes(self, with_trained):
        build = Build(with_trained)
        pinned = build.corpus.documents[7].id
        metrics = {metric.label: metric.value for metric in visit("decode", query=WATCHED, scorer="node", doc=pinned).metric}
        assert metrics["Rank if nothing were cut"] == str(build.why(WATCHED, pinned, 10, scorer="node").exact_rank)

    def test_a_strategy_that_it_cannot_serve_is_said(self, with_trained):
        at = visit("decode", query=WATCHED, scorer="node", strategy="unconstrained")
        assert len(at.error) == 1
        assert "node" in at.error[0].value

    def test_a_damaged_run_is_said_in_a_line(self, with_trained):
        change_run(with_trained, "node", weights="weights-0.safetensors")
        at = visit("decode", query=WATCHED, scorer="node")
        assert len(at.error) == 1
        assert "\n" not in at.error[0].value

    def test_a_run_that_is_trained_anew_is_opened_anew(self, with_trained):
        before = table(visit("decode", query=WATCHED, scorer="node"), "Identifier", "Title", "Total")
        other = runs.read(with_trained, "slow")
        weights = load_file(runs.folder_of(with_trained, "slow") / other.weights)
        weights["bias"] += np.linspace(0, 9, len(weights["bias"]), dtype=np.float32)
        runs.store(with_trained, other.model_copy(update={"name": "node"}), weights)
        after = table(visit("decode", query=WATCHED, scorer="node"), "Identifier", "Title", "Total")
        assert not np.allclose(before["Total"], after["Total"])


KINDS = ("generative", "look-up", "feedback", "hybrid", "reranked")


class TestCompare:
    def test_every_trained_scorer_is_a_column_and_four_are_shown(self, with_trained):
        at = visit("compare", query=WATCHED)
        box = at.multiselect(state.COLUMNS)
        named = [f"{kind}:{name}" for kind in KINDS for name in ("centroid", "node", "slow")]
        assert box.options == [*ANYWHERE, *named]
        assert len(box.value) == comparing.SHOWN
        assert box.value == comparing.shown_first(Build(with_trained))

    def test_without_a_trained_scorer_every_retriever_is_offered_and_the_usual_ones_are_shown(self, untrained):
        box = visit("compare", query=WATCHED).multiselect(state.COLUMNS)
        assert box.options == ANYWHERE
        assert box.value == usual()

    def test_columns_of_the_address_are_searched_by_their_scorers(self, with_trained):
        columns = ["generative:centroid", "generative:node", "hybrid:slow"]
        at = visit("compare", query=WATCHED, columns=columns, beams="3")
        ranked = table(at, "id", *columns).set_index("id")
        build = Build(with_trained)
        for column in columns:
            hits = build.search(WATCHED, column, 10, 3)[0]
            assert ranked[column].dropna().astype(int).to_dict() == {hit.id: hit.rank for hit in hits}

    def test_a_document_is_followed_through_every_column(self, with_trained):
        pinned = Build(with_trained).corpus.documents[7].id
        columns = ["dense", "generative:centroid", "generative:node"]
        at = visit("compare", query=WATCHED, columns=columns, doc=pinned)
        assert {state.plain(f"{name} rank") for name in columns} <= {metric.label for metric in at.metric}
        assert {"Fate, generative:centroid", "Fate, generative:node"} <= set(table(at, "Level").columns)

    @pytest.mark.parametrize("columns", [["nosuch"], ["generative:../../x", "dense"], ["bm25"], ["dense"]])
    def test_one_column_or_an_unknown_one_can_be_drawn(self, with_trained, columns):
        visit("compare", query=WATCHED, columns=columns)

    def test_no_column_asks_for_one(self, with_trained):
        at = visit("compare", query=WATCHED)
        at.multiselect(state.COLUMNS).set_value([]).run()
        assert "at least one column" in sound(at).info[0].value

    def test_a_damaged_run_is_said_in_its_own_column(self, with_trained):
        change_run(with_trained, "node", weights="weights-0.safetensors")
        at = visit("compare", query=WATCHED, columns=["dense", "generative:node"])
        assert len(at.error) == 1
        assert list(table(at, "id").columns) == ["id", "title", "dense"]

    def test_a_slow_retriever_is_timed_less_often(self, with_trained, monkeypatch):
        build = Build(with_trained)

        def slow(query, name, k, beams, vector, allowed):
            time.sleep(0.25)
            return [Hit(1, "a", "A", 1.0, "1", "x")], {"search": 250.0}

        monkeypatch.setattr(build, "search", slow)
        start = time.monotonic()
        found = timing.timed(build, f"slow {start}", "generative:node", 10, 50, np.zeros(384, np.float32))
        assert time.monotonic() - start < 2
        assert found == (250.0, timing.FEWEST)

    def test_the_lists_do_not_wait_for_the_times_which_come_when_asked_for(self, with_trained):
        at = visit("compare", query=WATCHED)
        assert len(table(at, "id"))
        assert not [frame for frame in at.dataframe if "Runs" in frame.value.columns]
        at = sound(next(button for button in at.button if button.key == "time-them").click().run())
        times = table(at, "Retriever", "ms", "Runs")
        assert list(times["Retriever"]) == list(table(at, "id").columns)[2:]
        assert (times["ms"] > 0).all()
        assert times["Runs"].between(timing.FEWEST, timing.REPEATS).all()
