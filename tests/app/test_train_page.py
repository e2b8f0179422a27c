"""Train as a script, and what trained scorers change on Decode and Compare: real runs of the shell on sixty films."""

import json
import time

import numpy as np
import pytest
from safetensors.numpy import load_file
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from app import comparing, decoding, jobs, state, train_form, trained, training
from engine import paths, runs
from engine.cli import app as shell
from engine.scorers.trained import KINDS, kind
from engine.store import Build, Hit
from engine.training.loss_options import LOSSES
from engine.training.pairs import SOURCES
from engine.training.spec import TrainSpec
from tests.app.conftest import WATCHED

PATIENCE_S = 120
HTML = "<script>alert(1)</script> :red[no] **bold**"


def visit(page: str, **parameters: str | list[str]) -> AppTest:
    at = AppTest.from_file(str(paths.ROOT / "app" / "main.py"), default_timeout=90)
    at.switch_page(f"../pages/{page}.py")
    at.query_params = dict(parameters)
    return sound(at.run())


def sound(at: AppTest) -> AppTest:
    assert [error.value for error in at.exception] == []
    return at


def table(at: AppTest, *columns: str):
    return next(frame.value for frame in at.dataframe if set(columns) <= set(frame.value.columns))


def button(at: AppTest, label: str):
    return next(button for button in at.button if button.label == label)


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def said(at: AppTest) -> str:
    return " ".join(element.value for kind in (at.markdown, at.caption, at.text) for element in kind)


def wait_for(condition, what: str):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    return pytest.fail(f"waited {PATIENCE_S} s for {what}")


def change_run(folder, name: str, **changes) -> None:
    path = runs.folder_of(folder, name) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


@pytest.fixture(autouse=True)
def no_job_stays():
    yield
    for job in jobs.registry().values():
        if job.process.poll() is None:
            job.process.kill()
            job.process.wait(10)
    jobs.registry().clear()


@pytest.fixture
def untrained(with_trained):
    for name in ("node", "slow"):
        runs.remove(with_trained, name)
    return with_trained


class TestBeforeTheFirst:
    def test_two_sentences_and_one_button_with_what_it_takes(self, untrained):
        at = visit("train")
        assert labels(at) == ["Train node"]
        assert not at.dataframe
        assert "is not trained" in said(at)
        assert "60 title" in said(at)
        assert "queries \\(split dev\\)" in said(at)

    def test_the_identifiers_are_said_to_belong_to_the_build(self, untrained):
        at = visit("train")
        assert "rq-kmeans 4 × 4" in said(at)
        assert "Which identifiers?" in [link.proto.label for link in at.get("page_link")]

    @pytest.mark.parametrize("name", KINDS)
    def test_options_sources_and_losses_are_fields(self, untrained, name):
        at = visit("train", kind=name)
        keys = {field.key for field in [*at.number_input, *at.selectbox, *at.text_input]}
        assert {f"{name}-{option.name}" for option in kind(name).options} <= keys
        assert {f"loss-False-{option.name}" for option in LOSSES} <= keys
        assert {f"mix-False-{source}" for source in SOURCES} <= keys
        assert labels(at) == [f"Train {name}"]

    @pytest.mark.parametrize(
        ("key", "value", "told"),
        [
            ("train-name", "../../etc", "cannot name"),
            ("train-name", "centroid", "cannot name"),
            ("train-name", HTML, "cannot name"),
        ],
    )
    def test_a_name_that_cannot_be_used_is_said_and_nothing_can_be_started(self, untrained, key, value, told):
        at = visit("train")
        at.text_input(key).set_value(value).run()
        assert told in sound(at).error[0].value
        assert labels(at) == []

    def test_a_mix_of_nothing_is_said(self, untrained):
        at = visit("train")
        for source in ("title", "sentence", "span"):
            at.number_input(f"mix-False-{source}").set_value(0.0)
        assert "nothing to learn from" in sound(at.run()).error[0].value

    def test_what_is_typed_is_what_is_asked_for(self, untrained, monkeypatch):
        asked = []
        monkeypatch.setattr(training, "start", lambda *given: asked.append(given))
        at = visit("train", kind="transformer", minutes="0.5")
        at.text_input("train-name").set_value("mine")
        at.selectbox("transformer-size").select("tiny")
        at.number_input("mix-False-template").set_value(3.0)
        at.number_input("loss-False-margin").set_value(0.5)
        at.number_input("train-batch").set_value(8)
        at.text_input("watch-dev-0").set_value("robots")
        at.text_input("watch-dev-1").set_value("")
        at.text_input("watch-dev-2").set_value("?!")
        at = sound(at.run())
        button(at, "Train mine").click().run()
        ((folder, name, spec),) = asked
        assert (folder, name) == (untrained, "mine")
        assert (spec.scorer, spec.minutes, spec.batch, spec.train, spec.dev) == ("transformer", 0.5, 8, "", "dev")
        assert (spec.settings["size"], spec.losses["margin"], spec.losses["soft"], spec.mix["template"]) == (
            "tiny",
            0.5,
            1.0,
            3.0,
        )
        assert spec.watch == ("robots",)


