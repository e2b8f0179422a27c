"""What the Map page knows of a build: its map, read once, hits, neighbours in the space of the embeddings, tables."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.charts import groups
from app.charts.groups import Group
from app.common import documents, jobs, resources, state
from engine.builds import layout
from engine.builds import map as stored_map
from engine.builds.opened import Build
from engine.builds.projection import Projection
from engine.errors import TriescopeError
from engine.retrievers import Queries

# Up to so many documents most of the time of a map is UMAP's own start.
QUICK = 5_000
# Columns of the table of neighbours that are shown, and what does not fit by itself, pixels.
SHOWN = ["Title", "Cosine", "Map place", "Codes shared", "Identifier"]
WIDTHS = {
    "Title": st.column_config.TextColumn(width=160),
    "Cosine": st.column_config.NumberColumn(format="%.3f", width=55),
    "Map place": st.column_config.NumberColumn(width=72),
    "Codes shared": st.column_config.NumberColumn(width=90),
}


def job_name(build: Build) -> str:
    """Name of the job that makes the map; a build's name has no blank, so none is mistaken for it."""
    return f"map of {build.folder.name}"


def start(build: Build) -> None:
    """Make the map in a process of its own."""
    jobs.start_command(job_name(build), ["map", str(build.folder)])


def offer(build: Build) -> None:
    """What stands on the page while there is no map: how the last job ended, what a map is, a button or the running job."""
    if over := jobs.ended(job_name(build)):
        jobs.say_end(over, "The map failed", "The map was cancelled; nothing of it was kept.")
    st.info(
        f"There is no map of {state.plain(build.folder.name)} yet. "
        f"UMAP lays the {len(build.corpus.documents):,} documents out so that those "
        "with similar embeddings lie together; of more than 20,000 it takes a sample. It is done in a process of its own, and "
        "kept beside the build.",
        icon=":material/map:",
    )
    if not jobs.panel(job_name(build)):
        takes = "half a minute" if len(build.corpus.documents) <= QUICK else "a minute or two"
        label = f"Make the map (about {takes} on two cores)"
        st.button(label, type="primary", on_click=start, args=(build,), icon=":material/play_arrow:")


def read(build: Build) -> Projection | None:
    """The build's map, if there is one.

    Raises
    ------
    TriescopeError
        It is damaged.
    """
    folder = stored_map.map_folder(build)
    try:
        version = (folder / layout.FACTS).stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read(str(folder), version, len(build.corpus.documents))


@st.cache_resource(max_entries=3, show_spinner=False)
def _read(folder: str, version: int, documents: int) -> Projection | None:
    return stored_map.read(Path(folder), documents)


def columns(build: Build) -> list[str]:
    """Columns to colour by."""
    return _columns(str(build.folder), build.manifest.created, build)


@st.cache_resource(max_entries=3, show_spinner=False)
def _columns(folder: str, created: str, _build: Build) -> list[str]:
    return groups.group_columns(_build.corpus.documents)


def hits(build: Build, query: str, k: int) -> dict[str, list[int]]:
    """Document rows that ``dense`` and ``generative`` search find for a query; none for a query without a word."""
    if not any(character.isalnum() for character in query):
        return {"dense": [], "generative": []}
    vector = resources.query_vector(build, query)[0]
    found = {"dense": build.search(query, "dense", k, vector=vector)[0], "generative": []}
    try:
        resources.warm(build)
        found["generative"] = build.search(query, "generative", k, vector=vector)[0]
    except TriescopeError as error:  # the default scorer is damaged
        st.error(state.plain(str(error)), icon=":material/error:")
    return {name: [build.row_of[hit.id] for hit in hits] for name, hits in found.items()}


def neighbours(build: Build, made: Projection, row: int, k: int) -> pd.DataFrame:
    """The ``k`` documents nearest to a document by cosine, among all documents, and where the map puts them.

    ``Map place`` counts documents by distance on the map; missing where one of the two is not drawn.
    """
    vector = np.asarray(build.embeddings[row], np.float32)
    found = build.retriever("dense").search(Queries([""], vector[None]), k + 1)
    near = [(int(r), float(s)) for r, s in zip(found.rows[0], found.scores[0], strict=True) if r not in (-1, row)][:k]
    ranks = np.zeros(len(made.rows), np.int64)
    if (at := place(made, row)) is not None:
        distance = np.linalg.norm(made.xy - made.xy[at], axis=1)
        distance[at] = -1  # it comes before all others, which then count from 1
        ranks = np.searchsorted(np.sort(distance), distance)
    own = [code for code in build.codes[row] if code >= 0]
    return pd.DataFrame(
        [
            (
                number,
                documents.title_of(build.corpus.documents[other]),
                round(cosine, 4),
                _shared(own, build.codes[other]),
                _rank(made, ranks, other),
                build.identifier(other),
                build.corpus.documents[other].id,
                other,
            )
            for number, (other, cosine) in enumerate(near, 1)
        ],
        columns=["Rank", "Title", "Cosine", "Codes shared", "Map place", "Identifier", "Id", "Row"],
    ).astype({"Map place": "Int64"})


def place(made: Projection, row: int) -> int | None:
    """Where in the map a document row is; None when it is not shown."""
    at = int(np.searchsorted(made.rows, row))
    return at if at < len(made.rows) and made.rows[at] == row else None


def trust(made: Projection) -> str:
    """What a map may be believed, what it shows and how it was made: a few sentences of Markdown."""
    facts = made.facts
    kept = (
        f"Of a document's {facts.neighbours} nearest by cosine, **{facts.preservation:.0%}** are among its {facts.neighbours} "
        f"nearest here (measured on {facts.judged:,} points; points thrown down at random: {made.chance:.1%}). "
        if facts.preservation is not None
        else ""
    )
    shown = (
        f"Showing {len(made.rows):,} of {facts.documents:,} documents, sampled in proportion to the first codes."
        if made.sampled
        else f"All {facts.documents:,} documents are shown."
    )
    how = "UMAP, cosine" if facts.method == "umap" else "principal components, for there are too few documents for UMAP"
    return f"{kept}**Distances on this map are not distances in the index.** {shown} Layout: {how}; seed {facts.seed}."


def points_table(build: Build, made: Projection, drawn: Sequence[Group]) -> pd.DataFrame:
    """Every point of the map with its group."""
    table = documents.frame(build, made.rows).drop(columns="Text")
    table["Group"] = ""
    for group in drawn:
        table.loc[group.places, "Group"] = group.name
    x, y = made.xy.astype(np.float64).round(4).T
    return table.assign(x=x, y=y)


def export(made: Projection, points: pd.DataFrame, coloured_by: str, **more: Any) -> str:
    """The page as JSON text; tables become lists of objects, without the engine's row numbers."""
    value = {"map": stored_map.facts(made), "coloured_by": coloured_by, "points": points} | more
    plain = {key: _records(part) if isinstance(part, pd.DataFrame) else part for key, part in value.items()}
    return json.dumps(plain, ensure_ascii=False, indent=1)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    objects = table.drop(columns="Row", errors="ignore").astype(object)
    return objects.where(objects.notna(), None).to_dict("records")


def _rank(made: Projection, ranks: np.ndarray, row: int) -> int | None:
    at = place(made, row)
    return None if at is None else int(ranks[at]) or None


def _shared(own: list[int], codes: np.ndarray) -> int:
    """How many codes two identifiers begin with in common."""
    same = [a == b for a, b in zip(own, codes, strict=False)]
    return same.index(False) if False in same else len(same)
