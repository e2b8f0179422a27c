"""Trained members that differ by their seed alone, taken together: how much of a figure is the luck of one training.

An interval over queries says what other queries would give the same weights. It says nothing of what other weights the same
training would have given.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from engine.builds import runs
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.retrievers import method_of


class Repeated(NamedTuple):
    """Retrievers that decode with the same training at different seeds: their names, mean and standard deviation (over seeds, one
    less than there are) of a measure, and the least and the most."""

    names: tuple[str, ...]
    seeds: tuple[int, ...]
    mean: float
    deviation: float
    low: float
    high: float


def repeated(opened: Build, means: Mapping[str, float]) -> list[Repeated]:
    """What is there more than once among retrievers, by name, with their mean of a measure."""
    alike: dict[str, list[tuple[str, int]]] = {}
    for name in means:
        try:
            method, named = method_of(name)
            if not named.scorer or named.scorer == runs.CENTROID:
                continue
            run = runs.read(opened.folder, named.scorer)
        except TriescopeError:  # the run of another system, or a training that was deleted
            continue
        same = {field: value for field, value in run.spec.items() if field != "seed"}
        key = json.dumps([method.name, run.scorer, same], sort_keys=True, default=str)
        alike.setdefault(key, []).append((name, int(run.spec.get("seed", 0))))
    found = []
    for members in alike.values():
        seeds = tuple(seed for _, seed in members)
        if len(set(seeds)) > 1:
            values = np.array([means[name] for name, _ in members])
            spread = float(values.mean()), float(values.std(ddof=1)), float(values.min()), float(values.max())
            found.append(Repeated(tuple(name for name, _ in members), seeds, *spread))
    return found


def told(of: Repeated) -> str:
    """In a line.

    >>> told(Repeated(("generative:a", "generative:b"), (0, 1), 0.335, 0.0042, 0.332, 0.338))
    'generative:a, generative:b: 2 seeds, mean 0.335, standard deviation 0.0042, from 0.332 to 0.338'
    """
    spread = f"standard deviation {of.deviation:.4f}, from {of.low:.3f} to {of.high:.3f}"
    return f"{', '.join(of.names)}: {len(set(of.seeds))} seeds, mean {of.mean:.3f}, {spread}"
