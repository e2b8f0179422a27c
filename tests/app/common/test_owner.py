"""Whose something is behind a password: a cookie says it, others' jobs are busy, and without a password all is everybody's."""

from types import SimpleNamespace

import pytest

from app.common import guard, owner
from engine import workspace
from engine.jobs.process import Told
from tests.app.at import said, visit
from tests.app.common.test_jobs_panel import Known, listed

SECRET = "0123456789abcdef" * 2


@pytest.fixture
def cookies(monkeypatch):
    monkeypatch.setenv(guard.PASSWORD, "open sesame")
    monkeypatch.setattr(owner.st, "context", SimpleNamespace(cookies={}))
    monkeypatch.setattr(owner.st, "session_state", {})
    return owner.st.context.cookies


def test_a_browser_is_known_by_its_cookie_and_by_nothing_that_is_written_down(cookies):
    cookies[owner.COOKIE] = SECRET
    first = owner.owner()
    assert first
    assert SECRET not in first
    owner.st.session_state.clear()
    assert owner.owner() == first
    owner.st.session_state.clear()
    cookies[owner.COOKIE] = "'; alert(1); '"  # no number of ours: somebody new, and nothing of it is handed on
    assert owner.owner() != first
    assert len(owner.st.session_state[owner.SECRET]) == 32


def test_a_job_is_its_owners_or_everybodys(cookies, monkeypatch):
    mine, free, theirs = (SimpleNamespace(owner=one) for one in (owner.owner(), "", "somebody"))
    assert [owner.of_another(job) for job in (mine, free, theirs)] == [False, False, True]
    monkeypatch.delenv(guard.PASSWORD)
    assert not owner.owner()
    assert not owner.of_another(theirs)


def test_anothers_job_is_busy_and_cannot_be_stopped(with_films, monkeypatch):
    monkeypatch.setattr(owner, "owner", lambda: "me")
    working = Told(stage="training", done=3, total=10)
    listed(monkeypatch, Known("training on films", working, owner="you"), Known("map of films", working, owner="me"))
    at = visit("glossary")
    assert "busy: somebody else's" in said(at).replace("\\", "")
    assert "training on films" not in said(at)
    assert [button.key for button in at.button if button.label == "Stop"] == ["jobs-cancel-map of films"]


def test_judgements_are_their_own(monkeypatch, tmp_path):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    workspace.judge("corpus", "cup", "d", 2, "me")
    assert workspace.of_query("corpus", "cup", "me") == {"d": 2}
    assert [workspace.of_query("corpus", "cup", one) for one in ("", "you")] == [{}, {}]
    assert workspace.of_split("corpus", workspace.SPLIT, "me").qrels
