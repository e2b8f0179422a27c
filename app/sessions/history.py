"""The history in the address: its cards, what can be added, a real one of the test, and the turns that were taken since."""

from typing import NamedTuple
from urllib.parse import quote, unquote

import numpy as np
import streamlit as st

from app.common import address, documents, state
from engine.builds.opened import Build
from engine.data.values import counted
from engine.pictures.labels import cut
from engine.recommending.asked import LONGEST, banned_for
from engine.recommending.on_disk import Interactions

HISTORY, PERSON, MORE, LESS, REVEALED = "history", "person", "more", "less", "revealed"
TURNS = {MORE: ("More like", ":material/thumb_up:"), LESS: ("Less like", ":material/thumb_down:")}
# Cards that are drawn; letters of a title on one.
SHOWN, LETTERS = 24, 44
EXAMPLES, EXAMPLE_LENGTH = 3, 3


class Session(NamedTuple):
    """What was taken, oldest first, as rows; rows of items that more like them were asked for, of items that were turned down,
    and of what may not come for it."""

    rows: list[int]
    more: list[int]
    less: list[int]
    banned: np.ndarray

    @property
    def asked(self) -> list[int]:
        """What recommenders are given: the history, and behind it, as if just taken, what more like it was asked for."""
        return [*self.rows, *self.more]

    @property
    def array(self) -> np.ndarray:
        """The same, int32."""
        return np.array(self.asked, np.int32)


def read(build: Build) -> Session:
    """The session that the address tells; what it names that is not there is said, and left out."""
    found = {}
    for name in (HISTORY, MORE, LESS):
        ids = _ids(name)
        known = [one for one in ids if one in build.row_of][:LONGEST]
        if len(known) < len(ids):
            lost = len(ids) - len(known)
            address.say(name, f"The address names {counted(len(ids), 'item')}, of which the build lacks {lost:,}: left out.")
        found[name] = [build.row_of[one] for one in known]
    return Session(found[HISTORY], found[MORE], found[LESS], banned_for(build, found[LESS]))


def _ids(name: str) -> list[str]:
    return [unquote(one) for one in state.parameter(name).split(",") if one]


def put(build: Build, rows: list[int], name: str = HISTORY) -> None:
    """Put items into the address; ids stand there with commas between, so their own are escaped."""
    state.focus(name, ",".join(quote(build.documents[row].id, safe=" :/") for row in rows))
    address.forget((state.NODE, PERSON, REVEALED) if name == HISTORY else (state.NODE,))


def add(build: Build, document: str, name: str = HISTORY) -> None:
    """Add an item at the end of the history, or to those that a turn is about."""
    if document:
        there = [build.row_of[one] for one in _ids(name) if one in build.row_of]
        if name == HISTORY or build.row_of[document] not in there:
            put(build, [*there, build.row_of[document]], name)
        if name != HISTORY:  # of two turns about one item the later one holds
            other = LESS if name == MORE else MORE
            put(build, [build.row_of[one] for one in _ids(other) if one in build.row_of and one != document], other)


def begin(build: Build, rows: list[int]) -> None:
    """Another history, or none: the turns of the one before go with it."""
    put(build, rows)
    address.forget((MORE, LESS))


def _move(build: Build, rows: list[int], place: int, by: int) -> None:
    rows = list(rows)
    row = rows.pop(place)
    if by:
        rows.insert(place + by, row)
    put(build, rows)


def _take(build: Build, interactions: Interactions) -> None:
    """Somebody of the test: the next one of a seeded order, whoever was there before."""
    turn = st.session_state["session-turn"] = st.session_state.get("session-turn", -1) + 1
    order = np.random.default_rng(0).permutation(len(interactions.test.targets))
    place = int(order[turn % len(order)])
    begin(build, interactions.test.histories.one(place).tolist())
    st.query_params[PERSON] = str(place)


