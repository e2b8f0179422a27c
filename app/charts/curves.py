"""How a scorer trained: quality on the development queries, codes predicted right at each level, and the losses, step by step."""

import html
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import BLUE, GREEN, GREY, ORANGE, RED
from app.charts.training import LEVELS
from engine.builds.history import Evaluation

# Lines of runs side by side, told apart by dash as well as by colour.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
# A line through one evaluation is nothing; its marker is seen.
SMALL = {"size": 4}
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", RED, "#8A7B00")
STEP = "Step"


def table(history: Sequence[Evaluation]) -> pd.DataFrame:
    """One row an evaluation: step, seconds, losses since the evaluation before, development measures, code accuracy by level."""
    rows = []
    for entry in history:
        row: dict[str, float | None] = {STEP: entry.step, "Seconds": entry.seconds}
        row |= {"Steps per second": entry.steps_per_second, "Loss": entry.loss}
        row |= {f"Loss, {name}": value for name, value in entry.losses.items()}
        row |= entry.dev
        row |= {f"Codes right, level {level}": share for level, share in enumerate(entry.code_accuracy, 1)}
        rows.append(row)
    return pd.DataFrame(rows)


def quality(
    rows: pd.DataFrame, measure: str, floor: Mapping[str, float] | None = None, best: int | None = None, at: int | None = None
) -> go.Figure:
    """The development measure with the centroid scorer's as a dashed line (``mean``, and a band from ``low`` to ``high``).

    ``best`` is the step whose weights were kept, ``at`` the one that is looked at.
    """
    drawn = go.Figure()
    if floor:
        if "low" in floor:
            drawn.add_hrect(y0=floor["low"], y1=floor["high"], fillcolor=GREY, opacity=0.12, line_width=0)
        drawn.add_hline(
            y=floor["mean"],
            line={"color": GREY, "dash": "dash", "width": 2},
            annotation={"text": f"centroid scorer, untrained: {floor['mean']:.3f}", "font": {"color": GREY}},
            annotation_position="top left",
        )
    line = {"color": BLUE, "width": 2.5}
    drawn.add_scatter(
        x=rows[STEP], y=rows[measure], mode="lines+markers", line=line, marker={"size": 6}, name=html.escape(measure)
    )
    chosen = rows[rows[STEP] == best]
    if len(chosen):
        ring = {"size": 15, "color": "rgba(0,0,0,0)", "line": {"color": ORANGE, "width": 3}}
        drawn.add_scatter(x=chosen[STEP], y=chosen[measure], mode="markers", marker=ring, name="kept weights", hoverinfo="skip")
    _look(drawn, at)
    return drawn.update_layout(height=300, yaxis={"title": html.escape(measure)}, showlegend=False)


def losses(rows: pd.DataFrame, at: int | None = None) -> go.Figure:
    """The loss as a whole, and its parts where there are several."""
    drawn = go.Figure()
    parts = [name for name in rows if name.startswith("Loss, ")]
    lines = [("Loss", "all together", GREY, "solid")] if len(parts) != 1 else []
    shown = rows.dropna(subset=["Loss"])
    lines += [
        (name, name.removeprefix("Loss, ").replace("_", " "), COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)])
        for place, name in enumerate(parts)
    ]
    for name, label, colour, dash in lines:
        line = {"color": colour, "dash": dash, "width": 2}
        drawn.add_scatter(x=shown[STEP], y=shown[name], name=html.escape(label), mode="lines+markers", line=line, marker=SMALL)
    _look(drawn, at)
    return drawn.update_layout(height=240, yaxis={"title": "loss"}, showlegend=True, legend=_LEGEND)


def accuracy(rows: pd.DataFrame, at: int | None = None) -> go.Figure:
    """Share of judged pairs whose next code is the likeliest one, given the true codes before it; a line a level."""
    drawn = go.Figure()
    for place, name in enumerate(levels(rows)):
        colour, dash = LEVELS[place % len(LEVELS)]
        line = {"color": colour, "dash": dash, "width": 2}
        label = name.removeprefix("Codes right, ")
        drawn.add_scatter(x=rows[STEP], y=rows[name], name=label, mode="lines+markers", line=line, marker=SMALL)
    _look(drawn, at)
    return drawn.update_layout(
        height=240, yaxis={"title": "next code right", "range": [0, 1.04], "tickformat": ".0%"}, showlegend=True, legend=_LEGEND
    )


