"""Further vector indexes on Compare: what each keeps in memory and misses, and the job that makes them."""

import pandas as pd
import streamlit as st

from app.common import commands, jobs, state
from engine.builds.indexes import usual
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.retrievers import made_index

LABEL = "Vectors in less memory: lists and graphs to compare"


def job_name(build: Build) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"indexes of {build.folder.name}"


def offer(build: Build) -> None:
    """The job where one runs, what there is, and the button that starts it."""
    name = job_name(build)
    if (job := jobs.ended(name)) is not None:
        jobs.say_end(job, "Making indexes failed", "Making indexes was cancelled; those that were done are kept.")
    if jobs.running(name):
        st.header("Indexes in the making")
        jobs.panel(name)
        return
    kinds = usual()
    there = [kind for kind in kinds if made_index.is_there(build.folder, kind)]
    label = f"{LABEL} ({'made' if len(there) == len(kinds) else 'not made yet'})"
    with st.expander(label, icon=":material/compress:", key="indexes-box", on_change="rerun") as box:
        if box.open:
            _inside(build, there)


def _inside(build: Build, there: list[str]) -> None:
    st.caption(
        "`dense-ivfpq` keeps a byte for eight numbers of a vector, in lists; `dense-usearch` eight bits a number, in a graph "
        "that documents are added to where it stands; `dense-lance` (where LanceDB is installed) whole vectors in a database on "
        "the disk. Each finds candidates, which are compared anew by the vectors on the disk. How much of what `dense` finds "
        "they find is measured when they are made. They lie in this machine's cache."
    )
    if rows := [row for kind in there for row in _row(build, kind)]:
        share, size = st.column_config.NumberColumn(format="percent"), st.column_config.NumberColumn(format="%.1f")
        st.dataframe(
            pd.DataFrame(rows), hide_index=True, column_config={"Found": share, "MB": size, "Vectors, MB": size, "Seconds": size}
        )
        st.caption(
            "Found: of the hundred nearest of 200 made-up queries, documents turned away at random. Width: lists, or nodes."
        )
    commands.offer(commands.line(["indexes", build.folder.name]))
    if st.button("Make them anew" if there else "Make the indexes", icon=":material/play_arrow:", key="indexes-start"):
        jobs.start_command(job_name(build), ["indexes", str(build.folder)], label="indexes")
        st.rerun()


def _row(build: Build, kind: str) -> list[dict]:
    try:
        of = made_index.about(build.folder, kind)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/broken_image:")
        return []
    whole = of.documents * of.dimensions * 4 / 1e6
    return [
        {
            "Retriever": kind,
            "Found": of.recall,
            "MB": of.bytes / 1e6,
            "Vectors, MB": whole,
            "Width": of.width,
            "Seconds": of.seconds,
        }
    ]
