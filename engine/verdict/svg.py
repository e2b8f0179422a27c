"""A verdict's picture as SVG: dots with intervals in rows, lines with theirs over the number of documents, or shaded cells."""

import math
from collections.abc import Sequence

from engine.pictures.labels import cut, escaped
from engine.verdict.shown import Picture, Point, describe

# Pixels: the whole width, what names take of it, what stands around lines; a row, a dot; of a picture of lines the height.
WIDTH, NAMES, EDGE, ROW, RADIUS, TALL = 760, 290, 46, 26, 5, 300
LETTERS = 38
# Room for the names of columns, which stand on end.
COLUMN = 90
# A line is told from another by its dash and its mark as well as by its colour.
DASHES = ("", "7 4", "2 4", "9 3 2 3")


def svg(picture: Picture) -> str:
    """The picture as an element of HTML; its colours are those of the rules around it."""
    drawn = {"dots": _dots, "lines": _lines, "cells": _cells}[picture.kind](picture)
    height = _height(picture)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" class="vp" '
        f'role="img" aria-label="{escaped(describe(picture))}">{"".join(drawn)}</svg>'
    )


def _height(picture: Picture) -> int:
    if picture.kind == "lines":
        return TALL + EDGE + 16
    return 12 + ROW * len(picture.dots or picture.down) + EDGE + (COLUMN if picture.kind == "cells" else 0)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values from ``low`` to ``high``, at most ``most``.

    >>> ticks(0.0, 1.0), ticks(-0.031, 0.018)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [-0.03, -0.02, -0.01, 0.0, 0.01])
    """
    rough = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * power for unit in (1, 2, 5, 10) if unit * power >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(place * step, 12) + 0.0 for place in range(first, math.floor(high / step + 1e-9) + 1)]


def decades(low: float, high: float) -> list[float]:
    """Powers of ten, and where these are few twice and five times them, from ``low`` to ``high``.

    >>> decades(120, 120_100), decades(0.3, 0.9)
    ([1000.0, 10000.0, 100000.0], [0.5])
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    tens = [10.0**power for power in powers if low <= 10.0**power <= high]
    if len(tens) > 1:
        return tens
    return [unit * 10.0**power for power in powers for unit in (1, 2, 5) if low <= unit * 10.0**power <= high]


def _dots(picture: Picture) -> list[str]:
    values = [value for dot in picture.dots for value in (dot.mean, dot.low, dot.high) if value is not None]
    low, high = _room([*values, *([picture.at] if picture.at is not None else [])])
    left, right, bottom = NAMES, WIDTH - 24, 12 + ROW * len(picture.dots)

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    parts = [_tick(x(value), 8, bottom, f"{value:g}") for value in ticks(low, high)]
    if picture.at is not None:
        parts.append(f'<line class="at" x1="{x(picture.at):.1f}" y1="4" x2="{x(picture.at):.1f}" y2="{bottom}"/>')
        parts.append(f'<text class="quiet" x="{x(picture.at) + 4:.1f}" y="12">{escaped(picture.at_told)}</text>')
    for place, dot in enumerate(picture.dots):
        y = 12 + ROW * (place + 0.5)
        kind = "mark strong" if dot.strong else "mark"
        tip = f"{dot.name}: {dot.mean:.3g}" + (f" [{dot.low:.3g}, {dot.high:.3g}]" if dot.low is not None else "")
        parts.append(f"<g><title>{escaped(tip)}</title>")
        parts.append(f'<text x="{left - 10}" y="{y + 4:g}" text-anchor="end">{escaped(cut(dot.name, LETTERS))}</text>')
        if dot.low is not None and dot.high is not None:
            parts.append(f'<line class="span" x1="{x(dot.low):.1f}" y1="{y:g}" x2="{x(dot.high):.1f}" y2="{y:g}"/>')
        parts.append(f'<circle class="{kind}" cx="{x(dot.mean):.1f}" cy="{y:g}" r="{RADIUS}"/></g>')
    parts.append(
        f'<text class="quiet" x="{(left + right) / 2}" y="{bottom + 36}" text-anchor="middle">{escaped(picture.x)}</text>'
    )
    return parts


