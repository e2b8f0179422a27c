"""Quality against the time of a query: who is worth the wait, and who is beaten on both."""

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from app.charts.palette import BLUE, GREY

# Points nearer than this share of the picture share a label.
NEAR = 0.06


class Point(NamedTuple):
    """A retriever: milliseconds of one query, its encoding among them, and the mean of a measure."""

    name: str
    ms: float
    mean: float


def points(found: Mapping[str, Any], measure: str) -> list[Point]:
    """Those of an evaluation that were timed, the fastest first; a run from a file has no time."""
    encoding, encode = found["encoding_ms"]["p50"], set(found.get("encode", ()))
    made = [
        Point(name, row["latency_ms"]["p50"] + (encoding if name in encode else 0.0), row[measure]["mean"])
        for name, row in found["retrievers"].items()
        if row["latency_ms"]
    ]
    return sorted(made, key=lambda one: (one.ms, -one.mean))


def front(of: Sequence[Point]) -> list[Point]:
    """Those that no other is as fast as and better; ``of`` is ordered by time.

    >>> [one.name for one in front([Point("a", 1, 0.3), Point("b", 2, 0.2), Point("c", 3, 0.4)])]
    ['a', 'c']
    """
    kept: list[Point] = []
    for one in of:
        if not kept or one.mean > kept[-1].mean:
            kept.append(one)
    return kept


def labels(of: Sequence[Point]) -> list[str]:
    """What stands beside each point: its name; of points in nearly one place the first has all names, the others none.

    >>> labels([Point("a", 1, 0.3), Point("b", 1.01, 0.301), Point("c", 100, 0.6)])
    ['a<br>b', '', 'c']
    """
    wide = max(math.log(of[-1].ms / of[0].ms), 1e-9)
    high = max(max(one.mean for one in of) - min(one.mean for one in of), 1e-9)
    told: list[list[str]] = []
    for place, one in enumerate(of):
        near = (
            before
            for before in range(place)
            if told[before]
            and abs(math.log(one.ms / of[before].ms)) < NEAR * wide
            and abs(one.mean - of[before].mean) < NEAR * high
        )
        told.append([])
        told[next(near, place)].append(html.escape(one.name))
    return ["<br>".join(names) for names in told]


def figure(of: Sequence[Point], measure: str) -> go.Figure:
    """Blue and joined in steps those that nobody beats on both; intervals stand in the figure beside it."""
    best = front(of)
    low, high = math.log10(of[0].ms), math.log10(of[-1].ms)
    spare = max(high - low, 0.5)
    room = [low - 0.1 * spare, high + 0.6 * spare]  # names stand to the right of their points
    drawn = go.Figure(
        go.Scatter(
            x=[one.ms for one in best],
            y=[one.mean for one in best],
            mode="lines",
            line={"color": BLUE, "width": 1.5, "shape": "hv", "dash": "dot"},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    drawn.add_trace(
        go.Scatter(
            x=[one.ms for one in of],
            y=[one.mean for one in of],
            mode="markers+text",
            marker={"size": 11, "color": [BLUE if one in best else GREY for one in of]},
            text=labels(of),
            textposition="top right",
            hovertext=[f"{html.escape(one.name)}: {one.mean:.3f}, {one.ms:.2f} ms" for one in of],
            hoverinfo="text",
            showlegend=False,
        )
    )
    return drawn.update_layout(
        height=300,
        margin={"l": 10, "r": 10, "t": 10, "b": 36},
        xaxis={"title": "ms a query, encoding included", "type": "log", "range": room, "dtick": 1},
        yaxis={"title": html.escape(measure)},
    )


def describe(of: Sequence[Point], measure: str) -> str:
    """Alternative text."""
    best = {one.name for one in front(of)}
    told = (f"{one.name} {one.mean:.3f} in {one.ms:.2f} ms{' (on the front)' if one.name in best else ''}" for one in of)
    return f"{measure} against milliseconds: " + ", ".join(told)
