"""One process of a crew that trains a line together: ``python -m tests.engine.training.together FOLDER STEPS``."""

import sys
from pathlib import Path

import torch

from engine.training.crew import crew
from engine.training.loop import fit
from engine.training.spec import TrainSpec
from tests.engine.training.test_train_loop import Line, evaluate, loss_of

if __name__ == "__main__":
    torch.set_num_threads(1)
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    model, noted = Line(), []
    spec = TrainSpec(steps=steps, evaluate_every=2, patience=99)
    course = fit(model, spec, loss_of, evaluate, folder, lambda *told: None, noted.append, "score")
    weights = model.layer.weight.detach().flatten().tolist()
    (folder / f"{crew().place}.txt").write_text(repr((weights, course.standing[:5], len(noted))), "utf-8")
    crew().wait()
