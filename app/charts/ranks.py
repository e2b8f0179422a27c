"""Where each document stands in each retriever's list: one line a document."""

from typing import NamedTuple

import plotly.graph_objects as go

from app.charts.palette import BLUE, GREY, ORANGE
from engine.builds.hits import Hit
from engine.pictures.labels import cut

# Letters of a line of a column's label.
LONGEST = 13
# Plotly's numbers of symbols: of a rank, and of the row below the last.
CIRCLE, CROSS = 0, 33


class _Look(NamedTuple):
    """How a line is drawn."""

    colour: str
    width: float
    size: int
    opacity: float


# In the order in which they are drawn: by how many of the lists hold the document.
ALONE, SEVERAL = _Look(GREY, 1.6, 7, 0.25), _Look(GREY, 1.6, 7, 0.65)
EVERYWHERE, PINNED = _Look(BLUE, 1.6, 7, 1.0), _Look(ORANGE, 4, 11, 1.0)
LOOKS = (ALONE, SEVERAL, EVERYWHERE, PINNED)


def ranks(results: dict[str, list[Hit]]) -> dict[str, dict[str, int]]:
    """Document id -> retriever -> rank."""
    table: dict[str, dict[str, int]] = {}
    for name, hits in results.items():
        for hit in hits:
            table.setdefault(hit.id, {})[name] = hit.rank
    return table


def figure(results: dict[str, list[Hit]], titles: dict[str, str], pinned: str, k: int) -> go.Figure:
    """Rank lines; a document that a list lacks runs to the row below the last. One neutral colour, the pinned one in accent:
    the slope carries the message.

    Lines that look alike are one trace with gaps in it, those that are drawn last at the end: a trace for each of eighty
    documents would say the same things eighty times.
    """
    names = list(results)
    figure = go.Figure()
    alike: dict[_Look, list[str]] = {look: [] for look in LOOKS}
    table = ranks(results)
    for document, places in table.items():
        alike[_look(len(places), len(names), document == pinned)].append(document)
    for look, documents in alike.items():
        if documents:
            figure.add_trace(_lines(look, documents, table, titles, names, k + 1))
    outside = k + 1
    ticks = list(range(1, k + 1))
    figure.update_layout(
        margin={"l": 40, "r": 36, "t": 10, "b": 30},
        height=max(300, 30 * k + 60),
        yaxis={"range": [outside + 0.5, 0.5], "tickvals": [*ticks, outside], "ticktext": [*map(str, ticks), f"> {k}"]},
        xaxis={
            "range": [-0.15, len(names) - 0.85],
            "side": "top",
            "tickangle": 0,
            "tickvals": list(range(len(names))),
            "ticktext": [label(name) for name in names],
        },
        hovermode="closest",
    )
    return figure


def _look(lists: int, of: int, pinned: bool) -> _Look:
    return PINNED if pinned else EVERYWHERE if lists == of else SEVERAL if lists > 1 else ALONE


def _lines(
    look: _Look, documents: list[str], table: dict[str, dict[str, int]], titles: dict[str, str], names: list[str], outside: int
) -> go.Scatter:
    """Documents drawn alike, one after the other, with a gap behind each."""
    y: list[int | None] = []
    told: list[str | None] = []
    for document in documents:
        places = [table[document].get(name, outside) for name in names]
        y += [*places, None]
        told += [f"{titles[document]}: " + (f"rank {v}" if v < outside else f"not in the first {outside - 1}") for v in places]
        told.append(None)
    return go.Scatter(
        x=[*range(len(names)), None] * len(documents),
        y=y,
        mode="lines+markers",
        line={"color": look.colour, "width": look.width},
        marker={"size": look.size, "symbol": [CROSS if v == outside else CIRCLE for v in y]},
        opacity=look.opacity,
        hovertext=told,
        hoverinfo="text",
        connectgaps=False,
        showlegend=False,
    )


def label(name: str) -> str:
    """A column's name in two short lines, so that seven stand side by side.

    >>> label("generative:node"), label("bm25"), label("hybrid:a-name-that-is-long"), label("generative-passages")
    ('generative<br>node', 'bm25', 'hybrid<br>a-name-that-…', 'generative-<br>passages')
    """
    if ":" not in name and len(name) > LONGEST:
        name = name.replace("-", "-:", 1)
    return "<br>".join(cut(part, LONGEST) for part in name.split(":"))


def describe(results: dict[str, list[Hit]], k: int) -> str:
    """Alternative text."""
    common = set.intersection(*({hit.id for hit in hits} for hits in results.values())) if results else set()
    return f"Ranks of documents in the first {k} of {', '.join(results)}; {len(common)} documents are in all of them."
