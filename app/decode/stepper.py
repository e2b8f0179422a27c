"""The step control of the Decode page: a slider, Left and Right, and Play, which shows each level for most of a second."""

import time
from functools import partial

import streamlit as st

from app.common import state

PAUSE_S = 0.9


def controls(levels: int) -> int:
    """Draw the control; returns the level shown, 0 to ``levels``."""
    if "next-step" in st.session_state:
        st.session_state[state.STEP] = st.session_state.pop("next-step")
    playing = st.session_state.setdefault("playing", False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        step = st.select_slider("Levels shown", list(range(levels + 1)), value=levels, key=state.STEP, bind="query-params")
        back, on = partial(_move, -1, levels), partial(_move, 1, levels)
        st.button("", icon=":material/chevron_left:", shortcut="Left", key="back", help="One level back", on_click=back)
        st.button("", icon=":material/chevron_right:", shortcut="Right", key="on", help="One level on", on_click=on)
        icon = ":material/pause:" if playing else ":material/play_arrow:"
        st.button("Pause" if playing else "Play", on_click=_play, key="play", icon=icon)
    return int(step)


def go_on(levels: int) -> None:
    """At the end of the page: while playing, one level more every so often."""
    if st.session_state["playing"]:
        _advance(levels)


def _move(by: int, levels: int) -> None:
    st.session_state["playing"] = False
    st.session_state[state.STEP] = min(max(st.session_state.get(state.STEP, levels) + by, 0), levels)


def _play() -> None:
    st.session_state["playing"] = not st.session_state["playing"]
    if st.session_state["playing"]:
        st.session_state[state.STEP] = 0
        st.session_state["stepped"] = time.monotonic()


@st.fragment(run_every=PAUSE_S)
def _advance(levels: int) -> None:
    # The full run that a step causes calls this too; that call is too early.
    if not st.session_state["playing"] or time.monotonic() - st.session_state["stepped"] < PAUSE_S - 0.1:
        return
    st.session_state["stepped"] = time.monotonic()
    following = st.session_state.get(state.STEP, 0) + 1
    if following > levels:
        st.session_state["playing"] = False
    else:
        st.session_state["next-step"] = following
    st.rerun()