class TestArguments:
    def test_the_shell_reads_back_what_was_asked(self, with_trained, monkeypatch):
        read = []
        monkeypatch.setattr(
            "engine.training.train.train", lambda folder, spec, name, tell: read.append((folder, name, spec)) or 1 / 0
        )
        spec = TrainSpec(
            scorer="t5", settings={"size": "tiny", "checkpoint": None, "dropout": 0.25}, train="", dev="dev", mix={"title": 1.0},
            losses={"soft": 0.5}, teacher="bm25+dense", per_document=7, cold=0.125, batch=33, beams=9, evaluate_every=4,
            patience=2, minutes=0.25, steps=11, watch=("-x = y", "b"), seed=5,
        )  # fmt: skip
        result = CliRunner().invoke(shell, training.arguments(with_trained, "mine", spec.model_dump(mode="json")))
        assert isinstance(result.exception, ZeroDivisionError)
        ((folder, name, found),) = read
        assert (folder, name) == (with_trained, "mine")
        assert found == spec.model_copy(update={"settings": {"size": "tiny", "dropout": 0.25}})


class TestFinishedRuns:
    def test_they_stand_side_by_side_with_what_was_asked_differently(self, with_trained):
        at = visit("train")
        rows = table(at, "Run", "Beats centroid").set_index("Run")
        assert set(rows.index) == {"node", "slow"}
        for name, row in rows.iterrows():
            run = runs.read(with_trained, str(name))
            assert row["nDCG@10"] == run["dev"]["trained"]["nDCG@10"]["mean"]
            assert row["Low"] <= row["nDCG@10"] <= row["High"]
            assert row["Centroid"] == run["dev"]["centroid"]["nDCG@10"]["mean"]
            assert row["Seed"] == 0
        different = table(at, "Setting", "node", "slow")
        assert different[["Setting", "node", "slow"]].values.tolist() == [["settings: softmax", "level", "siblings"]]

    def test_one_is_told_in_detail(self, with_trained):
        at = visit("train", run="slow")
        run = runs.read(with_trained, "slow")
        assert "What slow learned" in [heading.value for heading in at.subheader]
        history = table(at, "Step", "Loss")
        assert history["Step"].tolist() == [entry["step"] for entry in run["history"]]
        assert "seed 0" in said(at).lower()
        assert "cores" in said(at)
        found = table(at, "Verdict", "What it says")
        kept = next(entry for entry in run["history"] if entry["step"] == run["best_step"])
        assert found["What it says"].tolist() == [one["says"] for one in kept["detectors"]]

    def test_each_evaluation_can_be_looked_at(self, with_trained):
        at = visit("train", run="node")
        history = runs.read(with_trained, "node")["history"]
        for entry in history[:2]:
            slider = next(slider for slider in at.select_slider if slider.key.startswith("at-node"))
            at = sound(slider.set_value(entry["step"]).run())
            (now,) = entry["watched"]
            assert table(at, "Rank", "Before")["Title"].tolist() == [hit["title"] for hit in now["hits"]]
            beams = table(at, "Level", "Share")
            assert beams["Prefix"].tolist() == [beam["prefix"] for level in now["levels"] for beam in level["kept"]]
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
        dev = runs.read(with_trained, "node")["dev"]
        change_run(with_trained, "node", beats_centroid=True, dev=dev | {"p": 0.01})
        runs.choose(with_trained, runs.CENTROID)
        at = visit("train", run="node")
        assert "beats the centroid scorer" in at.success[0].value
        at = sound(button(at, "Use this one").click().run())
        assert runs.default(with_trained) == "node"
        assert table(at, "Run", "Default").set_index("Run")["Default"].to_dict() == {"node": True, "slow": False}
        sound(button(at, "Use the centroid scorer").click().run())
        assert runs.default(with_trained) == runs.CENTROID

    def test_one_that_beats_it_by_what_chance_does_is_not_cheered(self, with_trained):
        dev = runs.read(with_trained, "node")["dev"]
        change_run(with_trained, "node", beats_centroid=True, dev=dev | {"p": 0.4})
        at = visit("train", run="node")
        assert not at.success
        assert any("within what chance does" in info.value for info in at.info)

    def test_one_that_has_become_worse_meanwhile_is_refused_in_a_line(self, with_trained):
        change_run(with_trained, "node", beats_centroid=True)
        runs.choose(with_trained, runs.CENTROID)
        at = visit("train", run="node")
        change_run(with_trained, "node", beats_centroid=False)
        assert "does not beat" in sound(button(at, "Use this one").click().run()).error[0].value

    def test_titles_and_queries_are_written_letter_by_letter(self, with_trained):
        history = runs.read(with_trained, "node")["history"]
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


