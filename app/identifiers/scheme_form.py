"""The form that builds the open catalogue again with other identifiers: a scheme, its options, a resolver."""

from typing import Any

import streamlit as st

from app.common import address, commands, jobs, state
from app.common.fields import field
from engine import paths
from engine.builds import names
from engine.builds.opened import Build
from engine.health.card import Change
from engine.identifiers import SCHEMES

SCHEME, NAME, OPEN, FILLED = "ids", "scheme-build-name", "again", "filled-scheme"


def fill(change: Change) -> None:
    """A remedy was pressed: the form shows what it means."""
    st.session_state[SCHEME], st.session_state[OPEN] = change.scheme, True
    st.toast("The form at the top of the page is filled in.", icon=":material/vertical_align_top:")
    # Counted, so that the fields are new ones and take its values even where the same remedy was pressed before.
    st.session_state[FILLED] = (st.session_state.get(FILLED, (0, None))[0] + 1, change)


def offer(build: Build) -> None:
    """The form; while a build of it is at work its progress, and afterwards the way to it."""
    job = f"again-{build.folder.name}"
    count, filled = st.session_state.get(FILLED, (0, None))
    with st.expander("Build with other identifiers", icon=":material/construction:", key=OPEN, bind="query-params"):
        st.caption("The same documents, queries and encoder; the vectors are there, so most schemes take seconds.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            address.known(SCHEME, SCHEMES, "scheme")
            name = st.selectbox("Scheme", list(SCHEMES), key=SCHEME, bind="query-params", width=200)
            scheme = SCHEMES[name]
            resolver = st.selectbox(
                "Collisions",
                scheme.resolvers,
                key=f"resolver-{name}-{count}",
                width=170,
                index=scheme.resolvers.index(filled.resolver) if _asked(filled, name) and filled.resolver else 0,
                help="What to do when documents share an identifier. The first is the scheme's own way.",
            )
            seed = st.number_input("Seed", 0, (1 << 31) - 1, int(build.manifest.spec.seed), key="scheme-seed", width=130)
        st.caption(f"{state.plain(scheme.summary)} {state.plain(scheme.citation)}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            settings: dict[str, Any] = {}
            for option in scheme.options:
                start = filled.settings.get(option.name, option.default) if _asked(filled, name) else option.default
                value = field(f"{name}-{count}", option._replace(default=start))
                settings |= {} if value is None else {option.name: value}
        free = _free_name(build.folder.name, name)
        typed = st.text_input("Name of the new build", key=NAME, placeholder=free, max_chars=40, width=300).strip()
        out = typed or free
        change = Change(scheme=name, settings=settings, resolver=resolver)
        place = str(paths.builds() / out)
        commands.offer(commands.line(["build", build.folder.name, "--out", place, *jobs.flags_of(change, int(seed))]))
        if wrong := names.fault(out):
            st.error(f"The app could not list this build: {state.plain(wrong)}.", icon=":material/error:")
        elif out in names.names():
            st.error("There is a build of this name; choose another.", icon=":material/error:")
        # Not a callback: it would be given what the run before knew, without what was typed last.
        elif not jobs.running(job) and st.button(
            f"Build {state.plain(out)}", type="primary", icon=":material/play_arrow:", key="build-again"
        ):
            jobs.start_again(job, build.folder, out, change, int(seed))
            st.rerun()
    if over := jobs.ended(job):
        st.session_state[job] = over.label
        jobs.say_end(over, "The build failed", "The build was cancelled; nothing of it was kept.")
    jobs.panel(job)
    made = st.session_state.get(job)
    if made in names.names():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(f"{state.plain(made)} is built.", icon=":material/check:", width="stretch")
            st.button(
                f"Open {state.plain(made)}", icon=":material/folder_open:", key="open-again", on_click=_open, args=(job, made)
            )


def _open(job: str, made: str) -> None:
    st.session_state.pop(job, None)
    st.session_state.pop(FILLED, None)
    state.focus(state.BUILD, made)
    address.forget(address.OF_ONE_BUILD)
    st.session_state[OPEN] = False


def _asked(filled: Change | None, scheme: str) -> bool:
    return filled is not None and filled.scheme == scheme


def _free_name(build: str, scheme: str) -> str:
    taken, stem = set(names.names()), f"{build.removesuffix(f'-{scheme}')}-{scheme}"[:36]
    return next(name for number in range(1, 1000) if (name := stem if number == 1 else f"{stem}-{number}") not in taken)
