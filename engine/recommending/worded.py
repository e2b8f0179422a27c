"""Items asked for in words, of a trained tree that answers histories and queries, beside dense search over the same vectors."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.recommending import on_disk
from engine.recommending.asked import title
from engine.recommending.base import Ranked
from engine.recommending.kinds import Opened, trained
from engine.recommending.models import kept

# What the other column is called.
DENSE = "dense"


class Found(NamedTuple):
    """One item; ``score`` is the log-probability of its identifier, or a cosine."""

    rank: int
    id: str
    title: str
    score: float
    identifier: str


def models_of(build: Path) -> list[str]:
    """Names of a build's trained models that answer queries too."""
    folder = build / on_disk.FOLDER / on_disk.MODELS
    return [name for name in trained(build) if kept.read(folder / name).spec.get("model") == "joint"]


def search(opened: Opened, name: str, query: str, k: int) -> dict[str, list[Found]]:
    """The list of a model of both tasks for a query, best first, and that of dense search.

    Raises
    ------
    TriescopeError
        The query is empty, there is no such model, or it answers histories alone.
    """
    from engine.recommending.models.joint import JointModel

    if not query.strip():
        raise TriescopeError("a query needs words")
    of = opened.get(name)
    model = getattr(of.of, "model", None) if isinstance(of, Ranked) else None
    if not isinstance(model, JointModel):
        raise TriescopeError(f"{name} answers histories alone: `train-next --model joint` makes one that answers queries too")
    build = opened.build
    vectors = build.embed_queries([query])
    rows, scores = model.search(vectors, min(k, len(build.embeddings)))
    cosines = build.embeddings @ vectors[0]
    near = top_k(cosines, k)
    there = np.isfinite(scores[0])  # an item without an identifier cannot be written
    return {name: _listed(opened, rows[0][there], scores[0][there]), DENSE: _listed(opened, near, cosines[near])}


def _listed(opened: Opened, rows: np.ndarray, scores: np.ndarray) -> list[Found]:
    build = opened.build
    return [
        Found(place + 1, build.documents[row].id, title(build, row), float(score), build.identifier(row))
        for place, (row, score) in enumerate(zip(rows.tolist(), scores.tolist(), strict=True))
    ]
