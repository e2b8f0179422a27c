"""Where each document stands in each retriever's list: one line a document, and what the lists share."""

from typing import NamedTuple

import plotly.graph_objects as go

from app.charts.palette import BLUE, GREY, ORANGE
from engine.builds.hits import Hit
from engine.pictures.labels import cut

# Letters of a line of a column's label.
LONGEST = 13


class Overlap(NamedTuple):
    """What two lists of results share: how many, and how many of these moved up, down or not from the first to the second."""

    pair: str
    shared: int
    up: int
    down: int
    same: int


def ranks(results: dict[str, list[Hit]]) -> dict[str, dict[str, int]]:
    """Document id -> retriever -> rank."""
    table: dict[str, dict[str, int]] = {}
    for name, hits in results.items():
        for hit in hits:
            table.setdefault(hit.id, {})[name] = hit.rank
    return table


def overlaps(results: dict[str, list[Hit]]) -> list[Overlap]:
    """Every pair of retrievers, in order."""
    names = list(results)
    rows = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            a, b = ({hit.id: hit.rank for hit in results[name]} for name in (first, second))
            moves = [a[document] - b[document] for document in a.keys() & b.keys()]
            rows.append(
                Overlap(f"{first} → {second}", len(moves), sum(m > 0 for m in moves), sum(m < 0 for m in moves), moves.count(0))
            )
    return rows


def figure(results: dict[str, list[Hit]], titles: dict[str, str], pinned: str, k: int) -> go.Figure:
    """Rank lines; a document that a list lacks runs to the row below the last. One neutral colour, the pinned one in accent:
    the slope carries the message."""
    names = list(results)
    figure = go.Figure()
    outside = k + 1
    for document, places in sorted(ranks(results).items(), key=lambda item: item[0] == pinned):
        chosen = document == pinned
        y = [places.get(name, outside) for name in names]
        figure.add_trace(
            go.Scatter(
                x=names,
                y=y,
                mode="lines+markers",
                line={"color": ORANGE if chosen else BLUE if len(places) == len(names) else GREY, "width": 4 if chosen else 1.6},
                marker={"size": 11 if chosen else 7, "symbol": ["circle" if v <= k else "x-thin" for v in y]},
                opacity=1.0 if chosen or len(places) == len(names) else 0.65 if len(places) > 1 else 0.25,
                customdata=[document] * len(names),
                hovertext=[f"{titles[document]}: " + (f"rank {v}" if v <= k else f"not in the first {k}") for v in y],
                hoverinfo="text",
                showlegend=False,
            )
        )
    ticks = list(range(1, k + 1))
    figure.update_layout(
        margin={"l": 40, "r": 10, "t": 10, "b": 30},
        height=max(300, 30 * k + 60),
        yaxis={"range": [outside + 0.5, 0.5], "tickvals": [*ticks, outside], "ticktext": [*map(str, ticks), f"> {k}"]},
        xaxis={
            "type": "category",
            "range": [-0.15, len(names) - 0.85],
            "side": "top",
            "tickangle": 0,
            "tickvals": names,
            "ticktext": [label(name) for name in names],
        },
        hovermode="closest",
    )
    return figure


def label(name: str) -> str:
    """A column's name in two short lines, so that seven stand side by side.

    >>> label("generative:node"), label("bm25"), label("hybrid:a-name-that-is-long")
    ('generative<br>node', 'bm25', 'hybrid<br>a-name-that-…')
    """
    return "<br>".join(cut(part, LONGEST) for part in name.split(":"))


def describe(results: dict[str, list[Hit]], k: int) -> str:
    """Alternative text."""
    common = set.intersection(*({hit.id for hit in hits} for hits in results.values())) if results else set()
    return f"Ranks of documents in the first {k} of {', '.join(results)}; {len(common)} documents are in all of them."
