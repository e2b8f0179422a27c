"""Kinds of queries against retrievers: a cell a group and retriever, one hue, the mean and the number of queries in it."""

import html
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import RAMP
from engine.data.figures import told
from engine.evaluation.groups import Group

# Readable on the lighter four of the ramp.
INK = "#10202C"


def figure(found: Sequence[Group], measure: str) -> go.Figure:
    """Groups from the top, kinds with a gap between them."""
    names = list(found[0].means)
    labels: list[str] = []
    means: list[list[float | None]] = []
    texts: list[list[str]] = []
    for place, group in enumerate(found):
        if place and group.kind != found[place - 1].kind:
            labels.append(" " * place)
            means.append([None] * len(names))
            texts.append([""] * len(names))
        labels.append(html.escape(group.label))
        means.append([group.means[name].mean for name in names])
        texts.append([f"{group.means[name].mean:.2f} · n {group.queries:,}" for name in names])
    drawn = go.Figure(
        go.Heatmap(
            z=means,
            x=[html.escape(name) for name in names],
            y=labels,
            text=texts,
            texttemplate="%{text}",
            colorscale=RAMP[:4],
            textfont={"color": INK, "size": 13},
            zmin=0,
            xgap=2,
            ygap=2,
            showscale=False,
            hoverongaps=False,
            hovertemplate="%{x}, %{y}: %{text}<extra></extra>",
        )
    )
    return drawn.update_layout(
        height=86 + 30 * len(labels),
        margin={"l": 10, "r": 10, "t": 56, "b": 6},
        xaxis={"side": "top", "type": "category", "showgrid": False},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False},
    )


def table(found: Sequence[Group]) -> pd.DataFrame:
    """A row a group: how many queries, and of each retriever the mean with its interval."""
    rows = [{"Queries": group.label, "n": group.queries} | {n: told(of) for n, of in group.means.items()} for group in found]
    return pd.DataFrame(rows)


def describe(found: Sequence[Group], measure: str) -> str:
    """Alternative text: who is best in each group."""
    best = {group.label: max(group.means.items(), key=lambda one: one[1].mean) for group in found}
    return f"{measure} by kind of query: " + "; ".join(f"{label}: {name} {of.mean:.2f}" for label, (name, of) in best.items())
