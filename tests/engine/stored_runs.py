"""A trained run as it is stored, for tests that need one and train nothing."""

from typing import Any

from engine.builds.trained import Run
from engine.retrievers.weighting import UNTUNED


def stored_run(**changes: Any) -> Run:
    """A run to be stored, which adds its weights; better than the centroid scorer on average."""
    figure = {"nDCG@10": {"mean": 0.5, "low": 0.4, "high": 0.6}}
    dev = {"queries": 6, "from": "split dev", "measure": "nDCG@10", "beams": 10, "p": 1.0, "centroid": figure, "trained": figure}
    run = {"scorer": "node", "settings": {}, "spec": {}, "pairs": {}, "history": [], "dev": dev, "cold": None, "tuning": UNTUNED}
    told = {"created": "2026-01-01T00:00:00+00:00", "device": "cpu", "stopped": "the budget is spent"}
    counts = dict.fromkeys(("seed", "steps", "best_step", "seconds", "seconds_before", "parameters"), 0)
    named = {"name": "mine", "weights": "", "bytes": 0, "beats_centroid": True}
    return Run.model_validate(run | told | counts | named | changes)