def _lines(picture: Picture) -> list[str]:
    points = [point for line in picture.lines.values() for point in line]
    low, high = _room([value for one in points for value in (one.y, one.low, one.high) if value is not None], picture.log)
    first, last = min(one.x for one in points), max(one.x for one in points)
    first, last = (first, last) if first < last else (first / 2, last * 2)
    left, right, top, bottom = 64, WIDTH - 24, 34, TALL + 16

    def x(value: float) -> float:
        return left + 12 + math.log(value / first) / math.log(last / first) * (right - left - 24)

    def y(value: float) -> float:
        at = math.log(max(value, low) / low) / math.log(high / low) if picture.log else (value - low) / (high - low)
        return bottom - at * (bottom - top)

    parts = [_tick(x(value), top, bottom, f"{value:,.0f}") for value in sorted({one.x for one in points})]
    for value in decades(low, high) if picture.log else ticks(low, high):
        parts.append(f'<line class="grid" x1="{left}" y1="{y(value):.1f}" x2="{right}" y2="{y(value):.1f}"/>')
        parts.append(f'<text class="quiet" x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    begin = left
    for place, (name, line) in enumerate(picture.lines.items()):
        parts += _line(name, line, place, x, y)
        parts.append(f'<line class="l{place % 4}" x1="{begin}" y1="14" x2="{begin + 28}" y2="14"{_dash(place)}/>')
        parts.append(f'<text x="{begin + 34}" y="18">{escaped(cut(name, 24))}</text>')
        begin += 60 + 8 * min(len(name), 24)
    parts.append(
        f'<text class="quiet" x="{(left + right) / 2}" y="{bottom + 36}" text-anchor="middle">{escaped(picture.x)}</text>'
    )
    parts.append(f'<text class="quiet" x="{right}" y="18" text-anchor="end">{escaped(picture.y)}</text>')
    return parts


def _cells(picture: Picture) -> list[str]:
    left, wide = NAMES, (WIDTH - 24 - NAMES) / len(picture.across)
    parts = []
    for place, name in enumerate(picture.across):
        x = left + wide * (place + 0.5)
        parts.append(f'<text transform="translate({x + 4:.1f} {COLUMN}) rotate(-60)">{escaped(cut(name, 14))}</text>')
    for row, (name, values) in enumerate(zip(picture.down, picture.cells, strict=True)):
        y = 12 + COLUMN + ROW * row
        parts.append(f'<text x="{left - 10}" y="{y + 17}" text-anchor="end">{escaped(cut(name, LETTERS))}</text>')
        for place, value in enumerate(values):
            tip = escaped(f"{name}, {picture.across[place]}: {value:.3f}")
            shape = f'x="{left + wide * place:.1f}" y="{y}" width="{wide - 1:.1f}" height="{ROW - 1}"'
            parts.append(f'<rect class="mark" {shape} opacity="{value:.3f}"><title>{tip}</title></rect>')
    bottom = 12 + COLUMN + ROW * len(picture.down)
    parts.append(f'<text class="quiet" x="{left}" y="{bottom + 24}">{escaped(picture.y)}</text>')
    return parts


def _line(name: str, line: Sequence[Point], place: int, x, y) -> list[str]:
    path = " ".join(f"{x(one.x):.1f},{y(one.y):.1f}" for one in line)
    parts = [f'<polyline class="l{place % 4}" points="{path}"{_dash(place)}/>']
    for one in line:
        tip = f"{name}, {one.x:,.0f} documents: {one.y:.3g}"
        parts.append(f"<g><title>{escaped(tip)}</title>")
        if one.low is not None and one.high is not None:
            at = x(one.x) + 4 * (place - 1)
            parts.append(
                f'<line class="l{place % 4} thin" x1="{at:.1f}" y1="{y(one.low):.1f}" x2="{at:.1f}" y2="{y(one.high):.1f}"/>'
            )
        parts.append(f'<circle class="f{place % 4}" cx="{x(one.x):.1f}" cy="{y(one.y):.1f}" r="4"/></g>')
    return parts


def _dash(place: int) -> str:
    return f' stroke-dasharray="{DASHES[place % 4]}"' if DASHES[place % 4] else ""


def _tick(x: float, top: float, bottom: float, text: str) -> str:
    return (
        f'<line class="grid" x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}"/>'
        f'<text class="quiet" x="{x:.1f}" y="{bottom + 17}" text-anchor="middle">{text}</text>'
    )


def _room(values: Sequence[float], log: bool = False) -> tuple[float, float]:
    """Where an axis of all these values begins and ends; never empty."""
    if log:
        positive = [value for value in values if value > 0] or [1.0]
        return min(positive) / 1.5, max(positive) * 1.5
    low, high = min(values), max(values)
    more = max((high - low) * 0.05, 1e-3)
    return (low if low == 0 else low - more), high + more
