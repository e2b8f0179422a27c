"""Trained scorers of a build: where they lie, what is known of them, which one is the default.

A run is a folder ``trained/NAME`` in its build. Its weights are named after their hash and ``run.json`` names them; that file is
replaced last and as a whole, so a training that was killed at any point leaves the old scorer or the new one. A run that is not
finished lies in ``trained/.NAME.partial``. Knows nothing of training.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from engine.builds import layout
from engine.builds.history import Evaluation
from engine.builds.trained import Run
from engine.errors import TriescopeError
from engine.files import replace_bytes, replace_json, writing
from engine.scorers.base import Scorer
from engine.scorers.carried import Change
from engine.scorers.kinds import Parts, kind
from engine.scorers.tensors import check_numbers
from engine.stored.content import read as read_content

CENTROID = "centroid"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def check_name(name: str) -> str:
    """A run's name: lower-case letters, digits and hyphens, at most 40; it becomes part of a path and of ``generative:NAME``.

    >>> check_name("node-2")
    'node-2'
    """
    if not NAME.fullmatch(name) or name == CENTROID:
        raise TriescopeError(f"{name!r} cannot name a trained scorer; use lower-case letters, digits and hyphens")
    return name


def folder_of(build: Path, name: str) -> Path:
    """Folder of a finished run."""
    return layout.trained_of(build, check_name(name))


def partial_of(build: Path, name: str) -> Path:
    """Folder of a run that is not finished: its spec, checkpoint and history."""
    return layout.partial_of(folder_of(build, name))


def names(build: Path) -> list[str]:
    """Finished runs, by name."""
    found = (path.parent.name for path in (build / layout.TRAINED).glob(f"*/{layout.RUN}"))
    return sorted(name for name in found if NAME.fullmatch(name))


def unfinished(build: Path) -> list[str]:
    """Runs that were begun and can be gone on with, by name."""
    begun = (layout.whole_of(path.parent) for path in (build / layout.TRAINED).glob(f".*/{layout.TRAIN_SPEC}"))
    return sorted(folder.name for folder in begun if folder and NAME.fullmatch(folder.name))


def read(build: Path, name: str) -> Run:
    """What is known of a run.

    Raises
    ------
    TriescopeError
        There is none of that name, or its file is damaged.
    """
    path = folder_of(build, name) / layout.RUN
    try:
        now = path.stat()
    except OSError:
        raise TriescopeError(f"no trained scorer {name!r}; there are {', '.join([CENTROID, *names(build)])}") from None
    return _read(path, name, (now.st_mtime_ns, now.st_size, now.st_ino))


@lru_cache(maxsize=32)
def _read(path: Path, name: str, version: tuple[int, ...]) -> Run:
    """The file as it is in this version: every search with a trained scorer asks, and a history takes milliseconds to read."""
    try:
        run = Run.model_validate_json(read_content(path))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or first["msg"]
        raise TriescopeError(f"{path}: the run is damaged ({field})") from error
    if run.name != name or Path(run.weights).name != run.weights:
        raise TriescopeError(f"{path}: the run is damaged (weights)")
    return run


def history(build: Path, name: str) -> list[Evaluation]:
    """Evaluations of an unfinished run so far; a line that is being written is left out."""
    path = partial_of(build, name) / layout.HISTORY
    try:
        lines = read_content(path).splitlines()
    except TriescopeError:
        return []  # not begun, or finished just now and moved
    found = []
    for line in lines:
        try:
            found.append(Evaluation.model_validate_json(line))
        except ValidationError:
            break
    return found


def default(build: Path) -> str:
    """The scorer that ``generative`` means: a run's name, or ``centroid``."""
    try:
        name = str(json.loads(read_content(build / layout.TRAINED / layout.DEFAULT))["scorer"])
    except (TriescopeError, ValueError, KeyError, TypeError, RecursionError):
        return CENTROID
    return name if name in names(build) else CENTROID


def choose(build: Path, name: str) -> None:
    """Make a scorer the default: a person's choice, or that of a training whose run is :attr:`Run.certain`.

    Raises
    ------
    TriescopeError
        There is none of that name, it is not even better on average than the centroid scorer, or the build cannot be written to.
    """
    if name != CENTROID and not read(build, name).beats_centroid:
        raise TriescopeError(f"{name} does not beat the centroid scorer on the development queries: it cannot be the default")
    if not layout.is_build(build):
        raise TriescopeError(f"{build}: this build is not there any more")
    with writing(build):
        replace_json(build / layout.TRAINED / layout.DEFAULT, {"scorer": name})


