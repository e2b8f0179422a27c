"""The step control of the Decode page: a slider, Left and Right, and Play, which shows each level for most of a second."""

import time
from functools import partial

import streamlit as st

from app.common import address, state

PAUSE_S = 0.9


def controls(levels: int) -> int:
    """Draw the control; returns the level shown, 0 to ``levels``."""
    playing = st.session_state.setdefault("playing", False)
    now = shown(levels)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        step = st.select_slider("Levels shown", list(range(levels + 1)), **address.own(state.STEP, now))
        back, on = partial(_move, -1, levels), partial(_move, 1, levels)
        st.button("", icon=":material/chevron_left:", shortcut="Left", key="back", help="One level back", on_click=back)
        st.button("", icon=":material/chevron_right:", shortcut="Right", key="on", help="One level on", on_click=on)
        icon = ":material/pause:" if playing else ":material/play_arrow:"
        st.button("Pause" if playing else "Play", on_click=_play, key="play", icon=icon)
    return int(step)


def shown(levels: int) -> int:
    """Levels that the address asks to show."""
    return address.number(state.STEP, levels, 0, levels, "levels")


def go_on(levels: int) -> None:
    """At the end of the page: while playing, one level more every so often."""
    if st.session_state["playing"]:
        _advance(levels)


def _move(by: int, levels: int) -> None:
    st.session_state["playing"] = False
    state.focus(state.STEP, str(min(max(st.session_state[state.STEP] + by, 0), levels)))


def _play() -> None:
    st.session_state["playing"] = not st.session_state["playing"]
    if st.session_state["playing"]:
        state.focus(state.STEP, "0")
        st.session_state["stepped"] = time.monotonic()


@st.fragment(run_every=PAUSE_S)
def _advance(levels: int) -> None:
    # The full run that a step causes calls this too; that call is too early.
    if not st.session_state["playing"] or time.monotonic() - st.session_state["stepped"] < PAUSE_S - 0.1:
        return
    st.session_state["stepped"] = time.monotonic()
    following = st.session_state[state.STEP] + 1
    if following > levels:
        st.session_state["playing"] = False
    else:
        state.focus(state.STEP, str(following))
    st.rerun()
