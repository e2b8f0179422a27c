"""A training of the Train page as a job: the command, its lock, what an interrupted one left, and the picture while it runs."""

import json
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from app.common import guard, jobs, state
from app.train import runs as trained
from engine import files
from engine.builds import layout, runs
from engine.builds.history import Evaluation
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.options import options_of
from engine.training.spec import TrainSpec

# The run whose training this visitor started.
STARTED = "train-started"


def job_name(folder: Path) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"training on {folder.name}"


def start(folder: Path, run: str, spec: TrainSpec) -> None:
    """Train in a process of its own, unless one is training on the build already."""
    # Training is counted in seconds, or in steps where they are the budget. What it has come to stays when it is cancelled: the
    # same command goes on from there.
    units = {"training": " steps" if spec.steps else " s"}
    jobs.start_command(job_name(folder), arguments(folder, run, spec.model_dump(mode="json")), label=run, units=units)


def press(folder: Path, run: str, spec: TrainSpec) -> None:
    """A visitor starts a training."""
    st.session_state[STARTED] = run
    start(folder, run, spec)


def arguments(folder: Path, run: str, spec: dict[str, Any]) -> list[str]:
    """The shell's arguments for a training: spec as plain values, whole or in part.

    >>> arguments(Path("b"), "n", {"scorer": "node", "settings": {"hidden": 8, "x": None}, "train": "", "watch": ["-a b"]})
    ['train', 'b', '--name=n', '--scorer=node', '--option=hidden=8', '--train=', '--watch=-a b']
    """
    flags = {option.name: option.flag for option in options_of(TrainSpec)}
    found = ["train", str(folder), f"--name={run}"]
    for key, value in spec.items():
        flag = flags[key]
        if isinstance(value, dict):
            found += [f"{flag}={name}={given}" for name, given in value.items() if given is not None]
        elif isinstance(value, list | tuple):
            found += [f"{flag}={given}" for given in value]
        else:
            found.append(f"{flag}={value}")
    return found


def busy(folder: Path, run: str) -> bool:
    """Whether a process is training a run, started here or in a shell."""
    return files.held(runs.partial_of(folder, run))


def left_spec(folder: Path, run: str) -> TrainSpec:
    """The spec of an unfinished run.

    Raises
    ------
    TriescopeError
        It cannot be read.
    """
    try:
        return TrainSpec.model_validate_json((runs.partial_of(folder, run) / layout.TRAIN_SPEC).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TriescopeError(f"the unfinished run {run} cannot be read; discard it") from error


def left_steps(folder: Path, run: str) -> int:
    """Steps at the checkpoint of an unfinished run; 0 without one."""
    try:
        return int(json.loads((runs.partial_of(folder, run) / layout.CHECKPOINT).read_text("utf-8"))["step"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


@guard.changes
def discard(folder: Path, run: str) -> None:
    """Remove what is left of an unfinished run; a finished one of that name stays."""
    shutil.rmtree(runs.partial_of(folder, run), ignore_errors=True)


def say_how_it_ended(folder: Path, finished: Sequence[str]) -> None:
    """How the last training of a build ended, once; whoever started it is shown the run that it made."""
    job = jobs.ended(job_name(folder))
    if job is None:
        return
    kept = "The training was cancelled. What it had come to at its last evaluation is kept."
    jobs.say_end(job, "The training failed", kept)
    run = st.session_state.get(STARTED, "")
    if job.told().state == "done" and run in finished:
        state.focus(state.RUN, run)


def offer_left(build: Build, at_work: str | None) -> None:
    """Trainings that were interrupted, to go on with or to discard; those that a shell runs are shown as they go."""
    for run in runs.unfinished(build.folder):
        if run == at_work:
            continue
        if busy(build.folder, run):
            st.info(f"A shell is training {state.plain(run)} on this build.", icon=":material/terminal:")
            live(build, run)
            continue
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/pause_circle: {state.plain(_left(build.folder, run))}", width="content")
            try:
                spec = left_spec(build.folder, run)
            except TriescopeError as error:
                st.error(state.said(str(error)))
            else:
                if at_work is None:
                    go_on = partial(press, build.folder, run, spec)
                    st.button("Resume", icon=":material/play_arrow:", on_click=go_on, key=f"resume-{run}")
            drop = partial(discard, build.folder, run)
            st.button("Discard", type="tertiary", icon=":material/delete:", on_click=drop, key=f"discard-{run}")
        if history := runs.history(build.folder, run):
            shown = st.expander(f"What {state.plain(run)} had come to", key=f"left-{run}", on_change="rerun")
            if shown.open:
                with shown:
                    so_far(history, f"left-{run}")


def _left(folder: Path, run: str) -> str:
    steps = left_steps(folder, run)
    return f"{run} was interrupted " + (f"after {steps:,} steps; it can go on from there." if steps else "before its first step.")


@st.fragment(run_every=2)
def live(build: Build, run: str) -> None:
    """How a training stands, drawn anew every other second while the job lasts."""
    history = runs.history(build.folder, run)
    if not history:
        st.caption("The first evaluation, before the first step, comes when the queries are embedded.")
        return
    last = history[-1]
    with st.container(horizontal=True):
        st.metric("Steps", f"{last.step:,}", width="content")
        st.metric("Seconds trained", f"{last.seconds:.0f}", width="content")
        st.metric("Steps per second", f"{last.steps_per_second:.1f}", width="content")
        st.metric("Loss", "none yet" if last.loss is None else f"{last.loss:.3f}", width="content")
        for measure in (trained.MEASURE, "Recall@100"):
            if measure in last.dev:
                st.metric(f"Dev {measure}", f"{last.dev[measure]:.3f}", width="content")
    so_far(history, f"live-{run}")


def so_far(history: Sequence[Evaluation], key: str) -> None:
    """Pictures and detectors of a run that is not finished."""
    last = history[-1]
    floor = trained.floor_of(last, trained.MEASURE) if trained.MEASURE in last.centroid else None
    trained.pictures(history, floor, len(history) - 1, len(history) - 1, key, None)
    trained.detectors(history[-1])
