"""What pages share: opened builds, encoded queries, traces. Cached by build and its manifest, read-only."""

import time
from pathlib import Path

import numpy as np
import streamlit as st

from app.common import guard, heap, ready, state
from engine import paths
from engine.builds import names, runs
from engine.builds.aside import put_aside, throw_all_away
from engine.builds.layout import MANIFEST
from engine.builds.manifest import KnownEncoder
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.health.cohesion import Cohesion, by_depth, pair_cosines
from engine.live import journal
from engine.text.hub import NONE

# A build that nobody has looked at for so long, seconds, is closed; the next look opens it again.
IDLE_S = 300.0
# So many are open at most.
MOST = 3
_looked_at: dict[tuple[str, int], float] = {}
_grown: set[tuple[str, int, str]] = set()


def open_build() -> Build:
    """The build chosen above the page. Without one the page says what to do and stops."""
    name = st.session_state.get(state.BUILD)
    if name not in names.names():
        st.info("There is no build yet. The start page makes one of the bundled catalogue.", icon=":material/construction:")
        st.page_link("../pages/start.py", label="Go to the start page", icon=":material/home:")
        st.stop()
    try:
        build = opened(name)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/broken_image:")
        st.stop()
    ready.get_ready(build)
    return build


def opened(name: str) -> Build:
    """An opened build by name, opened again when it was made anew, and followed when documents came or went.

    Raises
    ------
    TriescopeError
        It is damaged, or was removed just now.
    """
    folder = paths.builds() / name
    try:
        version = (folder / MANIFEST).stat().st_mtime_ns
    except OSError as error:
        raise TriescopeError(f"{name}: this build is not there any more") from error
    let_go(str(folder), version)
    changed = journal.stamp(folder)
    base = _opened(str(folder), version)
    if not changed:
        return base
    _grown.add((str(folder), version, changed))
    return _changed(str(folder), version, changed, base)


def let_go(folder: str, version: int) -> None:
    """Note that a build is looked at, and let go of those that nobody has for :data:`IDLE_S`, and of all but the :data:`MOST`
    looked at last: an open build of a hundred thousand documents holds some hundred megabytes."""
    now = time.monotonic()
    _looked_at.pop((folder, version), None)
    _looked_at[folder, version] = now  # the last one stands last
    late = [known for known, last in list(_looked_at.items()) if known != (folder, version) and now - last > IDLE_S]
    gone = dict.fromkeys([*late, *list(_looked_at)[:-MOST]])
    for known in gone:
        _looked_at.pop(known, None)
        _opened.clear(*known)
        for one in [one for one in list(_grown) if one[:2] == known]:
            _changed.clear(*one, None)  # its last argument is no part of the key
            _grown.discard(one)
    if gone:
        heap.give_back()


@st.cache_resource(max_entries=MOST, show_spinner=False)
def _opened(folder: str, version: int) -> Build:
    return Build(Path(folder), live=False)


@st.cache_resource(max_entries=2, show_spinner=False)
def _changed(folder: str, version: int, changed: str, _base: Build) -> Build:
    return Build(Path(folder), _base)


@guard.changes
def delete(name: str) -> None:
    """Put a build aside: it can come back until the server is started again. What has it open keeps its mapped files."""
    if name in names.names():
        sweep()
        try:
            put_aside(paths.builds() / name)
        except TriescopeError as error:
            st.toast(state.said(str(error)), icon=":material/error:", duration="infinite")
            return
        state.focus(state.BUILD, "")


@st.cache_resource(show_spinner=False)
def sweep() -> bool:
    """Delete for good, once in the life of a server, what was put aside before it was started."""
    if not guard.read_only():
        throw_all_away(paths.builds())
    return True


def describe_build(name: str) -> None:
    """One line about a build."""
    try:
        manifest = opened(name).manifest
    except TriescopeError as error:
        st.error(state.said(str(error)))
        return
    vocabulary = " × ".join(str(size) for size in manifest.identifiers.vocabulary)
    st.caption(
        f"{manifest.corpus.documents:,} documents · {state.plain(manifest.identifiers.scheme)} {vocabulary} · "
        f"seed {manifest.spec.seed} · {_encoder(manifest.encoder)} · on this machine alone"
    )


def _encoder(known: KnownEncoder) -> str:
    if known.name != NONE:
        return f"encoder {state.plain(Path(known.name).name)}"
    told = "vectors of an encoder that is not here: only keyword search takes typed text"
    return f"{told}, and {known.queries:,} queries came with vectors" if known.queries else told


def query_vector(build: Build, query: str) -> tuple[np.ndarray, float]:
    """Embedding of a query, and the milliseconds that encoding took, 0 where it lay in the cache. The page says what is wrong and
    stops where the encoder is not there or is another one."""
    try:
        return encoded(build, query)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        st.stop()


def encoded(build: Build, query: str) -> tuple[np.ndarray, float]:
    """As :func:`query_vector`, for whoever has something to show without it.

    Raises
    ------
    TriescopeError
        The encoder is not there, or is another one.
    """
    of = build.version if build.model == NONE else build.manifest.encoder.sha256 or build.model
    return _query_vector(of, query, build)


def warm(build: Build, scorer: str = "") -> None:
    """Decode once by a scorer, the default one unless named. The first decode loads compiled loops (0.3 s) or a model (seconds);
    no person's query should pay for that.

    Raises
    ------
    TriescopeError
        There is no such scorer, or it cannot be opened.
    """
    scorer = scorer or build.default_scorer
    _warm(str(build.folder), build.version, scorer, runs.stamp(build.folder, scorer), build)


@st.cache_resource(max_entries=8, show_spinner="Opening the scorer")
def _warm(folder: str, created: str, scorer: str, stamp: str, _build: Build) -> None:
    vector = np.asarray(_build.embeddings[0])
    _build.search("warm", f"generative:{scorer}", vector=vector)
    _build.decode("warm", 10, vector, scorer=scorer)


def cohesion(build: Build) -> tuple[np.ndarray, list[Cohesion]]:
    """How alike the documents below each node are, float64 ``(nodes,)``, and those of each depth; counted once a build."""
    return _cohesion(str(build.folder), build.version, build)


@st.cache_resource(max_entries=3, show_spinner=False)
def _cohesion(folder: str, created: str, _build: Build) -> tuple[np.ndarray, list[Cohesion]]:
    trie, means = _build.trie, _build.parts.means
    return pair_cosines(trie, means), by_depth(trie, means)


@st.cache_data(max_entries=512, show_spinner="Encoding the query; the first one waits for the encoder to be loaded")
def _query_vector(encoder: str, query: str, _build: Build) -> tuple[np.ndarray, float]:
    return _build.encode(query)


def encoding_told(ms: float) -> str:
    """What encoding a query took, in words.

    >>> encoding_told(2.94)
    'Encoding the query took 2.9 ms when it was first asked.'
    """
    if not ms:
        return "The query was not encoded now: its vector came with the catalogue, or was made before."
    return f"Encoding the query took {ms:.1f} ms when it was first asked."
