"""How a scorer trained: quality on the development queries, codes predicted right at each level, and the losses, step by step."""

import html
from collections.abc import Mapping, Sequence
from typing import NamedTuple

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
UNTRAINED = "centroid scorer, untrained"
# Lines closer than this share of the picture's height share a label.
TOGETHER = 0.045


class Floor(NamedTuple):
    """What needs no training, on the queries of a curve: the centroid scorer's mean, its interval where that is of the same
    queries, and the means of others, name -> mean."""

    mean: float
    interval: tuple[float, float] | None
    beside: Mapping[str, float]

    def lines(self) -> dict[str, float]:
        """All of them by name."""
        return {UNTRAINED: self.mean, **self.beside}


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
    rows: pd.DataFrame, measure: str, floor: Floor | None = None, best: int | None = None, at: int | None = None
) -> go.Figure:
    """The development measure, and as dashed lines what needs no training; a band is the centroid scorer's interval.

    ``best`` is the step whose weights were kept, ``at`` the one that is looked at.
    """
    drawn = go.Figure()
    low, high = _range([*rows[measure], *(floor.lines().values() if floor else ()), *(floor.interval or () if floor else ())])
    if floor:
        if floor.interval:
            drawn.add_hrect(y0=floor.interval[0], y1=floor.interval[1], fillcolor=GREY, opacity=0.12, line_width=0)
        for value in sorted(set(floor.lines().values())):
            drawn.add_hline(y=value, line={"color": GREY, "dash": "dash", "width": 2})
        for text, value in labels(floor.lines(), high - low):
            drawn.add_annotation(
                **{"x": 1, "xref": "x domain", "xanchor": "right", "y": value, "yanchor": "bottom", "showarrow": False},
                text=html.escape(text),
                font={"color": GREY},
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
    return drawn.update_layout(height=460, yaxis={"title": html.escape(measure), "range": [low, high]}, showlegend=False)


def labels(lines: Mapping[str, float], height: float) -> list[tuple[str, float]]:
    """Labels of lines and the value above which each stands, lowest first. Lines within :data:`TOGETHER` of ``height`` of the
    lowest among them have one label, above the highest, that names them all.

    >>> labels({"a": 0.258, "b": 0.2581, "c": 0.4}, 0.5)
    [('a .258, b .258', 0.2581), ('c .400', 0.4)]
    """
    grouped: list[list[tuple[str, float]]] = []
    for name, value in sorted(lines.items(), key=lambda line: line[1]):
        if grouped and value - grouped[-1][0][1] <= TOGETHER * height:
            grouped[-1].append((name, value))
        else:
            grouped.append([(name, value)])
    return [(", ".join(f"{name} {f'{value:.3f}'.lstrip('0')}" for name, value in group), group[-1][1]) for group in grouped]


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Where an axis of all these values begins and ends: a tenth more either way, within 0 and 1 where they are."""
    low, high = min(values), max(values)
    more = max((high - low) / 10, 0.01)
    return max(low - more, 0.0) if low >= 0 else low - more, high + more


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


def describe(rows: pd.DataFrame, measure: str, floor: Floor | None) -> str:
    """Alternative text of :func:`quality`."""
    first, last, best = rows.iloc[0], rows.iloc[-1], rows.loc[rows[measure].idxmax()]
    told = (
        f"{measure} on the development queries over {int(last[STEP]):,} steps: {first[measure]:.3f} before the first, at best "
        f"{best[measure]:.3f} after {int(best[STEP]):,}, {last[measure]:.3f} at the end."
    )
    if not floor:
        return told
    return f"{told} Without training: {', '.join(f'{name} {value:.3f}' for name, value in floor.lines().items())}."


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
