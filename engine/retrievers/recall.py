"""Widths for a recall: a plan a target, chosen on made-up queries, judged on others, and kept beside the build.

What is wanted of a query is what exact scoring by the centroid scorer gives, its first hundred documents. The made-up queries are
those of :mod:`engine.retrievers.hnsw_width`; four of five choose, the fifth says what a plan found and what it cost.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydantic import Field, ValidationError

from engine.data.figures import Stored
from engine.decoding import decode
from engine.decoding.plan import Plan
from engine.decoding.widths import Passed, choose, passed_all
from engine.errors import TriescopeError
from engine.files import replace_json
from engine.retrievers.hnsw_width import NEAREST, probes
from engine.scorers.base import Scorer
from engine.stored.content import read as read_content
from engine.trie import Tree

FILE, TARGETS = "widths.json", (0.9, 0.95, 0.99, 0.999)
# Made-up queries, and at most so many a document: of fewer that choose, only those that lose nothing at all tell of a recall of
# .999 (:func:`engine.decoding.widths.sure`), and a plan for them is several times as wide.
ASKED, EACH = 5000, 5
# One of so many judges.
JUDGES = 5


class Found(Stored):
    """What a search found of what is wanted (``error`` is the standard error of that mean; None where it was not kept), the nodes
    it scored, and the milliseconds it took: means and a median a query."""

    recall: float = Field(ge=0, le=1)
    error: float | None = Field(default=None, ge=0)
    scored: float = Field(ge=0)
    ms: float = Field(ge=0)


class Target(Found):
    """A plan for a recall that was ``asked`` for, as it was judged."""

    asked: float = Field(gt=0, le=1)
    widths: tuple[int, ...]
    below: tuple[float, ...]

    @property
    def plan(self) -> Plan:
        """Widths and thresholds."""
        return Plan(self.widths, self.below)


class Widths(Stored):
    """Plans by their targets, and the plain beam of ``nearest`` beside them; ``probes`` queries judged."""

    nearest: int = Field(ge=1)
    probes: int = Field(ge=1)
    plain: Found
    targets: tuple[Target, ...]

    def of(self, recall: float) -> Target:
        """The plan for the least target that is as high as ``recall``.

        Raises
        ------
        TriescopeError
            None is.
        """
        enough = [target for target in self.targets if target.asked >= recall - 1e-9]
        if not enough:
            known = ", ".join(f"{target.asked:g}" for target in self.targets)
            raise TriescopeError(f"no widths were chosen for a recall of {recall:g}; there are those for {known}")
        return min(enough, key=lambda target: target.asked)


def measure(
    tree: Tree,
    scorer: Scorer,
    vectors: np.ndarray,
    targets: Sequence[float] = TARGETS,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Widths:
    """Choose a plan for each target and judge it.

    Raises
    ------
    TriescopeError
        As :func:`engine.decoding.widths.choose`.
    """
    queries, seen = probes(vectors, count=min(ASKED, EACH * len(vectors))), []
    for of in passed_all(tree, scorer, queries, NEAREST):
        seen.append(of)
        tell(len(seen), len(queries))
    asked = list(zip(queries[::JUDGES], seen[::JUDGES], strict=True))
    choosing = [of for place, of in enumerate(seen) if place % JUDGES]
    return Widths(
        nearest=NEAREST,
        probes=len(asked),
        plain=Found(**_judged(tree, scorer, asked, Plan())),
        targets=tuple(_target(tree, scorer, choosing, asked, target) for target in sorted(targets)),
    )


def _target(
    tree: Tree, scorer: Scorer, seen: Sequence[Passed], asked: Sequence[tuple[np.ndarray, Passed]], target: float
) -> Target:
    plan = choose(tree, seen, target)
    return Target(asked=target, widths=plan.widths, below=plan.below, **_judged(tree, scorer, asked, plan))


def _judged(tree: Tree, scorer: Scorer, asked: Sequence[tuple[np.ndarray, Passed]], plan: Plan) -> dict[str, float]:
    """What a plan finds, and what that takes; the first query, which may load something, is asked twice."""
    shares, scored, spent = [], [], []
    for place, (query, of) in enumerate([asked[0], *asked]):
        start = time.perf_counter()
        (trace,) = decode(tree, scorer, query[None], NEAREST, narrow=plan.widths, below=plan.below)
        if place:
            spent.append((time.perf_counter() - start) * 1e3)
            shares.append(len(np.intersect1d(trace.leaves, of.leaves)) / len(of.leaves))
            scored.append(trace.scored)
    error = float(np.std(shares)) / len(shares) ** 0.5
    return {
        "recall": round(float(np.mean(shares)), 4),
        "error": round(error, 5),
        "scored": float(np.mean(scored)),
        "ms": round(float(np.median(spent)), 3),
    }


def write(folder: Path, known: Widths) -> None:
    """Keep it beside a build."""
    replace_json(folder / FILE, known.model_dump())


def read(folder: Path) -> Widths | None:
    """What was kept; None where nobody has chosen.

    Raises
    ------
    TriescopeError
        The file cannot be read.
    """
    if not (folder / FILE).is_file():
        return None
    try:
        return Widths.model_validate_json(read_content(folder / FILE))
    except ValidationError as error:
        raise TriescopeError(f"{folder / FILE}: damaged ({error.errors()[0]['msg']})") from error


def plan_of(folder: Path, recall: float) -> Target:
    """The plan of a build for a recall.

    Raises
    ------
    TriescopeError
        None was chosen, or none that is as high.
    """
    known = read(folder)
    if known is None:
        raise TriescopeError(f"no widths were chosen for {folder.name} yet: `python -m engine widths {folder.name}` does")
    return known.of(recall)


def told(target: Target, known: Widths) -> str:
    """A plan in words, beside the plain beam.

    >>> plain = Found(recall=0.97, scored=900, ms=0.8)
    >>> target = Target(asked=0.99, widths=(4,), below=(3.2,), recall=0.991, scored=450, ms=0.4)
    >>> told(target, Widths(nearest=100, probes=50, plain=plain, targets=(target,)))
    '4 within 3.2 nats; found 99.10% of the 100 nearest of 50 made-up queries in 0.40 ms, 100 beams find 97.00% in 0.80 ms'
    """
    first = ", ".join(f"{width:,} within {nats:.1f}" for width, nats in zip(target.widths, target.below, strict=True))
    plan = f"{first} nats" if first else "no level to narrow"
    short = ", less than was asked for" if target.recall < target.asked else ""
    within = f" ± {1.96 * target.error:.2%}" if target.error is not None else ""
    return (
        f"{plan}; found {target.recall:.2%}{within} of the {known.nearest} nearest of {known.probes} made-up queries in "
        f"{target.ms:.2f} ms, {known.nearest} beams find {known.plain.recall:.2%} in {known.plain.ms:.2f} ms{short}"
    )
