"""The Train page's part on cross-encoders: the form that starts one, and what is known of those that were tuned here."""

from pathlib import Path

from app.common import jobs
from engine import paths
from engine.data.figures import Difference, Interval
from engine.options import options_of
from engine.text import cross_tuned
from engine.training.encoder.spec import CrossSpec
from tests.app.at import button, said, visit
from tests.app.conftest import HTML
from tests.engine import tiny_models


def opened(at):
    at.session_state["cross"] = True
    return at.run()


def test_the_form_asks_for_what_the_spec_takes_and_starts_the_command(with_trained, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start_command", lambda name, arguments, **more: started.append((name, arguments)))
    at = opened(visit("train"))
    keys = {field.key for field in [*at.number_input, *at.selectbox]}
    assert {f"cross-{option.name}" for option in options_of(CrossSpec)} <= keys
    at.number_input(key="cross-minutes").set_value(0.5).run()
    at.text_input(key="cross-name").set_value("reader").run()
    button(at, "Fine-tune it").click().run()
    ((name, arguments),) = started
    assert name == "cross-encoder on sixty"
    assert arguments[:3] == ["tune-cross", str(with_trained), "reader"]
    assert {"--minutes=0.5", "--train=dev", "--negatives=3"} <= set(arguments)


def test_a_name_that_is_none_is_said_and_starts_nothing(with_trained):
    at = opened(visit("train"))
    at.text_input(key="cross-name").set_value("../x").run()
    assert any("cannot name a model" in error.value for error in at.error)
    assert not [one for one in at.button if one.key == "cross-start"]


def test_what_is_known_of_one_stands_there_as_text(with_trained):
    from transformers import BertForSequenceClassification

    from engine.text import models

    folder = paths.home() / "models" / "judge"
    tiny_models.bert(BertForSequenceClassification, Path(folder), num_labels=1)
    of, ahead = Interval(0.2, 0.1, 0.3), Difference(0.1, 0.05, 0.15, 0.02, 0.02)
    order = cross_tuned.Ordered(found=of, crossed=of, shuffled=of, ahead=ahead, ahead_of_chance=ahead)
    told = {"created": "", "device": "a processor", "seed": 0, "spec": {}, "seconds": 60.0, "stopped": HTML, "measure": "nDCG@10"}
    counts = {"steps": 2, "best_step": 2, "pairs": 9, "queries": 9, "seen": 1, "chosen_on": 4, "parameters": 9, "depth": 20}
    known = cross_tuned.CrossTuned(
        build="sixty", encoder="x", encoder_key="y", judged=5, apart=True, told="split dev", orders={"bm25": order},
        history=({"step": 0, "seconds": 0.0, "loss": None, "dev": 0.1}, {"step": 2, "seconds": 9.0, "loss": 1.0, "dev": 0.2}),
        **told, **counts,
    )  # fmt: skip
    (folder / cross_tuned.ABOUT).write_text(known.model_dump_json(), "utf-8")
    models.add("judge", str(folder))
    at = opened(visit("train"))
    assert "1 pair was seen in 2 steps" in said(at)
    assert "ahead of its own" in said(at)
    assert not any(HTML in markdown.value for markdown in at.markdown)
    (folder / cross_tuned.ABOUT).write_text("{}", "utf-8")
    models.add("judge", str(folder))
    assert any("damaged" in error.value for error in opened(visit("train")).error)
    models.remove("judge")
