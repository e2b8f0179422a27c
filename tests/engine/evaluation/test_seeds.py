"""What was trained at several seeds is taken together, and nothing else is."""

import shutil

import numpy as np
import pytest

from engine.builds import runs
from engine.builds.opened import Build
from engine.builds.parts import Parts
from engine.evaluation import seeds
from engine.scorers import node
from engine.training.models.node import create
from tests.engine.stored_runs import stored_run


@pytest.fixture
def build(small_build, tmp_path):
    """Sixty films with four trainings: three differ by their seed, one by how fast it learned."""
    folder = shutil.copytree(small_build, tmp_path / "sixty")
    settings = {option.name: option.default for option in node.KIND.options}
    weights = {name: value.numpy() for name, value in create(Parts(folder).parts, settings, seed=1).state_dict().items()}
    for name, changes in (("a", {"seed": 0}), ("b", {"seed": 1}), ("c", {"seed": 2}), ("d", {"seed": 3, "batch": 7})):
        run = stored_run(settings=settings)
        runs.store(folder, run.model_copy(update={"name": name, "spec": dict(run.spec) | changes}), weights)
    return Build(folder)


def test_members_that_differ_by_their_seed_alone_are_one_training(build, told):
    means = {"bm25": 0.9, "generative:a": 0.3, "generative:b": 0.4, "generative:d": 0.8, "generative:c": 0.35, "hybrid:a": 0.5}
    (found,) = seeds.repeated(build, means | {"generative:centroid": 0.1, "their.run": 0.2, "generative:gone": 0.2})
    assert found.names == ("generative:a", "generative:b", "generative:c")
    assert (found.mean, found.low, found.high) == (pytest.approx(0.35), 0.3, 0.4)
    assert found.deviation == pytest.approx(np.std([0.3, 0.4, 0.35], ddof=1))
    assert seeds.repeated(build, {"generative:a": 0.3, "hybrid:b": 0.4}) == []
    names = [part for name in ("a", "b") for part in ("-r", f"generative:{name}")]
    value = told("evaluate", build.folder, "--split", "dev", *names)
    assert value["seeds"][0]["names"] == ["generative:a", "generative:b"]
