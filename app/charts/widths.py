"""Beam width against quality and against time: a line a retriever."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.curves import COLOURS, DASHES
from engine.data.figures import Interval, told

Widths = Mapping[str, Sequence[Mapping[str, Any]]]


def quality(found: Widths, measure: str) -> go.Figure:
    """Mean by width, with its 95% interval."""
    drawn = go.Figure()
    for place, (name, of) in enumerate(found.items()):
        means = [Interval(**one["measures"][measure]) for one in of]
        errors = {"array": [one.high - one.mean for one in means], "arrayminus": [one.mean - one.low for one in means]}
        drawn.add_trace(_line(place, name, of, [one.mean for one in means], "%{y:.3f}", {"thickness": 1, **errors}))
    return _framed(drawn, html.escape(measure))


def time(found: Widths) -> go.Figure:
    """Milliseconds of a search by width."""
    drawn = go.Figure()
    for place, (name, of) in enumerate(found.items()):
        drawn.add_trace(_line(place, name, of, [one["ms"] for one in of], "%{y:.2f} ms"))
    return _framed(drawn, "ms a search, median").update_layout(yaxis={"type": "log", "dtick": 1})


def table(found: Widths, measure: str) -> pd.DataFrame:
    """A row a retriever and width."""
    return pd.DataFrame(
        {"Retriever": name, "Beams": one["beams"], measure: told(Interval(**one["measures"][measure])), "Search, ms": one["ms"]}
        for name, of in found.items()
        for one in of
    )


def describe(found: Widths, measure: str) -> str:
    """Alternative text: the narrowest and the widest of each."""
    ends = (
        f"{name} {of[0]['measures'][measure]['mean']:.3f} at {of[0]['beams']} beams, "
        f"{of[-1]['measures'][measure]['mean']:.3f} at {of[-1]['beams']}"
        for name, of in found.items()
    )
    return f"{measure} by beam width: {'; '.join(ends)}"


def _line(
    place: int, name: str, of: Sequence[Mapping[str, Any]], y: list[float], told: str, errors: dict | None = None
) -> go.Scatter:
    colour = COLOURS[place % len(COLOURS)]
    return go.Scatter(
        x=[one["beams"] for one in of],
        y=y,
        name=html.escape(name),
        mode="lines+markers",
        line={"color": colour, "dash": DASHES[place % len(DASHES)]},
        error_y=errors,
        hovertemplate=f"{html.escape(name)}, %{{x}} beams: {told}<extra></extra>",
    )


def _framed(drawn: go.Figure, y: str) -> go.Figure:
    beams = sorted({x for trace in drawn.data for x in trace.x})
    return drawn.update_layout(
        height=340,
        margin={"l": 10, "r": 10, "t": 10, "b": 90},
        xaxis={"title": "beams", "type": "log", "tickvals": beams, "ticktext": [str(one) for one in beams]},
        yaxis={"title": y},
        legend={"orientation": "h", "y": -0.28, "yanchor": "top"},
    )
