"""A trained model on disk: its weights, and what made them.

interactions/models/NAME/
  run.json                   spec, figures on development, history; replaced last
  weights-HASH.safetensors
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import Field

from engine.data.figures import Stored
from engine.errors import TriescopeError
from engine.files import replace_bytes, replace_json
from engine.scorers.tensors import check_numbers
from engine.stored import described
from engine.stored.content import read as read_content
from engine.text.tuned import Turn, name_of

RUN = "run.json"


class Kept(Stored):
    """All that is known of a trained model; ``dev`` has its measures on development, on ``judged_on`` of the questions (0: on
    all)."""

    spec: Mapping[str, int | float | str]
    weights: str
    digest: str
    created: str
    device: str
    seed: int
    steps: int
    best_step: int
    seconds: float
    stopped: str
    parameters: int
    measure: str
    chosen_on: int
    judged_on: int = 0
    history: tuple[Turn, ...]
    dev: Mapping[str, float] = Field(default_factory=dict)


def is_there(folder: Path) -> bool:
    """Whether a folder holds one."""
    return (folder / RUN).is_file()


def read(folder: Path) -> Kept:
    """What is known of it.

    Raises
    ------
    TriescopeError
        There is none, or its file is damaged.
    """
    if not is_there(folder):
        raise TriescopeError(f"{folder.name} has not been trained")
    found = described.read(folder / RUN, Kept)
    if Path(found.weights).name != found.weights:
        raise TriescopeError(f"{folder / RUN}: damaged (a name that is none)")
    return found


def store(folder: Path, known: Kept, tensors: Mapping[str, np.ndarray]) -> Kept:
    """Put a trained model in the place of the one before; the weights' name is that of their content."""
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    content = save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()})
    known = known.model_copy(update={"weights": name_of("weights", content)})
    replace_bytes(folder / known.weights, content)
    replace_json(folder / RUN, known.model_dump(mode="json"))
    for left in folder.glob("weights-*.safetensors"):
        if left.name != known.weights:
            left.unlink(missing_ok=True)
    return known


def tensors(folder: Path, known: Kept) -> dict[str, np.ndarray]:
    """The weights.

    Raises
    ------
    TriescopeError
        They are missing, have changed, or are no finite numbers.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = folder / known.weights
    content = read_content(path)
    if name_of("weights", content) != known.weights:
        raise TriescopeError(f"{path}: the weights have changed since they were saved")
    try:
        found = load(content)
    except SafetensorError as error:
        raise TriescopeError(f"{path}: cannot be opened ({error})") from error
    check_numbers(found)
    return found