def person(interactions: Interactions | None, session: Session) -> int | None:
    """Which question of the test this is; None where the history is somebody's own."""
    asked = state.parameter(PERSON)
    if not asked or interactions is None:
        return None
    there = asked.isdigit() and len(asked) < 10 and int(asked) < len(interactions.test.targets)
    if not there or interactions.test.histories.one(int(asked)).tolist() != session.rows:
        address.say(PERSON, "The address names a person of the test whose history is another one.")
        return None
    return int(asked)


def examples(build: Build) -> list[list[int]]:
    """Histories to try: an item, and those nearest to it by text, spread over the catalogue."""
    vectors = build.embeddings
    starts = np.linspace(0, len(vectors) - 1, EXAMPLES + 2).astype(int)[1:-1]
    return [np.argsort(-(vectors @ vectors[start]), kind="stable")[:EXAMPLE_LENGTH][::-1].tolist() for start in starts]


def title(build: Build, row: int, letters: int = LETTERS) -> str:
    """Title of an item, cut, as Markdown."""
    return state.plain(cut(documents.title_of(build.documents[row]), letters))


def choose(build: Build, interactions: Interactions | None, session: Session) -> None:
    """The box to add, the button for a real one, and the cards."""
    left, right = st.columns([3, 2], gap="large", vertical_alignment="bottom")
    with left:
        documents.pick(build, "Add an item to the history", "session-add", "", taken=lambda document: add(build, document))
    with right, st.container(horizontal=True, vertical_alignment="bottom"):
        if interactions is not None:
            told = (
                "The history of a person of the test, whose next item stays hidden until you reveal it. "
                "The order is drawn by seed 0; each press takes another person."
            )
            args = (build, interactions)
            st.button("Take a real history", key="real", icon=":material/casino:", on_click=_take, args=args, help=told)
        if session.asked:
            st.button(
                "Empty", key="empty-history", icon=":material/clear_all:", type="tertiary", on_click=begin, args=(build, [])
            )
    if session.rows:
        _cards(build, session)


def _cards(build: Build, session: Session) -> None:
    first = max(0, len(session.rows) - SHOWN)
    if first:
        st.caption(f"The last {SHOWN} of {len(session.rows):,} items; the {first:,} before them are in the history too.")
    with st.container(horizontal=True, gap="xsmall", key="history-cards"):
        for place in range(first, len(session.rows)):
            with st.container(border=True, width=170, gap="xxsmall"):
                st.markdown(f":small[**{place + 1}** {title(build, session.rows[place])}]")
                with st.container(horizontal=True, gap="xxsmall"):
                    for label, icon, by in (
                        ("earlier", "chevron_left", -1),
                        ("later", "chevron_right", 1),
                        ("remove", "close", 0),
                    ):
                        at_end = (by < 0 and place == 0) or (by > 0 and place == len(session.rows) - 1)
                        st.button(
                            f":material/{icon}:",
                            key=f"{label}-{place}",
                            help=label.capitalize(),
                            type="tertiary",
                            disabled=at_end,
                            on_click=_move,
                            args=(build, session.rows, place, by),
                        )


def turns(build: Build, session: Session) -> None:
    """What more or less like it was asked for, as chips that can be taken back."""
    if not session.more and not session.less:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for name, (told, icon) in TURNS.items():
            rows = session.more if name == MORE else session.less
            for place, row in enumerate(rows):
                left = rows[:place] + rows[place + 1 :]
                label = f"{told} {title(build, row, 30)} :material/close:"
                st.button(label, key=f"{name}-{place}", icon=icon, on_click=put, args=(build, left, name))
        if session.less:
            items = f"{len(session.banned):,} item{'s' * (len(session.banned) != 1)}"
            st.caption(f"{items} of these branches may not come", width="content")


def empty(build: Build) -> None:
    """What stands where there is no history yet."""
    told = "A history is what somebody took, oldest first. Add an item above, or begin with one of these."
    st.info(told, icon=":material/history:")
    for place, rows in enumerate(examples(build)):
        label = state.plain(", ".join(cut(documents.title_of(build.documents[row]), 40) for row in rows))
        st.button(label, key=f"example-history-{place}", on_click=put, args=(build, rows), icon=":material/play_arrow:")
