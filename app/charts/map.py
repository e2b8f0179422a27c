"""The map's picture: every document a point, WebGL, coloured by group; the chosen one with its neighbours on top."""

import html
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.charts.groups import Group
from app.charts.map_words import Branch, annotations
from app.charts.palette import GREY, RED, SHADES, shades

HEIGHT = 640
# Part of the map's width that a close-up shows.
CLOSE = 0.25
LEGEND_CHARACTERS, HOVER_CHARACTERS = 34, 90


class Chosen(NamedTuple):
    """The chosen document and its nearest in the original space, as places in the map; those not drawn are left out."""

    place: int
    neighbours: list[int]
    close: bool = False


def figure(
    xy: np.ndarray,
    rows: np.ndarray,
    groups: Sequence[Group],
    titles: Sequence[str],
    chosen: Chosen | None = None,
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
    chosen : Chosen, optional
        Marked in red, with a line to each neighbour; all else steps back.
    lasso : bool
        Whether dragging draws a lasso; Streamlit takes no clicks then. Else it moves the map.
    branches : sequence of Branch
        Whose words are written on the map, where there is room.
    """
    size = float(np.clip(220 / np.sqrt(max(len(xy), 1)), 2.5, 9))
    figure = go.Figure()
    told = sum(len(group.places) for group in groups if group.colour != GREY)
    # A few coloured points among many grey ones have to be found by eye.
    larger = 1.7 if told * 8 < len(xy) else 1.0
    for group in groups:
        grey = group.colour == GREY
        marker = {"color": group.colour, "symbol": group.symbol, "size": size if grey else size * larger, "line": {"width": 0}}
        opacity = (0.4 if grey else 0.9) * (0.5 if chosen else 1)
        name = html.escape(f"{_cut(group.name, LEGEND_CHARACTERS)} ({len(group.places):,})")
        says = group.labels or group.name
        if group.shades is None:
            figure.add_trace(_points(xy, rows, group.places.tolist(), titles, says, name=name, marker=marker, opacity=opacity))
            continue
        # The legend shows the hue; points have shades of it, told by number so that each takes a byte.
        figure.add_trace(go.Scattergl(x=[None], y=[None], mode="markers", name=name, legendgroup=group.name, marker=marker))
        marker |= {"color": group.shades, "colorscale": _scale(group.colour), "cmin": 0, "cmax": SHADES - 1, "showscale": False}
        style: dict[str, Any] = {"legendgroup": group.name, "showlegend": False, "marker": marker, "opacity": opacity}
        figure.add_trace(_points(xy, rows, group.places.tolist(), titles, says, **style))
    if chosen:
        _mark(figure, xy, rows, titles, chosen)
    across, down = _range(xy[:, 0], chosen), _range(xy[:, 1], chosen)
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


def describe(groups: Sequence[Group], by: str, chosen: str = "") -> str:
    """Alternative text; ``by`` says what the colours stand for, ``chosen`` is the title of the chosen document."""
    count = sum(len(group.places) for group in groups)
    largest = max(groups, key=lambda group: len(group.places))
    marked = f" Marked: {chosen} and its nearest documents." if chosen else ""
    return (
        f"Map of {count:,} documents in two dimensions, coloured by {by}: {len(groups)} colours, the largest group is "
        f"{largest.name} with {len(largest.places):,}.{marked}"
    )


def selected(selection: Any) -> list[int]:
    """Document rows of the points in a click or lasso, each once, in the order told.

    >>> selected({"selection": {"points": [{"customdata": [4]}, {"x": 1.0}, {"customdata": 7}, {"customdata": [4]}]}})
    [4, 7]
    """
    inner = _get(selection, "selection")
    told = [point.get("customdata") for point in (_get(inner, "points") or [])]
    return list(dict.fromkeys(int(data[0] if isinstance(data, Sequence) else data) for data in told if data not in (None, [])))


def _scale(colour: str) -> list[tuple[float, str]]:
    return [(place / (SHADES - 1), shade) for place, shade in enumerate(shades(colour))]


def _points(
    xy: np.ndarray, rows: np.ndarray, places: list[int], titles: Sequence[str], says: Sequence[str] | str, **style: Any
) -> go.Scattergl:
    """Points that say their title, and below it what each is; what all are is sent once, not with each of twenty thousand."""
    what, each = (_plain(says), None) if isinstance(says, str) else ("%{text}", [_safe(label) for label in says])
    return go.Scattergl(
        x=xy[places, 0],
        y=xy[places, 1],
        mode="markers",
        customdata=rows[places],
        hovertext=[_safe(titles[place]) for place in places],
        text=each,
        hovertemplate=f"<b>%{{hovertext}}</b><br>{what}<extra></extra>",
        **style,
    )


def _safe(text: str) -> str:
    return html.escape(_cut(text, HOVER_CHARACTERS))


def _plain(text: str) -> str:
    """Text inside a template, which reads braces after a percent sign."""
    return _safe(text).replace("%", "&#37;")


def _mark(figure: go.Figure, xy: np.ndarray, rows: np.ndarray, titles: Sequence[str], chosen: Chosen) -> None:
    """Lines to the neighbours, rings around them, and the chosen document itself."""
    ends = np.full((3 * len(chosen.neighbours), 2), np.nan, np.float32)
    ends[0::3], ends[1::3] = xy[chosen.place], xy[chosen.neighbours]
    figure.add_trace(
        go.Scattergl(
            x=ends[:, 0],
            y=ends[:, 1],
            mode="lines",
            line={"color": RED, "width": 1},
            opacity=0.6,
            hoverinfo="skip",
            showlegend=False,
        )
    )
    ring = {"color": RED, "symbol": "circle-open", "size": 11, "line": {"width": 2}}
    figure.add_trace(
        _points(
            xy,
            rows,
            chosen.neighbours,
            titles,
            "among the nearest by cosine",
            name=f"nearest ({len(chosen.neighbours):,})",
            marker=ring,
        )
    )
    star = {"color": RED, "symbol": "star", "size": 18, "line": {"width": 1, "color": "white"}}
    figure.add_trace(_points(xy, rows, [chosen.place], titles, "the chosen document", name="chosen", marker=star))


def _range(values: np.ndarray, chosen: Chosen | None) -> list[float]:
    """All points with a margin, or a window around the chosen one."""
    low, high = float(values.min()), float(values.max())
    width = max(high - low, 1.0)
    if chosen and chosen.close:
        middle = float(values[chosen.place])
        return [middle - width * CLOSE / 2, middle + width * CLOSE / 2]
    return [(low + high - width * 1.06) / 2, (low + high + width * 1.06) / 2]


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1].rstrip()}…"


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
