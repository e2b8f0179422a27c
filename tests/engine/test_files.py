"""One process at a time in a folder, a look that takes nothing away, and files that are replaced as a whole."""

import hashlib
import json
import shutil
import subprocess
import sys
import threading

import pytest

from engine import files
from engine.builds import runs
from engine.errors import TriescopeError
from engine.files import alone, held, in_turn, lock_of, replace_json, sha256
from engine.paths import ROOT
from engine.training.spec import TrainSpec
from engine.training.train import train

HOLD = """
import pathlib, sys
from engine.files import alone

with alone(pathlib.Path(sys.argv[1]), ""):
    print("in", flush=True)
    input()
"""


@pytest.fixture
def another(tmp_path):
    """Another process that works in the folder ``work``."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "work")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "in\n"
        yield process
        process.kill()


def test_a_folder_is_one_users_at_a_time_and_free_again_afterwards(tmp_path):
    with alone(tmp_path, "taken"), pytest.raises(TriescopeError, match="taken"), alone(tmp_path, "taken"):
        pass
    with pytest.raises(ZeroDivisionError), alone(tmp_path, "taken"):
        raise ZeroDivisionError
    with alone(tmp_path, "taken"):
        pass


def test_another_process_is_seen_and_refused_and_its_lock_goes_with_it(another, tmp_path):
    work = tmp_path / "work"
    assert held(work)
    with pytest.raises(TriescopeError, match="taken"), alone(work, "taken"):
        pass
    another.kill()
    another.wait()
    assert not held(work)
    with alone(work, "taken"):
        assert held(work)


def test_the_lock_lies_beside_the_folder_and_nothing_is_left_of_it(tmp_path):
    work = tmp_path / "home" / "work"
    work.mkdir(parents=True)
    with alone(work, "taken"):
        assert list(work.iterdir()) == []
        assert lock_of(work).exists()
    assert list(work.parent.iterdir()) == [work]


def test_any_number_of_looks_refuse_nobody_and_deceive_nobody(tmp_path, monkeypatch):
    work, done, seen = tmp_path / "work", threading.Event(), []
    lock_of(work).touch()  # as one that was killed leaves it

    def look():
        while not done.is_set():
            seen.append(held(work))

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    while len(seen) < 50:
        pass
    assert not any(seen[:50])
    for _ in range(20):
        with alone(work, "a look has refused it"):
            lock_of(work).touch()
        lock_of(work).touch()
    done.set()
    for looker in lookers:
        looker.join()


def test_whoever_waits_for_its_turn_gets_it(tmp_path):
    order = []

    def second():
        with in_turn(tmp_path / "work"):
            order.append("second")

    waiter = threading.Thread(target=second)
    with in_turn(tmp_path / "work"):
        waiter.start()
        order.append("first")
    waiter.join(5)
    assert order == ["first", "second"]


def test_two_trainings_of_one_name_do_not_run_side_by_side(small_build, tmp_path):
    folder = shutil.copytree(small_build, tmp_path / "sixty")
    work = runs.partial_of(folder, "busy")
    work.mkdir(parents=True)
    with alone(work, ""), pytest.raises(TriescopeError, match="busy: another process is training a scorer of this name"):
        train(folder, TrainSpec(steps=1), "busy")


def test_a_file_whose_writing_fails_stays_as_it_was_and_leaves_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "value.json"
    replace_json(path, {"a": "ü"})
    assert json.loads(path.read_text("utf-8")) == {"a": "ü"}
    with pytest.raises(ValueError, match="JSON"):
        replace_json(path, {"a": float("nan")})

    def refuse(source, target):
        raise OSError("the disk is full")

    monkeypatch.setattr(files.os, "replace", refuse)
    with pytest.raises(OSError, match="the disk is full"):
        replace_json(path, {"a": 2})
    assert json.loads(path.read_text("utf-8")) == {"a": "ü"}
    assert list(path.parent.iterdir()) == [path]


def test_the_hash_of_a_file_is_that_of_its_content(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    assert sha256(tmp_path / "a") == hashlib.sha256(b"x" * 3_000_000).hexdigest()
