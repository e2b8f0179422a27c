"""The beam picture as one HTML file that needs no network: the same points, a slider and a Play button inside the file."""

import html

import plotly.graph_objects as go

from app.charts.beam_points import Point
from app.charts.beams import COLOURS
from app.charts.palette import GREEN, GREY


def page(drawn: list[Point], query: str, strategy: str, beams: int) -> str:
    """The whole file as text.

    Parameters
    ----------
    drawn : list of Point
        All points of the decode, as :func:`app.charts.beam_points.points` gives them for the last step.
    query, strategy : str
        Shown above the picture; escaped here.
    beams : int
        Shown above the picture.
    """
    return figure(drawn, query, strategy, beams).to_html(include_plotlyjs=True, full_html=True, auto_play=False)


def figure(drawn: list[Point], query: str, strategy: str, beams: int) -> go.Figure:
    """One frame a level; edges and nodes of deeper levels are left out of it."""
    levels = max(point.step for point in drawn)
    frames = [go.Frame(data=_traces(drawn, shown), name=str(shown)) for shown in range(levels + 1)]
    steps = [
        {"label": str(shown), "method": "animate", "args": [[str(shown)], {"mode": "immediate", "frame": {"duration": 0}}]}
        for shown in range(levels + 1)
    ]
    play = {"label": "Play", "method": "animate", "args": [None, {"frame": {"duration": 900}, "transition": {"duration": 0}}]}
    return go.Figure(
        data=_traces(drawn, levels),
        frames=frames,
        layout={
            "title": {"text": f"{html.escape(query)}<br><sub>{html.escape(strategy)}, {beams} beams, Triescope</sub>"},
            "template": "plotly_white",
            "showlegend": False,
            "xaxis": {"title": "level", "dtick": 1, "range": [-0.3, levels + 0.6]},
            "yaxis": {"title": "rank", "range": [max(point.drawn_at for point in drawn) + 1, 0]},
            "height": 720,
            "sliders": [{"active": levels, "steps": steps, "currentvalue": {"prefix": "levels shown: "}}],
            "updatemenus": [{"type": "buttons", "buttons": [play], "x": 0, "y": 1.12, "xanchor": "left"}],
        },
    )


def _traces(drawn: list[Point], shown: int) -> list[go.Scatter]:
    """One trace of nodes, and one of edges for each state, so that every frame has the same traces."""
    seen = [point for point in drawn if point.step <= shown]
    edges = []
    for state, colour in COLOURS.items():
        xs: list[float | None] = []
        ys: list[float | None] = []
        for point in seen:
            if point.parent >= 0 and point.state == state:
                above = drawn[point.parent]
                xs += [above.step, point.step, None]
                ys += [above.drawn_at, point.drawn_at, None]
        line = {"color": colour, "width": 3 if state == "leading" else 1, "dash": "dot" if state == "pruned" else "solid"}
        edges.append(go.Scatter(x=xs, y=ys, mode="lines", line=line, opacity=0.6, hoverinfo="skip"))
    nodes = go.Scatter(
        x=[point.step for point in seen],
        y=[point.drawn_at for point in seen],
        mode="markers+text",
        text=[_code(point) for point in seen],
        textfont={"color": "white", "size": 10},
        marker={
            "size": [20 if point.state != "pruned" else 9 for point in seen],
            "color": [COLOURS[point.state] for point in seen],
            "line": {"width": 3, "color": [GREEN if point.pinned else GREY for point in seen]},
        },
        hovertext=[
            f"{point.prefix or point.state} · {html.escape(point.name)}<br>rank {point.rank}, {point.state}"
            f"<br>step probability {point.probability:.1%}, total {point.total:.2f}<br>{point.documents:,} documents below"
            for point in seen
        ],
        hoverinfo="text",
    )
    return [*edges, nodes]


def _code(point: Point) -> str:
    if point.gathered:
        return f"+{point.gathered}"
    return str(point.code) if point.step and point.state != "pruned" else ""
