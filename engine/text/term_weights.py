"""The weights of terms of a build's documents on disk, mapped.

terms/
  terms.json        what they are of
  ids.npy           int32 (entries,): the term, as the encoder numbers it; ascending within a document
  weights.npy       float32 (entries,)
  ends.npy          int64 (documents,): where a document's entries end
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import Field, ValidationError

from engine.data.figures import Stored
from engine.errors import TriescopeError
from engine.files import replace_json
from engine.stored import arrays
from engine.stored.content import read as read_content
from engine.stored.ragged import ENDS, Growing, Part
from engine.stored.remembered import once
from engine.text.sparse_encoder import Terms

FOLDER, ABOUT = "terms", "terms.json"


class About(Stored):
    """What the weights are of: the encoder, its fingerprint, how many terms it knows, and seconds that it took."""

    model: str
    encoder: str
    terms: int = Field(ge=1)
    documents: int = Field(ge=0)
    entries: int = Field(ge=0)
    seconds: float
    created: str


class TermWeights(NamedTuple):
    """Terms of all documents; see the file's head."""

    about: About
    ids: np.ndarray
    weights: np.ndarray
    ends: np.ndarray


def megabytes(about: About) -> float:
    """What they take on disk."""
    return (about.entries * 8 + about.documents * 8) / 1e6


def is_there(build: Path) -> bool:
    """Whether a build has them."""
    return (build / FOLDER / ABOUT).is_file()


def stamp(build: Path) -> str:
    """What changes when they are made anew; empty where there are none."""
    try:
        found = (build / FOLDER / ABOUT).stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns}-{found.st_ino}"


def read(build: Path) -> About:
    """What they are of.

    Raises
    ------
    TriescopeError
        There are none, or the file is damaged.
    """
    path = build / FOLDER / ABOUT
    if not is_there(build):
        raise TriescopeError(f"{build.name} has no weights of terms: `python -m engine terms {build.name} MODEL` makes them")
    try:
        return About.model_validate_json(read_content(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise TriescopeError(f"{path}: damaged ({'.'.join(map(str, first['loc'])) or first['msg']})") from error


def opened(build: Path, rows: int) -> TermWeights:
    """Those of a build with so many documents, mapped.

    Raises
    ------
    TriescopeError
        There are none, or the files do not belong together.
    """
    about, folder = read(build), build / FOLDER
    ids, weights = arrays.mapped(folder / "ids.npy", "int32"), arrays.mapped(folder / "weights.npy", "float32")
    ends = np.asarray(arrays.mapped(folder / ENDS, "int64"))
    steps = np.diff(ends, prepend=0)
    if not len(ids) == len(weights) == about.entries:
        raise TriescopeError(f"{folder}: its files are not of the same terms")
    if len(ends) != rows or (steps < 0).any() or (ends[-1] if rows else 0) != about.entries:
        raise TriescopeError(f"{folder / ENDS}: not of {rows:,} documents and {about.entries:,} terms")

    def check() -> None:
        inside = not len(ids) or (ids.min() >= 0 and ids.max() < about.terms)
        if not (inside and np.isfinite(weights).all() and (np.asarray(weights) > 0).all()):
            raise TriescopeError(f"{folder}: damaged (a term or a weight that is none)")

    once(f"terms {about.terms}", [folder / "ids.npy", folder / "weights.npy"], check)
    return TermWeights(about, ids, weights, ends)


class Writing(Growing):
    """Weights of terms in the making; see :class:`engine.stored.ragged.Growing`."""

    def __init__(self, folder: Path, spec: dict):
        super().__init__(folder, spec, (Part("ids", "int32"), Part("weights", "float32")))

    def add(self, documents: Sequence[Terms]) -> None:
        """The next documents."""
        contents = np.concatenate([one.ids for one in documents]), np.concatenate([one.weights for one in documents])
        self.append([len(one.ids) for one in documents], contents)

    def close(self, about: About) -> None:
        """Put the files into the form that they are opened in; the folder then holds nothing else."""
        self.finish()
        replace_json(self.folder / ABOUT, about.model_dump())
        self.tidy()
