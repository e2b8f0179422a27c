"""The fine-tuned encoder of a build on disk: its layers, the documents' vectors by it, and what is known of it.

    tuned/
      tuned.json                      names the two files below; replaced last, so a reader sees the old ones or the new ones
      layers-HASH.safetensors         the layers alone; the rest is the build's own encoder
      embeddings-HASH.npy             float32 (documents, d), unit rows

Knows nothing of training.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from engine.data.figures import Stored, StoredDifference, StoredInterval, better, told_p
from engine.data.figures import told as told_figure
from engine.data.values import counted
from engine.errors import TriescopeError
from engine.files import replace_bytes, replace_json
from engine.stored import arrays, described
from engine.stored.content import read as read_content
from engine.stored.remembered import once
from engine.text import encoders

if TYPE_CHECKING:
    from engine.text.layered import LayeredEncoder

FOLDER, ABOUT = "tuned", "tuned.json"


class Turn(Stored):
    """How it stood after a step: seconds trained, mean loss since the one before (None before the first), development measure."""

    step: int
    seconds: float
    loss: float | None
    dev: float


class Judged(Stored):
    """Retrievers on development queries that nothing was chosen on, or, where there are too few to halve, on those that chose.

    ``of`` has the mean of the measure a retriever, ``ahead`` what the tuned encoder is ahead of each other one.
    """

    queries: int
    apart: bool
    told: str
    measure: str
    of: dict[str, StoredInterval]
    ahead: dict[str, StoredDifference]


class Course(Stored):
    """How a fine-tuning went. There are ``pairs`` to learn from; ``seen`` were drawn, some of them more than once."""

    created: str
    device: str
    seed: int
    spec: Mapping[str, int | float | str]
    steps: int
    best_step: int
    seconds: float
    stopped: str
    pairs: int
    queries: int
    seen: int
    chosen_on: int
    parameters: int
    measure: str
    history: tuple[Turn, ...]


class Tuned(Course):
    """All that is known of a fine-tuned encoder.

    ``encoder`` is the fingerprint of the one it began as. The development queries that choose the weights search ``pool``
    documents, not all: each of those is embedded anew at every look. ``whole`` is their measure among all documents, by the
    untuned encoder and by the weights that were chosen so; where the first is no lower, it is what is kept. Empty for one of an
    earlier version, which did not look.
    """

    encoder: str
    layers: str
    vectors: str
    pool: int
    judged: Judged
    whole: tuple[float, ...] = Field(default=(), max_length=2)
    notes: tuple[str, ...] = Field(default=())


def is_there(build: Path) -> bool:
    """Whether a build has one."""
    return (build / FOLDER / ABOUT).is_file()


def stamp(build: Path) -> str:
    """What changes when it is made anew; empty where there is none."""
    return described.stamp(build / FOLDER / ABOUT)


def read(build: Path) -> Tuned:
    """What is known of it.

    Raises
    ------
    TriescopeError
        There is none, or its file is damaged.
    """
    path = build / FOLDER / ABOUT
    if not is_there(build):
        raise TriescopeError(f"{build.name} has no fine-tuned encoder: `python -m engine tune {build.name}` makes one")
    found = described.read(path, Tuned)
    for name in (found.layers, found.vectors):
        if Path(name).name != name:
            raise TriescopeError(f"{path}: damaged (a name that is none)")
    return found


def open_vectors(build: Path, rows: int) -> np.ndarray:
    """The documents' vectors, mapped: float32 ``(rows, d)``.

    Raises
    ------
    TriescopeError
        There is no fine-tuned encoder, or the file is not what was written for so many documents.
    """
    path = build / FOLDER / read(build).vectors
    found = arrays.mapped(path, "float32", axes=2)
    if len(found) != rows:
        raise TriescopeError(f"{path}: {len(found):,} vectors for {rows:,} documents")

    def check() -> None:
        if not np.allclose(np.einsum("nd,nd->n", found, found), 1, atol=1e-3):  # false where a number is not finite
            raise TriescopeError(f"{path}: damaged (a vector that has not length 1)")

    once("unit", [path], check)
    return found


def open_layers(build: Path, encoder: str) -> "LayeredEncoder":
    """The encoder itself; ``encoder`` is the name of the one that the build's documents went through.

    Raises
    ------
    TriescopeError
        There is none, its layers are not those that were saved, or the encoder it began as is another one now.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    from engine.text.layered import LayeredEncoder

    known = read(build)
    encoders.check_same(encoder, known.encoder)
    path = build / FOLDER / known.layers
    content = read_content(path)
    if name_of("layers", content) != known.layers:
        raise TriescopeError(f"{path}: the layers have changed since they were saved")
    try:
        return LayeredEncoder(encoder, 0).take(load(content))
    except (SafetensorError, TriescopeError) as error:
        raise TriescopeError(f"{path}: cannot be opened ({error})") from error


