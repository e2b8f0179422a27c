import shutil

import pytest

from engine.builds import runs
from engine.errors import TriescopeError
from engine.files import alone
from engine.training.spec import TrainSpec
from engine.training.train import train


def test_a_folder_is_one_users_at_a_time_and_free_again_afterwards(tmp_path):
    with alone(tmp_path, "taken"), pytest.raises(TriescopeError, match="taken"), alone(tmp_path, "taken"):
        pass
    with pytest.raises(ZeroDivisionError), alone(tmp_path, "taken"):
        raise ZeroDivisionError
    with alone(tmp_path, "taken"):
        pass


def test_two_trainings_of_one_name_do_not_run_side_by_side(small_build, tmp_path):
    folder = shutil.copytree(small_build, tmp_path / "sixty")
    work = runs.partial_of(folder, "busy")
    work.mkdir(parents=True)
    with alone(work, ""), pytest.raises(TriescopeError, match="busy: another process is training a scorer of this name"):
        train(folder, TrainSpec(steps=1), "busy")
