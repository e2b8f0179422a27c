"""What a query finds, on the map and as a list beside it."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from app.common import documents, resources, state
from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.text.matched import snippet, wanted

# Hits of each retriever.
HITS = 20
BY = ("dense", "generative")


def hits(build: Build, query: str, allowed: str = "", k: int = HITS) -> dict[str, list[Hit]]:
    """What ``dense`` and ``generative`` search find for a query under a filter; nothing for a query without a word."""
    found: dict[str, list[Hit]] = {name: [] for name in BY}
    if not any(character.isalnum() for character in query):
        return found
    vector = resources.query_vector(build, query)[0]
    found["dense"] = build.search(query, "dense", k, vector=vector, filter=allowed)[0]
    try:
        resources.warm(build)
        found["generative"] = build.search(query, "generative", k, vector=vector, filter=allowed)[0]
    except TriescopeError as error:  # the default scorer is damaged
        st.error(state.said(str(error)), icon=":material/error:")
    return found


def table(build: Build, query: str, found: Mapping[str, list[Hit]]) -> pd.DataFrame:
    """The documents found, by their best rank, then by that of the first retriever; their rank in each list, missing where it is
    not in it."""
    ranks: dict[str, dict[str, int]] = {}
    for name, of_name in found.items():
        for hit in of_name:
            ranks.setdefault(hit.id, {})[name] = hit.rank
    order = sorted(ranks, key=lambda document: (min(ranks[document].values()), *(ranks[document].get(name, HITS) for name in BY)))
    stems = wanted(query, build.language)
    texts = (snippet(stems, build.documents[build.row_of[document]].text).text for document in order)
    listed = [
        (*map(ranks[document].get, BY), documents.title(build, document), text, document)
        for document, text in zip(order, texts, strict=True)
    ]
    table = pd.DataFrame(listed, columns=[*map(str.capitalize, BY), "Title", "Text", "Id"])
    return table.astype({name.capitalize(): "Int64" for name in BY})


def show(build: Build, query: str, found: Mapping[str, list[Hit]]) -> None:
    """The list; a row that is chosen pins its document."""
    listed = table(build, query, found)
    st.header("What the query finds")
    both = int(listed.iloc[:, : len(BY)].notna().all(axis=1).sum())
    st.dataframe(
        listed,
        hide_index=True,
        height=min(300, 38 + 35 * max(len(listed), 1)),
        key="map-hits",
        selection_mode="single-row",
        on_select=lambda: documents.take_row("map-hits", listed["Id"].tolist()),
        column_order=list(listed.columns[:-1]),
        column_config={
            "Title": st.column_config.TextColumn(width=170),
            **{name.capitalize(): st.column_config.NumberColumn(width=85, help=f"Rank in {name} search.") for name in BY},
        },
    )
    first = ", ".join(f"{len(of_name)} of {name}" for name, of_name in found.items())
    st.caption(f"Ranks in the first {first} search; {both} are in both. Choose a row to pin its document and see its nearest.")
