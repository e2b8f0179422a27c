"""How a learned scheme trained: the loss falling, and the share of codes in use at each level, epoch by epoch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.charts.palette import BLUE, GREEN, GREY, ORANGE, PINK, SKY

# Points drawn of one line; the table has them all.
DRAWN = 400
LEVELS = ((BLUE, "solid"), (ORANGE, "dash"), (GREEN, "dot"), (PINK, "dashdot"), (SKY, "longdash"))


def table(arrays: Mapping[str, np.ndarray]) -> pd.DataFrame | None:
    """One row an epoch from what a scheme fitted; None where it keeps no history, for then nothing was trained."""
    if "history_loss" not in arrays:
        return None
    usage = arrays["history_usage"]
    return pd.DataFrame(
        {
            "Epoch": np.arange(1, len(usage) + 1),
            "Reconstruction loss": arrays["history_loss"],
            "Commitment loss": arrays["history_commitment"],
            **{f"Codes used, level {level}": column for level, column in enumerate(usage.T, 1)},
        }
    )


def figure(rows: pd.DataFrame) -> go.Figure:
    """Loss on the left, codes in use on the right."""
    some = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, min(DRAWN, len(rows))).astype(int))]
    drawn = make_subplots(1, 2, horizontal_spacing=0.09, subplot_titles=("Loss", "Share of codes in use"))
    lines = [("Reconstruction loss", 1, GREY, "solid"), ("Commitment loss", 1, GREY, "dot")]
    used = [name for name in rows if name.startswith("Codes used")]
    lines += [(name, 2, *LEVELS[place % len(LEVELS)]) for place, name in enumerate(used)]
    for name, column, colour, dash in lines:
        line = {"color": colour, "dash": dash, "width": 2}
        drawn.add_scatter(x=some["Epoch"], y=some[name], name=_short(name), mode="lines", line=line, row=1, col=column)
    drawn.update_xaxes(title="epoch")
    drawn.update_yaxes(rangemode="tozero", row=1, col=1)
    drawn.update_yaxes(range=[0, 1.04], tickformat=".0%", row=1, col=2)
    return drawn.update_layout(
        height=300, margin={"l": 10, "r": 10, "t": 30, "b": 70}, legend={"orientation": "h", "y": -0.32}, hovermode="x"
    )


def describe(rows: pd.DataFrame) -> str:
    """Alternative text."""
    first, last = rows.iloc[0], rows.iloc[-1]
    used = ", ".join(f"{last[name]:.0%} at {name.removeprefix('Codes used, ')}" for name in rows if name.startswith("Codes used"))
    return (
        f"Over {len(rows)} epochs the reconstruction loss went from {first['Reconstruction loss']:.3g} to "
        f"{last['Reconstruction loss']:.3g}. Codes in use at the end: {used}."
    )


def _short(name: str) -> str:
    return name.removeprefix("Codes used, ").removesuffix(" loss").lower()
