"""The chosen document: its nearest documents in the space of the embeddings, and where the map puts them."""

import numpy as np
import pandas as pd
import streamlit as st

from app.charts.map_marks import Chosen
from app.common import documents, state
from app.map import maps
from engine.builds.opened import Build
from engine.builds.projection import Projection
from engine.retrievers import Queries

# Columns of the table that are shown, and what does not fit by itself, pixels.
SHOWN = ["Title", "Cosine", "Map place", "Codes shared", "Identifier"]
WIDTHS = {
    "Title": st.column_config.TextColumn(width=160),
    "Cosine": st.column_config.NumberColumn(format="%.3f", width=55),
    "Map place": st.column_config.NumberColumn(width=72),
    "Codes shared": st.column_config.NumberColumn(width=90),
}


def show(build: Build, made: Projection, pinned: str, allowed: str) -> tuple[Chosen | None, pd.DataFrame]:
    """Draw the panel of a document, by its id; what the picture is to mark, None where it does not show the document, and the
    table. ``allowed`` is a filter."""
    row = build.row_of[pinned]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Nearest in the original space", width="content")
        st.button("Close", type="tertiary", icon=":material/close:", on_click=documents.focus, args=("",))
    st.text(f"{documents.title(build, pinned)}, identifier {build.identifier(row) or 'none'}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        how_many = st.slider("Documents", 1, 50, 10, key="neighbours", bind="query-params", width=200)
        close = st.toggle("Close-up on the map", key="close", bind="query-params")
    found, chosen = neighbours(build, made, row, how_many, allowed), None
    if (at := maps.place(made, row)) is None:
        st.info("It is not in the sample that is drawn; its neighbours are those among all documents.")
    else:
        drawn = [place for other in found["Row"] if (place := maps.place(made, other)) is not None]
        chosen = Chosen(at, drawn, close)
    st.dataframe(
        found,
        hide_index=True,
        height=min(420, 38 + 35 * len(found)),
        key=f"near-{pinned}",
        selection_mode="single-row",
        on_select=lambda: documents.take_row(f"near-{pinned}", found["Id"].tolist()),
        column_order=SHOWN,
        column_config=WIDTHS,
    )
    among = "the documents that pass the filter" if allowed else "all documents"
    st.caption(f"By cosine of the embeddings, among {among}; map place 1 is nearest on the map. Choose a row to go there.")
    links = state.links(doc=pinned, prefix=state.parent_prefix(state.parent_prefix(build.identifier(row))))
    st.page_link(state.TRIE, label="See it in the trie", icon=":material/account_tree:", query_params=links)
    return chosen, found


def neighbours(build: Build, made: Projection, row: int, k: int, allowed: str = "") -> pd.DataFrame:
    """The ``k`` documents nearest to a document by cosine, among those that pass a filter, and where the map puts them.

    ``Map place`` counts documents by distance on the map; missing where one of the two is not drawn.
    """
    vector = np.asarray(build.embeddings[row], np.float32)
    found = build.retriever("dense").search(Queries([""], vector[None]), k + 1, build.allowed(allowed))
    near = [(int(r), float(s)) for r, s in zip(found.rows[0], found.scores[0], strict=True) if r not in (-1, row)][:k]
    ranks = np.zeros(len(made.rows), np.int64)
    if (at := maps.place(made, row)) is not None:
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


def _rank(made: Projection, ranks: np.ndarray, row: int) -> int | None:
    at = maps.place(made, row)
    return None if at is None else int(ranks[at]) or None


def _shared(own: list[int], codes: np.ndarray) -> int:
    """How many codes two identifiers begin with in common."""
    same = [a == b for a, b in zip(own, codes, strict=False)]
    return same.index(False) if False in same else len(same)
