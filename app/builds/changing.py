"""Documents of a finished build come, change and go, one by one in a form or by a file; every session sees it when it looks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.builds.shelf import SAID
from app.catalogue import mapping
from app.common import commands, documents, guard, jobs, owner, resources, state
from engine import paths
from engine.builds import living
from engine.builds.opened import Build
from engine.data import corpus, staged
from engine.data.corpus import Document
from engine.data.lines import UNICODE
from engine.errors import TriescopeError

ONE, FILE, GONE = "One document", "A file", "Remove"
JOB = "documents of "
# How many documents were added here: the next one has fields of its own.
ADDED = "change-added"
# Ids of a plan that are named.
NAMED = 10


def offer(build: Build) -> None:
    """How far the catalogue has moved, the ways to change it, and the fold."""
    name = f"{JOB}{build.folder.name}"
    if (job := jobs.ended(name)) is not None:
        jobs.say_end(job, "The documents were not changed", "It was cancelled; the documents are as they were.")
    if jobs.panel(name):
        return
    _standing(build)
    way = st.segmented_control("What is to change", [ONE, FILE, GONE], default=ONE, key="change-way", required=True)
    if way == ONE:
        _one(build)
    elif way == FILE:
        _file(build, name)
    else:
        _gone(build)


def _standing(build: Build) -> None:
    """What came since the identifiers were fitted, and what to do about it."""
    drift = _drift(str(build.folder), build.version, build)
    told = drift.told()
    (st.warning if drift.due else st.caption)(state.plain(f"{told[0].upper()}{told[1:]}."))
    if drift.due:
        st.caption("Make it anew, above, fits identifiers on all documents there are; the build here stays as it is.")
    if not build.grown:
        return
    came, went = len(build.grown.added), len(build.base.documents) - len(build.grown.kept) if build.base else 0
    st.caption(
        f"Since the build was made {came:,} documents came or changed, and {went:,} went or were changed; every retriever knows. "
        "Folded in, that becomes part of it: identifiers stay, indexes are made anew, trained scorers come along."
    )
    name, folder = f"{JOB}{build.folder.name}", build.folder
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Fold them in", icon=":material/compress:", key="fold", disabled=jobs.at_work()):
            asked = ["compact", str(folder)]
            jobs.start_command(name, asked, jobs.undo_of(asked), folder.name)
            st.rerun()
        commands.offer(commands.line(["compact", folder.name]))


def _one(build: Build) -> None:
    """A form: a new id adds a document, a known one changes it."""
    kinds = _kinds(str(build.folder), build.version, build)
    identifier = st.text_input(
        "Id", key="change-id", max_chars=200, width=300, placeholder="One that is there is changed"
    ).strip()
    known = build.documents[build.row_of[identifier]] if identifier in build.row_of else None
    # Of a new document the fields stay the same while its id is typed, so that nothing typed meanwhile is lost.
    of = f"of-{identifier}" if known else f"new-{st.session_state.get(ADDED, 0)}"
    with st.form("change-one", border=False):
        title = st.text_input("Title", known.title if known else "", key=f"change-title-{of}", max_chars=2_000, width=700)
        text = st.text_area("Text", known.text if known else "", key=f"change-text-{of}", max_chars=100_000, width=700)
        held = known.metadata if known else {}
        names = list(dict.fromkeys([*kinds, *held]))
        frame = pd.DataFrame({"Column": names, "Value": [corpus.as_words(held.get(name)) for name in names]})
        if names:
            frame = st.data_editor(
                frame, hide_index=True, disabled=["Column"], key=f"change-columns-{of}", num_rows="fixed", width=700
            )
        sent = st.form_submit_button(
            "Change it" if known else "Add it", type="primary", icon=":material/edit:" if known else ":material/add:"
        )
    if not sent:
        return
    if not identifier or not (title.strip() or text.strip()):
        st.error("It needs an id, and a title or a text.", icon=":material/error:")
        return
    values = dict(zip(frame["Column"], frame["Value"], strict=True))
    metadata = dict(held) | {
        name: typed(value, kinds.get(name), held.get(name))
        for name, value in values.items()
        if (value or "") != corpus.as_words(held.get(name))
    }
    metadata = {key: value for key, value in metadata.items() if value is not None}
    _add(build, Document(identifier, title.strip(), text.strip(), metadata))


def typed(value: str | None, kind: type | None, before: Any) -> Any:
    """What was typed into a cell, as the column holds it elsewhere: a number, a list of texts parted by commas, or text; None
    where it was emptied.

    >>> typed("1999", int, None), typed("Drama, War", list, None), typed("12", str, None), typed("", int, 3)
    (1999, ['Drama', 'War'], '12', None)
    """
    if value is None or not value.strip():
        return None
    kind = type(before) if before is not None else kind
    if kind is list:
        return [part.strip() for part in value.split(",") if part.strip()]
    if kind in (int, float):
        try:
            number = float(value)
            return int(number) if number.is_integer() and kind is int else number
        except ValueError:
            return value.strip()
    return value.strip()


@guard.changes
def _add(build: Build, document: Document) -> None:
    with st.spinner("Embedding it, and giving it an identifier"):
        try:
            found = living.add(build.folder, [document], known=build)
        except TriescopeError as error:
            st.error(state.said(str(error)), icon=":material/error:")
            return
    done = "is there already, just so" if found.unchanged else "is changed" if found.changed else "is added"
    st.session_state[ADDED] = st.session_state.get(ADDED, 0) + 1
    st.session_state[SAID] = f"{document.id} {done}; every retriever finds it, in every session."
    st.rerun()


def _gone(build: Build) -> None:
    """A picker, and a button that removes what it shows."""
    chosen = st.session_state.get("change-gone", "")
    chosen = chosen if chosen in build.row_of else ""
    documents.pick(build, "Document to remove", "change-pick", chosen, taken=_choose)
    if not chosen:
        return
    st.caption(f"{state.plain(documents.title(build, chosen))} · identifier {build.identifier(build.row_of[chosen]) or 'none'}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Remove it", type="primary", icon=":material/delete:", on_click=_remove, args=(build, chosen), key="change-remove"
        )
        commands.offer(commands.line(["remove", build.folder.name, chosen]))


def _choose(document: str) -> None:
    st.session_state["change-gone"] = document


@guard.changes
def _remove(build: Build, document: str) -> None:
    try:
        living.remove(build.folder, [document], known=build)
    except TriescopeError as error:
        st.toast(state.said(str(error)), icon=":material/error:", duration="infinite")
        return
    st.session_state.pop("change-gone", None)
    st.session_state[SAID] = f"{document} is removed; no retriever finds it, in any session."


def _file(build: Build, name: str) -> None:
    """A file: what it would do, counted before it does it."""
    given = st.file_uploader(
        "Documents as CSV, TSV, JSON lines or Parquet, gzipped too",
        [ending.removeprefix(".") for ending in (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".gz", ".zst")],
        key="change-file",
    )
    if given is None:
        return
    if guard.read_only():
        st.info(guard.SHOWS, icon=":material/visibility:")
        return
    try:
        kept = staged.stage(given.name, given, owner.owner())
        written = mapping.encoding(kept.path)
        columns = mapping.ask(kept.path, written)
        if not columns:
            return
        feed = st.toggle("They are all there shall be: remove what the file lacks", key="change-feed")
        plan = _plan(str(kept.path), tuple(sorted(columns.items())), feed, written, build.version, build)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    st.write(f"It would be **{plan.told()}**.")
    for what, ids in (("added", plan.added), ("changed", plan.changed), ("removed", plan.removed)):
        named = [one if isinstance(one, str) else one.id for one in ids[:NAMED]]
        if named:
            st.caption(f"{what}: {state.plain(', '.join(named))}{f' and {len(ids) - NAMED:,} more' if len(ids) > NAMED else ''}")
    flags = [part for key, column in columns.items() for part in ("--column", f"{key}={column}")]
    flags += ["--encoding", written] if written != UNICODE else []
    command = ["sync", "--most", "1"] if feed else ["add"]
    with st.container(horizontal=True, vertical_alignment="center"):
        label = f"Remove {len(plan.removed):,} and do the rest" if plan.removed else "Do it"
        if st.button(
            label, type="primary", icon=":material/play_arrow:", key="change-do", disabled=plan.nothing or jobs.at_work()
        ):
            jobs.start_command(name, [*command, str(build.folder), str(kept.path), *flags], label=build.folder.name)
            st.rerun()
        commands.offer(commands.line([*command, build.folder.name, given.name, *flags]))


@st.cache_data(max_entries=4, show_spinner="Holding the file against what is there")
def _plan(path: str, columns: Sequence[tuple[str, str]], feed: bool, written: str, version: str, _build: Build) -> living.Plan:
    found = corpus.read(Path(path), dict(columns), encoding=written)
    return living.plan(_build, found.documents, feed)


@st.cache_resource(max_entries=3, show_spinner=False)
def _drift(folder: str, version: str, _build: Build) -> living.Drift:
    return living.drift_of(_build)


@st.cache_resource(max_entries=3, show_spinner=False)
def _kinds(folder: str, version: str, _build: Build) -> Mapping[str, type]:
    """Columns of the catalogue, the most filled first, and what each holds."""
    counts: dict[str, int] = {}
    kinds: dict[str, type] = {}
    for document in _build.documents:
        for key, value in document.metadata.items():
            if value is not None:
                counts[key] = counts.get(key, 0) + 1
                kinds.setdefault(key, type(value))
    return {key: kinds[key] for key in sorted(counts, key=lambda key: -counts[key])}


def of(name: str) -> None:
    """The part of the page, for the build of a name."""
    try:
        build = resources.opened(name)
    except TriescopeError as error:
        st.error(state.said(str(error).replace(str(paths.builds()), "")), icon=":material/broken_image:")
        return
    offer(build)
