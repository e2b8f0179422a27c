"""The trie explorer's picture: an icicle whose columns are the levels of decoding, left to right."""

import html

import numpy as np
import plotly.graph_objects as go

from app.charts.palette import GREY, RAMP
from app.charts.window import Cell

ROOT_ID = "root"
HEIGHT = 780
# Pixels of the thinnest cell: thinner ones can be neither read nor hit, and each is sent to the browser.
THINNEST = 2
EDGE, MARK = "rgba(255,255,255,0.35)", "#D55E00"


def least(documents: int) -> int:
    """Documents of the thinnest cell that is drawn, where the column is so many documents.

    >>> least(300), least(107_525)
    (1, 275)
    """
    return max(documents * THINNEST // HEIGHT, 1)


def figure(cells: list[Cell], cosines: np.ndarray, marked: set[int]) -> go.Figure:
    """Icicle of a window.

    Parameters
    ----------
    cells : list of Cell
        First cell is the focus.
    cosines : np.ndarray
        Mean cosine of the pairs below each trie node; colour. Single documents have none and are grey.
    marked : set of int
        Nodes on the path of the chosen document; outlined.
    """
    alike = [float(cosines[cell.node]) if cell.node >= 0 else np.nan for cell in cells]
    known = np.array([value for value in alike if np.isfinite(value)] or [0.0, 1.0])
    low, high = float(known.min()), float(max(known.max(), known.min() + 1e-6))
    colours = [_shade((value - low) / (high - low)) if np.isfinite(value) else GREY for value in alike]
    total = max(cells[0].documents, 1)
    lines = [MARK if cell.node in marked else EDGE for cell in cells]
    figure = go.Figure(
        go.Icicle(
            ids=[cell.prefix or ROOT_ID for cell in cells],
            parents=["" if place == 0 else cell.parent or ROOT_ID for place, cell in enumerate(cells)],
            labels=[_label(cell) for cell in cells],
            values=[cell.documents for cell in cells],
            branchvalues="total",
            sort=False,
            tiling={"orientation": "h", "pad": 1 if len(cells) < 150 else 0},
            marker={
                "colors": colours,
                "line": {
                    "color": lines if MARK in lines else EDGE,
                    "width": [4 if cell.node in marked else round(min(0.8, cell.documents / total * 200), 2) for cell in cells],
                },
            },
            # The browser puts the words together: prefix and name are sent once.
            customdata=[f"{value:.2f}" if np.isfinite(value) else "none, a single document" for value in alike],
            hovertemplate="<b>%{id}</b><br>%{label}<br>documents: %{value:,}<br>mean cosine: %{customdata}<extra></extra>",
            textinfo="label",
            textfont={"size": 12, "color": [_ink(colour) for colour in colours]},
            outsidetextfont={"size": 12, "color": _ink(colours[0])},
            pathbar={"visible": False},
            leaf={"opacity": 1},
        )
    )
    figure.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0}, height=HEIGHT, uniformtext={"minsize": 8, "mode": "hide"})
    return figure


def describe(cells: list[Cell]) -> str:
    """Alternative text."""
    focus = cells[0]
    below = [cell for cell in cells if cell.depth == 1 and cell.node >= 0]
    largest = max(below, key=lambda cell: cell.documents, default=None)
    lead = f" Largest: code {largest.prefix}, {largest.name}, {largest.documents} documents." if largest else ""
    return f"Trie below {focus.prefix or 'the root'}: {focus.documents} documents under {len(below)} next codes.{lead}"


def _label(cell: Cell) -> str:
    code = cell.prefix.rpartition("-")[2]
    return html.escape(cell.name) if cell.node < 0 or not cell.prefix else f"{code} · {html.escape(cell.name)}"


def _ink(colour: str) -> str:
    """Text colour that can be read on a cell."""
    return "#FFFFFF" if colour in RAMP[4:] else "#10202C"


def _shade(share: float) -> str:
    return RAMP[min(int(share * len(RAMP)), len(RAMP) - 1)]
