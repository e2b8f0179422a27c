"""The builds of this home as a table, and what can be done with the one that is chosen."""

import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd
import streamlit as st

from app.builds import anew
from app.common import address, commands, guard, jobs, owner, resources, state
from engine import paths, workspace
from engine.builds import names, verdicts
from engine.builds.aside import asides, bring_back, throw_away
from engine.builds.card import health
from engine.builds.listed import Row
from engine.builds.naming import rename
from engine.builds.opened import Build
from engine.builds.packed import pack, unpack
from engine.data import tables
from engine.errors import TriescopeError

SAID, TAKEN = "builds-said", "builds-taken-in"
# A larger build is handed on by the shell: the browser would have it in memory, and so would the server.
BY_BROWSER_MB = 500.0
# How long the page judges identifiers that nobody has judged yet, seconds; what is left over is judged the next time.
JUDGE_S = 2.0
_tried: set[tuple[str, str, int]] = set()


def measured(rows: list[Row]) -> list[Row]:
    """The rows with the figure of each build's newest evaluation, where this person may see it."""
    found = []
    for row in rows:
        whose = workspace.shelf(row.corpus, owner.owner())
        with suppress(TriescopeError):  # a workspace that cannot be read is said where it is asked
            kept = workspace.evaluations.qualities(whose, workspace.private.names(whose)).get(row.name)
            row = row._replace(quality=kept or row.quality)
        found.append(row)
    return found


def judge(rows: list[Row]) -> bool:
    """Judge identifiers that nobody has judged yet, for as long as a page that is drawn already may take; large ones wait for the
    page Identifiers. Whether any was; where nothing can be remembered each is tried once a server."""
    until, some = time.monotonic() + JUDGE_S, False
    for row in rows:
        of = (str(paths.builds() / row.name), row.created, row.changes)
        if not row.health and row.documents <= tables.MANY and of not in _tried and time.monotonic() < until:
            _tried.add(of)
            with suppress(TriescopeError):  # a damaged one is said where it is opened
                health(Build(paths.builds() / row.name))
                some = bool(verdicts.known(paths.builds() / row.name)) or some
    return some


def table(rows: list[Row], opened: str) -> pd.DataFrame:
    """A row a build; the open one is marked."""
    return pd.DataFrame(
        [
            {
                "Open": row.name == opened,
                "Build": row.name,
                "Catalogue": row.catalogue,
                "Made": row.created[:16].replace("T", " "),
                "Documents": row.documents,
                "Changes": row.changes,
                "Identifiers": row.scheme,
                "Codes a level": row.codes,
                "Health": row.health,
                "nDCG@10": f"{row.quality.ndcg:.3f}" if row.quality else "",
                "Of": f"{row.quality.retriever}, {row.quality.split}" if row.quality else "",
                "Encoder": row.encoder,
                "Seed": row.seed,
                "Decodes with": row.scorer,
                "Trained": ", ".join([*row.trained, *(["the encoder, fine-tuned"] if row.tuned else [])]),
                "Judged": row.queries,
                "MB": row.megabytes,
                "Seconds": row.seconds,
            }
            for row in rows
        ]
    )


def act(row: Row) -> None:
    """Open it, name it anew, hand it on, delete it."""
    name = row.name
    busy = jobs.at_work()
    anew.at_work(name)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Open it", type="primary", icon=":material/folder_open:", on_click=_open, args=(name,), key="builds-open")
        with st.popover("Rename", icon=":material/edit:", disabled=busy):
            new = st.text_input("New name", name, key=f"rename-{name}", max_chars=60).strip()
            if fault := names.fault(new):
                st.caption(f"Not possible: {state.plain(fault)}.")
            elif new != name and st.button(f"Call it {state.plain(new)}", key="rename-press"):
                _rename(name, new)
        anew.offer(name)
        if row.megabytes <= BY_BROWSER_MB:
            st.download_button(
                f"Hand it on, {row.megabytes:,.0f} MB" if row.megabytes >= 1 else "Hand it on",
                lambda: _packed(name),
                f"{name}.zip",
                "application/zip",
                icon=":material/download:",
                on_click="ignore",
                help="One file with all of it, trained scorers too. Whoever gets it takes it in on this page.",
            )
        with st.popover("Delete", icon=":material/delete:", disabled=busy):
            st.caption("It can be brought back until the server is started again; then it is gone for good. Cached vectors stay.")
            st.button(f"Delete {state.plain(name)}", on_click=resources.delete, args=(name,), key="builds-delete")
        commands.offer(commands.line(["pack", name, "--out", f"{name}.zip"]))
    if row.megabytes > BY_BROWSER_MB:
        st.caption("It is too large for a browser; the command above writes the file where you are.")
    if busy:
        st.caption("A job is at work: renaming and deleting wait for its end.")


def deleted() -> None:
    """What was deleted since the server was started, and the way back."""
    resources.sweep()
    for name in asides(paths.builds()):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{state.plain(name)} was deleted; it takes its space until the server is started again.", width="content")
            st.button("Bring it back", icon=":material/undo:", on_click=_back, args=(name,), key=f"back-{name}", type="tertiary")
            st.button("Delete it for good", on_click=_clear, args=(name,), key=f"clear-{name}", type="tertiary")


@guard.changes
def _back(name: str) -> None:
    try:
        bring_back(paths.builds() / name)
    except TriescopeError as error:
        st.toast(state.said(str(error).replace(str(paths.builds()), "")), icon=":material/error:", duration="infinite")
        return
    st.session_state[SAID] = f"{name} is back."


@guard.changes
def _clear(name: str) -> None:
    try:
        throw_away(paths.builds() / name)
    except TriescopeError as error:
        st.toast(state.said(str(error).replace(str(paths.builds()), "")), icon=":material/error:", duration="infinite")


def take_in() -> None:
    """A build that somebody handed on."""
    given = st.file_uploader("A build as .zip", ["zip"], key="build-zip", help="Made by Hand it on, or by the shell's pack.")
    if given is None:
        return
    if guard.read_only():
        st.info(guard.SHOWS, icon=":material/visibility:")
        return
    name = st.text_input("Name", given.name.split(".")[0], key=f"take-{given.file_id}", max_chars=60, width=300).strip()
    if fault := names.fault(name):
        st.error(f"The app could not list this build: {state.plain(fault)}.", icon=":material/error:")
    elif name in names.names():
        if st.session_state.get(TAKEN) != (given.file_id, name):
            st.error("There is a build of this name; choose another.", icon=":material/error:")
    elif st.button(f"Take in {state.plain(name)}", type="primary", icon=":material/archive:", key="take-in"):
        with st.spinner("Unpacking it, and holding it to its hashes"):
            try:
                unpack(given, paths.builds(), name)
            except TriescopeError as error:
                st.error(state.said(str(error).replace(str(paths.builds()), "")), icon=":material/error:")
                return
        st.session_state[TAKEN] = (given.file_id, name)
        st.session_state[SAID] = f"{name} is taken in, and is what its manifest says."
        st.rerun()


def _packed(name: str) -> bytes:
    """The file, made when it is asked for."""
    with tempfile.TemporaryFile() as file:
        pack(paths.builds() / name, file)
        file.seek(0)
        return file.read()


@guard.changes
def _rename(name: str, new: str) -> None:
    try:
        rename(Path(paths.builds() / name), new)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    st.session_state[SAID] = f"{name} is called {new} now."
    if st.session_state.get(state.BUILD) == name:
        state.focus(state.BUILD, new)
    st.rerun()


def _open(name: str) -> None:
    state.focus(state.BUILD, name)
    address.forget(address.OF_ONE_BUILD)
