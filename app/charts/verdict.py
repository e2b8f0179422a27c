"""A verdict's pictures: dots with intervals in rows, lines with theirs over the number of documents, or shaded cells."""

import html

import plotly.graph_objects as go

from app.charts.alignment import BLANK, INK
from app.charts.palette import BLUE, GREEN, GREY, ORANGE, PINK, RAMP
from engine.verdict.shown import Picture

COLOURS, DASHES, SYMBOLS = (BLUE, ORANGE, GREEN, PINK), ("solid", "dash", "dot", "dashdot"), ("circle", "square", "diamond", "x")


def figure(picture: Picture) -> go.Figure:
    """The picture for the screen."""
    return {"dots": _dots, "lines": _lines, "cells": _cells}[picture.kind](picture)


def _dots(picture: Picture) -> go.Figure:
    shown = picture.dots[::-1]
    drawn = go.Figure(
        go.Scatter(
            x=[dot.mean for dot in shown],
            y=[html.escape(dot.name) for dot in shown],
            mode="markers",
            marker={"size": 11, "color": [ORANGE if dot.strong else BLUE for dot in shown]},
            error_x={
                "array": [0 if dot.high is None else dot.high - dot.mean for dot in shown],
                "arrayminus": [0 if dot.low is None else dot.mean - dot.low for dot in shown],
                "color": GREY,
                "thickness": 1.5,
            },
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    )
    if picture.at is not None:
        drawn.add_vline(x=picture.at, line={"color": ORANGE, "dash": "dash", "width": 2})
    return drawn.update_layout(
        height=90 + 28 * len(shown),
        margin={"l": 10, "r": 10, "t": 6, "b": 36},
        xaxis={"title": html.escape(picture.x)},
        yaxis={"type": "category"},
    )


def _lines(picture: Picture) -> go.Figure:
    drawn = go.Figure()
    for place, (name, line) in enumerate(picture.lines.items()):
        look = place % len(COLOURS)
        drawn.add_scatter(
            x=[one.x for one in line],
            y=[one.y for one in line],
            name=html.escape(name),
            mode="lines+markers",
            line={"color": COLOURS[look], "dash": DASHES[look], "width": 2.5},
            marker={"size": 8, "symbol": SYMBOLS[look]},
            error_y={
                "array": [0 if one.high is None else one.high - one.y for one in line],
                "arrayminus": [0 if one.low is None else one.y - one.low for one in line],
                "thickness": 1,
                "visible": any(one.low is not None for one in line),
            },
            hovertemplate=f"%{{x:,.0f}} {html.escape(picture.x)}: %{{y:.3g}}",
        )
    sizes = sorted({one.x for line in picture.lines.values() for one in line})
    return drawn.update_layout(
        height=340,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        xaxis={
            "title": html.escape(picture.x),
            "type": "log",
            "tickvals": sizes,
            "ticktext": [f"{size:,.0f}" for size in sizes],
        },
        yaxis={"title": html.escape(picture.y), **({"type": "log", "dtick": 1} if picture.log else {})},
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )


def _cells(picture: Picture) -> go.Figure:
    most = max(max(row) for row in picture.cells)
    drawn = go.Figure(
        go.Heatmap(
            z=picture.cells,
            # Equal names are different categories.
            x=[html.escape(name) + BLANK * place for place, name in enumerate(picture.across)],
            y=[html.escape(name) + BLANK * place for place, name in enumerate(picture.down)],
            # Values where something is to be seen; the others come on hovering.
            text=[[f"{value:.2f}" if value > most / 3 else "" for value in row] for row in picture.cells],
            texttemplate="%{text}",
            textfont={"color": INK, "size": 12},
            colorscale=RAMP[:4],
            zmin=0,
            zmax=most,
            xgap=1,
            ygap=1,
            showscale=False,
            hovertemplate="%{y} · %{x}: %{z:.3f}<extra></extra>",
        )
    )
    return drawn.update_layout(
        height=150 + 34 * len(picture.down),
        margin={"l": 10, "r": 10, "t": 80, "b": 30},
        xaxis={"side": "top", "type": "category", "showgrid": False, "tickangle": -60},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False},
        annotations=[
            {
                "text": html.escape(picture.y),
                "x": 0,
                "y": 0,
                "xref": "paper",
                "yref": "paper",
                "yshift": -22,
                "xanchor": "left",
                "showarrow": False,
            }
        ],
    )
