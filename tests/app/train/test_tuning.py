"""The Train page's part on the encoder: what there is to know of one that was fine-tuned, and the form that starts it."""

from app.common import jobs
from engine.options import options_of
from engine.text import tuned
from engine.training.encoder.spec import TuneSpec
from tests.app.at import button, said, table, visit
from tests.app.conftest import HTML
from tests.engine import stored_tuned


def opened(at):
    at.session_state["tune"] = True
    return at.run()


def test_the_form_asks_for_what_the_spec_takes_and_starts_the_command(with_trained, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start_command", lambda name, arguments, **more: started.append((name, arguments)))
    at = opened(visit("train"))
    keys = {field.key for field in [*at.number_input, *at.selectbox]}
    assert {f"tune-{option.name}" for option in options_of(TuneSpec)} <= keys
    at.number_input(key="tune-minutes").set_value(0.5).run()
    button(at, "Fine-tune").click().run()
    ((name, arguments),) = started
    assert name == "fine-tuning on sixty"
    assert arguments[:2] == ["tune", str(with_trained)]
    assert {"--minutes=0.5", "--train=dev", "--negatives=1"} <= set(arguments)


def test_what_is_known_of_it_stands_there_as_text_and_can_be_deleted(with_trained):
    stored_tuned.store(with_trained, stopped=HTML)
    at = opened(visit("train"))
    assert "1 pair was seen in 2 steps" in said(at)
    rows = table(at, "Retriever", "Tuned is ahead")
    assert rows["Retriever"].tolist() == ["dense", "tuned"]
    assert rows["p"].tolist()[0] == ".020"
    assert not any(HTML in markdown.value for markdown in at.markdown)
    button(at, "Delete the fine-tuned encoder").click().run()
    assert not tuned.is_there(with_trained)


def test_a_damaged_one_is_said_in_a_line(with_trained):
    stored_tuned.store(with_trained)
    (with_trained / tuned.FOLDER / tuned.ABOUT).write_text("{}", "utf-8")
    at = opened(visit("train"))
    assert any("damaged" in error.value for error in at.error)
    assert not at.exception
