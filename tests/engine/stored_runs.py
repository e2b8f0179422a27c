"""A trained run as it is stored, for tests that need one and train nothing."""

from typing import Any


def stored_run(**changes: Any) -> dict[str, Any]:
    """All that a run must hold but its name and weights, which storing it adds; better than the centroid scorer on average."""
    figure = {"nDCG@10": {"mean": 0.5, "low": 0.4, "high": 0.6}}
    dev = {"queries": 6, "from": "split dev", "measure": "nDCG@10", "beams": 10, "p": 1.0, "centroid": figure, "trained": figure}
    run = {"scorer": "node", "settings": {}, "spec": {}, "pairs": {}, "history": [], "dev": dev, "cold": None, "tuning": {}}
    told = {"created": "2026-01-01T00:00:00+00:00", "device": "cpu", "stopped": "the budget is spent"}
    counts = dict.fromkeys(("seed", "steps", "best_step", "seconds", "seconds_before", "parameters"), 0)
    return run | told | counts | {"beats_centroid": True} | changes
