"""One process of a crew that trains a line together: ``python -m tests.engine.training.together FOLDER STEPS``."""

import atexit
import sys
from pathlib import Path

import torch

from engine.training.crew import crew
from engine.training.loop import fit
from engine.training.spec import TrainSpec
from tests.engine.training.test_train_loop import Line, evaluate, loss_of


def threads() -> list[str]:
    """Names of this process's threads; none where the system does not tell."""
    return [name.read_text("utf-8").strip() for name in Path("/proc/self/task").glob("*/comm")]


if __name__ == "__main__":
    atexit.register(lambda: (folder / f"{place}.left").write_text("\n".join(threads()), "utf-8"))  # after the crew's own
    torch.set_num_threads(1)
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    model, noted = Line(), []
    spec = TrainSpec(steps=steps, evaluate_every=2, patience=99)
    course = fit(model, spec, loss_of, evaluate, folder, lambda *told: None, noted.append, "score")
    weights = model.layer.weight.detach().flatten().tolist()
    place = crew().place
    (folder / f"{place}.txt").write_text(repr((weights, course.standing[:5], len(noted))), "utf-8")
    crew().wait()
