"""Learned sparse search on Compare: what there is of it, and the job that weighs the documents' terms."""

import streamlit as st

from app.common import commands, guard, jobs, state
from engine import files
from engine.builds import layout, terms
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.retrievers import method_of
from engine.retrievers.splade import METHOD
from engine.text import term_weights

TITLE = "Learned sparse search: terms weighed by an encoder (SPLADE)"


def job_name(build: Build) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"terms of {build.folder.name}"


def offer(build: Build) -> None:
    """The job where one runs, what there is, and the form that starts another."""
    name, there = job_name(build), term_weights.is_there(build.folder)
    if (job := jobs.ended(name)) is not None:
        jobs.say_end(job, "Weighing terms failed", "Weighing terms was cancelled. It goes on from where it was.")
    if jobs.running(name):
        st.header("Terms being weighed")
        jobs.panel(name)
        return
    label = f"{TITLE} ({'there is' if there else 'not made yet'})"
    with st.expander(label, icon=":material/spellcheck:", key="terms-box", on_change="rerun") as box:
        if box.open:
            _inside(build, there)


def _inside(build: Build, there: bool) -> None:
    st.caption(
        "An encoder gives each text weights of terms, also of terms that it does not have; the column `splade` then searches by "
        "the terms that query and document share. None comes with Triescope: name a sparse encoder of sentence-transformers."
    )
    if there:
        try:
            st.markdown(state.plain(METHOD.told(build, method_of(METHOD.name)[1])))
        except TriescopeError as error:
            st.error(state.plain(str(error)), icon=":material/broken_image:")
    model = st.text_input("Sparse encoder", key="terms-model", placeholder="a folder, or a name on the Hugging Face hub").strip()
    commands.offer(commands.line(["terms", build.folder.name, model or "MODEL"]))
    if files.held(layout.partial_of(build.folder / term_weights.FOLDER)):
        st.info("A shell is weighing them.", icon=":material/terminal:")
        return
    with st.container(horizontal=True):
        label = "Weigh them anew" if there else "Weigh the documents' terms"
        if st.button(label, type="primary", icon=":material/play_arrow:", key="terms-start", disabled=not model):
            jobs.start_command(job_name(build), ["terms", str(build.folder), model], label="terms")
            st.rerun()
        if there:
            with st.popover("Delete", icon=":material/delete:"):
                st.button("Delete the weights", on_click=_delete, args=(build,), icon=":material/delete:")


@guard.changes
def _delete(build: Build) -> None:
    terms.remove(build.folder)
