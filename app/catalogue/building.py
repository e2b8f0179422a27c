"""A looked-at file becomes a build: its name and scheme, what it will take, the job, and the way to what was made."""

import importlib.util
from pathlib import Path

import streamlit as st

from app.common import address, commands, jobs, owner, state
from engine import paths
from engine.builds import foreseen, names
from engine.builds.foreseen import Foreseen
from engine.builds.searched import texts_of
from engine.builds.spec import BuildSpec
from engine.data.examined import Examined
from engine.data.lines import UNICODE
from engine.identifiers import SCHEMES
from engine.text import embed, encoders, fast_encoder, static_encoder
from engine.text.hub import NONE

MADE, PREFIX = "catalogue-made", "catalogue "
OWN, FAST = "own", "fast"
# Ways to vectors, and what has to be known of each before it is taken.
_ENCODERS = {
    OWN: "all-MiniLM-L6-v2",
    FAST: "the same, by OpenVINO",
    static_encoder.NAME: "static: quick and weaker",
    NONE: "none: vectors of another",
}
if importlib.util.find_spec("openvino") is None:
    del _ENCODERS[FAST]
_ABOUT = {
    OWN: "The encoder itself: what the figures of this app were measured with.",
    FAST: "Three times as fast and more on a CPU; vectors differ in their last digits, and the build says by how much.",
    static_encoder.NAME: "For very large catalogues: a vector a word piece, no sentence is read as a whole. A hundred times as "
    "fast, and far weaker in vector and generative search; keyword search stays what it is.",
    NONE: "For vectors above whose encoder is not here: nothing can be compared, and only keyword search takes typed text; "
    "queries that come with vectors of their own are asked of every retriever.",
}


