"""Train as a script before there is a run, and a training from its start to its end: real ones, on sixty films."""

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from app.common import jobs
from app.train import form as train_form
from app.train import job as training
from app.train import presets
from engine.builds import runs
from engine.cli.main import app as shell
from engine.jobs.registry import Registry
from engine.options import options_of
from engine.scorers.kinds import KINDS, kind
from engine.training.losses import OPTIONS as LOSSES
from engine.training.pairs.sources import SOURCES
from engine.training.spec import WITH_LABELS, WITHOUT_LABELS, TrainSpec, usual_losses
from tests.app.at import button, labels, said, sound, visit, wait_for
from tests.app.conftest import HTML, WATCHED

PRESETS = ["With labels", "Without labels", "Quick"]


def begun(at: AppTest) -> list[str]:
    """Buttons that do something, beside the presets, which fill the form."""
    return [label for label in labels(at) if label not in PRESETS]


class TestBeforeTheFirst:
    def test_two_sentences_and_one_button_with_what_it_takes(self, untrained):
        at = visit("train")
        assert begun(at) == ["Train node"]
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
        called = {field.label for field in [*at.number_input, *at.selectbox, *at.text_input]}
        assert not called & {option.name for option in kind(name).options}  # words, no bare names
        assert all(option.label in called for option in [*kind(name).options, *LOSSES])
        assert begun(at) == [f"Train {name}"]

    def test_every_field_of_the_spec_is_a_field_of_the_form_with_its_default_and_help(self, untrained):
        at = visit("train")
        drawn = {field.key: field for field in [*at.number_input, *at.selectbox, *at.text_input]}
        keys = {"scorer": "kind", "train": "train-split", "dev": "dev-split", "minutes": "minutes", "teacher": "teacher"}
        many = {"settings": "node-hidden", "mix": "mix-False-title", "losses": "loss-False-soft", "watch": "watch-dev-0"}
        for option in options_of(TrainSpec):
            if option.type is list:
                assert many[option.name] in drawn
                continue
            field = drawn[keys.get(option.name, f"train-{option.name}")]
            assert field.help.startswith(option.help), option.name
            assert field.label == option.label
            # Sixty films have no train split, which is said by choosing none.
            assert field.value == ("none" if option.name == "train" else option.default), option.name
            if option.type in (int, float):
                assert (field.min, field.max) == (option.low, option.high), option.name
        # Without judged queries both shell and form learn from the teacher alone.
        assert {name: drawn[f"loss-False-{name}"].value for name in usual_losses(False)} == usual_losses(False)

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
        assert begun(at) == []

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
        at.button("train").click().run()  # straight away: nothing ran since the last field was left
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


class TestPresets:
    def test_one_sets_split_minutes_shares_and_weights_over_what_was_typed(self, untrained):
        at = visit("train", minutes="7")
        at.number_input("mix-False-span").set_value(9.0)
        at.number_input("loss-False-margin").set_value(2.0)
        at = sound(at.run())
        at = sound(at.button("preset-Without labels").click().run())
        assert (at.number_input("minutes").value, at.selectbox("train-split").value) == (3.0, "none")
        assert {name: at.number_input(f"mix-False-{name}").value for name in WITHOUT_LABELS} == WITHOUT_LABELS
        assert {one.name: at.number_input(f"loss-False-{one.name}").value for one in LOSSES} == usual_losses(False)
        assert sound(at.button("preset-Quick").click().run()).number_input("minutes").value == presets.QUICK

    def test_without_a_split_to_learn_from_the_one_with_labels_says_so(self, untrained):
        button = visit("train").button("preset-With labels")
        assert button.disabled
        assert "no judged queries in a split train" in button.help

    def test_with_labels_the_judged_queries_are_learned_from(self, films, empty_home):
        assert presets.TRAIN_SPLIT == "train-split"
        at = AppTest.from_function(_form_with_labels).run()
        at = at.button("preset-With labels").click().run()
        assert at.selectbox("train-split").value == "train"
        assert {name: at.number_input(f"mix-True-{name}").value for name in WITH_LABELS} == WITH_LABELS


def _form_with_labels() -> None:
    import streamlit as st

    from app.train import form, presets

    presets.offer(["train", "dev"])
    split = form._split("train", ["train", "dev"])
    form._field("minutes", step=0.5, key=presets.MINUTES)
    form._pairs(split != presets.NO_SPLIT)
    st.write(split)


