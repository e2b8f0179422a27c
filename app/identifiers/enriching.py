"""Enriched texts, on the Identifiers page: what is added to a document, and what search gains by it."""

import pandas as pd
import streamlit as st

from app.common import commands, documents, exports, jobs, state
from engine.builds.opened import Build
from engine.data.figures import told, told_p
from engine.errors import TriescopeError
from engine.studies import enrichment
from engine.studies.enrichment import Added, Enrichment


@st.cache_data(max_entries=4, show_spinner="Asking the neighbours ...")
def _added(folder: str, version: str, _build: Build) -> list[Added]:
    return enrichment.added(_build)


def show(build: Build) -> None:
    """What was found, or the press that finds it out; and of a document what is added to it."""
    with st.expander("Texts enriched by what neighbours say", icon=":material/notes:", key="enriched", on_change="rerun") as box:
        if not box.open:
            return
        job = f"enrichment of {build.folder.name}"
        if over := jobs.ended(job):
            jobs.say_end(over, "It failed", "It was cancelled; nothing of it was kept.")
        jobs.panel(job)
        st.write(
            "A document says too little of itself to be found by other words. Added here is what its nearest neighbours say and "
            "it does not, and its columns that are not searched: taken as it stands, written by nobody. An experiment: on the "
            "films nothing gains by it."
        )
        _document(build)
        try:
            found = enrichment.read(build)
        except TriescopeError as error:
            st.error(state.said(str(error)), icon=":material/broken_image:")
            found = None
        if found:
            _found(found)
        _offer(build, job, found)


def _document(build: Build) -> None:
    """The enriched text of one document."""
    chosen = documents.chosen(build)
    documents.pick(build, "A document: what is added to it?", "enriched-document", chosen)
    document = chosen or build.documents[0].id
    of = _added(str(build.folder), build.version, build)[build.row_of[document]]
    st.text(f"{documents.title(build, document)}: {build.documents[build.row_of[document]].text[:200]}")
    st.text(f"Its neighbours say: {', '.join(of.words) or 'nothing more'}\nNot searched: {'; '.join(of.columns) or 'nothing'}")


def _offer(build: Build, job: str, found: Enrichment | None) -> None:
    splits = [name for name, queries in build.manifest.corpus.queries.items() if queries]
    if not splits:
        st.caption("What it is worth is measured on judged queries, and this catalogue has none.")
        return
    arguments = ["enrich", str(build.folder), "--split", "dev" if "dev" in splits else splits[0]]
    with st.container(horizontal=True):
        if not jobs.running(job):
            label = "Measure it again" if found else "Measure what it is worth (all documents are embedded twice)"
            args = (job, arguments)
            st.button(label, on_click=jobs.start_command, args=args, icon=":material/science:", key="enrich")
        commands.offer(commands.line(["enrich", build.folder.name, *arguments[2:]]))
        if found:
            exports.offer("Enrichment, CSV", exports.csv(table(found)), "enrichment.csv")


def table(found: Enrichment) -> pd.DataFrame:
    """A row a retriever, kind of text and slice."""
    return pd.DataFrame(
        {
            "Queries": row.slice,
            "How many": row.queries,
            "Retriever": row.retriever,
            "Texts": row.texts,
            enrichment.MEASURE: told(row.mean),
            "Gain": told(row.gain, sign=True) if row.gain else "",
            "p": told_p(row.gain) if row.gain else "",
        }
        for row in found.rows
    )


def _found(found: Enrichment) -> None:
    st.dataframe(table(found), hide_index=True)
    st.caption(
        f"{state.plain(found.split)} queries, 95% intervals, p corrected for the table (Holm); {found.words:g} words and values "
        f"added to a document in the mean. {state.plain(found.device)}."
    )
