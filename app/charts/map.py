"""The map's picture: every document a point, WebGL, coloured by group.

It weighs most of a megabyte and a browser keeps it as long as it is the same, so nothing in it may depend on what is chosen or
asked: that is drawn over it by :mod:`app.charts.map_marks`.
"""

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.charts.groups import Group
from app.charts.map_words import Branch, annotations
from app.charts.palette import GREY, SHADES, shades

HEIGHT = 640
# How far points of a colour cover what lies below them, and grey ones.
OPAQUE, FAINT = 0.9, 0.4
# A few coloured points among many grey ones have to be found by eye.
LARGER = 1.7
LEGEND_CHARACTERS, HOVER_CHARACTERS = 34, 90


def figure(
    xy: np.ndarray,
    rows: np.ndarray,
    groups: Sequence[Group],
    titles: Sequence[str],
    lasso: bool = False,
    branches: Sequence[Branch] = (),
) -> go.Figure:
    """Scatter of a projection.

    Parameters
    ----------
    xy : np.ndarray
        Float32 ``(m, 2)``.
    rows : np.ndarray
        Int ``(m,)`` document rows; what a click or a lasso tells, as ``customdata``.
    groups : sequence of Group
        Colours, drawn in this order.
    titles : sequence of str
        ``m`` titles, as they are; escaped here.
    lasso : bool
        Whether dragging draws a lasso. Else it moves the map.
    branches : sequence of Branch
        Whose words are written on the map, where there is room.
    """
    size = point_size(len(xy))
    figure = go.Figure()
    told = sum(len(group.places) for group in groups if group.colour != GREY)
    larger = LARGER if told * 8 < len(xy) else 1.0
    for group in groups:
        grey = group.colour == GREY
        marker = {"color": group.colour, "symbol": group.symbol, "size": size if grey else size * larger, "line": {"width": 0}}
        opacity = FAINT if grey else OPAQUE
        name = legend(group)
        says = group.labels or group.name
        if group.shades is None:
            figure.add_trace(_points(xy, rows, group.places.tolist(), titles, says, name=name, marker=marker, opacity=opacity))
            continue
        # The legend shows the hue; points have shades of it, told by number so that each takes a byte.
        figure.add_trace(go.Scattergl(x=[None], y=[None], mode="markers", name=name, legendgroup=group.name, marker=marker))
        marker |= {"color": group.shades, "colorscale": _scale(group.colour), "cmin": 0, "cmax": SHADES - 1, "showscale": False}
        style: dict[str, Any] = {"legendgroup": group.name, "showlegend": False, "marker": marker, "opacity": opacity}
        figure.add_trace(_points(xy, rows, group.places.tolist(), titles, says, **style))
    across, down = whole(xy[:, 0]), whole(xy[:, 1])
    hidden: dict[str, Any] = {"showgrid": False, "zeroline": False, "showticklabels": False, "title": None, "ticks": ""}
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 6, "b": 0},
        xaxis=hidden | {"range": across},
        yaxis=hidden | {"range": down, "scaleanchor": "x"},
        annotations=annotations(xy, branches, across, down, HEIGHT),
        legend={"orientation": "h", "y": -0.02, "yanchor": "top", "x": 0, "itemsizing": "constant", "title": None},
        dragmode="lasso" if lasso else "pan",
        hovermode="closest",
        uirevision="map",
    )
    return figure


def describe(groups: Sequence[Group], by: str) -> str:
    """Alternative text; ``by`` says what the colours stand for."""
    count = sum(len(group.places) for group in groups)
    largest = max(groups, key=lambda group: len(group.places))
    return (
        f"Map of {count:,} documents in two dimensions, coloured by {by}: {len(groups)} colours, the largest group is "
        f"{largest.name} with {len(largest.places):,}."
    )


def point_size(points: int) -> float:
    """Pixels across a point of so many."""
    return float(np.clip(220 / np.sqrt(max(points, 1)), 2.5, 9))


def trace_count(group: Group) -> int:
    """How many traces a group is drawn by: where its points have shades, the legend's hue is one more."""
    return 1 if group.shades is None else 2


def legend(group: Group) -> str:
    """A group's words in the legend."""
    return html.escape(f"{_cut(group.name, LEGEND_CHARACTERS)} ({len(group.places):,})")


def whole(values: np.ndarray) -> list[float]:
    """The part of an axis that shows all points, with a margin."""
    low, high = float(values.min()), float(values.max())
    width = max(high - low, 1.0)
    return [(low + high - width * 1.06) / 2, (low + high + width * 1.06) / 2]


def hover(titles: Sequence[str], places: Sequence[int], says: Sequence[str] | str) -> dict[str, Any]:
    """What points say under the pointer: their title, and below it what each is, or what all are: that is sent once, not with
    each of twenty thousand."""
    what, each = (_plain(says), None) if isinstance(says, str) else ("%{text}", [_safe(label) for label in says])
    template = f"<b>%{{hovertext}}</b><br>{what}<extra></extra>"
    return {"hovertext": [_safe(titles[place]) for place in places], "text": each, "hovertemplate": template}


def _scale(colour: str) -> list[tuple[float, str]]:
    return [(place / (SHADES - 1), shade) for place, shade in enumerate(shades(colour))]


def _points(
    xy: np.ndarray, rows: np.ndarray, places: list[int], titles: Sequence[str], says: Sequence[str] | str, **style: Any
) -> go.Scattergl:
    told = hover(titles, places, says)
    return go.Scattergl(x=xy[places, 0], y=xy[places, 1], mode="markers", customdata=rows[places], **told, **style)


def _safe(text: str) -> str:
    return html.escape(_cut(text, HOVER_CHARACTERS))


def _plain(text: str) -> str:
    """Text inside a template, which reads braces after a percent sign."""
    return _safe(text).replace("%", "&#37;")


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1].rstrip()}…"
