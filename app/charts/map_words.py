"""Words on the map: where the largest branches lie, as many as there is room for."""

import html
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.pictures.labels import cut

# At most so many are written, each of so many letters.
MOST, LETTERS = 12, 26
# Branches that are tried, the largest first: one that would lie on another's words is passed over.
TRIED = 60
# Pixels of a letter and of a line, of the picture on a usual screen, and of the narrowest one beside a list.
LETTER, LINE, WIDTH, NARROWEST = 6.6, 19.0, 620.0, 420.0


class Branch(NamedTuple):
    """A branch that may be named on the map: its words, and the places of its points."""

    words: str
    places: np.ndarray


def largest(nodes: np.ndarray, names: Sequence[str], among: np.ndarray | None = None) -> list[Branch]:
    """Branches by the node of each point (0 for none), the largest first; ``among`` leaves points out, bool, an entry a point."""
    places = np.flatnonzero(nodes > 0 if among is None else (nodes > 0) & among)
    found, sizes = np.unique(nodes[places], return_counts=True)
    order = np.argsort(-sizes, kind="stable")[:TRIED]
    return [Branch(names[node], places[nodes[places] == node]) for node in found[order].tolist() if names[node]]


def annotations(
    xy: np.ndarray, branches: Sequence[Branch], across: Sequence[float], down: Sequence[float], height: float
) -> list[dict[str, Any]]:
    """Words as Plotly takes them, none on another.

    Parameters
    ----------
    xy : np.ndarray
        Float32 ``(m, 2)``, the points of the map.
    branches : sequence of Branch
        Those that come first are written before those that follow.
    across, down : sequence of float
        The part of the plane that is shown, from and to; both axes have one scale.
    height : float
        Of the picture, pixels.
    """
    pixel = max((across[1] - across[0]) / WIDTH, (down[1] - down[0]) / height)
    taken: list[np.ndarray] = []
    written = []
    for branch in branches:
        x, y = middle(xy[branch.places])
        text = cut(branch.words, LETTERS)
        half = np.array([len(text) * LETTER / 2, LINE / 2]) * pixel
        anchor = side(x, len(text), across)
        start = x - half[0] * {"left": 0, "center": 1, "right": 2}[anchor]
        box = np.array([start, y - half[1], start + 2 * half[0], y + half[1]])
        inside = across[0] <= x <= across[1] and down[0] <= y <= down[1]
        if not inside or any((box[:2] < other[2:]).all() and (other[:2] < box[2:]).all() for other in taken):
            continue
        taken.append(box)
        at = {"x": float(x), "y": float(y), "xanchor": anchor}
        written.append(at | {"text": html.escape(text), "showarrow": False, "font": {"size": 12}})
        if len(written) == MOST:
            break
    return written


def side(x: float, letters: int, across: Sequence[float]) -> str:
    """Which part of words stands at a place: their middle, or near an edge the end from which they run inwards, for Plotly cuts
    what leaves a picture.

    >>> [side(x, 20, (0, 9)) for x in (1, 5, 8)]
    ['left', 'center', 'right']
    """
    half = letters * LETTER / 2 * (across[1] - across[0]) / NARROWEST
    return "left" if x - half < across[0] else "right" if x + half > across[1] else "center"


def middle(points: np.ndarray) -> np.ndarray:
    """The point nearest to the medians of both axes: a mean may lie where no point is, between two halves of a branch."""
    return points[np.argmin(np.abs(points - np.median(points, axis=0)).sum(axis=1))]