def offer(
    path: Path,
    found: Examined,
    columns: dict[str, str],
    fields: tuple[str, ...],
    leave_out: bool,
    written: str,
    others: list[str] | None,
    passages: bool = False,
) -> None:
    """The form, what it will take on this machine, and the button, unless ``others`` lack something (None)."""
    free = _free_name(path.name.split(".")[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input("Name of the build", key="catalogue-name", placeholder=free, max_chars=60, width=280).strip()
        scheme = st.selectbox("Identifiers", list(SCHEMES), key="catalogue-scheme", width=200)
        encoder = st.selectbox("Encoder", list(_ENCODERS), format_func=_ENCODERS.__getitem__, key="catalogue-encoder", width=260)
        seed = st.number_input("Seed", 0, (1 << 31) - 1, 0, key="catalogue-seed", width=130)
    st.caption(f"{state.plain(SCHEMES[scheme].summary)} They can be changed afterwards, on Identifiers, without embedding anew.")
    out = typed or free
    flags = [*(part for key, name in columns.items() for part in ("--column", f"{key}={name}"))]
    flags += [part for name in fields for part in ("--field", name)]
    flags += ["--ids", scheme, "--seed", str(int(seed)), *(["--leave-out"] if leave_out else [])]
    flags += ["--encoding", written] if written != UNICODE else []
    flags += [*(others or []), *(["--passages"] if passages else [])]
    flags += {OWN: [], FAST: ["--fast"], static_encoder.NAME: ["--model", static_encoder.NAME], NONE: ["--model", NONE]}[encoder]
    st.caption(_ABOUT[encoder])
    if others is not None:
        commands.offer(commands.line(["build", str(path), "--out", str(paths.builds() / out), *flags]))
    if encoder != NONE:
        _estimate(found, BuildSpec(fields=fields, passages=passages), encoder)
    if others is None:
        return  # said above; what was chosen here stays
    if wrong := names.fault(out):
        st.error(f"The app could not list this build: {state.plain(wrong)}.", icon=":material/error:")
    elif out in names.names():
        st.error("There is a build of this name; choose another.", icon=":material/error:")
    elif found.wrong and not leave_out:
        st.info("Rows are wrong: mend the file, or leave them out, above.", icon=":material/block:")
    elif encoder == NONE and "--vectors" not in flags:
        st.info("Without an encoder the vectors have to be there: name their file above.", icon=":material/block:")
    elif encoder != NONE and "--query-vectors" in flags:
        st.info("Vectors of queries are for an encoder that is not here: take none, or leave them out.", icon=":material/block:")
    elif "--query-vectors" in flags and not (path.is_dir() or "--queries" in flags):
        st.info("Vectors of queries need the queries: name their file above.", icon=":material/block:")
    elif not found.documents:
        st.info("There is no document in it.", icon=":material/block:")
    # Not a callback: it would be given what the run before knew, without what was typed last.
    elif st.button(f"Build {state.plain(out)}", type="primary", icon=":material/play_arrow:", key="catalogue-build"):
        st.session_state[MADE] = out
        jobs.start_build(f"{PREFIX}{out}", str(path), paths.builds() / out, flags)
        st.rerun()


def at_work() -> bool:
    """Draw the jobs that this page started, whoever started them, and how the last one ended; whether one is at work."""
    names_of = [job.name for job in jobs.registry().all() if job.name.startswith(PREFIX) and not owner.of_another(job)]
    for name in names_of:
        if (over := jobs.ended(name)) is not None:
            kept = "The build was cancelled; nothing of it was kept but the embeddings already made."
            jobs.say_end(over, "The build failed", kept)
    running = [name for name in names_of if jobs.running(name)]
    for name in running:
        st.header(f"Building {state.plain(name.removeprefix(PREFIX))}")
        jobs.panel(name)
    made = st.session_state.get(MADE)
    if made in names.names() and f"{PREFIX}{made}" not in running:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(f"{state.plain(made)} is built.", icon=":material/check:", width="stretch")
            st.button(
                f"Open {state.plain(made)}", icon=":material/folder_open:", key="catalogue-open", on_click=_open, args=(made,)
            )
    return bool(running)


def _estimate(found: Examined, spec: BuildSpec, encoder: str) -> None:
    """What it will take, on demand: the encoder has to be loaded and two seconds of its work timed."""
    key = f"{found.documents}-{'-'.join(spec.fields)}-{spec.passages}-{encoder}"
    if st.session_state.get("foreseen-of") == key:
        known: Foreseen = st.session_state["foreseen"]
        st.markdown(
            f":material/schedule: About **{_minutes(known.seconds)}** on this machine, nearly all of it embedding; some "
            f"{known.memory_mb:,.0f} MB of memory while it is built and {known.disk_mb:,.0f} MB of disk. Measured on the first "
            "documents just now; what was embedded before takes no time."
        )
        if lacks := known.lacks():
            st.warning(f"It will not fit. {' '.join(lacks)}", icon=":material/memory:")
    elif st.button("How long will it take?", icon=":material/schedule:", type="tertiary", key="foresee"):
        texts = [text for of in texts_of(found.seen, spec) for text in of] or [""]
        each = len(texts) / max(len(found.seen), 1)  # passages of a document
        with st.spinner("Timing two seconds of embedding"):
            foresaw = foreseen.foresee(texts, round(found.documents * each), _opened(encoder))
        st.session_state["foreseen-of"], st.session_state["foreseen"] = key, foresaw
        st.rerun()


def _opened(encoder: str) -> encoders.Encodes:
    if encoder == FAST:
        return fast_encoder.load(embed.DEFAULT_MODEL)
    return encoders.load(str(static_encoder.kept()) if encoder == static_encoder.NAME else embed.DEFAULT_MODEL)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:,.0f} minutes"


def _open(made: str) -> None:
    st.session_state.pop(MADE, None)
    state.focus(state.BUILD, made)
    address.forget(address.OF_ONE_BUILD)


def _free_name(stem: str) -> str:
    taken = set(names.names())
    return next(name for number in range(1, 1000) if (name := stem if number == 1 else f"{stem}-{number}") not in taken)