def test_a_training_is_watched_cancelled_resumed_and_discarded(untrained):
    spec = TrainSpec(
        train="", steps=100_000, evaluate_every=5, patience=1000, batch=8, beams=2, mix={"title": 1.0}, watch=(WATCHED,)
    )
    training.start(untrained, "long", spec)
    wait_for(lambda: len(runs.history(untrained, "long")) > 2 and training.left_steps(untrained, "long"), "two evaluations")
    assert training.busy(untrained, "long")
    at = visit("train")
    assert labels(at) == ["Cancel"]
    assert {"Steps", "Loss", "Steps per second", "Dev nDCG@10"} <= {metric.label for metric in at.metric}
    training.start(untrained, "another", spec)
    assert jobs.registry()[training.job_name(untrained)].run == "long"

    # Another server, or a shell, has no such job, but sees that the run's folder is locked.
    job = jobs.registry().pop(training.job_name(untrained))
    elsewhere = visit("train")
    assert "A shell is training long" in elsewhere.info[0].value
    assert "Resume" not in labels(elsewhere)
    assert "Steps" in {metric.label for metric in elsewhere.metric}
    jobs.registry()[training.job_name(untrained)] = job

    at = sound(button(at, "Cancel").click().run())
    assert "cancelled" in at.warning[0].value
    reached = training.left_steps(untrained, "long")
    assert reached >= 5
    assert not training.busy(untrained, "long")
    assert {"Resume", "Discard", "Train node"} == set(labels(at))
    assert f"after {reached:,} steps" in said(at).replace("\\", "")

    at = sound(button(at, "Resume").click().run())
    assert labels(at)[0] == "Cancel"
    wait_for(lambda: training.left_steps(untrained, "long") > reached, "the resumed training to go on")
    steps = [entry["step"] for entry in runs.history(untrained, "long")]
    assert steps == sorted(set(steps))
    assert steps[0] == 0

    at = sound(button(at, "Cancel").click().run())
    at = sound(button(at, "Discard").click().run())
    assert runs.unfinished(untrained) == []
    assert labels(at) == ["Train node"]


class TestDecode:
    def test_without_a_trained_scorer_there_is_nothing_to_choose(self, untrained):
        at = visit("decode", query=WATCHED)
        assert "Scorer" not in [box.label for box in at.selectbox]
        assert "20 × query · mean" in said(at)

    @pytest.mark.parametrize(
        ("name", "total"), [("node", "node score of node"), ("slow", "log-probabilities of the codes added up")]
    )
    def test_a_trained_scorer_decodes_and_says_what_its_total_is(self, with_trained, name, total):
        at = visit("decode", query=WATCHED, scorer=name)
        written = table(at, "Identifier", "Title", "Total")
        assert written["Total"].is_monotonic_decreasing
        trace = Build(with_trained).decode(WATCHED, 10, scorer=name)
        assert np.allclose(written["Total"], trace.scores[: len(written)], atol=1e-3)
        assert f"{name}, a trained scorer of kind node" in said(at)
        assert total in said(at)
        assert "20 × query · mean" not in said(at)

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
        weights = load_file(runs.folder_of(with_trained, "slow") / other["weights"])
        weights["bias"] += np.linspace(0, 9, len(weights["bias"]), dtype=np.float32)
        runs.store(with_trained, "node", other, weights)
        after = table(visit("decode", query=WATCHED, scorer="node"), "Identifier", "Title", "Total")
        assert not np.allclose(before["Total"], after["Total"])


