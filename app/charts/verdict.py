"""A verdict's pictures: dots with intervals in rows, or lines with theirs over the number of documents."""

import html

import plotly.graph_objects as go

from app.charts.palette import BLUE, GREEN, GREY, ORANGE, PINK
from engine.verdict.shown import Picture

COLOURS, DASHES, SYMBOLS = (BLUE, ORANGE, GREEN, PINK), ("solid", "dash", "dot", "dashdot"), ("circle", "square", "diamond", "x")


def figure(picture: Picture) -> go.Figure:
    """The picture for the screen."""
    return _dots(picture) if picture.kind == "dots" else _lines(picture)


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
