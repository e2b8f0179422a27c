"""Maps of places that mean nothing, made without UMAP."""

from typing import Any

import numpy as np

from engine.builds.projection import Facts, Projection


def thrown_down(documents: int, shown: int = 0, **facts: Any) -> Projection:
    """A map of ``shown`` of so many documents, evenly spaced, all of them unless given; ``facts`` are what it says of itself."""
    rows = np.linspace(0, documents - 1, shown or documents).astype(np.int32)
    places = np.random.default_rng(0).normal(size=(len(rows), 2)).astype(np.float32)
    told = {"method": "umap", "seed": 7, "preservation": 0.25, "neighbours": 10, "judged": len(rows)} | facts
    return Projection(rows, places, Facts(documents=documents, **told))
