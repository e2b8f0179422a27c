"""Jobs of a server that is gone: known again, watched, ended, gone on with. The server is a process that is killed."""

import json
import os
import signal
import subprocess
import sys

import pytest

from engine import paths
from engine.builds import layout
from engine.jobs import process, record
from engine.jobs.found import FoundJob
from engine.jobs.process import Job
from engine.jobs.record import Process, Record
from engine.jobs.registry import Registry
from tests.engine.jobs.test_process import alive, wait_for

# Puts two jobs in line, says so, and waits to be killed.
SERVER = """
import sys, time
from engine.jobs import process
from engine.jobs.process import Job
from engine.jobs.registry import Registry
process.PROGRAM = (sys.executable, "-c", sys.argv[1])
line = Registry()
for name in ("first", "second"):
    line.start(name, lambda name=name: Job(name, ["build", "x", "--out", name], label="thing", launch=False))
while line.get("first").told().state == "waiting":
    time.sleep(0.01)
print("here", flush=True)
time.sleep(60)
"""
# Tells how far it is, and writes an end where it is asked for one by a file.
WORKER = """
import json, pathlib, sys, time
told = pathlib.Path(sys.argv[sys.argv.index("--progress") + 1])
def tell(state):
    beside = told.with_name(told.name + ".x")
    beside.write_text(json.dumps({"stage": "trie", "done": 1, "total": 2, "state": state}))
    beside.replace(told)
tell("running")
while not told.with_name("end").exists():
    time.sleep(0.02)
tell("done")
"""


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", WORKER))


@pytest.fixture
def served():
    """A server that has been killed, and the process of the job that it had at work; that is ended with the test."""
    server = subprocess.Popen([sys.executable, "-c", SERVER, WORKER], stdout=subprocess.PIPE, text=True, cwd=paths.ROOT)
    assert server.stdout.readline() == "here\n"
    known = {one.name: one for one in record.read_all(paths.builds())}
    wait_for(lambda: layout.progress_of(paths.builds(), "first").exists())
    server.kill()
    server.wait()
    yield known["first"].process
    record.signal_group(known["first"].process.pid, signal.SIGKILL)


def recovered(undone=None):
    line = Registry()
    line.recover(lambda arguments: lambda: (undone if undone is not None else []).append(arguments))
    return line


def test_a_job_at_work_outlives_its_server_and_is_watched_by_the_next(served):
    line = recovered()
    job = line.get("first")
    assert (job.running(), job.told().stage, job.label) == (True, "trie", "thing")
    (paths.builds() / "end").touch()
    assert wait_for(lambda: (told := job.told()).over and told).state == "done"
    assert [one.name for one in record.read_all(paths.builds())] == ["second"]


def test_one_that_ended_while_nobody_looked_is_done_and_one_that_waited_can_be_gone_on_with(served):
    (paths.builds() / "end").touch()
    wait_for(lambda: not served.alive())
    line = recovered()
    assert line.get("first").told().state == "done"
    assert line.get("second").told().state == "interrupted"
    known = line.get("second").known
    again = line.start("second", lambda: Job("second", known.arguments, launch=False))
    assert wait_for(lambda: (told := again.told()).over and told).state == "done"
    assert record.read_all(paths.builds()) == []


def test_one_that_was_killed_with_its_server_is_interrupted_until_it_is_given_up(served):
    os.killpg(served.pid, signal.SIGKILL)
    wait_for(lambda: not served.alive())
    undone = []
    job = recovered(undone).get("first")
    assert (job.told().state, job.told().done) == ("interrupted", 1)
    assert recovered().get("first").told().state == "interrupted"
    job.give_up()
    assert job.told().state == "cancelled"
    assert undone == [("build", "x", "--out", "first")]
    assert recovered().get("first") is None


def test_one_at_work_can_be_cancelled_by_the_next_server_and_others_wait_for_it(served):
    undone = []
    line = recovered(undone)
    later = line.start("later", lambda: Job("later", ["x"], launch=False))
    assert later.told().state == "waiting"
    line.get("first").cancel()
    assert line.get("first").told().state == "cancelled"
    assert not alive(served.pid)
    assert len(undone) == 1
    wait_for(lambda: later.told().state == "running")
    later.cancel()


def test_who_looks_while_it_is_cancelled_does_not_take_it_for_interrupted(served):
    seen, line = [], Registry()
    line.recover(lambda arguments: lambda: seen.append((alive(served.pid), line.get("first").told().state)))
    line.get("first").cancel()
    assert seen == [(False, "running")]
    assert line.get("first").told().state == "cancelled"


def test_what_waits_in_the_line_of_a_server_that_runs_is_not_taken_from_it():
    other = subprocess.Popen([sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"], stdout=subprocess.PIPE)
    other.stdout.readline()
    try:
        waits = Record(name="waits", arguments=("build",), server=Process.of(other.pid))
        path = record.path_of(paths.builds(), "waits")
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(waits.model_dump()))
        assert recovered().get("waits") is None
    finally:
        other.kill()
        other.wait()
    assert recovered().get("waits").told().state == "interrupted"


def test_a_number_that_is_another_process_by_now_is_not_taken_for_the_job():
    mine = Process.of(os.getpid())
    assert mine.alive()
    taken = mine.model_copy(update={"began": mine.began - 1})
    assert not taken.alive()
    assert not taken.signal(0)
    job = FoundJob(Record(name="x", arguments=("build",), server=mine, process=taken))
    job.cancel()
    assert job.told().state == "interrupted"


def test_a_damaged_record_is_none(tmp_path):
    folder = tmp_path / "builds"
    folder.mkdir()
    (folder / ".bad.job.json").write_text('{"name": 3}')
    (folder / ".other.job.json").write_text(Record(name="x", arguments=(), server=Process.of(os.getpid())).model_dump_json())
    assert record.read_all(folder) == []
