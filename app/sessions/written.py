"""The next item as it is written: the beam picture of one history, and who in the history pays for a node of it."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from app.charts import beams
from app.common import address, documents, state
from app.sessions.history import Session
from engine.builds.opened import Build
from engine.builds.written import parse_prefix
from engine.decoding.trace import Trace
from engine.errors import TriescopeError
from engine.pictures import beam_points
from engine.pictures.labels import cut
from engine.pictures.shown import text_of
from engine.recommending.base import unseen
from engine.recommending.content import Content
from engine.recommending.counting import Counting
from engine.recommending.kinds import Opened
from engine.recommending.models.writing import Writing
from engine.trie import Tree

KEY, HEIGHT = "session-picture", 430
WORDS, TITLE = 12, 28
SAYS = {
    "counting": (
        "The total is the logarithm of the share of the item-item matrix's mass that lies below the prefix, in nats: what was "
        "taken near the items of the history, and what reads like them. Exact as beams grow; nothing was trained."
    ),
    "content": (
        "The total is 20 × history · mean of the documents below the node: the history's vector decoded as a query is. It knows "
        "what items say, and not who took them."
    ),
}
TRAINED = (
    "The total is the log-probability of the prefix, in nats, by a T5 that has read the codes of the history: it was trained to "
    "write those of what came next. What it would spend on codes that the tree lacks is masked."
)


def decode(build: Build, of: Opened, name: str, session: Session, width: int) -> tuple[Trace, Tree]:
    """The decode of a history, and the tree that it saw."""
    recommender = of.get(name)
    if not isinstance(recommender, Counting | Content | Writing):
        raise TriescopeError(f"{name} does not write its list code by code, so there is nothing to watch")
    tree = unseen(build.trie, len(build.embeddings), session.array, banned=session.banned)
    return recommender.trace(session.array, width, tree=tree), tree


def show(build: Build, name: str, trace: Trace) -> list[beam_points.Point]:
    """Draw it; returns its points."""
    drawn = beam_points.points(trace, build.trie, build.names, len(trace.steps), frozenset())
    st.session_state[f"{KEY}-nodes"] = [point.prefix for point in drawn]
    rows = max(point.drawn_at for point in drawn)
    last = max(point.step for point in drawn)
    words = {}
    for place, point in enumerate(drawn):
        if point.prefix and point.state not in ("pruned", "absent") and point.rank <= beam_points.KEPT_DRAWN:
            text = text_of(build.trie, point, last, lambda row: documents.title_of(build.documents[row]))
            words[place] = cut(text, TITLE if point.step == last else WORDS)
    st.echarts_chart(
        beams.option(trace, drawn, words, rows, "" if name == "content" else "nats", state.parameter(state.NODE), "history"),
        height=HEIGHT,
        key=KEY,
        on_select=_clicked,
        renderer="svg",
        alt=beams.describe(trace, drawn),
    )
    st.caption(
        f"{SAYS.get(name, TRAINED)} {trace.scored:,} nodes scored in {trace.ms:.1f} ms; items of the history may not be written."
    )
    return drawn


def _clicked() -> None:
    index = state.clicked_index(st.session_state[KEY])
    known = st.session_state.get(f"{KEY}-nodes", [])
    if index is not None and index < len(known):
        state.focus(state.NODE, known[index])


def node_of(build: Build) -> int | None:
    """The node that the address opens; None where there is none."""
    asked = state.parameter(state.NODE)
    if not asked:
        return None
    try:
        found = build.trie.find(parse_prefix(asked))
    except TriescopeError:
        found = None
    if not found:
        address.say(state.NODE, "The address opens a node that is not in this tree.")
    return found or None


def panel(build: Build, of: Opened, name: str, session: Session, trace: Trace) -> None:
    """Who in the history pays for the node that is open, else for the best item."""
    node = node_of(build)
    if node is None and not len(trace.leaves):
        return
    shown = int(trace.leaves[0]) if node is None else node
    prefix = "-".join(map(str, build.trie.prefix(shown)))
    recommender = of.get(name)
    # Neither a vector nor a network says what of the history it wrote an item for: what reads like it is all that is known.
    asks = "Who pays for" if isinstance(recommender, Counting) else "What reads like"
    st.header(f"{asks} {prefix}" if node else f"{asks} the first one")
    below = build.trie.leaf_documents(shown)
    st.text(build.names[shown] if len(below) > 1 else documents.title_of(build.documents[int(below[0])]))
    if isinstance(recommender, Counting):
        paid = recommender.paid(session.array, np.array([shown]))[:, 0]
        st.dataframe(_shares(build, session, paid), hide_index=True, column_config=_SHARE)
        st.caption("Share of its weight in the item-item matrix that each item of the history brings.")
        if not paid.any():
            st.caption("Nothing of the history speaks for it: it stands where it stands by how often it was taken.")
        elif len(session.asked) > recommender.of.recency.last:
            st.caption(f"The last {recommender.of.recency.last} items are read; older ones pay nothing.")
    else:
        vectors = np.asarray(build.embeddings[session.array])
        target = np.asarray(build.embeddings[below]).mean(axis=0)
        alike = vectors @ (target / max(float(np.linalg.norm(target)), 1e-12))
        st.dataframe(_alike(build, session, alike), hide_index=True)
    if node is not None:
        st.button(
            "Close", key="close-node", icon=":material/close:", type="tertiary", on_click=partial(state.focus, state.NODE, "")
        )
    else:
        st.caption(f"Click a node of the picture to see {asks[0].lower()}{asks[1:]} it.")


_SHARE = {"Share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width=120)}


def _shares(build: Build, session: Session, paid: np.ndarray) -> pd.DataFrame:
    order = np.argsort(-paid, kind="stable")
    titles = [documents.title_of(build.documents[session.asked[place]]) for place in order]
    return pd.DataFrame({"Share": paid[order], "Item of the history": titles})


def _alike(build: Build, session: Session, alike: np.ndarray) -> pd.DataFrame:
    order = np.argsort(-alike, kind="stable")
    titles = [documents.title_of(build.documents[session.asked[place]]) for place in order]
    return pd.DataFrame({"Cosine": alike[order].round(3), "Item of the history": titles})


def table(build: Build, trace: Trace) -> pd.DataFrame:
    """The picture's twin: every kept prefix of every level."""
    rows = []
    for step in trace.steps:
        for place, node in enumerate(step.kept.node.tolist()):
            prefix = "-".join(map(str, build.trie.prefix(node)))
            rows.append(
                (
                    step.level,
                    place + 1,
                    prefix,
                    build.names[node],
                    float(step.kept.log_prob[place]),
                    float(step.kept.total[place]),
                )
            )
    return pd.DataFrame(rows, columns=["Level", "Rank", "Prefix", "Words", "Log-probability", "Total"])
