"""The trie explorer's picture: an icicle whose columns are the levels of decoding, left to right."""

import html

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import RAMP
from app.charts.window import Cell
from engine.pictures.labels import cut

ROOT_ID = "root"
HEIGHT = 780
# Pixels of the thinnest cell: thinner ones can be neither read nor hit, and each is sent to the browser.
THINNEST = 2
EDGE, MARK = "rgba(255,255,255,0.35)", "#D55E00"
# A single document is light, as there is nothing to compare below it.
LEAF = "#DDE2E7"
# Widths of the columns by the levels that are shown; letters that a row of all columns holds; pixels of a line of text.
WIDTHS = ((1,), (1, 4), (1, 2, 4), (1, 2, 3, 4))
LETTERS, LINE = 92, 18


def least(documents: int) -> int:
    """Documents of the thinnest cell that is drawn, where the column is so many documents.

    >>> least(300), least(107_525)
    (1, 275)
    """
    return max(documents * THINNEST // HEIGHT, 1)


def figure(cells: list[Cell], cosines: np.ndarray, marked: set[int]) -> go.Figure:
    """Icicle of a window: a bar a cell, stacked from top to bottom in a column a level.

    Plotly's own icicle lays out and animates every cell and its text, which stops the browser for seconds at a thousand cells.

    Parameters
    ----------
    cells : list of Cell
        First cell is the focus.
    cosines : np.ndarray
        Mean cosine of the pairs below each trie node; colour. Single documents have none and are light.
    marked : set of int
        Nodes on the path of the chosen document; outlined.
    """
    alike = [float(cosines[cell.node]) if cell.node >= 0 else np.nan for cell in cells]
    known = np.array([value for value in alike if np.isfinite(value)] or [0.0, 1.0])
    low, high = float(known.min()), float(max(known.max(), known.min() + 1e-6))
    colours = [_shade((value - low) / (high - low)) if np.isfinite(value) else LEAF for value in alike]
    total = max(cells[0].documents, 1)
    widths = WIDTHS[max(cell.depth for cell in cells)]
    lefts = np.cumsum([0, *widths])
    lines = [MARK if cell.node in marked else EDGE for cell in cells]
    figure = go.Figure(
        go.Bar(
            ids=[cell.prefix or ROOT_ID for cell in cells],
            x=[float(lefts[cell.depth] + widths[cell.depth] / 2) for cell in cells],
            width=[widths[cell.depth] for cell in cells],
            base=tops(cells),
            y=[cell.documents for cell in cells],
            marker={
                "color": colours,
                "line": {
                    "color": lines if MARK in lines else EDGE,
                    "width": [3 if cell.node in marked else round(min(0.8, cell.documents / total * 200), 2) for cell in cells],
                },
            },
            # What is too flat for a line of text has none; too long a one is cut, and told when pointed at.
            text=[
                html.escape(cut(_label(cell), LETTERS * widths[cell.depth] // sum(widths))) if _fits_a_line(cell, total) else ""
                for cell in cells
            ],
            hovertext=[html.escape(_label(cell)) for cell in cells],
            # The browser puts the words together.
            customdata=[f"{value:.2f}" if np.isfinite(value) else "none, a single document" for value in alike],
            hovertemplate="<b>%{id}</b><br>%{hovertext}<br>documents: %{y:,}<br>mean cosine: %{customdata}<extra></extra>",
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"size": 12, "color": [_ink(colour) for colour in colours]},
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
            showlegend=False,
        )
    )
    scale = {"colorscale": RAMP, "cmin": low, "cmax": high, "showscale": True, "color": [low]}
    bar = {"title": {"text": "mean cosine", "side": "right"}, "thickness": 8, "len": 0.4, "x": 1.0, "tickfont": {"size": 10}}
    figure.add_scatter(x=[None], y=[None], mode="markers", marker=scale | {"colorbar": bar}, hoverinfo="skip", showlegend=False)
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        height=HEIGHT,
        bargap=0,
        barmode="overlay",
        dragmode=False,
        hovermode="closest",
        xaxis=hidden | {"range": [0, float(lefts[-1])]},
        yaxis=hidden | {"range": [total, 0]},
        # On a phone a text that would be smaller than can be read is left out; it is told when the cell is pointed at.
        uniformtext={"minsize": 8, "mode": "hide"},
    )
    return figure


def tops(cells: list[Cell]) -> list[int]:
    """Where each cell begins, in documents from the top: after its older siblings, which begin where their parent does.

    >>> cells = [Cell("", "", 0, "", 5, 0), Cell("1", "", 1, "", 2, 1), Cell("4", "", 2, "", 3, 1), Cell("4-0", "4", 3, "", 3, 2)]
    >>> tops(cells)
    [0, 0, 2, 2]
    """
    free = {cells[0].prefix: 0}  # where the next child of a cell begins
    found = [0]
    for cell in cells[1:]:
        begin = free[cell.parent]
        free[cell.parent] = begin + cell.documents
        free[cell.prefix] = begin
        found.append(begin)
    return found


def table(cells: list[Cell], cosines: np.ndarray) -> pd.DataFrame:
    """The picture as a table: a row a cell."""
    rows = [(c.prefix, c.name, c.documents, c.depth, float(cosines[c.node]) if c.node >= 0 else np.nan) for c in cells]
    return pd.DataFrame(rows, columns=["Prefix", "Words", "Documents", "Depth", "Mean cosine"]).round({"Mean cosine": 3})


def describe(cells: list[Cell]) -> str:
    """Alternative text."""
    focus = cells[0]
    below = [cell for cell in cells if cell.depth == 1 and cell.node >= 0]
    largest = max(below, key=lambda cell: cell.documents, default=None)
    lead = f" Largest: code {largest.prefix}, {largest.name}, {largest.documents} documents." if largest else ""
    return f"Trie below {focus.prefix or 'the root'}: {focus.documents} documents under {len(below)} next codes.{lead}"


def _label(cell: Cell) -> str:
    code = cell.prefix.rpartition("-")[2]
    return cell.name if cell.node < 0 or not cell.prefix else f"{code} · {cell.name}"


def _fits_a_line(cell: Cell, total: int) -> bool:
    return HEIGHT * cell.documents / total > LINE


def _ink(colour: str) -> str:
    """Text colour that can be read on a cell."""
    return "#FFFFFF" if colour in RAMP[4:] else "#10202C"


def _shade(share: float) -> str:
    return RAMP[min(int(share * len(RAMP)), len(RAMP) - 1)]
