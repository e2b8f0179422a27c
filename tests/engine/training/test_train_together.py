"""Two processes that train together against one that learns from the batches of both at once."""

import os
import shutil
import subprocess
import sys
from ast import literal_eval
from socket import socket

import numpy as np
import pytest
import torch

from engine.builds import runs
from engine.builds.opened import Build
from engine.training.crew import Crew, crew
from tests.engine.training.test_train_loop import loss_of, run

pytest.importorskip("accelerate")


def started(count, *command, timeout=300):
    """Processes started as ``accelerate launch`` and ``torchrun`` start them; all have to end well."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    known = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "ACCELERATE_USE_CPU": "true"}
    known |= {"LOCAL_WORLD_SIZE": str(count), "OMP_NUM_THREADS": "1"}
    begun = [
        subprocess.Popen(
            [sys.executable, "-m", *command],
            env=os.environ | known | {"RANK": str(place), "LOCAL_RANK": str(place)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for place in range(count)
    ]
    ended = [process.communicate(timeout=timeout) for process in begun]
    assert [process.returncode for process in begun] == [0] * count, ended
    return ended


def test_two_processes_learn_what_one_learns_from_both_of_their_batches(tmp_path):
    both, alone = tmp_path / "both", tmp_path / "alone"
    both.mkdir()
    started(2, "tests.engine.training.together", str(both), "4")

    def of_both(model, step, progress):
        parts = []
        for batch in (2 * step, 2 * step + 1):
            torch.manual_seed(batch)  # each process seeds its dropout by its batch
            parts.append(loss_of(model, batch, progress)[0])
        return torch.stack(parts).mean(), {}

    model, course, notes = run(alone, 4, of_both, every=2)
    first, second = (literal_eval((both / f"{place}.txt").read_text("utf-8")) for place in (0, 1))
    assert first[0] == second[0]
    assert first[1][:4] == second[1][:4]  # then come seconds
    np.testing.assert_allclose(first[0], model.layer.weight.detach().flatten().numpy(), atol=1e-6)
    assert first[1][:2] == course.standing[:2]
    # The second one notes nothing and writes nothing.
    assert (first[2], second[2]) == (len(notes), 0)
    assert len(list(both.glob("checkpoint-*"))) == 1
    # A thread of the group that is left at the end aborts the process now and then.
    assert not [name for place in (0, 1) for name in (both / f"{place}.left").read_text("utf-8").split("\n") if "gloo" in name]


def test_who_is_alone_needs_no_library_and_waits_for_nobody():
    one = crew()
    assert one == Crew(0, 1, "")
    assert (one.first, one.draw(7), one.agreed(0.5), one.told("cpu")) == (True, 7, 0.5, "cpu")
    assert not one.follow(lambda: pytest.fail("there is nobody to follow"))


@pytest.mark.slow
def test_a_scorer_is_trained_by_two_processes_and_stored_once(small_build, tmp_path):
    folder = shutil.copytree(small_build, tmp_path / "sixty")
    command = ["engine", "train", str(folder), "--steps", "4", "--every", "2", "--batch", "16", "--name", "both"]
    (told, _), (silent, _) = started(2, *command)
    assert told.startswith("both (node): 4 steps")
    assert not silent
    run = runs.read(folder, "both")
    assert run.device.startswith("2 processes, ")
    assert [seen.step for seen in run.history] == [0, 2, 4]
    assert Build(folder).search("a dream", "generative:both", 3)
