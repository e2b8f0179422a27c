"""Jobs as processes: what they say, how they end, and that nothing of them is left. The commands are small scripts."""

import json
import os
import signal
import sys
import threading
import time

import pytest

from engine.jobs import process
from engine.jobs.log import BYTES, tail
from engine.jobs.process import Job, Told
from engine.jobs.registry import Registry

PATIENCE_S = 30
SLEEP = "import time; print(flush=True); time.sleep(60)"
# Starts a child of its own and writes down its number before it waits.
PARENT = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=subprocess.PIPE)
child.stdout.readline()
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
{then}
"""


def wait_for(condition):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.01)
    return pytest.fail(f"waited {PATIENCE_S} s")


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody reaped does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def started(tmp_path, monkeypatch):
    """Starts a Python script as a job; what is left of any is ended with the test."""
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    begun = []

    def start(script: str, *arguments: str, **more) -> Job:
        monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", script))
        begun.append(Job("thing", arguments, **more))
        return begun[-1]

    yield start
    for job in begun:
        job.cancel()


@pytest.fixture
def parent(started, tmp_path):
    """A job and the number of the process that it started."""

    def start(child: str, then: str = "time.sleep(60)", **more) -> tuple[Job, int]:
        told = tmp_path / "child"
        job = started(PARENT.format(child=child, then=then), str(told), **more)
        return job, int(wait_for(lambda: told.exists() and told.read_text()))

    return start


def end_of(job: Job) -> Told:
    return wait_for(lambda: not job.running() and job.told())


def test_a_job_may_say_more_than_a_pipe_holds(started):
    job = started("import sys; [print('x' * 999, n, file=sys.stderr) for n in range(200)]")
    assert end_of(job).state == "done"
    assert job.log.stat().st_size > 190_000
    assert tail(job.log, 1)[0].endswith(" 199")


def test_what_it_says_can_be_read_while_it_runs(started):
    job = started(f"import sys; print('loading', file=sys.stderr, flush=True); {SLEEP}")
    assert wait_for(lambda: tail(job.log)) == ["loading"]
    assert job.running()


def test_the_last_line_of_a_log_longer_than_is_looked_at_is_whole(tmp_path):
    log = tmp_path / "log"
    log.write_text("y" * BYTES + "\n" + "z" * 10 + "\n")
    assert tail(log) == ["z" * 10]


def test_the_memory_that_it_holds_is_known_while_it_runs(started):
    job = started("x = bytearray(80_000_000); import time; print(len(x), flush=True); time.sleep(60)")
    assert wait_for(lambda: job.memory_mb() > 80)
    assert job.memory_mb() < 300
    job.cancel()
    assert job.memory_mb() == 0


def test_a_failure_says_its_last_line_as_often_as_it_is_asked(started):
    job = started("raise SystemExit('no such catalogue')")
    assert end_of(job) == job.told() == Told(state="failed", message="no such catalogue")
    assert end_of(started("raise SystemExit(3)")).message == "exit code 3"


def test_progress_is_read_as_it_was_written_and_damaged_progress_is_the_start(started, tmp_path):
    job = started(SLEEP)
    assert job.told() == Told()
    for damaged in ("", "{", "[1]"):
        job.progress.write_text(damaged)
        assert job.told() == Told()
    written = {"stage": "trie", "done": 1, "total": 4, "stages_done": 1, "stages": 2, "state": "done", "seconds_left": 7.5}
    job.progress.write_text(json.dumps(written))
    assert job.told() == Told("running", "trie", 1, 4, 1, 2, 7.5)
    assert job.told().share == 0.625


class TestCancel:
    def test_what_the_job_started_ends_too(self, parent):
        job, child = parent(SLEEP)
        job.cancel()
        assert job.told().state == "cancelled"
        assert not alive(job.process.pid)
        wait_for(lambda: not alive(child))

    def test_one_that_does_not_listen_is_ended_after_the_grace(self, parent, monkeypatch, tmp_path):
        monkeypatch.setattr(process, "GRACE_S", 0.2)
        deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
        job, child = parent(f"{deaf}; {SLEEP}")
        job.cancel()
        wait_for(lambda: not alive(child))
        ready = tmp_path / "deaf"
        job, child = parent(SLEEP, then=f"{deaf}; pathlib.Path({str(ready)!r}).touch(); time.sleep(60)")
        wait_for(ready.exists)
        job.cancel()
        assert job.told().state == "cancelled"
        assert not alive(job.process.pid)

    def test_a_child_has_the_grace_to_tidy_up(self, parent, tmp_path):
        child = (
            "import pathlib, signal, sys, time; "
            f"tidy = lambda *_: (time.sleep(.3), pathlib.Path({str(tmp_path / 'tidied')!r}).touch(), sys.exit()); "
            "signal.signal(signal.SIGTERM, tidy); print(flush=True); time.sleep(60)"
        )
        job, _ = parent(child)
        job.cancel()
        assert (tmp_path / "tidied").exists()

    def test_what_was_begun_is_undone_when_nothing_runs_any_more(self, parent):
        seen = []
        job, _ = parent(SLEEP, undo=lambda: seen.append(alive(job.process.pid)))
        job.cancel()
        job.cancel()
        assert seen == [False]

    def test_a_job_that_has_ended_is_not_cancelled(self, started):
        seen = []
        job = started("pass", undo=lambda: seen.append(1))
        end_of(job)
        job.cancel()
        assert (job.told().state, seen) == ("done", [])


def test_a_job_that_ends_by_itself_leaves_no_process(parent):
    job, child = parent(SLEEP, then="")
    assert end_of(job).state == "done"
    wait_for(lambda: not alive(child))


def test_a_job_that_is_killed_leaves_no_process(parent):
    job, child = parent(SLEEP)
    os.kill(job.process.pid, signal.SIGKILL)
    assert end_of(job).state == "failed"
    wait_for(lambda: not alive(child))


class TestRegistry:
    def test_a_name_runs_once_however_many_start_it(self, started):
        known, made = Registry(), []

        def make():
            time.sleep(0.05)
            made.append(started(SLEEP))
            return made[-1]

        threads = [threading.Thread(target=known.start, args=("thing", make)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 1
        assert known.get("thing") is made[0]
        assert known.running("thing")

    def test_others_start_jobs_while_all_are_looked_at(self):
        known = Registry()

        class Adding:
            """A job that, looked at, has another session start one more."""

            def __init__(self, number):
                self.number, self.added = number, False

            def running(self):
                if self.number < 3 and not self.added:
                    self.added = True
                    known.start(str(self.number + 1), lambda: Adding(self.number + 1))
                return False

        known.start("0", lambda: Adding(0))
        assert not known.at_work()
        assert known.get("1")

    def test_one_that_ended_is_known_until_the_next(self, started):
        known = Registry()
        first = known.start("thing", lambda: started("pass"))
        end_of(first)
        assert known.get("thing") is first
        assert not known.running("thing")
        assert known.start("thing", lambda: started("pass")) is not first

    def test_one_is_at_work_and_the_others_wait_in_line_until_their_turn(self, started, tmp_path):
        known, gate = Registry(), tmp_path / "gate"
        waits = f"import pathlib, time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)"
        first = known.start("first", lambda: started(waits, launch=False))
        second = known.start("second", lambda: started("pass", launch=False))
        third = known.start("third", lambda: started("pass", launch=False))
        assert [job.told().state for job in (first, second, third)] == ["running", "waiting", "waiting"]
        assert known.before(third) == [first, second]
        assert known.before(first) == []
        assert second.seconds() == 0 < first.seconds()
        assert known.running("second"), "its place is taken"
        gate.touch()
        assert wait_for(lambda: not known.at_work())
        assert [job.told().state for job in (first, second, third)] == ["done"] * 3
        assert known.before(third) == []

    def test_one_that_is_cancelled_while_it_waits_never_starts_and_undoes_nothing(self, started):
        known, undone = Registry(), []
        first = known.start("first", lambda: started(SLEEP, launch=False))
        second = known.start("second", lambda: started("raise SystemExit(1)", launch=False, undo=lambda: undone.append(1)))
        third = known.start("third", lambda: started("pass", launch=False))
        second.cancel()
        assert second.told() == Told(state="cancelled")
        first.cancel()
        assert end_of(third).state == "done"
        second.launch()
        assert (second.told(), undone) == (Told(state="cancelled"), [])

    def test_one_that_cannot_be_started_has_failed_and_the_next_one_goes_on(self, started, tmp_path, monkeypatch):
        known = Registry()
        monkeypatch.setattr(process, "PROGRAM", (str(tmp_path / "nosuch"),))
        first = known.start("first", lambda: Job("thing", (), launch=False))
        assert first.told().state == "failed"
        assert "nosuch" in first.told().message
        assert end_of(known.start("second", lambda: started("pass", launch=False))).state == "done"
