"""The step control of the Decode page: a slider, Left and Right, and Play, which the browser does by itself."""

from functools import partial

import streamlit as st

from app.common import address, state

PLAYING = "playing"


def controls(levels: int) -> int:
    """Draw the control; returns the level shown, 0 to ``levels``. While the picture plays, it has all levels."""
    if st.session_state.get(address.CAME):
        st.session_state[PLAYING] = False  # played once, not again whenever one comes back
    now = shown(levels)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        step = st.select_slider(
            "Levels shown", list(range(levels + 1)), **address.own(state.STEP, levels if playing() else now), disabled=playing()
        )
        back, on = partial(_move, -1, levels), partial(_move, 1, levels)
        st.button("", icon=":material/chevron_left:", shortcut="Left", key="back", help="One level back", on_click=back)
        st.button("", icon=":material/chevron_right:", shortcut="Right", key="on", help="One level on", on_click=on)
        icon = ":material/stop:" if playing() else ":material/play_arrow:"
        st.button("Stop" if playing() else "Play", on_click=_play, key="play", icon=icon)
    return int(step)


def playing() -> bool:
    """Whether the picture plays: level after level, from the query on."""
    return bool(st.session_state.get(PLAYING))


def shown(levels: int) -> int:
    """Levels that the address asks to show."""
    return address.number(state.STEP, levels, 0, levels, "levels")


def _move(by: int, levels: int) -> None:
    st.session_state[PLAYING] = False
    state.focus(state.STEP, str(min(max(st.session_state[state.STEP] + by, 0), levels)))


def _play() -> None:
    # Each level as a run of the page would be slow, and an entry in the browser's history.
    st.session_state[PLAYING] = not playing()
