"""Turns of a search as chips above the results: more like this, less like that. They stand in the address, a ``turn`` each."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.common import address, documents, resources, state
from engine.builds import turns
from engine.builds.opened import Build
from engine.builds.turns import Turns
from engine.pictures.labels import cut

MORE, LESS = "more:", "less:"
MOST, LETTERS = 12, 30
TOLD = {MORE: "More like", LESS: "Less like"}
ICONS = {MORE: ":material/thumb_up:", LESS: ":material/thumb_down:"}


def raw() -> tuple[str, ...]:
    """The turns of the address, as they stand there."""
    return tuple(dict.fromkeys(st.query_params.get_all(state.TURN)))[:MOST]


def read(build: Build, given: Sequence[str]) -> Turns:
    """Turns as they stand in an address; what is none of this build is left out."""
    of = {
        kind: tuple(
            turn.removeprefix(kind) for turn in given if turn.startswith(kind) and turn.removeprefix(kind) in build.row_of
        )
        for kind in (MORE, LESS)
    }
    return Turns(tuple(one for one in of[MORE] if one not in of[LESS]), of[LESS])


def asked(build: Build) -> Turns:
    """The turns of the address; said where one is none, or there are too many."""
    given, found = st.query_params.get_all(state.TURN), read(build, raw())
    if wrong := len(dict.fromkeys(given)) - len(found.more) - len(found.less):
        address.say(state.TURN, f"{wrong} of the turns of the address cannot be taken, and are left out ({MOST} at most).")
    return found


def vector(build: Build, query: str, found: Turns) -> tuple[np.ndarray, float]:
    """The query's vector after the turns, and the milliseconds that encoding took."""
    encoded, ms = resources.query_vector(build, query)
    return turns.vector(build, encoded, found), ms


def chips(build: Build, found: Turns) -> None:
    """A button for each turn, which takes it back, and one that takes back all; nothing where there is none."""
    if not any(found):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="turns"):
        for kind, of in ((MORE, found.more), (LESS, found.less)):
            for document in of:
                label = state.plain(f"{TOLD[kind]} {cut(documents.title(build, document), LETTERS)}")
                key, icon = f"turn-{kind}{document}", ":material/close:"
                st.button(label, key=key, on_click=take_back, args=(f"{kind}{document}",), icon=icon, help="Take it back")
        st.button("Take all back", type="tertiary", icon=":material/undo:", on_click=state.focus, args=(state.TURN, ""))


def offer(build: Build, document: str) -> None:
    """Two buttons at a document: more like it, less like it."""
    with st.container(horizontal=True):
        for kind in (MORE, LESS):
            st.button(
                f"{TOLD[kind]} this",
                key=f"offer-{kind}",
                icon=ICONS[kind],
                on_click=take,
                args=(kind, document),
                disabled=f"{kind}{document}" in raw() or len(raw()) >= MOST,
                help="Moves the query's vector towards it." if kind == MORE else "Moves the vector away, and leaves it out.",
            )


def take(kind: str, document: str) -> None:
    """Take a turn; the other one about the same document is taken back."""
    others = [turn for turn in raw() if turn not in (MORE + document, LESS + document)]
    state.focus(state.TURN, [*others, kind + document])


def take_back(turn: str) -> None:
    """Take a turn back."""
    state.focus(state.TURN, [one for one in raw() if one != turn])
