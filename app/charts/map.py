"""The map's picture: every document a point, WebGL, grey until its colours are there.

It weighs most of a megabyte and a browser keeps it as long as it is the same, so nothing in it may depend on how it is looked at:
colours are brought to it by :mod:`app.charts.map_colours`, what is chosen and found by :mod:`app.charts.map_marks`.
"""

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.charts.groups import Group
from app.charts.palette import GREY

HEIGHT = 640
# How far points of a colour cover what lies below them, and grey ones.
OPAQUE, FAINT = 0.9, 0.4
# A few coloured points among many grey ones have to be found by eye.
LARGER = 1.7
LEGEND_CHARACTERS, HOVER_CHARACTERS = 34, 90
# By this, in its ``meta``, the trace is known in the browser.
POINTS = "points"


def figure(xy: np.ndarray, rows: np.ndarray, titles: Sequence[str]) -> go.Figure:
    """Scatter of a projection.

    Parameters
    ----------
    xy : np.ndarray
        Float32 ``(m, 2)``.
    rows : np.ndarray
        Int ``(m,)`` document rows; what a click or a lasso tells, as ``customdata``.
    titles : sequence of str
        ``m`` titles, as they are; escaped here.
    """
    points = go.Scattergl(
        x=xy[:, 0],
        y=xy[:, 1],
        mode="markers",
        customdata=rows,
        meta={POINTS: True},
        marker={"color": GREY, "size": point_size(len(xy)), "line": {"width": 0}},
        opacity=FAINT,
        showlegend=False,
        hovertext=[safe(title) for title in titles],
        hovertemplate="<b>%{hovertext}</b><extra></extra>",
    )
    hidden: dict[str, Any] = {"showgrid": False, "zeroline": False, "showticklabels": False, "title": None, "ticks": ""}
    return go.Figure(points).update_layout(
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 6, "b": 0},
        xaxis=hidden | {"range": whole(xy[:, 0])},
        yaxis=hidden | {"range": whole(xy[:, 1]), "scaleanchor": "x"},
        legend={"orientation": "h", "y": -0.02, "yanchor": "top", "x": 0, "itemsizing": "constant", "title": None},
        dragmode="pan",
        hovermode="closest",
        uirevision="map",
    )


def describe(points: int) -> str:
    """Alternative text; that of the colours is :func:`app.charts.map_colours.describe`."""
    return f"Map of {points:,} documents in two dimensions. Its colours are told after it."


def point_size(points: int) -> float:
    """Pixels across a point of so many."""
    return float(np.clip(220 / np.sqrt(max(points, 1)), 2.5, 9))


def legend(group: Group) -> str:
    """A group's words in the legend."""
    return html.escape(f"{_cut(group.name, LEGEND_CHARACTERS)} ({len(group.places):,})")


def whole(values: np.ndarray) -> list[float]:
    """The part of an axis that shows all points, with a margin."""
    low, high = float(values.min()), float(values.max())
    width = max(high - low, 1.0)
    return [(low + high - width * 1.06) / 2, (low + high + width * 1.06) / 2]


def hover(titles: Sequence[str], places: Sequence[int], says: Sequence[str] | str) -> dict[str, Any]:
    """What points say under the pointer: their title, and below it what each is, or what all are."""
    each = None if isinstance(says, str) else [safe(label) for label in says]
    return {"hovertext": [safe(titles[place]) for place in places], "text": each, "hovertemplate": template(says)}


def template(says: Sequence[str] | str) -> str:
    """Of what points say, Plotly's: what all of them are is in it and sent once, not with each of twenty thousand."""
    return f"<b>%{{hovertext}}</b><br>{_plain(says) if isinstance(says, str) else '%{text}'}<extra></extra>"


def safe(text: str) -> str:
    """A text of a document, cut and escaped."""
    return html.escape(_cut(text, HOVER_CHARACTERS))


def _plain(text: str) -> str:
    """Text inside a template, which reads braces after a percent sign."""
    return safe(text).replace("%", "&#37;")


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1].rstrip()}…"
