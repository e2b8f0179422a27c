"""How wide the walk over an HNSW graph has to be: measured on the graph itself when it is built, and kept beside it.

A fixed width is right for some catalogues only: 128 finds .997 of the hundred nearest films and .974 of NFCorpus' abstracts.
Nobody has asked the catalogue anything yet, so queries are made up: a document's vector turned away at random, to a cosine of
:data:`TURNED`, about what a question has to its answer. Real queries were met a little worse than these on one set of three,
hence the goal is above the .99 that is promised.
"""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, ValidationError

from engine.data.figures import Stored
from engine.errors import TriescopeError
from engine.files import replace_json
from engine.kernels.top_k import top_k
from engine.stored.content import read as read_content

FILE = "dense-hnsw.json"
WIDTHS, GOAL, NEAREST = (256, 512, 1024, 2048), 0.995, 100
PROBES, TURNED = 200, 0.6


class Width(Stored):
    """Nodes that a walk keeps in view, and the share of the ``nearest`` that it found for so many made-up queries; a recall of
    None was not measured, by an earlier version."""

    width: int = Field(ge=WIDTHS[0], le=WIDTHS[-1])
    recall: float | None = Field(default=None, ge=0, le=1)
    nearest: int = NEAREST
    probes: int = 0


def probes(vectors: np.ndarray, seed: int = 0, count: int = PROBES) -> np.ndarray:
    """Made-up queries: float32 ``(count, d)``, unit rows."""
    rng = np.random.default_rng(seed)
    own = vectors[rng.choice(len(vectors), count)]
    aside = rng.normal(size=own.shape)
    aside -= (aside * own).sum(axis=1, keepdims=True) * own
    aside /= np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-9)
    turned = TURNED * own + np.sqrt(1 - TURNED**2) * aside
    return (turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def recall(index: Any, vectors: np.ndarray, queries: np.ndarray, nearest: int = NEAREST) -> float:
    """Share of each query's nearest that a walk over ``index`` finds among so many, by score, so that equals are as good."""
    nearest = min(nearest, len(vectors))
    _, found = index.search(np.ascontiguousarray(queries), nearest)
    shares = []
    for query, nodes in zip(queries, found, strict=True):
        scores = vectors @ query
        last = scores[top_k(scores, nearest)[-1]]
        shares.append((scores[nodes[nodes >= 0]] >= last - 1e-6).sum() / nearest)
    return float(np.mean(shares))


def choose(index: Any, vectors: np.ndarray) -> Width:
    """The narrowest of :data:`WIDTHS` that reaches the goal, or the widest; ``index`` is left at it."""
    queries, found = probes(vectors), 0.0
    for width in WIDTHS:
        index.hnsw.efSearch = width
        found = recall(index, vectors, queries)
        if found >= GOAL:
            break
    return Width(width=width, recall=round(found, 4), probes=len(queries))


def write(folder: Path, known: Width) -> None:
    """Keep it beside the graph."""
    replace_json(folder / FILE, known.model_dump())


def read(folder: Path) -> Width:
    """What was kept; the narrowest, of unknown recall, for a build of an earlier version.

    Raises
    ------
    TriescopeError
        The file cannot be read.
    """
    if not (folder / FILE).is_file():
        return Width(width=WIDTHS[0])
    try:
        return Width.model_validate_json(read_content(folder / FILE))
    except ValidationError as error:
        raise TriescopeError(f"{folder / FILE}: damaged ({error.errors()[0]['msg']})") from error


def told(known: Width) -> str:
    """In a few words, for whoever compares it."""
    if known.recall is None:
        return f"a walk {known.width:,} wide; an earlier version did not measure what it misses"
    return (
        f"a walk {known.width:,} wide found {known.recall:.1%} of the {known.nearest} nearest of {known.probes} made-up queries"
    )
