"""What is chosen and found, drawn over the map's points in the browser: a message of its own, a hundredth of the map's.

Streamlit sends a chart anew when anything in it changes, and all points of the map weigh most of a megabyte. So the chart holds
the points alone (:mod:`app.charts.map`), and this adds colours (:mod:`app.charts.map_colours`) and marks to it there by Plotly's
own means, so that they are part of its legend and of the picture that it saves, and tells what is clicked and what a lasso holds.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from app.charts import map_colours
from app.charts.groups import Group
from app.charts.map import HEIGHT, LARGER, OPAQUE, hover, legend, point_size, whole
from app.charts.map_words import Branch, annotations
from app.charts.palette import RED

# Part of the map's width that a close-up shows.
CLOSE = 0.25
# All that is not chosen steps back.
BACK = 0.5
# The component, and what it tells: a document's row, the rows of a region.
MARKS, CLICKED, REGION = "map-marks", "clicked", "region"

_COMPONENT = st.components.v2.component(
    "map_marks",
    html="<p></p>",
    css="p { margin: 0; font-size: 0.875rem; opacity: 0.75; }",
    js=Path(__file__).with_suffix(".js").read_text("utf-8"),
)


class Chosen(NamedTuple):
    """The chosen document and its nearest in the original space, as places in the map; those not drawn are left out."""

    place: int
    neighbours: list[int]
    close: bool = False


class Map(NamedTuple):
    """The points that are marked: float32 ``(m, 2)``, document rows int ``(m,)``, ``m`` titles as they are."""

    xy: np.ndarray
    rows: np.ndarray
    titles: Sequence[str]


def show(
    key: str, data: dict[str, Any], documents: int, clicked: Callable[[int], None], region: Callable[[list[int]], None]
) -> None:
    """Draw marks over the chart of a key. ``clicked`` is called with the row of a point, one of so many documents, and ``region``
    with those of a lasso or a box, none after a double click."""

    def click() -> None:
        for row in told_rows(st.session_state[MARKS].get(CLICKED), documents)[:1]:
            clicked(row)

    def lasso() -> None:
        region(told_rows(st.session_state[MARKS].get(REGION), documents))

    _COMPONENT(key=MARKS, data={"key": key} | data, on_clicked_change=click, on_region_change=lasso)


def told_rows(told: Any, documents: int) -> list[int]:
    """Rows of so many documents that a browser told, each once, in its order; what is none is left out.

    >>> told_rows([4, 7.0, 4, -1, 9, 1.5, "x", None], 9), told_rows("all", 9)
    ([4, 7], [])
    """
    rows = told if isinstance(told, list) else []
    return list(dict.fromkeys(int(row) for row in rows if isinstance(row, int | float) and row in range(documents)))


def marks(
    points: Map,
    cloud: Sequence[Group],
    hits: Sequence[Group] = (),
    chosen: Chosen | None = None,
    title: str = "",
    branches: Sequence[Branch] = (),
    lasso: bool = False,
) -> dict[str, Any]:
    """What the browser draws, as JSON: traces of Plotly; how opaque those of the colours are; the part of the plane that is
    shown, with the words on it; what dragging does; and what is marked, in words.

    Parameters
    ----------
    points : Map
        All points of the map.
    cloud : sequence of Group
        Its colours (:func:`app.charts.map_colours.colours`).
    hits : sequence of Group
        Drawn over them.
    chosen : Chosen, optional
        Marked in red, with a line to each neighbour; all else steps back.
    title : str
        Of the chosen document.
    branches : sequence of Branch
        Whose words are written on the map, where there is room.
    lasso : bool
        Whether dragging draws a lasso. Else it moves the map.
    """
    back = BACK if chosen else 1.0
    size = point_size(len(points.xy)) * LARGER
    drawn = [
        _points(points, group.places, group.labels or group.name, legend(group), opacity=OPAQUE * back)
        | {"marker": {"color": group.colour, "symbol": group.symbol, "size": size, "line": {"width": 0}}}
        for group in hits
    ]
    across, down = _range(points.xy[:, 0], chosen), _range(points.xy[:, 1], chosen)
    words = annotations(points.xy, branches, across, down, HEIGHT)
    found = [f"{len(group.places):,} {group.name}" for group in hits]
    told = [f"{title} and its nearest documents"] if chosen else []
    return {
        "traces": drawn + (_chosen(points, chosen) if chosen else []),
        "opacity": map_colours.strengths(cloud, back),
        "drag": "lasso" if lasso else "pan",
        "view": {"across": across, "down": down, "words": words},
        "told": f"Marked: {', '.join(found + told)}." if found or told else "",
    }


def _chosen(points: Map, chosen: Chosen) -> list[dict[str, Any]]:
    """Lines to the neighbours, rings around them, and the chosen document itself."""
    here, there = (points.xy[place].tolist() for place in (chosen.place, chosen.neighbours))
    ends = [end for other in there for end in (here, other, (None, None))]
    lines = {"type": "scatter", "mode": "lines", "x": [x for x, _ in ends], "y": [y for _, y in ends], "opacity": 0.6}
    lines |= {"line": {"color": RED, "width": 1}, "hoverinfo": "skip", "showlegend": False}
    ring = {"color": RED, "symbol": "circle-open", "size": 11, "line": {"width": 2}}
    star = {"color": RED, "symbol": "star", "size": 18, "line": {"width": 1, "color": "white"}}
    near, one = f"nearest ({len(chosen.neighbours):,})", [chosen.place]
    return [
        lines,
        _points(points, chosen.neighbours, "among the nearest by cosine", near, marker=ring),
        _points(points, one, "the chosen document", "chosen", marker=star),
    ]


def _points(
    points: Map, places: Sequence[int] | np.ndarray, says: Sequence[str] | str, name: str, **style: Any
) -> dict[str, Any]:
    """Not WebGL: such points lie above all that is, and are nearer to a pointer that is over both."""
    at = np.asarray(places, np.int64)
    x, y = points.xy[at].T.tolist() if len(at) else ([], [])
    trace = {"type": "scatter", "mode": "markers", "name": name, "x": x, "y": y, "customdata": points.rows[at].tolist()}
    return trace | hover(points.titles, at.tolist(), says) | style


def _range(values: np.ndarray, chosen: Chosen | None) -> list[float]:
    """All points, or a window around the chosen one."""
    if not (chosen and chosen.close):
        return whole(values)
    middle, width = float(values[chosen.place]), max(float(np.ptp(values)), 1.0)
    return [middle - width * CLOSE / 2, middle + width * CLOSE / 2]