class TestArguments:
    def test_the_shell_reads_back_what_was_asked(self, with_trained, monkeypatch):
        read = []
        monkeypatch.setattr(
            "engine.training.train.train", lambda folder, spec, name, tell: read.append((folder, name, spec)) or 1 / 0
        )
        spec = TrainSpec(
            scorer="t5",
            settings={"size": "tiny", "checkpoint": None, "dropout": 0.25},
            train="",
            dev="dev",
            mix={"title": 1.0},
            losses={"soft": 0.5},
            teacher="bm25+dense",
            per_document=7,
            cold=0.125,
            batch=33,
            beams=9,
            evaluate_every=4,
            patience=2,
            minutes=0.25,
            steps=11,
            watch=("-x = y", "b"),
            seed=5,
        )
        result = CliRunner().invoke(shell, training.arguments(with_trained, "mine", spec.model_dump(mode="json")))
        assert isinstance(result.exception, ZeroDivisionError)
        ((folder, name, found),) = read
        assert (folder, name) == (with_trained, "mine")
        assert found == spec.model_copy(update={"settings": {"size": "tiny", "dropout": 0.25}})


def test_a_training_is_watched_cancelled_resumed_and_discarded(untrained, monkeypatch):
    spec = TrainSpec(
        train="", steps=100_000, evaluate_every=5, patience=1000, batch=8, beams=2, mix={"title": 1.0}, watch=(WATCHED,)
    )
    training.start(untrained, "long", spec)
    wait_for(lambda: len(runs.history(untrained, "long")) > 2 and training.left_steps(untrained, "long"), "two evaluations")
    assert training.busy(untrained, "long")
    at = visit("train")
    assert begun(at) == ["Cancel"]
    assert {"Steps", "Loss", "Steps per second", "Dev nDCG@10"} <= {metric.label for metric in at.metric}
    training.start(untrained, "another", spec)
    assert jobs.registry().get(training.job_name(untrained)).label == "long"

    # Another server, or a shell, has no such job, but sees that the run's folder is locked.
    with monkeypatch.context() as another:
        another.setattr(jobs, "registry", Registry)
        elsewhere = visit("train")
    assert "A shell is training long" in elsewhere.info[0].value
    assert "Resume" not in labels(elsewhere)
    assert "Steps" in {metric.label for metric in elsewhere.metric}

    at = sound(button(at, "Cancel").click().run())
    assert "cancelled" in at.warning[0].value
    reached = training.left_steps(untrained, "long")
    assert reached >= 5
    assert not training.busy(untrained, "long")
    assert {"Resume", "Discard", "Train node"} == set(begun(at))
    assert f"after {reached:,} steps" in said(at).replace("\\", "")

    at = sound(button(at, "Resume").click().run())
    assert begun(at)[0] == "Cancel"
    wait_for(lambda: training.left_steps(untrained, "long") > reached, "the resumed training to go on")
    steps = [entry.step for entry in runs.history(untrained, "long")]
    assert steps == sorted(set(steps))
    assert steps[0] == 0

    at = sound(button(at, "Cancel").click().run())
    at = sound(button(at, "Discard").click().run())
    assert runs.unfinished(untrained) == []
    assert begun(at) == ["Train node"]


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
    def page():
        from app.train.runs import cold
        from engine.builds.trained import Cold

        value = {"nDCG@10": {"mean": 0.5, "low": 0.25, "high": 0.75}}
        cold(Cold(documents=9, queries=3, trained=value, centroid=value))
        cold(Cold(documents=9, queries=0))

    at = sound(AppTest.from_function(page).run())
    assert at.dataframe[0].value["Trained"].tolist() == ["0.500 [0.250, 0.750]"]
    assert "nothing can be said" in said(at)


def test_a_field_is_what_its_option_says():
    def page():
        import streamlit as st

        from app.common.fields import field
        from engine.options import Option

        for option in (
            Option("rate", float, 5e-4, "h", 1e-6, 1e-1),
            Option("width", int, 8, "h", 1, 99),
            Option("auto", float, None, "h", 0.1, 1.0),
            Option("size", str, "small", "h", choices=("tiny", "small")),
            Option("folder", str, None, "h"),
        ):
            st.text(repr(field("x", option)))

    at = sound(AppTest.from_function(page).run())
    assert [text.value for text in at.text] == ["0.0005", "8", "None", "'small'", "None"]
    assert at.number_input("x-rate").step == 1e-4
    at.text_input("x-folder").set_value(" here ")
    assert sound(at.run()).text[-1].value == "'here'"
