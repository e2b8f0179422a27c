"""What stands behind a node of the beam picture: its words, its odds, its documents, and what can be done to it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.common import address, glossary, scorers, state, walking
from app.decode import branching, intervening
from app.decode.decoding import Decoded
from engine.builds.opened import Build, parse_prefix
from engine.errors import TriescopeError
from engine.pictures import beam_points
from engine.pictures.beam_points import Point

WAYS = {
    walking.UP: "One rank up",
    walking.DOWN: "One rank down",
    walking.LEFT: "A step back, to what it continues",
    walking.RIGHT: "A step on, to the first that continues it",
}


def find(build: Build, decoded: Decoded, step: int, drawn: Sequence[Point], prefix: str) -> Point | None:
    """The candidate of a prefix among the first ``step`` levels, drawn in the picture or not; None where there is none."""
    if not prefix:
        return None
    if found := next((point for point in drawn if point.prefix == prefix), None):
        return found
    try:
        node = build.trie.find(parse_prefix(prefix))
    except TriescopeError:
        return None
    if not node:
        return None
    # What is pinned is there however far down it is.
    every = beam_points.points(decoded.trace, build.trie, build.names, step, {node})
    return next((point for point in every if point.pinned), None)


def show(build: Build, shown: Sequence[Decoded], step: int, drawn: Sequence[Sequence[Point]]) -> None:
    """The panel of the node that the address opens, in the first decode that has it; else what there is to do."""
    focus = state.parameter(state.NODE)
    there = next((points for points in drawn if any(point.prefix == focus for point in points)), drawn[0])
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        walking.buttons(state.NODE, walking.among(there, focus), WAYS)
    for one, points in zip(shown, drawn, strict=True):
        if point := find(build, one, step, points, focus):
            panel(build, one, point)
            break
    else:
        if focus:
            address.say(state.NODE, "The address opens a node that is not in this picture.")
        hint = "Click a node of the picture to see its words, its odds and its documents, to force or ban it, or to branch there."
        st.info(hint, icon=":material/touch_app:")
    st.text_input(
        "Go to prefix", placeholder="9-14", key="go-node", on_change=state.take, args=("go-node", state.NODE, True), width=220
    )


def take_row(key: str, prefixes: Sequence[str]) -> None:
    """A row chosen in the table of candidates opens its node."""
    if rows := st.session_state[key]["selection"]["rows"]:
        state.focus(state.NODE, prefixes[rows[0]])


def panel(build: Build, decoded: Decoded, point: Point) -> None:
    """Panel of one point; its buttons change the URL."""
    trie, documents, unit = build.trie, build.corpus.documents, scorers.unit(build, decoded.asked.scorer)
    st.header(f"Node {point.prefix}")
    st.text(point.name)
    with st.container(horizontal=True):
        st.metric("Step probability", f"{point.probability:.1%}", width="content")
        label = f"Total, {unit}" if unit else "Total"
        st.metric(label, f"{point.total:.2f}", width="content", help=glossary.means("nats") if unit else None)
        st.metric("Rank", point.rank, width="content")
        st.metric("Documents below", f"{point.documents:,}", width="content")
    kept = decoded.trace.steps[point.step - 1].kept
    if point.state == "absent":
        st.warning("No document has this prefix: with the mask on it could not have been written.", icon=":material/block:")
        return
    if point.state == "pruned":
        gap = float(kept.total.min()) - point.total
        behind = f", {gap:.2f}{unit and f' {unit}'} behind the last one kept" if gap > 0 else ""
        st.warning(f"Cut: rank {point.rank} of {len(kept.node)} kept{behind}.", icon=":material/cut:")
    else:
        st.success(f"Kept: rank {point.rank} of {len(kept.node)}.", icon=":material/check:")
    with st.container(horizontal=True):
        st.button(
            "Force",
            on_click=state.focus,
            args=(state.FORCE, point.prefix),
            icon=":material/push_pin:",
            key="force-node",
            help=glossary.means("force"),
        )
        st.button(
            "Ban",
            on_click=intervening.ban,
            args=(point.prefix,),
            icon=":material/block:",
            key="ban-node",
            help=glossary.means("ban"),
        )
        branching.offer(decoded, point)
        st.button("Close", type="tertiary", icon=":material/close:", on_click=state.focus, args=(state.NODE, ""))
    node = trie.find(tuple(map(int, point.prefix.split("-"))))
    below = [documents[row] for row in decoded.tree.leaf_documents(node or 0)[:50]]
    st.dataframe(
        pd.DataFrame([(d.title, d.text) for d in below], columns=["Title below this node", "Text"]),
        hide_index=True,
        height=min(220, 38 + 36 * len(below)),
    )
    if point.documents > len(below):
        st.caption(f"{len(below)} of {point.documents:,}: the first 50 that the filter and the bans leave.")
    st.page_link(
        state.TRIE, label="Open in the trie", icon=":material/account_tree:", query_params=state.links(prefix=point.prefix)
    )
