"""Train as a script where there are runs: side by side, one in detail, used, deleted, damaged; real ones, on sixty films."""

import json

import pytest

from app.charts import curves
from app.common import state
from app.train import runs as trained
from engine.builds import runs
from tests.app.at import button, infos, said, sound, table, visit
from tests.app.conftest import HTML, WATCHED, change_run

SURE = {"mean": 0.1, "low": 0.05, "high": 0.15, "p": 0.0001, "holm": 0.0001}


def sure(build, name, **changes):
    """Let a run be certainly better than the centroid scorer, but for some changes."""
    dev = runs.read(build, name).as_json()["dev"] | {"apart": True, "difference": SURE} | changes
    change_run(build, name, beats_centroid=True, labelled=True, dev=dev)


class TestFinishedRuns:
    def test_they_stand_side_by_side_with_what_was_asked_differently(self, with_trained):
        at = visit("train")
        rows = table(at, "Run", "Beats centroid").set_index("Run")
        assert set(rows.index) == {"node", "slow"}
        for name, row in rows.iterrows():
            run = runs.read(with_trained, str(name))
            assert row["nDCG@10"] == run.dev.trained["nDCG@10"].mean
            assert row["Low"] <= row["nDCG@10"] <= row["High"]
            assert row["Centroid"] == run.dev.centroid["nDCG@10"].mean
            assert row["BM25"] == run.dev.beside["bm25"]["nDCG@10"].mean
            assert row["Dense"] == run.dev.beside["dense"]["nDCG@10"].mean
            assert row["Beats centroid"] == run.surely_better
            assert row["Seed"] == 0
        different = table(at, "Setting", "node", "slow")
        assert different[["Setting", "node", "slow"]].values.tolist() == [["settings: softmax", "level", "siblings"]]

    def test_one_is_told_in_detail(self, with_trained):
        at = visit("train", run="slow")
        run = runs.read(with_trained, "slow")
        assert "What slow learned" in [heading.value for heading in at.header]
        history = table(at, "Step", "Loss")
        assert history["Step"].tolist() == [entry.step for entry in run.history]
        assert "seed 0" in said(at).lower()
        assert "cores" in said(at)
        found = table(at, "Verdict", "What it says")
        kept = next(entry for entry in run.history if entry.step == run.best_step)
        assert found["What it says"].tolist() == [one.says for one in kept.detectors]

    def test_each_evaluation_can_be_looked_at(self, with_trained):
        at = visit("train", run="node")
        history = runs.read(with_trained, "node").history
        for entry in history[:2]:
            slider = next(slider for slider in at.select_slider if slider.key.startswith("at-node"))
            at = sound(slider.set_value(entry.step).run())
            (now,) = entry.watched
            assert table(at, "Rank", "Before")["Title"].tolist() == [hit.title for hit in now.hits]
            beams = table(at, "Level", "Share")
            assert beams["Prefix"].tolist() == [beam.prefix for level in now.levels for beam in level.kept]
            assert (beams["Words"] != "").all()
        assert WATCHED in said(at)

    def test_one_that_does_not_beat_the_centroid_scorer_cannot_be_used_and_that_is_said(self, with_trained):
        change_run(with_trained, "node", beats_centroid=False)
        runs.choose(with_trained, runs.CENTROID)
        at = visit("train", run="node")
        assert "does not beat the centroid scorer" in at.warning[0].value
        assert "not made the build" in at.warning[0].value
        assert button(at, "Use this one").disabled

    def test_one_that_beats_it_can_be_used_and_given_back(self, with_trained):
        sure(with_trained, "node")
        runs.choose(with_trained, runs.CENTROID)
        at = visit("train", run="node")
        assert "beats the centroid scorer" in at.success[0].value
        assert "difference +0.100 [+0.050, +0.150], paired p at most .0001" in at.success[0].value.replace("\\", "")
        at = sound(button(at, "Use this one").click().run())
        assert runs.default(with_trained) == "node"
        assert table(at, "Run", "Default").set_index("Run")["Default"].to_dict() == {"node": True, "slow": False}
        sound(button(at, "Use the centroid scorer").click().run())
        assert runs.default(with_trained) == runs.CENTROID

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"difference": {"mean": 0.1, "low": -0.1, "high": 0.3, "p": 0.4, "holm": 0.4}}, "within what chance does"),
            ({"apart": False}, "fewer than 12 development queries"),
        ],
    )
    def test_one_that_beats_it_on_less_is_not_cheered_and_can_be_used(self, with_trained, changes, words):
        sure(with_trained, "node", **changes)
        runs.choose(with_trained, runs.CENTROID)
        at = visit("train", run="node")
        assert not at.success
        assert table(at, "Run", "Beats centroid").set_index("Run").loc["node", "Beats centroid"] == ("apart" in changes)
        assert any(words in info.value and "by itself" in info.value for info in at.info)
        sound(button(at, "Use this one").click().run())
        assert runs.default(with_trained) == "node"

    def test_the_p_of_each_run_is_corrected_for_the_others_of_the_table(self, with_trained):
        sure(with_trained, "node", difference=SURE | {"p": 0.03})
        sure(with_trained, "slow", difference=SURE | {"p": 0.2})
        rows = table(visit("train"), "Run", "Difference", "p").set_index("Run")
        assert rows["p"].to_dict() == {"node": ".060", "slow": ".200"}
        assert rows.loc["node", "Difference"] == "+0.100 [+0.050, +0.150]"

    def test_one_that_has_become_worse_meanwhile_is_refused_in_a_line(self, with_trained):
        change_run(with_trained, "node", beats_centroid=True)
        runs.choose(with_trained, runs.CENTROID)
        at = visit("train", run="node")
        change_run(with_trained, "node", beats_centroid=False)
        assert "does not beat" in sound(button(at, "Use this one").click().run()).error[0].value

    def test_titles_and_queries_are_written_letter_by_letter(self, with_trained):
        history = runs.read(with_trained, "node").as_json()["history"]
        for entry in history:
            entry["detectors"].append({"name": HTML, "value": 0.0, "verdict": "watch", "says": HTML})
            for now in entry["watched"]:
                now["query"] = HTML
                for hit in now["hits"]:
                    hit["title"] = HTML
        change_run(with_trained, "node", history=history, stopped=HTML, device=HTML)
        at = visit("train", run="node")
        assert HTML in [text.value for text in at.text]
        assert HTML in table(at, "Rank", "Before")["Title"].tolist()
        for element in (*at.markdown, *at.caption, *at.warning, *at.success):
            assert HTML not in element.value
            assert ":red[" not in element.value

    def test_one_that_an_older_version_trained_has_no_figures_of_keyword_and_vector_search(self, with_trained):
        dev = runs.read(with_trained, "node").as_json()["dev"]
        del dev["beside"]
        change_run(with_trained, "node", dev=dev)
        rows = table(visit("train", run="node"), "Run", "BM25").set_index("Run")
        assert rows["BM25"].isna().to_dict() == {"node": True, "slow": False}

    def test_the_line_to_cross_is_of_the_queries_of_the_curve_where_others_judged_the_run(self, with_trained):
        run = runs.read(with_trained, "node")
        (first, *later), judged = run.history, run.dev.centroid["nDCG@10"]
        told = run.model_copy(
            update={
                "dev": run.dev.model_copy(update={"apart": True}),
                "history": (
                    first.model_copy(update={"centroid": {"nDCG@10": 0.125}, "beside": {"bm25": {"nDCG@10": 0.5}}}),
                    *later,
                ),
            }
        )
        assert trained.floor(told) == curves.Floor(0.125, None, {"BM25": 0.5})
        old = told.model_copy(update={"history": (first.model_copy(update={"centroid": {}}), *later)})
        beside = {name: run.dev.beside[key]["nDCG@10"].mean for name, key in trained.BESIDE.items() if key in run.dev.beside}
        of_judging = curves.Floor(judged.mean, (judged.low, judged.high), beside)
        assert trained.floor(old) == of_judging
        assert trained.floor(run.model_copy(update={"dev": run.dev.model_copy(update={"apart": False})})) == of_judging

    def test_every_evaluation_keeps_what_needs_no_training_has_on_its_queries(self, with_trained):
        entry = runs.read(with_trained, "node").history[0]
        assert set(entry.beside) == {"bm25", "dense"}
        assert set(entry.beside["dense"]) == set(entry.dev)
        assert trained.floor_of(entry, "nDCG@10").beside.keys() == {"BM25", "Dense"}

    def test_one_that_was_judged_on_made_up_queries_says_so(self, with_trained):
        sure(with_trained, "node", **{"from": "10% of the pseudo-queries, held out"})
        change_run(with_trained, "node", labelled=False)
        at = visit("train", run="node")
        assert "made-up queries" in infos(at)
        assert table(at, "Run", "Asked").set_index("Run")["Asked"].to_dict() == {
            "node": "made-up queries",
            "slow": runs.read(with_trained, "slow").asked,
        }

    def test_what_was_there_before_the_first_step_is_said(self, with_trained):
        history = runs.read(with_trained, "node").as_json()["history"]
        for entry, value in zip(history, (0.9, 0.95), strict=False):
            entry["dev"]["nDCG@10"], entry["centroid"]["nDCG@10"] = value, 0.5
        change_run(with_trained, "node", history=history, best_step=history[1]["step"])
        assert "Most of the gain was there before the first step: nDCG@10 0.500" in infos(visit("train", run="node")).replace(
            "\\", ""
        )

    def test_one_is_deleted(self, with_trained):
        at = visit("train", run="node")
        at = sound(button(at, "Delete node for good").click().run())
        assert runs.names(with_trained) == ["slow"]
        assert at.selectbox(state.RUN).value == "slow"

    @pytest.mark.parametrize("name", ["nosuch", "../../etc", HTML, ""])
    def test_an_unknown_run_in_the_address_is_the_newest(self, with_trained, name):
        assert visit("train", run=name).selectbox(state.RUN).value in ("node", "slow")

    @pytest.mark.parametrize("content", ["{", "[]", '{"name": "node"}', None])
    def test_a_damaged_run_is_said_and_the_others_are_shown(self, with_trained, content):
        path = runs.folder_of(with_trained, "node") / "run.json"
        known = json.loads(path.read_text("utf-8"))
        del known["history"]
        path.write_text(json.dumps(known) if content is None else content, "utf-8")
        at = visit("train")
        assert len(at.error) == 1
        assert "damaged" in at.error[0].value
        assert table(at, "Run")["Run"].tolist() == ["slow"]
