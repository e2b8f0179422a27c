"""Which tokens of a query meet which of a document: a heat map, a row a token of the query."""

import html
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import RAMP
from engine.retrievers.late_interaction import Alignment

# Tokens of the document that are drawn; each beside the nearest of some query token is drawn where there is room.
MOST = 36
INK = "#10202C"
# Takes no room.
BLANK = "\u200b"


class Shown(NamedTuple):
    """Places of the document's tokens that are drawn, int64, in the order of the text; how many there are."""

    places: np.ndarray
    of: int


def shown(met: Alignment, most: int = MOST) -> Shown:
    """The document's tokens that some token of the query likes best, then their neighbours."""
    last, nearest = len(met.document) - 1, np.unique(met.nearest) if met.cosines.size else np.empty(0, np.int64)
    beside = np.concatenate([nearest - 1, nearest + 1])
    kept = list(dict.fromkeys([*nearest.tolist(), *beside[(beside >= 0) & (beside <= last)].tolist()]))[:most]
    return Shown(np.sort(np.array(kept, np.int64)), len(met.document))


def figure(met: Alignment) -> go.Figure:
    """Cosines; each query token's nearest has its number in it."""
    places = shown(met).places
    of = met.cosines[:, places]
    nearest = met.nearest
    texts = [
        [f"{met.cosines[row, place]:.2f}" if place == nearest[row] else "" for place in places] for row in range(len(met.query))
    ]
    drawn = go.Figure(
        go.Heatmap(
            z=of,
            # Equal tokens are different categories.
            x=[html.escape(met.document[place]) + BLANK * column for column, place in enumerate(places)],
            y=[html.escape(token) + BLANK * row for row, token in enumerate(met.query)],
            text=texts,
            texttemplate="%{text}",
            textfont={"color": INK, "size": 12},
            colorscale=RAMP[:4],
            zmin=0,
            zmax=1,
            xgap=1,
            ygap=1,
            showscale=False,
            hovertemplate="%{y} · %{x}: %{z:.2f}<extra></extra>",
        )
    )
    return drawn.update_layout(
        height=110 + 26 * len(met.query),
        margin={"l": 10, "r": 10, "t": 80, "b": 6},
        xaxis={"side": "top", "type": "category", "showgrid": False, "tickangle": -60},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False},
    )


def table(met: Alignment) -> pd.DataFrame:
    """A row a token of the query: its nearest in the document, their cosine, its share of the score, and what stands around."""
    top, nearest = met.cosines.max(axis=1), met.nearest
    total = float(top.sum())
    around = [" ".join(met.document[max(0, place - 3) : place + 4]) for place in nearest.tolist()]
    return pd.DataFrame(
        {
            "Query token": met.query,
            "Nearest": [met.document[place] for place in nearest],
            "Cosine": top,
            "Share of the score": top / total if total else 0.0,
            "Around it": around,
        }
    )


def describe(met: Alignment) -> str:
    """Alternative text: each token with its nearest."""
    top = met.cosines.max(axis=1)
    pairs = (f"{token}, {met.document[place]} {of:.2f}" for token, place, of in zip(met.query, met.nearest, top, strict=True))
    return f"Cosines of query tokens and document tokens; nearest: {'; '.join(pairs)}"
