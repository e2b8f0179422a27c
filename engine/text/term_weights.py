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
from pydantic import Field

from engine.data.figures import Stored
from engine.errors import TriescopeError
from engine.stored import arrays, described, ragged
from engine.stored.ragged import Growing, Part
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
    return described.stamp(build / FOLDER / ABOUT)


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
    return described.read(path, About)


def opened(build: Path, rows: int) -> TermWeights:
    """Those of a build with so many documents, mapped.

    Raises
    ------
    TriescopeError
        There are none, or the files do not belong together.
    """
    about, folder = read(build), build / FOLDER
    ids, weights = arrays.mapped(folder / "ids.npy", "int32"), arrays.mapped(folder / "weights.npy", "float32")
    if not len(ids) == len(weights) == about.entries:
        raise TriescopeError(f"{folder}: its files are not of the same terms")
    ends = ragged.ends(folder, rows, about.entries, "terms")

    def check() -> None:
        inside = not len(ids) or (ids.min() >= 0 and ids.max() < about.terms)
        if not (inside and np.isfinite(weights).all() and (np.asarray(weights) > 0).all()):
            raise TriescopeError(f"{folder}: damaged (a term or a weight that is none)")

    once(f"terms {about.terms}", [folder / "ids.npy", folder / "weights.npy"], check)
    return TermWeights(about, ids, weights, ends)


class Writing(Growing):
    """Weights of terms in the making; see :class:`engine.stored.ragged.Growing`."""

    about = ABOUT

    def __init__(self, folder: Path, spec: dict):
        super().__init__(folder, spec, (Part("ids", "int32"), Part("weights", "float32")))

    def add(self, documents: Sequence[Terms]) -> None:
        """The next documents."""
        contents = np.concatenate([one.ids for one in documents]), np.concatenate([one.weights for one in documents])
        self.append([len(one.ids) for one in documents], contents)
