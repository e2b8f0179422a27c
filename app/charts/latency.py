"""Milliseconds of search, a retriever a row, on a logarithmic scale: they differ by factors."""

import math
from collections.abc import Mapping

import plotly.graph_objects as go

from app.charts.palette import retriever


def figure(medians: Mapping[str, float]) -> go.Figure:
    """Bars in the colours of the retrievers. Encoding the query is the same for all that need it and is told in words."""
    names = list(medians)[::-1]
    values = [medians[name] for name in names]
    figure = go.Figure(
        go.Bar(
            y=names,
            x=values,
            orientation="h",
            marker={"color": [retriever(name) for name in names]},
            text=[f"{value:.2f} ms" for value in values],
            textposition="auto",
            showlegend=False,
        )
    )
    low, high = min(values), max(values)
    figure.update_layout(
        height=70 + 36 * len(names),
        margin={"l": 10, "r": 10, "t": 6, "b": 30},
        xaxis={"title": "ms, median", "type": "log", "range": _range(low, high), "dtick": 1},
    )
    return figure


def _range(low: float, high: float) -> list[float]:
    """From a whole power of ten below the least to a little above the most: a bar on a log scale has no zero to start at."""
    return [math.floor(math.log10(max(low, 1e-3) / 1.5)), math.log10(max(high, 1e-3)) + 0.3]


def describe(medians: Mapping[str, float]) -> str:
    """Alternative text."""
    return "Milliseconds of search: " + "; ".join(f"{name} {ms:.2f}" for name, ms in medians.items())
