"""B's tree beside A's on the Trie page, and where the documents below a prefix of A are in B."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from app.charts import icicle
from app.charts.window import window
from app.common import address, documents, exports, resources, second, state
from app.trie import trail
from engine.builds.opened import Build, parse_prefix
from engine.errors import TriescopeError
from engine.identifiers.churn import went

KEY, TABLE = "b-icicle", "b-went"
PERCENT = st.column_config.NumberColumn(format="percent")


def tree(a: Build, b: Build, pinned: str, depth: int) -> pd.DataFrame:
    """B's picture: the pinned document's place where there is one, else what was opened; its cells as a table."""
    row = b.row_of.get(pinned, -1)
    node = _focus(b, row)
    prefix = "-".join(map(str, b.trie.prefix(node)))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**B: {state.plain(b.folder.name)}**", width="content")
        trail.buttons(state.B_PREFIX, prefix, icicle.ROOT_ID)
    cells = window(b.trie, b.names, node, depth, least=icicle.least(int(b.trie.counts[node])))
    marked = set(b.trie.path(row)) if row >= 0 else set()
    cosines = resources.cohesion(b)[0]
    picture = icicle.figure(cells, cosines, marked)
    st.plotly_chart(picture, key=KEY, on_select=partial(_clicked, prefix), selection_mode="points", alt=icicle.describe(cells))
    if pinned and row < 0:
        st.caption(f"{state.plain(documents.title(a, pinned))} is none of B's documents.")
    elif pinned:
        st.caption(f"The pinned document has {b.identifier(row) or 'no identifier'} here.")
    return icicle.table(cells, cosines)


def _focus(b: Build, row: int) -> int:
    """The node of B that the address opens; without one, where A is opened, that above the leaf's parent of
    the pinned document."""
    asked = state.parameter(state.B_PREFIX)
    if not asked and row >= 0 and state.parameter(state.PREFIX):
        asked = state.parent_prefix(state.parent_prefix(b.identifier(row)))
    try:
        node = b.trie.find(parse_prefix("" if asked == icicle.ROOT_ID else asked))
    except TriescopeError:
        node = None
    if node is None:
        address.say(state.B_PREFIX, "No identifier of B starts with the prefix of the address; showing its root.")
    return node or 0


def _clicked(shown: str) -> None:
    """A click on a cell opens it; a click on the focus ``shown`` goes up one level."""
    chosen = state.clicked_id(st.session_state[KEY])
    if chosen and not chosen.endswith("more"):
        state.focus(state.B_PREFIX, (state.parent_prefix(chosen) or icicle.ROOT_ID) if chosen == shown else chosen)


def moved(a: Build, b: Build, prefix: str, rows: Sequence[int] | np.ndarray) -> None:
    """How much of the identifiers is kept, and where the documents ``rows`` of A, those below ``prefix``, are in B."""
    st.caption(second.documents_told(a, b))
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.header("Identifiers that are kept")
        second.kept(a, b)
    with right:
        st.header(f"Where the documents below {prefix} are in B" if prefix else "Where documents are in B")
        if not prefix:
            st.info("Open a prefix of A: what is below it may stand together in B, or far apart.", icon=":material/touch_app:")
            return
        frame = places(a, b, rows, prefix.count("-") + 1)
        st.dataframe(
            frame,
            hide_index=True,
            height=min(380, 38 + 35 * max(len(frame), 1)),
            column_config={"Share": PERCENT},
            key=TABLE,
            selection_mode="single-row",
            on_select=partial(_open, frame["Prefix"].tolist()),
        )
        st.caption(
            "As many codes as the prefix of A has. Share is that of its documents; all below is how many B has there. Choose a "
            "row to open it in B."
        )
        exports.offer("Where they are, CSV", exports.csv(frame), "trie-two-builds.csv")


def places(a: Build, b: Build, rows: Sequence[int] | np.ndarray, depth: int) -> pd.DataFrame:
    """A row a prefix of ``depth`` codes of B, those with most of the documents first; then what has no place there."""
    ids = [a.documents[row].id for row in rows]
    there = [b.row_of[one] for one in ids if one in b.row_of]
    found = []
    for codes, count in went(b.codes[there], depth):
        node = b.trie.find(codes) if codes else None
        spelled = "-".join(map(str, codes))
        below = (b.names[node], int(b.trie.counts[node])) if node else ("no identifier in B", 0)
        found.append((spelled, below[0], count, count / len(ids), below[1]))
    if gone := len(ids) - len(there):
        found.append(("", "not in B", gone, gone / len(ids), 0))
    return pd.DataFrame(found, columns=["Prefix", "Words", "Documents", "Share", "All below"])


def _open(prefixes: Sequence[str]) -> None:
    if (rows := st.session_state[TABLE]["selection"]["rows"]) and prefixes[rows[0]]:
        state.focus(state.B_PREFIX, prefixes[rows[0]])
