"""Verdict as a script: empty, one kept, one that has aged, one that is damaged, the press that starts the job."""

import pytest

from app.common import jobs, state
from app.verdict import asking
from engine import workspace
from engine.builds.opened import Build
from engine.verdict import kept, measure
from engine.verdict.rule import RULES
from tests.app.at import said, sound, visit
from tests.app.conftest import HOSTILE
from tests.engine.verdict.test_file import verdict_of


@pytest.fixture
def sixty(empty_home, sixty_home) -> Build:
    """The app finds the sixty films in a home of its own."""
    (empty_home / "builds").mkdir()
    (empty_home / "builds" / "sixty").symlink_to(sixty_home / "builds" / "sixty")
    return Build(empty_home / "builds" / "sixty")


def test_before_the_first_it_says_what_there_would_be_and_by_which_rule(sixty):
    at = visit("verdict", build="sixty", budget="80")
    assert "Nobody asked that of sixty yet" in said(at)
    assert all(state.plain(one) in said(at) for one in RULES)
    assert at.number_input("budget").value == 80
    assert "python -m engine verdict sixty --budget-ms=80 --out verdict.html" in " ".join(code.value for code in at.code)


def test_a_kept_one_is_drawn_and_whatever_the_catalogue_says_is_text(sixty):
    measured = measure.verdict(sixty, only=("health",)).sections
    found = verdict_of(HOSTILE, manifest="", sections=measured + verdict_of(HOSTILE).sections)
    kept.keep(sixty, found)
    at = visit("verdict", build="sixty")
    assert "No: generative retrieval does not suit this catalogue." in [heading.value for heading in at.header]
    assert "Health of the identifiers" in [heading.value for heading in at.header]
    assert len(at.get("plotly_chart")) == 3
    assert len(at.dataframe) == 4
    assert any("made anew since" in warning.value.replace("\\", "") for warning in at.warning)
    assert any("pseudo" in warning.value for warning in at.warning)
    assert HOSTILE not in said(at)
    assert not any(text.allow_html for text in at.markdown)


def test_a_press_puts_the_command_in_line_with_the_budget_that_stands_there(sixty, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start_command", lambda name, arguments: started.append((name, arguments)))
    at = visit("verdict", build="sixty")
    at.number_input("budget").set_value(40)
    at = sound(at.button("ask").click().run())
    assert started == [("verdict on sixty", ["verdict", str(sixty.folder), "--budget-ms=40"])]
    assert at.selectbox("judge").options == ["test", "dev"]
    at.selectbox("judge").select("dev")
    sound(at.button("ask").click().run())
    assert started[1] == ("verdict on sixty", ["verdict", str(sixty.folder), "--budget-ms=40", "--split=dev"])


def test_what_was_judged_here_may_judge(sixty):
    first = sixty.documents[0].id
    workspace.judge(sixty.manifest.corpus.sha256, "a road into the mountains", first, 2)
    assert asking.who_may_judge(sixty) == ["test", "dev", "judged"]


def test_a_verdict_of_a_scorer_that_is_gone_is_shown_and_said_to_be_old(sixty):
    kept.keep(sixty, measure.verdict(sixty, only=("cold",)).model_copy(update={"scorer": "gone"}))
    at = visit("verdict", build="sixty")
    assert any("The default scorer is centroid now" in warning.value.replace("\\", "") for warning in at.warning)
    assert [heading.value for heading in at.header] == ["Cold documents"]
    assert not at.error


def test_a_damaged_one_is_said_in_a_line_and_another_can_be_asked_for(sixty):
    kept.place(sixty).parent.mkdir(parents=True)
    kept.place(sixty).write_text("{", "utf-8")
    at = visit("verdict", build="sixty")
    assert "the verdict is damaged" in at.error[0].value
    assert at.button("ask")
