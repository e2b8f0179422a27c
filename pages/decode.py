"""Decode: the beam picture of one query, step by step, and what stands behind each node."""

import json
import time

import pandas as pd
import streamlit as st

from app import resources, state
from app.charts import beams

st.title("Watch it decode")
build = resources.open_build()
trie, documents = build.trie, build.corpus.documents
query = resources.ask()
levels = trie.levels
left, right = st.columns([1, 2], vertical_alignment="bottom", gap="large")
width = left.slider(
    "Beams kept", 1, 100, 10, key=state.BEAMS, bind="query-params",
    help="Hypotheses that survive each level. More find more and take longer.",
)  # fmt: skip

if "next-step" in st.session_state:
    st.session_state[state.STEP] = st.session_state.pop("next-step")
st.session_state.setdefault("playing", False)


def move(by: int) -> None:
    """Left and Right."""
    st.session_state["playing"] = False
    st.session_state[state.STEP] = min(max(st.session_state.get(state.STEP, levels) + by, 0), levels)


def play() -> None:
    """Start from nothing, or stop."""
    st.session_state["playing"] = not st.session_state["playing"]
    if st.session_state["playing"]:
        st.session_state[state.STEP] = 0
        st.session_state["stepped"] = time.monotonic()


def clicked() -> None:
    """A click on a node puts its prefix into the URL."""
    index = state.clicked_index(st.session_state["beam-picture"])
    known = st.session_state.get("beam-nodes", [])
    if index is not None and index < len(known):
        state.focus(state.NODE, known[index])


with right.container(horizontal=True, vertical_alignment="bottom"):
    step = st.select_slider("Levels shown", list(range(levels + 1)), value=levels, key=state.STEP, bind="query-params")
    st.button("", icon=":material/chevron_left:", on_click=move, args=(-1,), shortcut="Left", key="back", help="One level back")
    st.button("", icon=":material/chevron_right:", on_click=move, args=(1,), shortcut="Right", key="on", help="One level on")
    playing = st.session_state["playing"]
    st.button(
        "Pause" if playing else "Play", on_click=play, key="play", icon=":material/pause:" if playing else ":material/play_arrow:"
    )


@st.fragment(run_every=0.9)
def advance() -> None:
    """While playing: one level more every 0.9 s. The full run that a step causes calls this too; that call is too early."""
    if not st.session_state["playing"] or time.monotonic() - st.session_state["stepped"] < 0.8:
        return
    st.session_state["stepped"] = time.monotonic()
    following = st.session_state.get(state.STEP, 0) + 1
    if following > levels:
        st.session_state["playing"] = False
    else:
        st.session_state["next-step"] = following
    st.rerun()


vector, encode_ms = resources.query_vector(build, query)
trace = build.decode(query, width, vector)
drawn = beams.points(trace, trie, build.names, step)
st.session_state["beam-nodes"] = [point.prefix for point in drawn]

picture, side = st.columns([3, 2], gap="large")
with picture:
    st.echarts_chart(
        beams.option(trace, drawn),
        height=560,
        key="beam-picture",
        on_select=clicked,
        renderer="svg",
        alt=beams.describe(trace, drawn),
    )
    st.caption(
        f"**The rule:** at each level every code that continues a kept prefix is scored; the {width} best totals are kept "
        f"(blue), the rest is cut (grey, the {beams.PRUNED_DRAWN} nearest drawn). Codes that no document has are masked. The "
        "total is the centroid scorer's node score: 20 × query · mean of the documents below + log of their number. A line's "
        "width is the probability of the code among its siblings. Orange leads."
    )
    st.caption(
        f"Encoding the query took {encode_ms:.1f} ms when it was first asked; decoding took {trace.ms:.2f} ms this time. "
        f"The best path holds {trace.confidence:.0%} of the final beams' probability."
    )
with side:
    rows, scores = trace.documents(trie, 10)
    focus = state.parameter(state.NODE)
    point = next((p for p in drawn if p.prefix == focus and p.step), None)
    if point:
        st.subheader(f"Node {point.prefix}")
        st.text(point.name)
        with st.container(horizontal=True):
            st.metric("Step probability", f"{point.probability:.1%}", width="content")
            st.metric("Total, nats", f"{point.total:.2f}", width="content")
            st.metric("Rank", point.rank, width="content")
            st.metric("Documents below", f"{point.documents:,}", width="content")
        kept = trace.steps[point.step - 1].kept
        if point.state == "pruned":
            gap = float(kept.total[-1]) - point.total
            st.warning(
                f"Cut: rank {point.rank} of {len(kept.node)} kept, {gap:.2f} nats behind the last one kept.",
                icon=":material/cut:",
            )
        else:
            st.success(f"Kept: rank {point.rank} of {len(kept.node)}.", icon=":material/check:")
        node = trie.find(tuple(map(int, point.prefix.split("-"))))
        below = [documents[row] for row in trie.leaf_documents(node or 0)[:50]]
        st.dataframe(
            pd.DataFrame([(d.title, d.text) for d in below], columns=["Title below this node", "Text"]),
            hide_index=True,
            height=min(220, 38 + 36 * len(below)),
        )
        with st.container(horizontal=True):
            st.page_link(
                state.TRIE,
                label="Open in the trie",
                icon=":material/account_tree:",
                query_params=state.links(prefix=point.prefix),
            )
            st.button("Close", type="tertiary", icon=":material/close:", on_click=state.focus, args=(state.NODE, ""))
    else:
        st.info("Click a node of the picture to see its words, its odds and the documents below it.", icon=":material/touch_app:")
    st.subheader("What it wrote" if step == levels else "What it will have written")
    written = pd.DataFrame(
        [(build.identifier(int(row)), documents[row].title, float(score)) for row, score in zip(rows, scores, strict=True)],
        columns=["Identifier", "Title", "Total"],
    )
    st.dataframe(written, hide_index=True, column_config={"Total": st.column_config.NumberColumn(format="%.2f", width="small")})
    st.page_link(
        state.COMPARE, label="Compare with keyword and vector search", icon=":material/compare_arrows:",
        query_params=state.links(query=query),
    )  # fmt: skip

table = pd.DataFrame(drawn[1:]).drop(columns="parent") if len(drawn) > 1 else pd.DataFrame()
with st.expander("The picture as a table"):
    st.dataframe(table, hide_index=True)
with st.container(horizontal=True):
    st.download_button("Table, CSV", table.to_csv(index=False), "beams.csv", "text/csv", icon=":material/download:")
    st.download_button(
        "Trace, JSON", lambda: json.dumps(build.trace_json(query, trace), ensure_ascii=False, indent=1), "trace.json",
        "application/json", icon=":material/download:",
    )  # fmt: skip
if st.session_state["playing"]:
    advance()
