"""A recall in place of a width: the plans that were chosen for a build, what each costs, and the job that chooses them."""

from dataclasses import replace

import streamlit as st

from app.common import address, commands, jobs, state
from app.decode.decoding import Asked
from engine.builds import runs
from engine.builds.opened import Build
from engine.decoding.strategies import narrowed
from engine.errors import TriescopeError
from engine.retrievers import recall
from engine.retrievers.recall import Target, Widths

RECALL, NONE = "recall", "one width"


def known_of(build: Build) -> Widths | None:
    """What was chosen for a build; None where nothing was, or, said, where it cannot be read."""
    try:
        return recall.read(build.folder)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/broken_image:")
        return None


def choose(known: Widths | None) -> Target | None:
    """A field with the recalls there are plans for; None for one width."""
    if known is None:
        return None
    targets = {f"{target.asked:g}": target for target in known.targets}
    asked = address.one_of(RECALL, [NONE, *targets], NONE, "recall")
    picked = st.selectbox(
        "Recall",
        [NONE, *targets],
        format_func=lambda name: name if name == NONE else f"{float(name):.1%}".replace(".0%", "%"),
        help="In place of one width: at each of the first levels a width of its own, and nothing far below the best path, chosen "
        "for this share of the exact list.",
        **address.own(RECALL, asked, (state.NODE, state.BRANCH)),
    )
    return targets.get(picked)


def applied(asked: Asked, target: Target | None, choice: bool) -> Asked:
    """A decode by the plan of a target: by the scorer that it was chosen for, named where there is a ``choice``."""
    if target is None:
        return asked
    scorer = runs.CENTROID if choice else asked.scorer
    return replace(asked, strategy=narrowed.STRATEGY.name, settings=dict(narrowed.written(target.plan)), scorer=scorer)


def offer(build: Build, known: Widths | None) -> None:
    """The job that chooses plans, where it runs; else a button for it, and what there is."""
    name = f"widths of {build.folder.name}"
    if (job := jobs.ended(name)) is not None:
        jobs.say_end(job, "Choosing widths failed", "Choosing widths was cancelled; those chosen before are still there.")
    if jobs.running(name):
        jobs.panel(name)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        label = "Choose widths for a recall anew" if known else "Choose widths for a recall"
        if st.button(label, icon=":material/straighten:", type="tertiary", key="choose-widths"):
            jobs.start_command(name, ["widths", str(build.folder)], label="widths")
            st.rerun()
        commands.offer(commands.line(["widths", build.folder.name]))


def told(target: Target, known: Widths) -> str:
    """What a plan costs, in a line of Markdown."""
    return f"Recall {target.asked:g}: {state.plain(recall.told(target, known))}."
