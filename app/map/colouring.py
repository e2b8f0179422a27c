"""What the map is coloured by: the row of controls, and the groups that come of them."""

from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from app.charts import groups, map_words
from app.charts.groups import Group
from app.charts.map_words import MOST, Branch
from app.charts.palette import GREY
from app.common import address, trying
from app.map import found, maps
from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.builds.projection import Projection

CODES, COLUMN, FOUND = "Codes", "Column", "Search hits"


class Coloured(NamedTuple):
    """The colours of a map: what they tell in words, the groups, the branches that may be named. Where a query may be asked, its
    hits by retriever, else no retriever; the query; and all points as one group, for the hits are marks on it."""

    told: str
    drawn: list[Group]
    branches: list[Branch]
    hits: dict[str, list[Hit]]
    query: str = ""
    below: list[Group] | None = None

    @property
    def cloud(self) -> list[Group]:
        """The groups that do not depend on a query."""
        return self.drawn if self.below is None else self.below

    @property
    def marked(self) -> list[Group]:
        """Those that do."""
        return [] if self.below is None else [group for group in self.drawn if group.colour != GREY]

    @property
    def says(self) -> str:
        """How the colours are to be read, as Markdown; empty where the legend says it all."""
        if not self.branches:
            return ""
        shades = "A hue is a first code, a shade one of its branches. " if any(g.shades is not None for g in self.drawn) else ""
        return f"{shades}The words are those of the largest branches, as many as there is room for, {MOST} at most."


def choose(build: Build, made: Projection, allowed: str) -> Coloured:
    """Draw the controls; ``allowed`` is a filter, under which other points are grey."""
    columns = maps.columns(build)
    ways = [CODES, *([COLUMN] if columns else []), FOUND]
    address.known("colour", ways, "colouring")
    address.known("column", columns, "column")
    address.known("codes", range(1, build.trie.levels + 1), "number of codes in common")
    look: dict[str, Any] = {"bind": "query-params", "required": True, "width": "content"}
    by = st.segmented_control("Colour by", ways, default=CODES, key="colour", **look)
    passing = build.allowed(allowed)
    passes = np.ones(len(made.rows), bool) if passing is None else passing[made.rows]
    if by == COLUMN:
        column = st.selectbox("Column", columns, key="column", bind="query-params", width=260)
        drawn = groups.largest(groups.column_labels(build.documents, made.rows, column))
        return Coloured(f"the column {column}", groups.under(drawn, passes), [], {})
    if by == FOUND:
        query = trying.box(build, width=360)
        hits = found.hits(build, query, allowed)
        drawn = groups.hit_groups(made.rows, **{name: [build.row_of[hit.id] for hit in of] for name, of in hits.items()})
        below = groups.under([Group("documents", GREY, "circle", np.arange(len(made.rows)))], passes)
        return Coloured(f"the first {found.HITS} hits", groups.under(drawn, passes), [], hits, query, below)
    depth = st.segmented_control(
        "Codes in common",
        list(range(1, build.trie.levels + 1)),
        default=1,
        key="codes",
        help="A hue for each of the most frequent first codes. With more codes in common, a shade for each branch below it.",
        **look,
    )
    told = "the first code" if depth == 1 else f"the first {depth} codes"
    drawn = groups.branches(build.trie, build.names, made.rows, depth)
    named = map_words.largest(groups.branch_nodes(build.trie, made.rows, depth), build.names, passes)
    return Coloured(told, groups.under(drawn, passes), named, {})