def name_of(what: str, content: bytes) -> str:
    """Name of a file by its content."""
    return f"{what}-{hashlib.sha256(content).hexdigest()[:16]}.{'npy' if what == 'embeddings' else 'safetensors'}"


def store(build: Path, known: Tuned, layers: Mapping[str, np.ndarray], vectors: np.ndarray) -> Tuned:
    """Put a fine-tuned encoder in the place of the one before, if any; its file names are those of what is written."""
    import io

    from safetensors.numpy import save

    folder, written = build / FOLDER, io.BytesIO()
    folder.mkdir(parents=True, exist_ok=True)
    np.save(written, np.ascontiguousarray(vectors, np.float32), allow_pickle=False)
    content = {"layers": save({name: np.ascontiguousarray(tensor) for name, tensor in layers.items()})}
    content["embeddings"] = written.getvalue()
    names = {what: name_of(what, of) for what, of in content.items()}
    for what, of in content.items():
        replace_bytes(folder / names[what], of)
    known = known.model_copy(update={"layers": names["layers"], "vectors": names["embeddings"]})
    replace_json(folder / ABOUT, known.model_dump(mode="json"))
    for left in [*folder.glob("layers-*.safetensors"), *folder.glob("embeddings-*.npy")]:
        if left.name not in names.values():
            left.unlink(missing_ok=True)
    return known


def told(known: Tuned) -> list[str]:
    """What a person should know of it, a sentence each: what it learned from, what it reaches, and how sure that is."""
    judged = known.judged
    apart = "that nothing was chosen on" if judged.apart else "that its weights were chosen on, which flatters it"
    kept = known.history[-1]
    kept = next((turn for turn in known.history if turn.step == known.best_step), kept)
    made = (
        f"{counted(known.seen, 'pair', verb='was')} seen in {counted(known.steps, 'step')}, of {known.pairs:,} there are "
        f"({counted(known.queries, 'query', 'queries')}); "
        f"{known.seconds / 60:.1f} minutes on {known.device}, seed {known.seed}; {known.stopped}."
    )
    chosen = (
        f"The weights after step {known.best_step:,} are kept: {known.measure} {known.history[0].dev:.3f} before the first step, "
        f"{kept.dev:.3f} then, on {counted(known.chosen_on, 'development query', 'development queries')} among "
        f"{counted(known.pool, 'document')}."
    )
    if known.whole:
        before, after = known.whole
        kept_untuned = "" if known.best_step or after > before else ": the untuned encoder is kept"
        chosen += f" Among all documents: {before:.3f} before, {after:.3f} then{kept_untuned}."
    reaches = ", ".join(f"{name} {told_figure(of)}" for name, of in judged.of.items())
    lines = [
        made,
        chosen,
        f"On {counted(judged.queries, 'query', 'queries')} ({judged.told}) {apart}, {judged.measure}: {reaches}.",
    ]
    for name, of in judged.ahead.items():
        sure = "ahead of" if better(of) else "not certainly ahead of"
        lines.append(f"tuned is {sure} {name}: {told_figure(of, sign=True)}, paired p {told_p(of)}.")
    return lines
