"""What Compare shows as files to hand on: one HTML file that needs no network, and runs of TREC; made when they are asked for."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from app.common import exports
from engine import workspace
from engine.builds.opened import Build
from engine.evaluation import comparison, sheet


def offer(
    build: Build,
    query: str,
    names: tuple[str, ...],
    k: int,
    beams: int,
    vector: np.ndarray,
    allowed: str,
    grades: Mapping[str, int],
) -> None:
    """The two buttons; ``names`` are the columns that have a list."""
    compared = partial(comparison.compare, build, query, names, k, beams, vector, allowed, grades)
    exports.offer("Comparison, HTML", partial(_html, compared), "compare.html")
    exports.offer("Runs, TREC", partial(_trec, compared, workspace.query_id(query)), "compare.trec")


def _html(compared: partial) -> str:
    return sheet.html(compared())


def _trec(compared: partial, query_id: str) -> str:
    return compared().trec(query_id)
