"""Retrievers of an evaluation: a dot with its interval for each by one measure, and the same as a table."""

import html
from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import BLUE, GREY
from engine.data.figures import Interval, told


def measures(found: Mapping[str, Any]) -> list[str]:
    """Measures of an evaluation, as plain values; what is no measure of a retriever is left out."""
    first = next(iter(found["retrievers"].values()))
    return [name for name in first if name != "latency_ms"]


def table(found: Mapping[str, Any]) -> pd.DataFrame:
    """A row a retriever: means with intervals, time of one search, lists that end before the deepest measure does."""
    rows = []
    for name, row in found["retrievers"].items():
        figures = {measure: told(Interval(**row[measure])) for measure in measures(found)}
        time, judged = row["latency_ms"].get("p50"), found.get("judged", {}).get(name)
        more = {"Search, ms": time, "Judged of 10": "" if judged is None else f"{judged:.0%}"}
        rows.append({"Retriever": name} | figures | more | {"Lists that end early": found.get("shorter", {}).get(name)})
    return pd.DataFrame(rows)


def unseen(found: Mapping[str, Any]) -> str:
    """What it means that some of what was found has no judgement; empty where all has."""
    shares = [share for share in found.get("judged", {}).values() if share is not None]
    if not shares or min(shares) >= 1:
        return ""
    return (
        f" Of the first ten documents {min(shares):.0%} to {max(shares):.0%} are judged; the others count as not relevant, "
        "though nobody has looked: who finds what the judges never saw is measured too low."
    )


def figure(found: Mapping[str, Any], measure: str) -> go.Figure:
    """Mean and 95% interval of each, the best at the top."""
    shown = sorted(found["retrievers"].items(), key=lambda one: one[1][measure]["mean"])
    of = [Interval(**row[measure]) for _, row in shown]
    drawn = go.Figure(
        go.Scatter(
            x=[one.mean for one in of],
            y=[html.escape(name) for name, _ in shown],
            mode="markers",
            marker={"size": 11, "color": BLUE},
            error_x={
                "array": [one.high - one.mean for one in of],
                "arrayminus": [one.mean - one.low for one in of],
                "color": GREY,
                "thickness": 1.5,
            },
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    )
    return drawn.update_layout(
        height=90 + 34 * len(shown),
        margin={"l": 10, "r": 10, "t": 6, "b": 36},
        xaxis={"title": f"{html.escape(measure)}, 95% interval"},
        yaxis={"type": "category"},
    )


def describe(found: Mapping[str, Any], measure: str) -> str:
    """Alternative text."""
    shown = sorted(found["retrievers"].items(), key=lambda one: -one[1][measure]["mean"])
    return f"{measure} on {found['queries']} queries: " + ", ".join(f"{name} {row[measure]['mean']:.3f}" for name, row in shown)
