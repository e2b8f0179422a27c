"""The Train page's part on the encoder itself: fine-tuned on the same pairs, it is what every trained scorer is held against."""

import shutil
from pathlib import Path

import pandas as pd
import streamlit as st

from app.charts import curves
from app.common import commands, exports, guard, jobs, state
from app.train import asking
from engine import files
from engine.builds import layout
from engine.builds.history import Evaluation
from engine.builds.opened import Build
from engine.data.figures import told_p
from engine.errors import TriescopeError
from engine.options import options_of
from engine.text import tuned
from engine.training.encoder.spec import TuneSpec, spec_of

ASKED = {option.name: option for option in options_of(TuneSpec)}
TITLE = "Fine-tune the encoder: what the same labels give dense search"


def job_name(folder: Path) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"fine-tuning on {folder.name}"


def offer(build: Build) -> None:
    """The job where one runs, what came of the last one, and the form that starts another."""
    name, there = job_name(build.folder), tuned.is_there(build.folder)
    if (job := jobs.ended(name)) is not None:
        jobs.say_end(job, "The fine-tuning failed", "The fine-tuning was cancelled. It goes on from its last evaluation.")
    if jobs.running(name):
        st.header("Fine-tuning the encoder")
        jobs.panel(name)
        _live(build.folder)
        return
    label = f"{TITLE} ({'there is one' if there else 'not done yet'})"
    with st.expander(label, icon=":material/linear_scale:", key="tune", on_change="rerun") as box:
        if not box.open:
            return
        st.caption(
            "A scorer that has seen labels is compared with a dense retriever that has seen none, unless this is done: the "
            "build's own encoder, trained to bring the same queries and documents together (in-batch and hard negatives, DPR). "
            "Then the retrievers `tuned` and, its documents moved too, `tuned-moved` can be had on Compare and Evaluate, and "
            "the scorer `joint` can begin as it. Test queries are never read."
        )
        if there:
            _shown(build)
        _form(build)


def _shown(build: Build) -> None:
    """What is known of the fine-tuned encoder."""
    try:
        known = tuned.read(build.folder)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/broken_image:")
        return
    for line in tuned.told(known)[:2]:
        st.markdown(state.plain(line))
    judged = known.judged
    rows = pd.DataFrame(
        [
            {"Retriever": name, judged.measure: of.mean, "Low": of.low, "High": of.high}
            | (
                {"Tuned is ahead": ahead.mean, "From": ahead.low, "To": ahead.high, "p": told_p(ahead)}
                if (ahead := judged.ahead.get(name))
                else {}
            )
            for name, of in judged.of.items()
        ]
    )
    three = st.column_config.NumberColumn(format="%.3f")
    figures = [judged.measure, "Low", "High", "Tuned is ahead", "From", "To"]
    with st.grid(2, min_column_width=420, gap="large") as grid:
        with grid.cell():
            st.dataframe(rows, hide_index=True, column_config=dict.fromkeys(figures, three))
            apart = "that nothing was chosen on" if judged.apart else "that the weights were chosen on: too few to halve"
            asked = f"On {judged.queries:,} queries ({state.plain(judged.told)}) {apart}"
            st.caption(f"{asked}; 95% intervals, p corrected for the table (Holm).")
        with grid.cell():
            _curve(known.history, known.measure, known.best_step, "tuned")
    with st.container(horizontal=True, vertical_alignment="center"):
        columns = ["bm25", "dense", "tuned", "generative"]
        st.page_link(
            state.COMPARE, label="Compare with it", icon=":material/compare_arrows:", query_params={state.COLUMNS: columns}
        )
        exports.offer("Fine-tuning, JSON", exports.as_json(known.model_dump(mode="json")), "tuned.json")
        with st.popover("Delete", icon=":material/delete:"):
            st.button("Delete the fine-tuned encoder", on_click=_delete, args=(build.folder,), icon=":material/delete:")


def _curve(history: tuple[tuned.Turn, ...] | list[tuned.Turn], measure: str, best: int | None, key: str) -> None:
    """The development measure, step by step."""
    empty: dict = {"steps_per_second": 0.0, "losses": {}, "code_accuracy": (), "detectors": (), "watched": ()}
    rows = curves.table([Evaluation(step=t.step, seconds=t.seconds, loss=t.loss, dev={measure: t.dev}, **empty) for t in history])
    figure = curves.quality(rows, measure, None, best)
    st.plotly_chart(figure.update_layout(height=300), key=f"{key}-curve", alt=curves.describe(rows, measure, None))


def _form(build: Build) -> None:
    """Its fields, from the spec's own record, and the button."""
    if not (splits := asking.splits_of(build)):
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = asking.ask("tune", ASKED, splits)
    try:
        spec = spec_of(asked)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    st.markdown(
        f":material/schedule: It trains for {spec.minutes:g} minutes, less if it stops getting better, and then embeds "
        f"{len(build.documents):,} documents anew."
        if not spec.steps
        else f":material/schedule: It trains for {spec.steps:,} steps and then embeds {len(build.documents):,} documents anew."
    )
    flags = [f"{ASKED[name].flag}={value}" for name, value in spec.model_dump().items()]
    commands.offer(commands.line(["tune", build.folder.name, *flags]))
    work = layout.partial_of(build.folder / tuned.FOLDER)
    if work.is_dir() and files.held(work):
        st.info("A shell is fine-tuning this build's encoder.", icon=":material/terminal:")
        return
    label = "Go on, or start anew if asked differently" if (work / layout.CHECKPOINT).is_file() else "Fine-tune"
    if st.button(label, type="primary", icon=":material/play_arrow:", key="tune-start"):
        units = {"training": " steps" if spec.steps else " s"}
        jobs.start_command(job_name(build.folder), ["tune", str(build.folder), *flags], label="the encoder", units=units)
        st.rerun()


@st.fragment(run_every=2)
def _live(folder: Path) -> None:
    """How it stands, drawn anew every other second."""
    path = layout.partial_of(folder / tuned.FOLDER) / layout.HISTORY
    try:
        history = [tuned.Turn.model_validate_json(line) for line in path.read_text("utf-8").splitlines()]
    except (OSError, ValueError):
        history = []
    if history:
        _curve(history, "nDCG@10", None, "live-tune")
    else:
        st.caption("The first look, before the first step, comes when queries and documents are embedded.")


@guard.changes
def _delete(folder: Path) -> None:
    (folder / tuned.FOLDER / tuned.ABOUT).unlink(missing_ok=True)
    shutil.rmtree(folder / tuned.FOLDER, ignore_errors=True)
