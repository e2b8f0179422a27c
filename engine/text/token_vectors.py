"""The token vectors of a build's documents on disk: 8 bits a number, mapped.

    tokens/
      tokens.json       what they are of
      vectors.npy       int8 (tokens, d): each token's unit vector, its largest number as 127
      scales.npy        float16 (tokens,): what a step of those is worth
      ids.npy           int32 (tokens,): the token itself, as the encoder numbers it
      ends.npy          int64 (documents,): where a document's tokens end
      weights.json      how hybrids that have them are weighed (engine/builds/late_weights.py)

Against float32 a cosine changes by less than .01, and no figure on films in its third digit. Whoever writes them appends a few
documents at a time, so that what was interrupted goes on (:class:`Writing`).
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
from engine.text.late_encoder import Tokens

FOLDER, ABOUT, WEIGHTS = "tokens", "tokens.json", "weights.json"
VECTORS, SCALES, IDS, ENDS = "vectors.npy", "scales.npy", "ids.npy", "ends.npy"
STEPS = 127


class About(Stored):
    """What the vectors are of: the encoder as it was asked for, empty for the build's own, its fingerprint, whether it was
    trained for late interaction, and seconds that it took."""

    model: str
    encoder: str
    trained: bool
    dimensions: int = Field(ge=1)
    documents: int = Field(ge=0)
    tokens: int = Field(ge=0)
    seconds: float
    created: str


class TokenVectors(NamedTuple):
    """Token vectors of all documents; see the file's head."""

    about: About
    vectors: np.ndarray
    scales: np.ndarray
    ids: np.ndarray
    ends: np.ndarray

    def span(self, row: int) -> slice:
        """Where a document's tokens stand."""
        return slice(int(self.ends[row - 1]) if row else 0, int(self.ends[row]))

    def floats(self, span: slice | np.ndarray) -> np.ndarray:
        """Float32 ``(t, d)`` vectors of some tokens, of length 1 but for what 8 bits lose."""
        return self.vectors[span] * self.scales[span].astype(np.float32)[:, None]


def quantized(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Float ``(t, d)`` as int8 and float16 ``(t,)`` scales.

    >>> whole, scale = quantized(np.array([[0.6, -0.8], [0.0, 0.0]]))
    >>> (whole * scale[:, None]).astype(float).round(2).tolist()
    [[0.6, -0.8], [0.0, 0.0]]
    """
    scale = (np.abs(vectors).max(axis=1, initial=0.0) / STEPS).astype(np.float16)
    # By the scale as it is kept, so that its own rounding is not an error twice.
    whole = np.rint(vectors / np.maximum(scale.astype(np.float32), 1e-9)[:, None])
    return np.clip(whole, -STEPS, STEPS).astype(np.int8), scale


def megabytes(about: About) -> float:
    """What they take on disk, and in memory where all of it was touched."""
    return (about.tokens * (about.dimensions + 2 + 4) + about.documents * 8) / 1e6


def is_there(build: Path) -> bool:
    """Whether a build has token vectors."""
    return (build / FOLDER / ABOUT).is_file()


def stamp(build: Path) -> str:
    """What changes when they are made anew; empty where there are none."""
    return described.stamp(build / FOLDER / ABOUT)


def weights_of(build: Path) -> Path:
    """The file that says how hybrids with them are weighed."""
    return build / FOLDER / WEIGHTS


def read(build: Path) -> About:
    """What they are of.

    Raises
    ------
    TriescopeError
        There are none, or the file is damaged.
    """
    path = build / FOLDER / ABOUT
    if not is_there(build):
        raise TriescopeError(f"{build.name} has no token vectors: `python -m engine tokens {build.name}` makes them")
    return described.read(path, About)


def opened(build: Path, rows: int) -> TokenVectors:
    """Those of a build with so many documents, mapped.

    Raises
    ------
    TriescopeError
        There are none, or the files do not belong together.
    """
    about, folder = read(build), build / FOLDER
    vectors, scales = arrays.mapped(folder / VECTORS, "int8", axes=2), arrays.mapped(folder / SCALES, "float16")
    ids = arrays.mapped(folder / IDS, "int32")
    if vectors.shape != (about.tokens, about.dimensions) or not len(scales) == len(ids) == about.tokens:
        raise TriescopeError(f"{folder}: its files are not of the same tokens")
    ends = ragged.ends(folder, rows, about.tokens, "tokens")

    def check() -> None:
        if not (np.isfinite(scales).all() and (np.asarray(scales) >= 0).all() and (np.asarray(ids) >= 0).all()):
            raise TriescopeError(f"{folder}: damaged (a scale or a token that is none)")

    once("tokens", [folder / SCALES, folder / IDS], check)
    return TokenVectors(about, vectors, scales, ids, ends)


class Writing(Growing):
    """Token vectors in the making; see :class:`engine.stored.ragged.Growing`.

    Parameters
    ----------
    folder, spec
        As there.
    dimensions : int
        Size of a vector.
    """

    about = ABOUT

    def __init__(self, folder: Path, spec: dict, dimensions: int):
        super().__init__(folder, spec, (Part("vectors", "int8", dimensions), Part("scales", "float16"), Part("ids", "int32")))
        self.dimensions = dimensions

    def add(self, documents: Sequence[Tokens]) -> None:
        """The next documents."""
        vectors, scales = quantized(np.concatenate([one.vectors for one in documents]).reshape(-1, self.dimensions))
        self.append([len(one.ids) for one in documents], (vectors, scales, np.concatenate([one.ids for one in documents])))