class TestCompare:
    def test_every_trained_scorer_is_a_column_and_five_are_shown(self, with_trained):
        at = visit("compare", query=WATCHED)
        box = at.multiselect(state.COLUMNS)
        named = [f"{kind}:{name}" for kind in ("generative", "hybrid") for name in ("centroid", "node", "slow")]
        assert box.options == ["bm25", "dense", "generative", "hybrid", *named]
        assert len(box.value) == comparing.SHOWN
        assert box.value[:4] == ["bm25", "dense", "generative", "hybrid"]
        assert box.value[4] in ("generative:node", "generative:slow")

    def test_without_a_trained_scorer_there_are_the_four(self, untrained):
        assert visit("compare", query=WATCHED).multiselect(state.COLUMNS).options == ["bm25", "dense", "generative", "hybrid"]

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
        assert {f"{name} rank" for name in columns} <= {metric.label for metric in at.metric}
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

        def slow(query, name, k, beams, vector):
            time.sleep(0.25)
            return [Hit(1, "a", "A", 1.0, "1", "x")], {"search": 250.0}

        monkeypatch.setattr(build, "search", slow)
        start = time.monotonic()
        found = comparing.column(build, f"slow {start}", "generative:node", 10, 50, np.zeros(384, np.float32))
        assert time.monotonic() - start < 2
        assert (found.repeats, found.search_ms, len(found.hits)) == (comparing.FEWEST, 250.0, 1)


def test_the_estimate_is_told_with_its_parts():
    found = {"pairs": {"judged": 20, "title": 1201}, "to_embed": 30, "seconds_to_embed": 0.1, "dev": {"queries": 9, "from": "x"}}
    assert train_form.told(found, TrainSpec(minutes=2)) == (
        "It learns from 20 judged and 1,201 title pairs and watches 9 queries (x). 30 texts are embedded first, about 1 s on two "
        "cores; then it trains for 2 minutes, less if it stops getting better."
    )
    told = train_form.told(found | {"to_embed": 0}, TrainSpec(steps=7, mix={"generated": 1.0}))
    assert "All texts are embedded already; then it trains for 7 steps" in told
    assert "generated ones" in told


def test_documents_kept_out_are_told_apart():
    value = {"mean": 0.5, "low": 0.25, "high": 0.75}

    def page():
        from app import trained

        value = {"mean": 0.5, "low": 0.25, "high": 0.75}
        trained.cold({"documents": 9, "queries": 3, "trained": {"nDCG@10": value}, "centroid": {"nDCG@10": value}})
        trained.cold({"documents": 9, "queries": 0})

    at = sound(AppTest.from_function(page).run())
    assert at.dataframe[0].value["Trained"].tolist() == [trained._interval(value)]
    assert "nothing can be said" in said(at)


def test_a_field_is_what_its_option_says():
    def page():
        import streamlit as st

        from app.fields import field
        from engine.options import Option

        for option in (
            Option("rate", float, 5e-4, 1e-6, 1e-1, "h"), Option("width", int, 8, 1, 99, "h"),
            Option("auto", float, None, 0.1, 1.0, "h"), Option("size", str, "small", None, None, "h", ("tiny", "small")),
            Option("folder", str, None, None, None, "h"),
        ):  # fmt: skip
            st.text(repr(field("x", option)))

    at = sound(AppTest.from_function(page).run())
    assert [text.value for text in at.text] == ["0.0005", "8", "None", "'small'", "None"]
    assert at.number_input("x-rate").step == 1e-4
    at.text_input("x-folder").set_value(" here ")
    assert sound(at.run()).text[-1].value == "'here'"
