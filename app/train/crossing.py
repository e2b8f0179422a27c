"""The Train page's part on cross-encoders: one is fine-tuned on the build's pairs, and orders what others find."""

from pathlib import Path

import streamlit as st

from app.common import commands, jobs, state
from app.train import asking
from engine import files
from engine.builds import layout
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.options import options_of
from engine.text import cross_tuned, models
from engine.training.encoder.spec import CrossSpec, cross_spec_of

ASKED = {option.name: option for option in options_of(CrossSpec)}
KIND, NAME = "cross", "judge"


def job_name(folder: Path) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"cross-encoder on {folder.name}"


def offer(build: Build) -> None:
    """The job where one runs, what there is to know of those that were tuned here, and the form that starts another."""
    name = job_name(build.folder)
    if (job := jobs.ended(name)) is not None:
        jobs.say_end(job, "The fine-tuning failed", "The fine-tuning was cancelled. It goes on from its last look.")
    if jobs.running(name):
        st.header("Fine-tuning a cross-encoder")
        jobs.panel(name)
        return
    with st.expander(
        "Fine-tune a cross-encoder: it reads a query with each document",
        icon=":material/join_inner:",
        key="cross",
        on_change="rerun",
    ) as box:
        if not box.open:
            return
        st.caption(
            "A cross-encoder reads a query together with a document and gives one score, so it only orders what another found: "
            "`bm25~cross:NAME` on Compare and Evaluate. This one begins with the weights of the build's encoder and a head at "
            "random, and learns to tell a query's own document from others that search ranks high. Slow: some seconds a step. "
            "Test queries are never read. An experiment: after ten minutes of a core on the films its order is far from one at "
            "random, and not ahead of the lists' own."
        )
        for known in models.names(KIND):
            _shown(known)
        _form(build)


def _shown(name: str) -> None:
    """What is known of one that was tuned here; those from elsewhere have no such file."""
    folder = Path(models.everything()[name].folder)
    if not cross_tuned.is_there(folder):
        return
    try:
        known = cross_tuned.read(folder)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/broken_image:")
        return
    st.markdown(f"**{state.plain(name)}**, learned on {state.plain(known.build)}")
    for line in cross_tuned.told(known):
        st.markdown(state.plain(line))
    columns = ["bm25", f"bm25~cross:{name}", "dense", f"dense~cross:{name}"]
    st.page_link(
        state.COMPARE, label=f"Compare with {name}", icon=":material/compare_arrows:", query_params={state.COLUMNS: columns}
    )


def _form(build: Build) -> None:
    """Its fields, from the spec's own record, and the button."""
    if not (splits := asking.splits_of(build)):
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name", NAME, key="cross-name", width=130, help="What retrievers will call it.", max_chars=60
        ).strip()
        asked = asking.ask("cross", ASKED, splits)
    try:
        models.check_name(name)
        spec = cross_spec_of(asked)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    flags = [f"{ASKED[one].flag}={value}" for one, value in spec.model_dump().items()]
    commands.offer(commands.line(["tune-cross", build.folder.name, name, *flags]))
    work = layout.partial_of(build.folder / f"cross-{name}")
    if work.is_dir() and files.held(work):
        st.info(f"A shell is fine-tuning {state.plain(name)}.", icon=":material/terminal:")
        return
    label = "Go on, or start anew if asked differently" if (work / layout.CHECKPOINT).is_file() else "Fine-tune it"
    if st.button(label, type="primary", icon=":material/play_arrow:", key="cross-start"):
        units = {"training": " steps" if spec.steps else " s"}
        arguments = ["tune-cross", str(build.folder), name, *flags]
        jobs.start_command(job_name(build.folder), arguments, label="the cross-encoder", units=units)
        st.rerun()