def side_by_side(
    histories: Mapping[str, pd.DataFrame], measure: str, floors: Mapping[str, float], by: str = "Seconds"
) -> go.Figure:
    """The development measure of several runs over the seconds trained; dashed, what the centroid scorer has on their queries."""
    drawn = go.Figure()
    for value in sorted(set(floors.values())):
        drawn.add_hline(
            y=value, line={"color": GREY, "dash": "dash", "width": 2}, annotation={"text": "centroid", "font": {"color": GREY}}
        )
    for place, (name, rows) in enumerate(histories.items()):
        line = {"color": COLOURS[place % len(COLOURS)], "dash": DASHES[place % len(DASHES)], "width": 2}
        drawn.add_scatter(x=rows[by], y=rows[measure], name=name, mode="lines+markers", line=line, marker={"size": 5})
    _look(drawn, None)
    return drawn.update_layout(
        height=300, xaxis={"title": "seconds of training"}, yaxis={"title": measure}, showlegend=True, legend=_LEGEND
    )


def levels(rows: pd.DataFrame) -> list[str]:
    """Columns of the code accuracy, a level each."""
    return [name for name in rows if name.startswith("Codes right")]


def describe(rows: pd.DataFrame, measure: str, floor: Mapping[str, float] | None) -> str:
    """Alternative text of :func:`quality`."""
    first, last, best = rows.iloc[0], rows.iloc[-1], rows.loc[rows[measure].idxmax()]
    told = (
        f"{measure} on the development queries over {int(last[STEP]):,} steps: {first[measure]:.3f} before the first, at best "
        f"{best[measure]:.3f} after {int(best[STEP]):,}, {last[measure]:.3f} at the end."
    )
    return told + (f" The centroid scorer has {floor['mean']:.3f}." if floor else "")


def describe_runs(histories: Mapping[str, pd.DataFrame], measure: str) -> str:
    """Alternative text of :func:`side_by_side`."""
    best = ", ".join(f"{name} {rows[measure].max():.3f}" for name, rows in histories.items())
    return f"{measure} on the development queries of {len(histories)} runs as they trained; at best {best}."


def describe_losses(rows: pd.DataFrame) -> str:
    """Alternative text of :func:`losses`."""
    known = rows["Loss"].dropna()
    return f"The loss went from {known.iloc[0]:.3g} to {known.iloc[-1]:.3g}." if len(known) else "No step yet, so no loss."


def describe_accuracy(rows: pd.DataFrame) -> str:
    """Alternative text of :func:`accuracy`."""
    first, last = rows.iloc[0], rows.iloc[-1]
    moved = (f"{name.removeprefix('Codes right, ')} from {first[name]:.0%} to {last[name]:.0%}" for name in levels(rows))
    return f"Share of next codes predicted right: {', '.join(moved) or 'there are no judged pairs to tell'}."


def page(title: str, told: str, figures: Sequence[go.Figure]) -> str:
    """One HTML file with a heading, a sentence and the pictures, that needs no network."""
    parts = [
        figure.update_layout(template="plotly_white").to_html(full_html=False, include_plotlyjs="inline" if not place else False)
        for place, figure in enumerate(figures)
    ]
    head = f"<!doctype html><meta charset='utf-8'><title>{html.escape(title)}</title>"
    return f"{head}<h1>{html.escape(title)}</h1><p>{html.escape(told)}</p>{''.join(parts)}"


_LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}


def _look(drawn: go.Figure, at: int | None) -> None:
    """Axes and margins that all of them have, and a thin line at the step that is looked at."""
    if at is not None:
        drawn.add_vline(x=at, line={"color": ORANGE, "width": 1.5, "dash": "dot"})
    drawn.update_layout(xaxis={"title": "step"}, margin={"l": 10, "r": 10, "t": 30, "b": 10}, hovermode="x")
