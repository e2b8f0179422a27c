"""An answer from the documents of a list on Compare: sentences taken over, or written by a model, each with its sources."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from app.common import commands, documents, exports, state
from engine.answers import extract, titles, written
from engine.answers.answer import Answer
from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.data.values import counted
from engine.errors import TriescopeError
from engine.text import language_model, models

# Documents that an answer rests on.
RESTS_ON = 5
TITLE = "An answer from these documents"
WRITTEN, TITLES = "answer-written", "answer-titles"


def offer(build: Build, query: str, results: Mapping[str, Sequence[Hit]], vector: np.ndarray) -> None:
    """The box; nothing where no list has a hit."""
    there = [name for name, hits in results.items() if hits]
    if not there:
        return
    with st.expander(TITLE, icon=":material/short_text:", key="answer-box", on_change="rerun") as box:
        if not box.open:
            return
        name = st.selectbox("From the list of", there, key="answer-list", width=300)
        hits = tuple(results[name][:RESTS_ON])
        found = _extract(str(build.folder), build.version, query, hits, vector.tobytes(), build, vector)
        _shown(build, found, "extract")
        _model(build, query, hits)
        commands.offer(commands.line(["answer", build.folder.name, query, "-r", name, "-k", str(RESTS_ON)]))


@st.cache_data(max_entries=64, show_spinner="Looking for the sentences")
def _extract(
    folder: str, version: str, query: str, hits: tuple[Hit, ...], moved: bytes, _build: Build, _vector: np.ndarray
) -> Answer:
    return extract.extract(_build, query, hits, _vector)


def _shown(build: Build, found: Answer, key: str) -> None:
    """Sentences with the numbers that they cite, then how much of it each document carries."""
    if not found.sentences:
        st.caption("Nothing was found to answer from.")
    for one in found.sentences:
        cites = "".join(f"[{rank}]" for rank in one.cited)
        near = "" if one.cited else f"nearest: {one.nearest}" if one.nearest else "rests on no document"
        st.markdown(f"{state.plain(one.text)} :blue[{state.plain(cites)}] :gray[{near}]")
    shares = found.shares()
    rows = [(hit.rank, documents.title(build, hit.id), shares[hit.rank]) for hit in found.hits]
    table = pd.DataFrame(rows, columns=["Number", "Document", "Share of the answer"])
    number = st.column_config.NumberColumn(width="small")
    share = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
    st.dataframe(table, hide_index=True, column_config={"Number": number, "Share of the answer": share}, key=f"{key}-shares")
    notes = "; ".join(found.notes)
    st.caption(state.plain(f"{notes[:1].upper()}{notes[1:]}."))
    exports.offer("Answer, JSON", exports.as_json(found.json()), f"{key}.json")


def _model(build: Build, query: str, hits: tuple[Hit, ...]) -> None:
    """What a language model makes of it, when it is asked for."""
    known = models.names("lm")
    if not known:
        st.caption(
            "A language model can write one too, an experiment: `make lm` brings a small, weak one, `python -m engine models` "
            "takes any."
        )
        return
    st.caption("What a language model writes is an experiment: a small one hardly ever names what it rests on.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Language model", known, key="answer-model", width=300)
        asked = (str(build.folder), build.version, models.stamp(), name, query)
        for key, label in ((WRITTEN, "Let it write an answer"), (TITLES, "Let it write titles")):
            st.button(label, key=f"{key}-press", on_click=_ask, args=(key, (*asked, hits)), icon=":material/edit_note:")
    try:
        if st.session_state.get(WRITTEN) == (*asked, hits):
            _shown(build, _written(*asked, hits, build), "written")
        if st.session_state.get(TITLES) == (*asked, hits):
            _titles(build, _held(*asked, build))
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")


def _ask(key: str, question: tuple) -> None:
    st.session_state[key] = question


@st.cache_data(max_entries=64, show_spinner="The model writes; a small one takes some ten seconds on a CPU")
def _written(folder: str, version: str, stamp: str, name: str, query: str, hits: tuple[Hit, ...], _build: Build) -> Answer:
    return written.write(_build, query, hits, language_model.load(models.folder_of(name, "lm")))


@st.cache_data(max_entries=64, show_spinner="The model writes titles")
def _held(folder: str, version: str, stamp: str, name: str, query: str, _build: Build) -> titles.Titles:
    return titles.write(_build, query, language_model.load(models.folder_of(name, "lm")))


def _titles(build: Build, found: titles.Titles) -> None:
    """Titles that it wrote freely, and those that it wrote under the trie of titles."""
    free, held = st.columns(2, gap="large")
    with free:
        fates = ["a document" if there else "made up" for there in found.exists]
        st.dataframe(pd.DataFrame({"Written freely": found.free, "It is": fates}), hide_index=True)
        st.caption(f"{found.made_up:.0%} of them do not exist.")
    with held:
        st.dataframe(pd.DataFrame({"Held to the titles that there are": found.held}), hide_index=True)
        left = f" {counted(found.left_out, 'document', verb='has')} no title that can be written." if found.left_out else ""
        st.caption(f"Each leads to a document; whether to the right one is another matter.{left}")
