"""The lists of the same retrievers in a second build, B, beside those of the open one, joined document by document."""

import html
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from app.charts import ranks
from app.common import address, documents, exports, resources, second, state, turns
from app.compare import comparing
from app.compare.comparing import Column
from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.builds.turns import vector as moved
from engine.builds.turns import without
from engine.errors import TriescopeError
from engine.evaluation.similarity import similarity
from engine.retrievers import method_of

# The retriever whose two lists are joined.
LINES = "b-column"
TWO = st.column_config.NumberColumn(format="%.2f")


def show(a: Build, b: Build, query: str, columns: Mapping[str, Column], k: int, beams: int, passing: str, pinned: str) -> None:
    """Draw it: a row a retriever that says how much of its list is the same, and the lists of one joined by lines. ``passing``
    is the filter, ``pinned`` the id of a document or empty."""
    st.header(f"The same retrievers in {state.plain(b.folder.name)}")
    st.caption(second.documents_told(a, b))
    found = ask(b, query, list(columns), k, beams, passing)
    listed = {name: (columns[name].hits, one.hits) for name, one in found.items() if not (one.error or columns[name].error)}
    for name, one in found.items():
        if one.error:
            st.caption(f"{state.plain(name)} has no list in B: {state.plain(one.error)}.")
    if not listed:
        st.info("No retriever has a list in both builds.", icon=":material/rule:")
        return
    lines, numbers = st.columns([3, 2], gap="large")
    first = next((name for name in listed if method_of(name)[0].decodes), next(iter(listed)))
    with numbers:
        rows = table(listed, k)
        st.dataframe(rows, hide_index=True, column_config={"RBO": TWO, "Tau": TWO})
        st.caption(
            "From A to B. RBO: 1 for equal lists, what stands higher weighs more. Tau: the order of what they share. Up, down: "
            f"shared documents that stand higher, or lower, in B.{_decoded_by(a, b, list(listed))}"
        )
        asked = address.one_of(LINES, listed, first, "retriever of both")
        name = str(st.selectbox("Lists joined", list(listed), **address.own(LINES, asked)))
    joined = {f"A:{a.folder.name}": listed[name][0], f"B:{b.folder.name}": listed[name][1]}
    titles = {document: documents.title(a if document in a.row_of else b, document) for document in ranks.ranks(joined)}
    with lines:
        escaped = {document: html.escape(title) for document, title in titles.items()}
        st.plotly_chart(ranks.figure(joined, escaped, pinned, k), key="b-bump", alt=ranks.describe(joined, k))
    places = joined_table(a, b, listed[name], titles)
    with st.expander(f"The lists of {state.plain(name)} in both, as a table"):
        st.dataframe(places, hide_index=True)
    with st.container(horizontal=True):
        exports.offer("Both lists, CSV", exports.csv(places), "compare-two-builds.csv")
        exports.offer("How alike, CSV", exports.csv(rows), "compare-two-builds-alike.csv")


def ask(b: Build, query: str, names: Sequence[str], k: int, beams: int, passing: str) -> dict[str, Column]:
    """The columns of B, each with its hits or with why it has none; codes and scorers are B's own."""
    taken = turns.read(b, turns.raw())
    try:
        encodes = b.encodes(query)
        vector = moved(b, resources.encoded(b, query)[0], taken) if encodes else np.zeros_like(b.embeddings[0])
    except TriescopeError as error:
        return {name: Column([], [], [], str(error)) for name in names}
    deaf = set() if encodes else {name for name in names if _reads_vectors(b, name)}
    none = Column([], [], [], "what is typed has no vector there")
    return {
        name: none if name in deaf else comparing.column(b, query, name, k, beams, vector, without(passing, taken.less))
        for name in names
    }


def _reads_vectors(b: Build, name: str) -> bool:
    try:
        return b.retriever(name).needs_vectors
    except TriescopeError:
        return False  # asked for its list it says what is wrong


def _decoded_by(a: Build, b: Build, names: Sequence[str]) -> str:
    """A sentence where the default scorers differ and a list rests on them."""
    default = any(method_of(name)[0].decodes and not method_of(name)[1].scorer for name in names)
    if not default or a.default_scorer == b.default_scorer:
        return ""
    return f" Where no scorer is named A decodes with {state.plain(a.default_scorer)}, B with {state.plain(b.default_scorer)}."


def table(listed: Mapping[str, tuple[Sequence[Hit], Sequence[Hit]]], k: int) -> pd.DataFrame:
    """A row a retriever: what its two lists share."""
    rows = []
    for name, both in listed.items():
        of = similarity(*([hit.id for hit in hits] for hits in both))
        moved = f"{of.up} · {of.down} · {of.shared - of.up - of.down}"
        rows.append({"Retriever": name, f"Shared of {k}": of.shared, "RBO": of.rbo, "Tau": of.tau, "Up · down · same": moved})
    return pd.DataFrame(rows)


def joined_table(a: Build, b: Build, both: tuple[Sequence[Hit], Sequence[Hit]], titles: Mapping[str, str]) -> pd.DataFrame:
    """A row a document of either list, with its ranks, and where only one build has it at all."""
    places = [{hit.id: hit.rank for hit in hits} for hits in both]
    rows = [
        (title, places[0].get(document), places[1].get(document), _alone(a, b, document), document)
        for document, title in titles.items()
    ]
    frame = pd.DataFrame(rows, columns=["Title", "Rank in A", "Rank in B", "Document of", "Id"])
    return frame.astype({"Rank in A": "Int64", "Rank in B": "Int64"})


def _alone(a: Build, b: Build, document: str) -> str:
    return "both" if document in a.row_of and document in b.row_of else "A alone" if document in a.row_of else "B alone"
