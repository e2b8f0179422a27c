"""Jobs on the screen: how far they are, how they ended, a button to cancel. The work itself is :mod:`engine.jobs`.

Streamlit cannot cancel a script and a spawned child would import the page again, so a job is a command of the shell
(``python -m engine ...``) with a progress file that this side reads.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from app.common import guard, owner, stages, state
from engine import paths
from engine.builds import folding
from engine.builds.make import discard
from engine.health.card import Change
from engine.jobs.found import FoundJob
from engine.jobs.log import tail
from engine.jobs.process import Job, Told
from engine.jobs.registry import AnyJob, Registry

# Jobs that this session waits for, by name: the job itself, so that the end of an earlier one is not taken for it.
WAITED_FOR = "jobs-waited-for"


@st.cache_resource
def registry() -> Registry:
    """Jobs of this server: a reloaded browser finds its job again, and a server started anew what the one before had begun."""
    made = Registry()
    made.recover(undo_of)
    return made


def undo_of(arguments: Sequence[str]) -> Callable[[], None]:
    """What removes the beginnings of a command that was cancelled; nothing where it writes all of it at its end."""
    if arguments[0] == "build" and "--out" in arguments:
        return partial(discard, Path(arguments[arguments.index("--out") + 1]))
    if arguments[0] == "compact":
        return partial(folding.discard, Path(arguments[1]))
    return lambda: None


@guard.changes
def resume(job: FoundJob) -> None:
    """Put a job that was interrupted in line once more: the same command goes on from the last stage that was whole."""
    known = job.known
    start_command(known.name, known.arguments, undo_of(known.arguments), known.label, known.units)


@guard.changes
def give_up(job: FoundJob) -> None:
    """Go on with it no more."""
    job.give_up()


@guard.changes
def start_command(
    name: str,
    arguments: Sequence[str],
    undo: Callable[[], None] = lambda: None,
    label: str = "",
    units: Mapping[str, str] | None = None,
) -> None:
    """Put a command of the shell in line, unless a job of that name is there, and wait for its end; see :class:`Job`."""
    _wait_for(registry().start(name, lambda: Job(name, arguments, undo, label, units, launch=False, owner=owner.owner())))


def start_build(name: str, corpus: str, out: Path, flags: Sequence[str] = ()) -> None:
    """Start a build of ``corpus``; ``flags`` are more of those of the shell's ``build``."""
    asked = ["build", corpus, "--out", str(out), *flags]
    start_command(name, asked, undo_of(asked), out.name)


def start_again(name: str, folder: Path, out: str, change: Change, seed: int) -> None:
    """Start building a build's catalogue with other identifiers, unless a job of that name is running."""
    start_build(name, str(folder), paths.builds() / out, flags_of(change, seed))


def flags_of(change: Change, seed: int) -> list[str]:
    """Other identifiers as flags of the shell's ``build``.

    >>> flags_of(Change(scheme="opq", settings={"levels": 4}, resolver="extra-code"), 7)
    ['--ids', 'opq', '-o', 'levels=4', '--resolver', 'extra-code', '--seed', '7']
    """
    given = [part for key, value in change.settings.items() for part in ("-o", f"{key}={value}")]
    resolver = ["--resolver", change.resolver] if change.resolver else []
    return ["--ids", change.scheme, *given, *resolver, "--seed", str(seed)]


def running(name: str) -> bool:
    """Whether a job of that name is at work."""
    return registry().running(name)


def at_work() -> bool:
    """Whether any job is."""
    return registry().at_work()


def ended(name: str) -> AnyJob | None:
    """The job of that name which this session started or watched, once it has ended, and only once."""
    waited: dict[str, AnyJob] = st.session_state.get(WAITED_FOR, {})
    job = waited.get(name)
    if job is None or job.running():
        return None
    return waited.pop(name)


def say_end(job: AnyJob, failed: str, cancelled: str) -> None:
    """Say that a job failed or was cancelled, in a line; what it said at last can be unfolded. One that is done says nothing."""
    told = job.told()
    if told.state == "failed":
        st.error(f"{failed}: {state.said(told.message)}", icon=":material/error:")
        _log(job, f"log-end-{job.name}")
    elif told.state == "cancelled":
        st.warning(cancelled, icon=":material/cancel:")


def panel(name: str) -> bool:
    """Bar, stage, time left, log and Cancel for a job that runs, and whether there is one; the page runs again when it ends. Of
    somebody else's only that it runs is said."""
    job = registry().get(name)
    if job is None:
        return False
    if job.running() and owner.of_another(job):
        st.info("Busy: somebody else has this done just now.", icon=":material/hourglass_empty:")
        return True
    if job.running():
        _wait_for(job)
        _watch(job)
        return True
    if name in st.session_state.get(WAITED_FOR, {}):  # it has ended since the page asked for ends
        st.rerun()
    return False


def _wait_for(job: AnyJob) -> None:
    st.session_state.setdefault(WAITED_FOR, {})[job.name] = job


@st.fragment(run_every=0.5)
def _watch(job: AnyJob) -> None:
    told = job.told()
    if told.over:
        st.rerun()
    if told.state == "waiting":
        before = registry().before(job)
        others = f" and {len(before) - 1} more" if len(before) > 1 else ""
        name = (
            "somebody else's" if any(map(owner.of_another, before[:1])) else "".join(one.label or one.name for one in before[:1])
        )
        first = f"for {name}{others}" if before else "to be started"
        st.progress(0.0, state.plain(f"waits {first}: one job is at work at a time"))
    else:
        st.progress(told.share, state.plain(_line(job, told)))
    st.button("Cancel", icon=":material/cancel:", on_click=guard.changes(job.cancel), key=f"cancel-{job.name}")
    _log(job, f"log-{job.name}")


def _line(job: AnyJob, told: Told) -> str:
    left = f", about {told.seconds_left:.0f} s left in this stage" if told.seconds_left else ""
    counted = f": {told.done:,} of {told.total:,}{job.units.get(told.stage, '')}{_pace(told)}" if told.total else ""
    held = f", {mb:,.0f} MB" if (mb := job.memory_mb()) else ""
    place = f"stage {min(told.stages_done + 1, told.stages)} of {told.stages}, " if told.stages > 1 else ""
    return f"{stages.told(told.stage)}{counted}{left}; {place}{job.seconds():.0f} s since it began{held}"


def _pace(told: Told) -> str:
    """How many a second a stage does, where that is known.

    >>> [_pace(Told(done=done, total=100, seconds_left=left)) for done, left in ((40, 3.0), (99, 4.0), (100, None))]
    [', 20 a second', ', 0.25 a second', '']
    """
    rate = (told.total - told.done) / told.seconds_left if told.seconds_left else 0.0
    return f", {rate:,.0f} a second" if rate >= 10 else f", {rate:.2g} a second" if rate else ""


def _log(job: AnyJob, key: str) -> None:
    if said := tail(job.log):
        with st.expander(f"What it said last ({len(said)} line{'s' if len(said) > 1 else ''})", key=key):
            st.code("\n".join(said), language=None, wrap_lines=True)
