"""What Compare can make of a build's documents when somebody asks for it: how far the job is, what there is, and the form."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from app.common import commands, guard, jobs, state
from engine import files
from engine.builds import layout
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.retrievers import method_of


class Made(NamedTuple):
    """Something made of the documents, and the words for it.

    Attributes
    ----------
    key : str
        Begins the keys of its widgets.
    command, folder, retriever : str
        The shell's command, the folder in the build, and the retriever that it is for.
    job : str
        What the job makes: its name is this and the build's. A build's name has no blank, so none is mistaken for it.
    title, icon, there, at_work, failed, cancelled, elsewhere : str
        Of the box and of what is said: that there is something, the heading of a job, how it ended, and that a shell is at it.
    start, again, delete : str
        Labels of the buttons.
    is_there : callable
        ``(folder) -> bool``.
    remove : callable
        ``(folder)``: delete it.
    """

    key: str
    command: str
    folder: str
    retriever: str
    job: str
    title: str
    icon: str
    there: str
    at_work: str
    failed: str
    cancelled: str
    elsewhere: str
    start: str
    again: str
    delete: str
    is_there: Callable[[Path], bool]
    remove: Callable[[Path], None]


def job_name(made: Made, build: Build) -> str:
    """Name of the job."""
    return f"{made.job} of {build.folder.name}"


def offer(made: Made, build: Build, form: Callable[[Build], Sequence[str] | None]) -> None:
    """The job where one runs, else a box: what there is, the ``form``, which gives the command's further arguments (None while
    something is missing), and the buttons."""
    name, there = job_name(made, build), made.is_there(build.folder)
    if (job := jobs.ended(name)) is not None:
        jobs.say_end(job, made.failed, f"{made.cancelled} It goes on from where it was.")
    if jobs.running(name):
        st.header(made.at_work)
        jobs.panel(name)
        return
    label = f"{made.title} ({made.there if there else 'not made yet'})"
    with st.expander(label, icon=made.icon, key=f"{made.key}-box", on_change="rerun") as box:
        if box.open:
            _inside(made, build, form, there)


def _inside(made: Made, build: Build, form: Callable[[Build], Sequence[str] | None], there: bool) -> None:
    more = form(build)
    if there:
        try:
            method, named = method_of(made.retriever)
            st.markdown(state.plain(method.told(build, named)))
        except TriescopeError as error:
            st.error(state.said(str(error)), icon=":material/broken_image:")
    commands.offer(commands.line([made.command, build.folder.name, *(["MODEL"] if more is None else more)]))
    if files.held(layout.partial_of(build.folder / made.folder)):
        st.info(made.elsewhere, icon=":material/terminal:")
        return
    with st.container(horizontal=True):
        label = made.again if there else made.start
        pressed = st.button(label, type="primary", icon=":material/play_arrow:", key=f"{made.key}-start", disabled=more is None)
        if pressed and more is not None:
            jobs.start_command(job_name(made, build), [made.command, str(build.folder), *more], label=made.job)
            st.rerun()
        if there:
            with st.popover("Delete", icon=":material/delete:"):
                st.button(made.delete, on_click=_delete, args=(made, build), icon=":material/delete:")


@guard.changes
def _delete(made: Made, build: Build) -> None:
    made.remove(build.folder)
