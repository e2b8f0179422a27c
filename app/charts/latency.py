"""Milliseconds by stage: encoding is shared, the rest is each retriever's own."""

import plotly.graph_objects as go

from app.charts.palette import GREY, retriever

STAGES = ("encode", "search")


def figure(medians: dict[str, dict[str, float]]) -> go.Figure:
    """Stacked bars, a retriever a row: encoding the query in grey, searching in its colour."""
    names = list(medians)[::-1]
    figure = go.Figure()
    for stage in STAGES:
        values = [medians[name][stage] for name in names]
        figure.add_trace(
            go.Bar(
                y=names,
                x=values,
                orientation="h",
                name=stage,
                marker={"color": GREY if stage == "encode" else [retriever(name) for name in names]},
                text=[f"{value:.2f} ms" if value else "" for value in values],
                textposition="auto",
                showlegend=False,
            )
        )
    figure.update_layout(
        barmode="stack", height=60 + 44 * len(names), margin={"l": 10, "r": 10, "t": 6, "b": 30}, xaxis={"title": "ms, median"}
    )
    return figure


def describe(medians: dict[str, dict[str, float]]) -> str:
    """Alternative text."""
    parts = [f"{name} {m['encode']:.1f} + {m['search']:.2f}" for name, m in medians.items()]
    return "Milliseconds for encoding the query and searching: " + "; ".join(parts)
