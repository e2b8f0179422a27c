"""Differences of retrievers between two things, by one measure: a dot with its interval for each, around nothing."""

import html
from collections.abc import Mapping

import plotly.graph_objects as go

from app.charts.palette import BLUE, GREY
from engine.data.figures import Difference, told


def figure(found: Mapping[str, Difference], measure: str) -> go.Figure:
    """Name -> difference; the largest gain at the top. What is blue has an interval without nothing in it."""
    shown = sorted(found.items(), key=lambda one: one[1].mean)
    of = [difference for _, difference in shown]
    drawn = go.Figure(
        go.Scatter(
            x=[one.mean for one in of],
            y=[html.escape(name) for name, _ in shown],
            mode="markers",
            marker={"size": 11, "color": [BLUE if one.low > 0 or one.high < 0 else GREY for one in of]},
            error_x={
                "array": [one.high - one.mean for one in of],
                "arrayminus": [one.mean - one.low for one in of],
                "color": GREY,
                "thickness": 1.5,
            },
            hovertemplate="%{y}: %{x:+.3f}<extra></extra>",
        )
    )
    drawn.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dot"})
    return drawn.update_layout(
        height=90 + 34 * len(shown),
        margin={"l": 10, "r": 10, "t": 6, "b": 36},
        xaxis={"title": f"{html.escape(measure)}, B less A, 95% interval"},
        yaxis={"type": "category"},
    )


def describe(found: Mapping[str, Difference], measure: str) -> str:
    """Alternative text."""
    shown = sorted(found.items(), key=lambda one: -one[1].mean)
    return f"{measure}, B less A: " + ", ".join(f"{name} {told(of, sign=True)}" for name, of in shown)
