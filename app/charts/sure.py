"""How sure a decoder is against how good its list is: quality by the share of queries that fall back."""

import html
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import BLUE, GREY
from engine.data.figures import told
from engine.evaluation.sure import Point


def figure(points: Sequence[Point], measure: str, ours: str, theirs: str) -> go.Figure:
    """The mean of what each query gets, with its interval, and of the decoder's own lists among those that it still answers."""
    shares, means = [point.share for point in points], [point.mean for point in points]
    errors = {"array": [one.high - one.mean for one in means], "arrayminus": [one.mean - one.low for one in means]}
    hover = "%{x:.0%} fall back: %{y:.3f}<extra></extra>"
    whole = go.Scatter(
        x=shares,
        y=[one.mean for one in means],
        error_y=errors | {"thickness": 1},
        mode="lines+markers",
        name=html.escape(f"all queries, the least sure by {theirs}"),
        line={"color": BLUE},
        hovertemplate=hover,
    )
    kept = go.Scatter(
        x=shares,
        y=[point.kept for point in points],
        mode="lines",
        name=html.escape(f"{ours} where it is sure"),
        line={"color": GREY, "dash": "dash"},
        hovertemplate=hover,
    )
    return go.Figure([whole, kept]).update_layout(
        height=340,
        margin={"l": 10, "r": 10, "t": 10, "b": 90},
        xaxis={"title": "share of the queries that fall back, the least sure first", "tickformat": ".0%"},
        yaxis={"title": html.escape(measure)},
        legend={"orientation": "h", "y": -0.28, "yanchor": "top"},
    )


def table(points: Sequence[Point], measure: str) -> pd.DataFrame:
    """A row a threshold."""
    return pd.DataFrame(
        {"Falls back": point.share, "Confidence below": point.below, measure: told(point.mean), "Where it is sure": point.kept}
        for point in points
    )


def describe(points: Sequence[Point], measure: str, ours: str, theirs: str) -> str:
    """Alternative text."""
    best = max(points, key=lambda point: point.mean.mean)
    return (
        f"{measure} by the share of queries that fall back from {ours} to {theirs}: {points[0].mean.mean:.3f} with none, "
        f"{points[-1].mean.mean:.3f} with all, at most {best.mean.mean:.3f} with {best.share:.0%}"
    )
