"""One recommended item: where each list has it, what in the history mattered for it, and a turn from there."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from app.common import documents, state
from app.sessions import history
from app.sessions.history import Session
from engine.builds.opened import Build
from engine.recommending.asked import Next, listed
from engine.recommending.evaluated import often
from engine.recommending.kinds import Opened
from engine.recommending.slates import apart

# Items that each list is looked into for; items of a history that are left out in turn, the last ones.
DEPTH, LEFT_OUT = 100, 15


def rank(of: Opened, name: str, rows: Sequence[int], target: int, banned: np.ndarray) -> int | None:
    """Place of an item in the list of one recommender, from 1; None where it is not among the first :data:`DEPTH`."""
    found, _ = listed(of, name, rows, DEPTH, banned=banned)
    places = np.flatnonzero(found == target)
    return int(places[0]) + 1 if len(places) else None


def told_apart(build: Build, lists: Mapping[str, list[Next]]) -> str:
    """How far apart the items of each list lie, in a sentence."""
    found = {
        name: float(apart(np.array([[build.row_of[hit.id] for hit in hits]]), build.embeddings)[0])
        for name, hits in lists.items()
        if len(hits) > 1
    }
    told = ", ".join(f"{state.plain(name)} {value:.2f}" for name, value in found.items())
    return f"How far apart the items of a list lie (one less the cosine, on average): {told}." if told else ""


def show(build: Build, of: Opened, lists: Mapping[str, list[Next]], session: Session, document: str) -> None:
    """The panel of a recommended item."""
    row = build.row_of[document]
    st.header("What mattered for it")
    st.text(documents.title_of(build.documents[row]))
    st.caption(f"identifier {build.identifier(row) or 'none'}{told_taken(of, row)}")
    with st.container(horizontal=True):
        st.button(
            "More like this",
            key="more-like",
            icon=":material/thumb_up:",
            on_click=history.add,
            args=(build, document, history.MORE),
            help="As if it had just been taken: what is asked for moves towards it, in every list.",
        )
        st.button(
            "Less like this",
            key="less-like",
            icon=":material/thumb_down:",
            on_click=history.add,
            args=(build, document, history.LESS),
            help="Its branch of the tree is banned, in every list.",
        )
    name = st.selectbox("By whom", list(lists), key="mattered-by")
    whole = rank(of, name, session.asked, row, session.banned)
    st.dataframe(_left_out(build, of, name, session, row), hide_index=True)
    told = f"{name} has it at rank {whole}" if whole else f"{name} does not have it among its first {DEPTH}"
    if row in session.asked:
        told = "It stands in the history or is asked for more of, so it does not come"
    st.caption(f"{told}; the table leaves out one item of the history at a time{_cut(session)}.")


def _cut(session: Session) -> str:
    return f", of the last {LEFT_OUT}" if len(session.asked) > LEFT_OUT else ""


def _left_out(build: Build, of: Opened, name: str, session: Session, row: int) -> pd.DataFrame:
    first = max(0, len(session.asked) - LEFT_OUT)
    places = range(first, len(session.asked))
    titles = [documents.title_of(build.documents[session.asked[place]]) for place in places]
    found = [rank(of, name, session.asked[:place] + session.asked[place + 1 :], row, session.banned) for place in places]
    return pd.DataFrame({"Rank then": [str(one) if one else f"> {DEPTH}" for one in found], "Without": titles})


def told_taken(of: Opened, row: int) -> str:
    """How often an item was taken in training, in words; empty where nothing is known of that."""
    if of.interactions is None:
        return ""
    times = int(of.interactions.popularity[row])
    return (
        " · never taken in training" if not times else f" · taken {times:,} time{'s' * (times > 1)} in training ({often(times)})"
    )


def table(lists: Mapping[str, list[Next]]) -> pd.DataFrame:
    """A row an item: its rank in each list, how often it was taken, and which group of items that makes it one of."""
    found: dict[str, dict[str, str | int | None]] = {}
    for name, hits in lists.items():
        for hit in hits:
            known: dict[str, str | int | None] = {
                "id": hit.id,
                "title": hit.title,
                "identifier": hit.identifier,
                "taken": hit.taken,
                "often": None if hit.taken is None else often(hit.taken),
            }
            found.setdefault(hit.id, known)[name] = hit.rank
    told = any(one["taken"] is not None for one in found.values())
    return pd.DataFrame(
        list(found.values()), columns=["id", "title", "identifier", *(["taken", "often"] if told else []), *lists]
    )


def reveal(build: Build, of: Opened, names: Sequence[str], session: Session, place: int) -> None:
    """What the person of the test took next, once it is asked for, and where each list has it."""
    known = of.known
    if not state.parameter(history.REVEALED):
        who = f"A person of the test, with {len(session.rows)} items before the one that is asked for."
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(who, width="content")
            args = (history.REVEALED, "1")
            st.button("Reveal what came next", key="reveal", icon=":material/visibility:", on_click=state.focus, args=args)
        return
    target = int(known.test.targets[place])
    found = {name: rank(of, name, session.asked, target, session.banned) for name in names}
    placed = ", ".join(f"{state.plain(name)} {one}" for name, one in found.items() if one)
    without = state.plain(", ".join(name for name, one in found.items() if not one))
    told = f"Rank: {placed}." if placed else f"No list has it among its first {DEPTH}."
    told += f" Not among the first {DEPTH}: {without}." if placed and without else ""
    title = state.plain(documents.title_of(build.documents[target]))
    st.success(f"Next came **{title}**{told_taken(of, target)}. {told}", icon=":material/visibility:")
