"""A query decoded again at each evaluation: how sure the beam grows of the document it ends with, and which hits come and go."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import BLUE, GREY, ORANGE
from app.charts.training import LEVELS
from engine.builds.history import Evaluation, Watched, WatchedBeam
from engine.pictures.labels import cut

# Hits kept at each evaluation, and letters of a title beside its line.
HITS, LETTERS = 5, 20
# Where the left half of the picture ends and the right one begins, and the axes of each.
SPLIT = (0.38, 0.47)
LEFT, RIGHT = {"xaxis": "x", "yaxis": "y"}, {"xaxis": "x2", "yaxis": "y2"}


def shares(watched: Sequence[Watched], identifier: str) -> list[list[float]]:
    """Share of the beam that lies on each prefix of an identifier: a list a level, with an entry an evaluation.

    Only the first few beams of a level are on record; a prefix that is not among them counts as 0.
    """
    codes = identifier.split("-")
    found: list[list[float]] = []
    for level in range(len(codes)):
        prefix = "-".join(codes[: level + 1])
        found.append([_share(now.levels[level].kept, prefix) if level < len(now.levels) else 0.0 for now in watched])
    return found


def ranks(watched: Sequence[Watched]) -> dict[str, list[int | None]]:
    """Document id -> its rank among the first hits of each evaluation; None where it is not among them."""
    ids = dict.fromkeys(hit.id for now in reversed(watched) for hit in now.hits)
    places = [{hit.id: rank for rank, hit in enumerate(now.hits, 1)} for now in watched]
    return {i: [of_now.get(i) for of_now in places] for i in ids}


def figure(steps: Sequence[int], watched: Sequence[Watched], kept: int, at: int) -> go.Figure:
    """Left, the share of the beam on the document it ends with, a line a level; right, the ranks of the first hits.

    Parameters
    ----------
    steps : sequence of int
        Step of each evaluation.
    watched : sequence of Watched
        The query at each evaluation.
    kept, at : int
        Places of the evaluation whose weights count as the end, and of the one that is looked at.
    """
    ends = watched[kept].hits
    last = {hit.id for hit in ends}
    titles = {hit.id: hit.title or hit.id for now in watched for hit in now.hits}
    traces: list[dict[str, Any]] = []
    for level, line in enumerate(shares(watched, ends[0].identifier) if ends else [], 1):
        colour, dash = LEVELS[(level - 1) % len(LEVELS)]
        style = {"color": colour, "dash": dash, "width": 2}
        traces.append(
            LEFT | {"x": steps, "y": line, "name": f"level {level}", "mode": "lines", "line": style, "showlegend": True}
        )
    for document, places in reversed(ranks(watched).items()):
        first = bool(ends) and document == ends[0].id
        colour = ORANGE if first else BLUE if document in last else GREY
        told = [f"{html.escape(titles[document])}: rank {r} after step {s}" for s, r in zip(steps, places, strict=True)]
        traces.append(
            {
                "x": steps,
                "y": places,
                "mode": "lines+markers",
                "opacity": 1 if document in last else 0.35,
                "showlegend": False,
                "line": {"color": colour, "width": 3.5 if first else 1.8 if document in last else 1},
                "marker": {"size": 7 if first else 5},
                "hoverinfo": "text",
                "hovertext": told,
                **RIGHT,
            }
        )
    heads = [
        {"text": text, "x": x, "y": 1.0, "xanchor": "center", "yanchor": "bottom", "xref": "paper", "yref": "paper"}
        for text, x in (("share of the beam", SPLIT[0] / 2), ("rank of each hit", (SPLIT[1] + 1) / 2))
    ]
    # Bold and not orange: no colour can be read both on light and on dark.
    names = [
        {
            "text": ("<b>{}</b>" if rank == 1 else "{}").format(html.escape(cut(titles[hit.id], LETTERS))),
            "y": rank,
            "yref": "y2",
            "x": 1.0,
            "xref": "x2 domain",
            "xanchor": "left",
            "xshift": 6,
        }
        for rank, hit in enumerate(ends, 1)
    ]
    marked = {
        "type": "line",
        "x0": steps[at],
        "x1": steps[at],
        "y0": 0,
        "y1": 1,
        "line": {"color": ORANGE, "width": 1.5, "dash": "dot"},
    }
    # One call: adding piece by piece takes Plotly five times as long.
    layout = {
        "xaxis": {"domain": [0.0, SPLIT[0]], "anchor": "y", "nticks": 5, "tickangle": 0},
        "xaxis2": {"domain": [SPLIT[1], 1.0], "anchor": "y2", "nticks": 5, "tickangle": 0},
        "yaxis": {"range": [0, 1.04], "tickformat": ".0%", "anchor": "x"},
        "yaxis2": {"range": [HITS + 0.4, 0.6], "tickvals": list(range(1, HITS + 1)), "anchor": "x2"},
        "annotations": [
            *(head | {"showarrow": False, "font": {"size": 12}} for head in heads),
            *(name | {"showarrow": False, "font": {"size": 11}} for name in names),
        ],
        "shapes": [marked | {"xref": "x", "yref": "y domain"}, marked | {"xref": "x2", "yref": "y2 domain"}],
        "height": 225,
        "margin": {"l": 10, "r": 8 * LETTERS - 20, "t": 24, "b": 10},
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": -0.16, "yanchor": "top", "x": 0, "font": {"size": 11}},
    }
    return go.Figure([{"type": "scatter", **trace} for trace in traces], layout)


def describe(steps: Sequence[int], watched: Sequence[Watched], kept: int) -> str:
    """Alternative text."""
    ends = watched[kept].hits
    if not ends:
        return f"{watched[kept].query}: no hit after {steps[kept]:,} steps."
    first, *_, last = line if len(line := shares(watched[: kept + 1], ends[0].identifier)[-1]) > 1 else line * 2
    return (
        f"{watched[kept].query}: after {steps[kept]:,} steps the first hit is {ends[0].title}; the beam's share on it went "
        f"from {first:.0%} to {last:.0%}."
    )


def hits_table(now: Watched, before: Watched | None) -> pd.DataFrame:
    """The first hits of one evaluation, with the rank each had at the evaluation before; missing where it was none of them."""
    earlier = {hit.id: rank for rank, hit in enumerate(before.hits, 1)} if before else {}
    rows = [(rank, hit.title or hit.id, hit.identifier, hit.score, earlier.get(hit.id)) for rank, hit in enumerate(now.hits, 1)]
    frame = pd.DataFrame(rows, columns=["Rank", "Title", "Identifier", "Total", "Before"])
    return frame.astype({"Before": "Int64"})


def beams_table(now: Watched, words: Mapping[str, str]) -> pd.DataFrame:
    """The best beams of one evaluation at each level; ``words`` says what a prefix means."""
    rows = [
        (level.level, beam.prefix, words.get(beam.prefix, ""), beam.share, beam.total)
        for level in now.levels
        for beam in level.kept
    ]
    return pd.DataFrame(rows, columns=["Level", "Prefix", "Words", "Share", "Total"])


def rows(history: Sequence[Evaluation]) -> pd.DataFrame:
    """All hits of all watched queries at all evaluations, a row each."""
    found = [
        (entry.step, now.query, rank, hit.id, hit.title, hit.identifier, hit.score, now.judged_rank)
        for entry in history
        for now in entry.watched
        for rank, hit in enumerate(now.hits, 1)
    ]
    columns = ["Step", "Query", "Rank", "Id", "Title", "Identifier", "Total", "Rank of the first judged"]
    return pd.DataFrame(found, columns=columns).astype({"Rank of the first judged": "Int64"})


def _share(kept: Sequence[WatchedBeam], prefix: str) -> float:
    return next((beam.share for beam in kept if beam.prefix == prefix), 0.0)
