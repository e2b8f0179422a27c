"""What a verdict shows: sections of a sentence, a picture, a table and a command. Plain values; a file of HTML and a page of the
app draw the same ones."""

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from engine.data.figures import Stored
from engine.verdict.rule import Answer, Compared

Cell = str | int | float | None


class Dot(Stored):
    """A figure in a row of its own; ``low`` and ``high`` where it has an interval. ``strong`` is the one that is looked at."""

    name: str
    mean: float
    low: float | None = None
    high: float | None = None
    strong: bool = False


class Point(Stored):
    """A point of a line, with the interval of its ``y`` where it has one."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


class Picture(Stored):
    """Dots in rows, lines, or cells.

    Attributes
    ----------
    kind : str
        ``dots``, ``lines`` or ``cells``.
    x, y : str
        What the axes show; of cells, ``y`` is what their values are.
    dots : tuple of Dot
        From the top.
    lines : dict
        Name -> its points, from left to right.
    log : bool
        Whether the axes of lines are logarithmic; the one across always is.
    at, at_told
        A line across all that something is held against, and what it is.
    across, down : tuple of str
        Columns and rows of cells.
    cells : tuple of tuple of float
        A row each, from 0 to 1.
    """

    kind: Literal["dots", "lines", "cells"]
    x: str
    y: str = ""
    dots: tuple[Dot, ...] = ()
    lines: dict[str, tuple[Point, ...]] = Field(default_factory=dict)
    log: bool = False
    at: float | None = None
    at_told: str = ""
    across: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    cells: tuple[tuple[float, ...], ...] = ()

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Self:
        points = [point for line in self.lines.values() for point in line]
        if not {"dots": self.dots, "lines": points, "cells": self.across and self.down}[self.kind]:
            raise ValueError("nothing to draw")
        if len(self.cells) != len(self.down) or any(len(row) != len(self.across) for row in self.cells):
            raise ValueError("cells of another table")
        if not all(0 <= value <= 1 for row in self.cells for value in row):
            raise ValueError("a cell that is no share")
        known = [value for dot in self.dots for value in (dot.mean, dot.low, dot.high)]
        known += [value for point in points for value in (point.x, point.y, point.low, point.high)] + [self.at]
        if not all(math.isfinite(value) for value in known if value is not None) or any(point.x <= 0 for point in points):
            raise ValueError("a point that has no place")
        return self


class Section(Stored):
    """One thing that was measured.

    Attributes
    ----------
    key, title, says : str
        Its name, its heading, and what was found, in plain sentences.
    picture, beside : Picture, optional
        None where there is nothing to draw; ``beside`` is a second one.
    columns, rows
        The table; a cell that is not known is None.
    notes : tuple of str
        How it was measured and what was left aside, a sentence or two each.
    command : str
        What measures it again.
    """

    key: str
    title: str
    says: str
    picture: Picture | None = None
    beside: Picture | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    notes: tuple[str, ...] = ()
    command: str

    @model_validator(mode="after")
    def _has_a_cell_a_column(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("a row of another table")
        return self


class Verdict(Stored):
    """All of it.

    Attributes
    ----------
    build, corpus : str
        Names of the build's folder and of its catalogue.
    documents : int
        How many it has.
    manifest : str
        SHA-256 of the manifest of the build that was measured.
    scorer, scorer_stamp : str
        What decoded by default, and what changes when it is trained anew.
    made, device : str
        When (UTC), and where.
    busy : str
        That others worked on that machine, in a sentence; empty where none did.
    seconds : float
        What measuring took.
    seed, beams : int
        Of all draws; beam width.
    budget_ms : float
        What a query may take.
    judged_by : str
        The queries that judge, in words.
    made_up : bool
        Whether these are pseudo-queries.
    answer : Answer, optional
        None where quality was not measured.
    compared : tuple of Compared
        What it rests on: generative search less each neighbour, then the hybrid with it less the one without.
    sections : tuple of Section
        In the order in which they are shown.
    """

    build: str
    corpus: str
    documents: int
    manifest: str
    scorer: str
    scorer_stamp: str
    made: str
    device: str
    busy: str = ""
    seconds: float
    seed: int
    beams: int
    budget_ms: float
    judged_by: str
    made_up: bool
    answer: Answer | None = None
    compared: tuple[Compared, ...] = ()
    sections: tuple[Section, ...]


def describe(picture: Picture) -> str:
    """Alternative text of a picture.

    >>> describe(Picture(kind="dots", x="nDCG@10", dots=(Dot(name="bm25", mean=0.5),)))
    'nDCG@10: bm25 0.5'
    """
    if picture.kind == "dots":
        return f"{picture.x}: {', '.join(f'{dot.name} {dot.mean:.3g}' for dot in picture.dots)}"
    if picture.kind == "cells":
        most = (
            f"{name} {picture.across[row.index(max(row))]} {max(row):.2f}"
            for name, row in zip(picture.down, picture.cells, strict=True)
        )
        return f"{picture.y}; the most of each row: {'; '.join(most)}"
    ends = (
        f"{name} from {points[0].y:.3g} at {points[0].x:,.0f} to {points[-1].y:.3g} at {points[-1].x:,.0f}"
        for name, points in picture.lines.items()
        if points
    )
    return f"{picture.y} by {picture.x}: {', '.join(ends)}"
