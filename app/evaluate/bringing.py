"""What people bring to the Evaluate page, kept beside the catalogue: judged queries, runs of other systems, query logs."""

import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from app.common import guard, owner, state
from app.evaluate import private
from engine import workspace
from engine.builds.opened import Build
from engine.data import query_files, query_logs
from engine.errors import TriescopeError
from engine.evaluation import trec

# Endings that are taken; a file is written under a name of ours with one of them, never under that of the browser.
QUERIES = ("csv", "tsv", "jsonl", "txt", "topics", "xml")
QRELS = ("txt", "qrels", "tsv", "csv", "qrel")
RUNS = ("txt", "trec", "run")
LOGS = ("tsv", "txt", "log")
MEGABYTES = 20
SAID = "bringing-said"
HELP_QUERIES = (
    "A table with the columns id and text, BEIR's queries.jsonl, TREC topics, or lines of an id, a tab and a text. Without a "
    "file the judgements are of the catalogue's own queries."
)
HELP_RUN = "Lines of query, Q0, document, rank, score and tag, as trec_eval reads them. An evaluation then puts it beside ours."
HELP_LOG = (
    "A line a search, tabs between: a query; a query and how often it was asked; or a query, a document's id and how often it "
    "was clicked. Evaluations then say means by how often people ask; what was clicked becomes a query set, called clicks."
)
HELP_QRELS = "TREC's lines of query, 0, document and grade; BEIR's table; or lines of query, document and grade."


def show(build: Build) -> None:
    """The files, their names, the buttons, and what there is."""
    if told := st.session_state.pop(SAID, []):
        st.info("  \n".join(map(state.plain, told)), icon=":material/rule:")
    left, right = st.columns(2)
    with left:
        queries = st.file_uploader("Queries", QUERIES, key="bring-queries", max_upload_size=MEGABYTES, help=HELP_QUERIES)
    with right:
        qrels = st.file_uploader("Judgements", QRELS, key="bring-qrels", max_upload_size=MEGABYTES, help=HELP_QRELS)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", key="bring-name", max_chars=40, width=220, placeholder="mine")
        if st.button("Keep them", icon=":material/upload_file:", disabled=not (qrels and name), key="bring"):
            _keep(build, name.strip(), queries, qrels)
        _forget(owner.shelf(build), workspace.query_sets)
    private.switches(build)
    run = st.file_uploader("Run of another system", RUNS, key="bring-run", max_upload_size=MEGABYTES, help=HELP_RUN)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        called = st.text_input("Name of the run", key="bring-run-name", max_chars=40, width=220, placeholder="theirs")
        if st.button("Keep it", icon=":material/upload_file:", disabled=not (run and called), key="bring-it"):
            _keep_run(build, called.strip(), run)
        _forget(owner.shelf(build), workspace.runs)
    log = st.file_uploader("Query log", LOGS, key="bring-log", max_upload_size=MEGABYTES, help=HELP_LOG)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = st.text_input("Name of the log", key="bring-log-name", max_chars=40, width=220, placeholder="searches")
        if st.button("Keep the log", icon=":material/upload_file:", disabled=not (log and asked), key="bring-the-log"):
            _keep_log(build, asked.strip(), log)
        _forget(owner.shelf(build), workspace.logs)
    st.caption("They stay on this machine, in the workspace, for every build of this catalogue.")


def _forget(corpus: str, kept: Any) -> None:
    """A button for each that is kept."""
    for known in kept.own(corpus):
        label = f"Forget {state.plain(known)}"
        st.button(
            label,
            key=f"forget-{kept.__name__}-{known}",
            type="tertiary",
            on_click=guard.changes(kept.remove),
            args=(corpus, known),
        )


@guard.changes
def _keep_run(build: Build, name: str, run: Any) -> None:
    """Read and keep a run; what is wrong is said, and nothing kept."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = read_as(written(Path(folder), "run", run, RUNS), trec.read_run)
        workspace.runs.keep(owner.shelf(build), name, found)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    known = {document for documents in found.values() for document in documents}
    absent = len(known - build.row_of.keys())
    gone = [f"{absent:,} of its {len(known):,} documents are not in the catalogue"] if absent else []
    st.session_state[SAID] = [f"{name}: a run of {len(found):,} queries is kept, and can be chosen above.", *gone]
    st.rerun()


@guard.changes
def _keep_log(build: Build, name: str, log: Any) -> None:
    """Read and keep a query log; what is wrong is said, and nothing kept."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = read_as(written(Path(folder), "log", log, LOGS), query_logs.read)
        notes = workspace.bring_log(owner.shelf(build), name, found, build.row_of, build.corpus.qrels)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    searches = sum(found.searches.values())
    st.session_state[SAID] = [f"{name}: a log of {searches:,} searches is kept, and weighs the queries below.", *notes]
    st.rerun()


@guard.changes
def _keep(build: Build, name: str, queries: Any, qrels: Any) -> None:
    """Read and keep them; what is wrong is said, and nothing kept."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            texts = build.corpus.queries
            if queries is not None:
                texts = read_as(written(Path(folder), "queries", queries, QUERIES), query_files.read_query_file)
            judged = written(Path(folder), "judgements", qrels, QRELS)
            found = read_as(judged, lambda path: query_files.bring(texts, path, build.row_of))
        kept = workspace.Judged(found.queries, found.qrels)
        workspace.query_sets.keep(owner.shelf(build), name, kept, build.corpus.qrels)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    st.session_state[SAID] = [f"{name}: {len(found.qrels):,} judged queries are kept, and can be chosen above.", *found.notes]
    st.rerun()


def written(folder: Path, what: str, uploaded: Any, endings: tuple[str, ...]) -> Path:
    """The file that was handed over, in a folder of ours, under a name of ours with the ending that it has."""
    ending = next(one for one in endings if uploaded.name.lower().endswith(f".{one}"))
    path = folder / f"{what}.{ending}"
    path.write_bytes(uploaded.getvalue())
    return path


def read_as(path: Path, read: Any) -> Any:
    """What is read from a file; a fault names the file as a person knows it."""
    try:
        return read(path)
    except TriescopeError as error:
        raise TriescopeError(str(error).replace(str(path), path.stem)) from error
