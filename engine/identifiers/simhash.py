"""SimHash: the sides of random planes on which a vector lies, a few bits a code (Charikar 2002); the control that takes no time.

Nothing is fitted but the mean, from which sides are taken: vectors of sentences lie close together, and planes through zero would
have nearly all of them on one side. Two documents agree in a bit as often as the angle between them is small, so what a learned
codebook is worth is its distance to this. It is the LSH baseline of TIGER (Rajput et al. 2023).
"""

from typing import Any

import numpy as np

from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme

LEVELS, BITS = 3, 8


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Draw the planes and hash every row; see :class:`engine.identifiers.base.Scheme`."""
    levels, bits = settings["levels"] or LEVELS, settings["bits"] or BITS
    width = material.embeddings.shape[1]
    planes = np.random.default_rng(seed).normal(size=(levels, bits, width)).astype(np.float32)
    arrays = {"planes": planes, "mean": material.embeddings.mean(axis=0, dtype=np.float64)}
    return Identifiers(hashed(arrays, material.embeddings), (1 << bits,) * levels, arrays=arrays)


def assign(fitted: Identifiers, embeddings: np.ndarray) -> np.ndarray:
    """Codes of new documents, int32 ``(n, levels)``: sides of the same planes."""
    return hashed(fitted.arrays, embeddings)


def hashed(arrays: dict[str, np.ndarray], embeddings: np.ndarray) -> np.ndarray:
    """Int32 ``(n, levels)`` codes; the first plane of a level is its highest bit. In float64, so that a document alone gets the
    codes that it got among others.

    >>> planes = np.array([[[1, 0], [0, 1]], [[1, 1], [1, -1]]], np.float32)
    >>> hashed({"planes": planes, "mean": np.zeros(2)}, np.array([[3.0, -1.0], [-2.0, 5.0]])).tolist()
    [[2, 3], [1, 2]]
    """
    planes = arrays["planes"].astype(np.float64)
    levels, bits, width = planes.shape
    sides = (embeddings - arrays["mean"]) @ planes.reshape(-1, width).T > 0
    return (sides.reshape(-1, levels, bits) @ (1 << np.arange(bits)[::-1])).astype(np.int32)


SCHEME = Scheme(
    name="simhash",
    summary="The control: sides of random planes, a few bits a code; fitted in no time.",
    citation="Charikar 2002 (SimHash); Rajput et al. 2023 (TIGER, LSH baseline)",
    options=(
        Option("levels", int, LEVELS, "Codes in an identifier, before the collision code.", 1, 8),
        Option("bits", int, BITS, "Planes a code: 8 are 256 codes.", 1, 12),
    ),
    fit=fit,
    assign=assign,
)
