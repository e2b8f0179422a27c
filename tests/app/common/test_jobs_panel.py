"""The list of jobs in the header: what works and waits, how each ended and why, as text."""

import os

from app.common import jobs, jobs_panel
from engine.jobs.found import FoundJob
from engine.jobs.process import Told
from engine.jobs.record import Process, Record
from tests.app.at import said, visit
from tests.app.conftest import HTML


class Known:
    """A job that is as far as it says."""

    def __init__(self, name, told, label="", owner=""):
        self.name, self._told, self.label, self.owner = name, told, label, owner

    def told(self):
        return self._told

    def running(self):
        return not self._told.over

    def seconds(self):
        return 12.0

    def cancel(self):
        self._told = Told("cancelled")


def listed(monkeypatch, *known):
    monkeypatch.setattr(type(jobs.registry()), "all", lambda registry: list(known))


def test_without_a_job_there_is_no_list(with_films):
    assert "One is at work at a time" not in said(visit("glossary"))


def test_each_job_stands_there_with_how_it_is_and_why_it_failed(with_films, monkeypatch):
    failed = Known("catalogue shop", Told("failed", message=f"row 3 {HTML}"))
    working = Known("training on films", Told(stage="training", done=3, total=10, stages=2, stages_done=1), "node")
    listed(monkeypatch, failed, working, Known("map", Told("waiting")))
    at = visit("glossary")
    told = said(at).replace("\\", "")
    assert "training on films** (node) · 65%: Training, 3 of 10, 12 s" in told
    assert "map** · waits" in told
    assert "failed: row 3" in told
    assert HTML not in said(at)
    cancel = [button for button in at.button if button.label == "Stop"]
    assert len(cancel) == 2
    next(one for one in cancel if one.key == "jobs-cancel-training on films").click().run()
    assert not working.running()
    assert jobs_panel.ICONS.keys() == {"waiting", "running", "done", "failed", "cancelled", "interrupted"}


def test_one_that_was_interrupted_can_be_gone_on_with_or_given_up(with_films, monkeypatch):
    known = Record(name="catalogue shop", arguments=("build", "shop.csv", "--out", "shop"), server=Process.of(os.getpid()))
    started, given = [], []
    monkeypatch.setattr(jobs, "start_command", lambda name, arguments, *more: started.append((name, arguments)))
    job = FoundJob(known)
    monkeypatch.setattr(job, "give_up", lambda: given.append(job.name))
    listed(monkeypatch, job)
    at = visit("glossary")
    assert "interrupted at 0%; the same command goes on" in said(at).replace("\\", "")
    next(button for button in at.button if button.label == "Resume").click().run()
    assert started == [(known.name, known.arguments)]
    next(button for button in at.button if button.label == "Give up").click().run()
    assert given == ["catalogue shop"]
