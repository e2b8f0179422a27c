"""Private query sets on the Evaluate page: the switch, and figures that are shown when somebody asks for them."""

import streamlit as st

from app.common import guard, owner, state
from engine import workspace
from engine.builds.opened import Build

SHOWN = "private-shown"


def switches(build: Build) -> None:
    """A switch for each set that was brought along; nothing where there is none."""
    known = workspace.private.names(owner.shelf(build))
    for name in workspace.query_sets.listed(owner.shelf(build)):
        key = f"private-{name}"
        # What the workspace has is what is so; another session may have changed it.
        if st.session_state.get(key) != (name in known):
            st.session_state[key] = name in known
        st.toggle(
            f"{state.plain(name)} is private",
            key=key,
            on_change=_switch,
            args=(owner.shelf(build), name),
            persist_state="session",  # told again until the browser has drawn it: see address.own
            help="Its figures are hidden until somebody asks; looks are counted, for whoever chooses by them is flattered.",
        )


def hidden(build: Build, split: str) -> bool:
    """Whether the figures of a split are not to be shown in this session."""
    asked = st.session_state.get(SHOWN, set())
    return split in workspace.private.names(owner.shelf(build)) and (owner.shelf(build), split) not in asked


def ask(build: Build, split: str) -> None:
    """Say that the figures are hidden, and offer to show them."""
    looks = workspace.private.names(owner.shelf(build)).get(split, 0)
    seen = f"They were looked at {looks:,} time{'' if looks == 1 else 's'}." if looks else "Nobody looked at them yet."
    st.info(
        f"{state.plain(split)} is private, so its figures are not shown. {seen} What is chosen by them, look after look, is no "
        "longer judged by them.",
        icon=":material/visibility_off:",
    )
    show, corpus = "Show its figures, and count the look", owner.shelf(build)
    st.button(show, key="reveal", icon=":material/visibility:", on_click=_reveal, args=(corpus, split))


@guard.changes
def _reveal(corpus: str, split: str) -> None:
    workspace.private.look(corpus, split)
    st.session_state.setdefault(SHOWN, set()).add((corpus, split))


@guard.changes
def _switch(corpus: str, name: str) -> None:
    workspace.private.mark(corpus, name, bool(st.session_state[f"private-{name}"]))
    st.session_state.setdefault(SHOWN, set()).discard((corpus, name))
