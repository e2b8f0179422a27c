"""Killed at any moment of add, remove, compact, build, import, evaluate and train: all of it or nothing, and the same command
works. Six times here, two hundred with ``make test-slow``."""

import json
import os
import subprocess
import sys

import pytest

from engine import paths


def outcomes(home, first, count):
    command = [sys.executable, "-m", "tests.engine.builds.killed", str(home), str(first), str(count)]
    told = subprocess.run(command, cwd=paths.ROOT, env=dict(os.environ), capture_output=True, text=True)
    assert told.returncode == 0, told.stderr[-2000:]
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_six_kills_leave_all_or_nothing(sixty_home):
    found = outcomes(sixty_home, 0, 6)
    assert len(found) == 6
    assert [one for one in found if one["fault"]] == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(6, 206, 50))
def test_two_hundred_kills_leave_all_or_nothing(sixty_home, first):
    found = outcomes(sixty_home, first, 50)
    assert [one for one in found if one["fault"]] == []
    assert {one["left"] for one in found} == {"before", "after"}
