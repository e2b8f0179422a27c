"""A query decoded again at each evaluation: how sure the beam grows of the document it ends with, and which hits come and go."""

import html
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.charts.palette import BLUE, GREY, ORANGE
from app.charts.training import LEVELS
from engine.builds.history import Evaluation, Watched, WatchedBeam
from engine.pictures.labels import cut

# Hits kept at each evaluation, and letters of a title beside its line.
HITS, LETTERS = 5, 20


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
    drawn = make_subplots(
        1, 2, column_widths=[0.42, 0.58], horizontal_spacing=0.09, subplot_titles=("share of the beam", "rank of each hit")
    )
    ends = watched[kept].hits
    for level, line in enumerate(shares(watched, ends[0].identifier) if ends else [], 1):
        colour, dash = LEVELS[(level - 1) % len(LEVELS)]
        style = {"color": colour, "dash": dash, "width": 2}
        drawn.add_scatter(x=steps, y=line, name=f"level {level}", mode="lines", line=style, row=1, col=1, showlegend=True)
    last = {hit.id for hit in ends}
    titles = {hit.id: hit.title or hit.id for now in watched for hit in now.hits}
    for document, places in reversed(ranks(watched).items()):
        first = bool(ends) and document == ends[0].id
        colour = ORANGE if first else BLUE if document in last else GREY
        drawn.add_scatter(
            x=steps,
            y=places,
            mode="lines+markers",
            opacity=1 if document in last else 0.35,
            showlegend=False,
            line={"color": colour, "width": 3.5 if first else 1.8 if document in last else 1},
            marker={"size": 7 if first else 5},
            hoverinfo="text",
            row=1,
            col=2,
            hovertext=[f"{html.escape(titles[document])}: rank {r} after step {s}" for s, r in zip(steps, places, strict=True)],
        )
    for rank, hit in enumerate(ends, 1):
        drawn.add_annotation(
            x=1.0,
            y=rank,
            xref="x2 domain",
            yref="y2",
            # Bold and not orange: no colour can be read both on light and on dark.
            text=("<b>{}</b>" if rank == 1 else "{}").format(html.escape(cut(titles[hit.id], LETTERS))),
            showarrow=False,
            xanchor="left",
            xshift=6,
            font={"size": 11},
        )
    drawn.add_vline(x=steps[at], line={"color": ORANGE, "width": 1.5, "dash": "dot"})
    drawn.update_yaxes(range=[0, 1.04], tickformat=".0%", row=1, col=1)
    ticks = list(range(1, HITS + 1))
    drawn.update_yaxes(range=[HITS + 0.4, 0.6], tickvals=ticks, row=1, col=2)
    drawn.update_annotations(selector={"text": "share of the beam"}, font={"size": 12})
    drawn.update_annotations(selector={"text": "rank of each hit"}, font={"size": 12})
    return drawn.update_layout(
        height=225,
        margin={"l": 10, "r": 8 * LETTERS - 20, "t": 24, "b": 10},
        hovermode="closest",
        legend={"orientation": "h", "y": -0.16, "yanchor": "top", "x": 0, "font": {"size": 11}},
    )


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
