"""Builds in a process of their own: watched, cancelled, failing, killed."""

import os
import signal
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.common import jobs
from engine import paths
from engine.builds import names
from engine.builds.opened import Build
from engine.jobs.process import Job, Told
from tests.app.at import labels, wait_for

PATIENCE_S = 120
HEADER = "id,title,text\n"


def csv_of(folder: Path, rows: int) -> str:
    file = folder / "things.csv"
    told = (f"t{row},Thing {row},thing number {row} is kept in drawer {row * 7} of the hall\n" for row in range(rows))
    file.write_text(HEADER + "".join(told), "utf-8")
    return str(file)


def build(corpus: str, name: str = "things") -> None:
    jobs.start_build(name, corpus, paths.builds() / name)


def ended(job: Job) -> Told:
    return wait_for(lambda: (told := job.told()).state != "running" and told, "the end of the job")


def partial(job: Job) -> Path:
    return paths.builds() / f".{job.label}.partial"


@pytest.fixture
def begun(empty_home, tmp_path) -> Job:
    """A job that has begun to write and is still far from its end: the encoder is not loaded yet."""
    build(csv_of(tmp_path, 100))
    job = jobs.registry().get("things")
    wait_for(lambda: partial(job).exists() or job.process.poll() is not None, "the job to begin")
    assert job.told().state == "running"
    return job


def test_a_small_file_is_built_and_its_progress_told(empty_home, tmp_path):
    build(csv_of(tmp_path, 40))
    job, seen = jobs.registry().get("things"), []
    while (told := job.told()).state == "running":
        seen.append(told)
        time.sleep(0.05)
    assert told.state == "done"
    assert seen[0].stage == "start"
    assert {"corpus", "embeddings"} <= {one.stage for one in seen}
    shares = [one.stages_done / one.stages for one in seen]
    assert shares == sorted(shares)
    assert all(0 <= one.done <= one.total for one in seen)
    assert told.stages_done == told.stages > 1
    assert names.names() == ["things"]
    assert len(Build(paths.builds() / job.label).corpus.documents) == 40
    assert not partial(job).exists()


def test_cancelling_removes_what_was_begun_and_says_cancelled(begun):
    begun.cancel()
    assert begun.process.poll() is not None
    assert begun.told().state == "cancelled"
    assert not partial(begun).exists()
    assert not begun.progress.exists()
    assert names.names() == []


def test_cancelling_twice_is_cancelling_once(begun):
    begun.cancel()
    begun.cancel()
    assert begun.told().state == "cancelled"


def test_a_second_start_of_a_running_build_changes_nothing(begun, tmp_path):
    build(csv_of(tmp_path, 5))
    assert jobs.registry().get("things") is begun


def test_a_killed_child_leaves_no_build_and_the_next_start_goes_on(begun, tmp_path):
    os.kill(begun.process.pid, signal.SIGKILL)
    told = ended(begun)
    assert told.state == "failed"
    assert told.message
    assert names.names() == []
    build(csv_of(tmp_path, 100))
    again = jobs.registry().get("things")
    assert again is not begun
    assert ended(again).state == "done"
    assert names.names() == ["things"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + "a,One,first\na,Two,second\n", "row 2, column id"),
        (HEADER, "no document"),
        ("id,title,text\nlonely\n", "row 1"),
    ],
    ids=["an id twice", "no rows", "a short row"],
)
def test_a_corpus_with_an_error_fails_with_one_line(empty_home, tmp_path, content, message):
    (tmp_path / "wrong.csv").write_text(content, "utf-8")
    build(str(tmp_path / "wrong.csv"), "wrong")
    job = jobs.registry().get("wrong")
    told = ended(job)
    assert told.state == "failed"
    assert message in told.message
    assert "\n" not in told.message
    assert job.told() == told
    assert names.names() == []
    assert not partial(job).exists()


def test_a_file_that_is_not_there_fails_with_one_line(empty_home):
    build("/nowhere/at-all.csv")
    told = ended(jobs.registry().get("things"))
    assert told.state == "failed"
    assert "/nowhere/at-all.csv" in told.message


def test_an_unforeseen_failure_says_the_same_however_often_it_is_asked(empty_home, tmp_path):
    (empty_home / "builds").mkdir()
    (empty_home / "builds" / ".things.partial").write_text("a file where a folder is wanted")
    build(csv_of(tmp_path, 5))
    job = jobs.registry().get("things")
    told = ended(job)
    assert told.state == "failed"
    assert "File exists" in told.message
    assert job.told() == told


class TestOnTheStartPage:
    @staticmethod
    def start_page() -> AppTest:
        at = AppTest.from_file(str(paths.ROOT / "app" / "main.py"), default_timeout=90).run()
        assert not at.exception
        return at

    def test_cancel_is_offered_and_said(self, warm_home):
        at = self.start_page()
        at.button[0].click().run()
        job = jobs.registry().get("films")
        assert labels(at) == ["Cancel"]
        assert job.told().state == "running"
        at.button("cancel-films").click().run()
        assert not at.exception
        assert ["cancelled" in warning.value for warning in at.warning] == [True]
        assert job.process.poll() is not None
        assert labels(at) == ["Build the films catalogue"]

    def test_another_visitor_sees_the_same_build_going_on(self, warm_home):
        self.start_page().button[0].click().run()
        at = self.start_page()
        assert labels(at) == ["Cancel"]
        assert len(jobs.registry().all()) == 1

    def test_how_another_job_ended_is_not_said_here(self, warm_home):
        at = self.start_page()
        jobs.start_build("again-films", "/nowhere/at-all.csv", paths.builds() / "again")
        ended(jobs.registry().get("again-films"))
        at.session_state[jobs.WAITED_FOR] = {"again-films": jobs.registry().get("again-films")}
        assert not at.run().error

    def test_how_a_build_ended_is_said_once(self, warm_home):
        at = self.start_page()
        at.button[0].click().run()
        job = jobs.registry().get("films")
        job.process.kill()
        ended(job)
        assert len(at.run().error) == 1
        assert not at.run().error

    def test_a_failure_is_said_and_it_can_be_tried_again(self, warm_home):
        at = self.start_page()
        at.button[0].click().run()
        job = jobs.registry().get("films")
        job.process.kill()
        job.process.wait(10)
        at.run()
        assert not at.exception
        assert [error.value[:17] for error in at.error] == ["The build failed:"]
        assert labels(at) == ["Build the films catalogue"]
