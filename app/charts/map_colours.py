"""The colours of the map's points, brought to them in the browser: a byte or three a point, where the points weigh forty.

The chart holds the points (:mod:`app.charts.map`) and is sent once; this is sent when other colours are chosen, and kept there
for whoever draws them, with the marks (:mod:`app.charts.map_marks`).
"""

import base64
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app.charts.groups import Group
from app.charts.map import FAINT, LARGER, OPAQUE, legend, point_size, safe, template
from app.charts.palette import GREY, SHADES, shades

# The component.
COLOURS = "map-colours"

_COMPONENT = st.components.v2.component(
    "map_colours",
    html="<p></p>",
    css="p { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; margin: 0; overflow: hidden; }",
    js=Path(__file__).with_suffix(".js").read_text("utf-8"),
)


def show(key: str, told: dict[str, Any], words: str) -> None:
    """Hand colours over to the chart of a key, and their description to whoever has a page read to them."""
    _COMPONENT(key=COLOURS, data={"key": key, "words": words} | told)


def colours(points: int, groups: Sequence[Group]) -> dict[str, Any]:
    """What the browser makes traces of, as JSON.

    Parameters
    ----------
    points : int
        How many the map has.
    groups : sequence of Group
        Colours, drawn in this order; a point of none is not drawn.

    Returns
    -------
    dict
        ``traces``: Plotly's, without their points. ``kinds``: for each kind of point its trace, its shade and what it says,
        None where all of a trace have the same. ``of``: the kind of each point, as Plotly packs whole numbers, one after the last
        for a point of none. ``id``: another one for other colours.

    Raises
    ------
    ValueError
        More kinds than the numbers can tell apart.
    """
    told = sum(len(group.places) for group in groups if group.colour != GREY)
    larger = LARGER if told * 8 < points else 1.0
    traces: list[dict[str, Any]] = []
    kinds: dict[tuple[int, int | None, str | None], int] = {}
    of = np.full(points, -1, np.int64)
    for group in groups:
        traces += _traces(group, point_size(points) * (1.0 if group.colour == GREY else larger))
        alike: list[None] = [None] * len(group.places)
        each = zip(alike if group.shades is None else group.shades.tolist(), group.labels or alike, strict=True)
        numbers = [kinds.setdefault((len(traces) - 1, shade, label), len(kinds)) for shade, label in each]
        of[group.places] = numbers
    of[of < 0] = len(kinds)
    if len(kinds) >= 1 << 16:
        raise ValueError(f"{len(kinds):,} kinds of points")
    packed = {"dtype": "u2", "bdata": base64.b64encode(of.astype("<u2").tobytes()).decode()}
    listed = [[trace, shade, None if label is None else safe(label)] for trace, shade, label in kinds]
    found = {"traces": traces, "kinds": listed, "of": packed}
    return found | {"id": f"{zlib.crc32(repr(found).encode()):08x}"}


def describe(groups: Sequence[Group], by: str) -> str:
    """The colours in words; ``by`` says what they stand for.

    >>> describe([Group("sea", GREY, "circle", np.arange(3)), Group("war", GREY, "circle", np.arange(1))], "the first code")
    'Coloured by the first code: 2 colours, the largest group is sea with 3.'
    """
    largest = max(groups, key=lambda group: len(group.places))
    return f"Coloured by {by}: {len(groups)} colours, the largest group is {largest.name} with {len(largest.places):,}."


def strengths(groups: Sequence[Group], times: float = 1.0) -> list[float | None]:
    """How opaque each trace of :func:`colours` is; None for the hue of a legend, which has no points."""
    return [None if "x" in trace else trace["opacity"] * times for group in groups for trace in _traces(group, 1.0)]


def _traces(group: Group, size: float) -> list[dict[str, Any]]:
    """One, or where points have shades, the legend's hue and one of numbers, each of which takes a byte."""
    marker = {"color": group.colour, "symbol": group.symbol, "size": size, "line": {"width": 0}}
    style: dict[str, Any] = {
        "name": legend(group),
        "marker": marker,
        "opacity": FAINT if group.colour == GREY else OPAQUE,
        "hovertemplate": template(group.labels or group.name),
    }
    if group.shades is None:
        return [style]
    of = {"legendgroup": group.name}
    head = of | {"x": [None], "y": [None], "name": style.pop("name"), "marker": marker}
    scale = [[place / (SHADES - 1), shade] for place, shade in enumerate(shades(group.colour))]
    marker = marker | {"color": [], "colorscale": scale, "cmin": 0, "cmax": SHADES - 1, "showscale": False}
    return [head, style | of | {"marker": marker, "showlegend": False}]
