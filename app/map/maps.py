"""A build's map on the screen: read once, what it is worth, its points as tables."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.charts import groups
from app.charts.groups import Group
from app.common import documents
from engine.builds import layout
from engine.builds import map as stored_map
from engine.builds.opened import Build
from engine.builds.projection import Projection


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
    return _columns(str(build.folder), build.version, build)


@st.cache_resource(max_entries=3, show_spinner=False)
def _columns(folder: str, created: str, _build: Build) -> list[str]:
    return groups.group_columns(_build.corpus.documents)


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
    """Every point of the map with its group, or its kind where a group holds several."""
    table = documents.frame(build, made.rows).drop(columns="Text")
    table["Group"] = ""
    for group in drawn:
        table.loc[group.places, "Group"] = group.labels or group.name
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
