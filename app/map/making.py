"""While a build has no map: what one is, and the job that makes it."""

import streamlit as st

from app.common import jobs, state
from engine.builds.opened import Build

# Up to so many documents most of the time of a map is UMAP's own start.
QUICK = 5_000


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