def settle(build: Path, name: str) -> Run:
    """A stored run; it becomes the default where the centroid scorer is that, and it is certainly better."""
    stored = read(build, name)
    if stored.certain and default(build) == CENTROID:
        choose(build, name)
    return stored


def best(build: Path) -> str:
    """The run that is furthest above the centroid scorer on its development queries; empty where none is above. A damaged run is
    passed over: whoever opens it is told."""
    found: list[tuple[float, str]] = []
    for name in names(build):
        with suppress(TriescopeError):
            dev = read(build, name).dev
            found.append((dev.trained[dev.measure].mean - dev.centroid[dev.measure].mean, name))
    gain, name = max(found, key=lambda one: one[0], default=(0.0, ""))  # of equals the first by name
    return name if gain > 0 else ""


def remove(build: Path, name: str) -> None:
    """Delete a run, and what is left of an unfinished one of that name; the default falls back to the centroid scorer."""
    if default(build) == name:
        choose(build, CENTROID)
    with writing(build):
        (folder_of(build, name) / layout.RUN).unlink(missing_ok=True)
    for folder in (folder_of(build, name), partial_of(build, name)):
        shutil.rmtree(folder, ignore_errors=True)


def store(build: Path, run: Run, tensors: Mapping[str, np.ndarray]) -> None:
    """Put a finished run in the place of the one of its name, if any; readers see the old one or the new one.

    Its ``weights`` and ``bytes`` are those of the file that is written.
    """
    from safetensors.numpy import save

    folder = folder_of(build, run.name)
    folder.mkdir(parents=True, exist_ok=True)
    content = save({key: np.ascontiguousarray(value) for key, value in tensors.items()})
    weights = f"weights-{hashlib.sha256(content).hexdigest()[:16]}.safetensors"
    replace_bytes(folder / weights, content)
    replace_json(folder / layout.RUN, run.model_copy(update={"weights": weights, "bytes": len(content)}).as_json())
    for left in folder.glob("weights-*.safetensors"):
        if left.name != weights:
            left.unlink(missing_ok=True)


def stamp(build: Path, name: str) -> str:
    """What changes when the scorer of a name is trained anew: the name of its weights."""
    return CENTROID if name == CENTROID else read(build, name).weights


def follows(build: Path, name: str) -> bool:
    """Whether a scorer can score over a tree that changed since it was trained."""
    return name == CENTROID or kind(read(build, name).scorer).carry is not None


def tensors_of(build: Path, name: str) -> dict[str, np.ndarray]:
    """The weights of a run, by name.

    Raises
    ------
    TriescopeError
        There is no such run, or its weights are not those that were saved.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    known = read(build, name)
    path = folder_of(build, name) / known.weights
    content = read_content(path)
    if f"weights-{hashlib.sha256(content).hexdigest()[:16]}.safetensors" != known.weights:
        raise TriescopeError(f"{path}: the weights have changed since they were saved")
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise TriescopeError(f"{path}: these weights cannot be opened ({error})") from error
    check_numbers(tensors)
    return tensors


def open_scorer(build: Path, name: str, parts: Parts, change: Change | None = None) -> Scorer:
    """The scorer of a run, over the tree of ``parts``; ``change`` is how that came to be, where it is not the one it learned.

    Raises
    ------
    TriescopeError
        There is no such run, its weights are not those that were saved or do not fit the build, or it cannot follow the change.
    """
    known = read(build, name)
    path = folder_of(build, name) / known.weights
    try:
        tensors, of = tensors_of(build, name), kind(known.scorer)
        if change:
            if of.carry is None:
                raise TriescopeError(f"{known.scorer} cannot follow what changed in the catalogue: fold it in and train anew")
            tensors = dict(of.carry(tensors, change, known.settings))
        return of.open(parts, tensors, known.settings)
    except TriescopeError as error:
        raise error if str(path) in str(error) else TriescopeError(f"{path}: {error}") from error
    except Exception as error:  # whatever a kind's own code says of tensors that are not its own
        raise TriescopeError(f"{path}: these weights cannot be opened ({(str(error).splitlines() or [''])[0]})") from error
