"""A build from someone else opens right, or is refused in a line: twenty tampered ones, two thousand with ``make test-slow``."""

import json
import os
import subprocess
import sys

import pytest

from engine import paths

GOOD = {"right", "refused"}


def outcomes(first, count):
    command = [sys.executable, "-m", "tests.engine.builds.tampered", str(first), str(count)]
    told = subprocess.run(command, cwd=paths.ROOT, env=dict(os.environ), capture_output=True, text=True)
    assert told.returncode == 0, told.stderr[-2000:]
    return [json.loads(line) for line in told.stdout.splitlines()]


def faults(found):
    return [one for one in found if one["outcome"] not in GOOD]


def test_twenty_tampered_builds_open_right_or_are_refused_in_a_line():
    found = outcomes(0, 20)
    assert faults(found) == []
    refused = [one["line"] for one in found if one["outcome"] == "refused"]
    assert len(found) == 20
    assert len(refused) > 10
    assert all(line.startswith("/builds/") for line in refused), "a refusal names the file"


@pytest.mark.slow
@pytest.mark.parametrize("first", range(20, 2020, 200))
def test_two_thousand_tampered_builds_open_right_or_are_refused_in_a_line(first):
    assert faults(outcomes(first, 200)) == []
