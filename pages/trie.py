"""Trie: an icicle window of the tree, its words, and the documents under a prefix."""

import pandas as pd
import streamlit as st

from app.charts import icicle
from app.charts.window import window
from app.common import address, documents, exports, resources, second, state, walking
from app.trie import trail, two_builds
from engine.builds.opened import parse_prefix
from engine.errors import TriescopeError

WAYS = {
    walking.UP: "The node above at this level",
    walking.DOWN: "The node below at this level",
    walking.LEFT: "One level up, to its parent",
    walking.RIGHT: "One level down, to its first child",
}
st.title("The tree of identifiers")
build = resources.open_build()
trie = build.trie
try:
    node = trie.find(parse_prefix(state.parameter(state.PREFIX)))
except TriescopeError:
    node = None
if node is None:
    address.say(state.PREFIX, "No identifier starts with the prefix of the address; showing the root.")
    node = 0
prefix = "-".join(map(str, trie.prefix(node)))
other = second.chosen(build)


def clicked() -> None:
    """A click on a cell opens it; a click on the focus goes up one level."""
    chosen = state.clicked_id(st.session_state["icicle"])
    if chosen and not chosen.endswith("more"):
        here = state.parameter(state.PREFIX)
        chosen = "" if chosen == icicle.ROOT_ID else chosen
        state.focus(state.PREFIX, state.parent_prefix(here) if chosen == here else chosen)


def found(document: str) -> None:
    """A document was picked: pin it and open the prefix of its leaf's parent."""
    documents.focus(document)
    state.focus(state.B_PREFIX, "")
    if document:
        state.focus(state.PREFIX, state.parent_prefix(state.parent_prefix(build.identifier(build.row_of[document]))))


pinned = documents.chosen(build)
controls = st.columns([3, 1.4, 1.6], vertical_alignment="bottom")
with controls[0]:
    documents.pick(build, "Find a document by title or id", "find", pinned, taken=found)
address.known("depth", (1, 2, 3), "number of levels")
depth = controls[1].segmented_control("Levels shown", [1, 2, 3], default=2, key="depth", bind="query-params", required=True)
controls[2].text_input("Go to prefix", placeholder="3-17", key="goto", on_change=state.take, args=("goto", state.PREFIX, True))

with st.container(horizontal=True, vertical_alignment="center"):
    trail.buttons(state.PREFIX, prefix)
    st.text(f"{build.names[node] if node else 'all documents'} · {int(trie.counts[node]):,} documents", width="stretch")
    walking.buttons(state.PREFIX, walking.around(trie, node), WAYS)
if pinned:
    path = build.identifier(build.row_of[pinned])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge("Pinned", icon=":material/push_pin:", color="orange")
        st.text(f"{documents.title(build, pinned)} has {f'identifier {path}' if path else 'no identifier'}")
        st.button("Unpin", type="tertiary", on_click=state.focus, args=(state.DOCUMENT, ""), icon=":material/close:")

cells = window(trie, build.names, node, depth or 2, least=icicle.least(int(trie.counts[node])))
cosines, by_depth = resources.cohesion(build)
marked = set(trie.path(build.row_of[pinned])) if pinned else set()
picture, side = st.columns(2 if other else [3, 2], gap="large")
if other:
    with side:
        theirs = two_builds.tree(build, other, pinned, depth or 2)
    picture.container(height=40, border=False, vertical_alignment="center").markdown(f"**A: {state.plain(build.folder.name)}**")
with picture:
    st.plotly_chart(
        icicle.figure(cells, cosines, marked),
        key="icicle",
        on_select=clicked,
        selection_mode="points",
        alt=icicle.describe(cells),
    )
    st.caption(
        "Columns are levels, left to right; height is documents; darker means the documents below are more alike (mean cosine), "
        "light is a single document; what would be thinner than two pixels is gathered. Click a cell to open it, the first "
        "column to go up."
    )
rows = trie.leaf_documents(node)
if other:
    two_builds.moved(build, other, prefix, rows)
    side = st.container()
with side:
    st.header("Documents below")
    documents.table(build, rows, f"below-{prefix}", alt=f"{len(rows)} documents in leaf order")
    st.markdown("**Do shared codes mean alike documents?**")
    if by_depth:
        depths = pd.DataFrame(by_depth)
        depths.columns = ["Shared codes", "Pairs", "Mean cosine"]
        st.dataframe(
            depths,
            hide_index=True,
            column_config={"Mean cosine": st.column_config.ProgressColumn(format="%.3f", min_value=0, max_value=1)},
        )
    else:
        st.info("There are no two documents to compare.", icon=":material/info:")
    st.caption("Mean cosine of the embeddings of all pairs that share so many codes; none shared is the whole catalogue.")

children = icicle.table(cells, cosines)
as_table = st.expander("The picture as a table", key="table", on_change="rerun", bind="query-params")
if as_table.open:
    as_table.dataframe(children, hide_index=True)
    if other:
        as_table.caption(f"The same of B, {state.plain(other.folder.name)}:")
        as_table.dataframe(theirs, hide_index=True)
with st.container(horizontal=True):
    exports.offer("Cells, CSV", exports.csv(children), "trie-window.csv")
    if other:
        exports.offer("Cells of B, CSV", exports.csv(theirs), "trie-window-b.csv")
    exports.offer("Documents, CSV", lambda: exports.as_csv(documents.frame(build, rows)), "trie-documents.csv")
    exports.offer("Cells, JSON", lambda: children.to_json(orient="records"), "trie-window.json")
