"""Start: what this is, the tree of the open catalogue, a query box, the state of the build."""

import pandas as pd
import streamlit as st

from app.charts import tree
from app.charts.window import whole_limit, window
from app.common import exports, jobs, resources, state, trying
from app.decode import tour
from engine import paths
from engine.builds import names

st.title("Watch a model write down the document it wants")
asking, pictured = st.columns([2, 3], gap="large")  # on a phone the question comes first
asking.markdown(
    "Generative retrieval gives every document an **identifier**, a few codes that run from coarse to fine, and lets a model "
    "*write* the identifier of the answer, one code at a time. The codes form a tree, so each step chooses among the branches "
    "that exist. See the tree, watch the choice, and hold it against keyword and vector search: all of it live, on this machine."
)

FILMS = "films"
if job := jobs.ended(FILMS):
    kept = "The build was cancelled; nothing of it was kept but the embeddings already made."
    jobs.say_end(job, "The build failed", kept)

if unlisted := names.unlisted():
    told = ", ".join(f"{state.plain(name)} ({state.plain(reason)})" for name, reason in unlisted.items())
    st.caption(f"Not listed as builds: {told}.")

if not names.names():
    st.header("No build yet")
    st.write("The bundled catalogue holds 1,200 films of the world. Building it takes seconds: its vectors come with it.")
    if not jobs.panel(FILMS):
        given = (FILMS, FILMS, paths.builds() / FILMS)
        st.button("Build the films catalogue", type="primary", on_click=jobs.start_build, args=given)
    st.stop()

build = resources.open_build()


def go(query: str) -> None:
    """Carry the query to the Decode page."""
    st.switch_page(state.DECODE, query_params=state.links(query=query))


with asking, st.form("ask", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
    asked = st.text_input("What would you like to find?", placeholder=trying.placeholder(build), max_chars=trying.LONGEST)
    sent = st.form_submit_button("Watch it decode", type="primary", shortcut="Ctrl+Enter", icon=":material/play_arrow:")
if sent and asked.strip():
    go(asked)
if step := state.parameter(tour.TOUR):  # the tour walks over Decode, wherever its address is pasted
    st.switch_page(state.DECODE, query_params=state.links() | {tour.TOUR: step, state.BEAMS: tour.BEAMS})
if asking.button("Show me one decode, step by step", icon=":material/tour:", key="tour"):
    st.switch_page(state.DECODE, query_params={tour.TOUR: tour.FIRST, state.BEAMS: tour.BEAMS})
if offered := trying.queries(build):
    invited = trying.invitation(build, build.default_scorer)
    if picked := asking.pills(invited, offered, key="start-example", format_func=state.plain, wrap=True):
        go(picked)

cells = window(build.trie, build.names, 0, 2, whole_limit(build.manifest.identifiers.vocabulary[0]))


def open_prefix() -> None:
    """A click in the tree: remember which prefix, the script below goes there."""
    index = state.clicked_index(st.session_state["start-tree"])
    order = tree.preorder(cells)
    if index is not None and 0 < index <= len(order) and order[index - 1].node >= 0:
        st.session_state["go-prefix"] = order[index - 1].prefix


if prefix := st.session_state.pop("go-prefix", ""):
    st.switch_page(state.TRIE, query_params=state.links(prefix=prefix))

manifest = build.manifest
with pictured:
    st.header("The first two codes of every identifier")
    st.echarts_chart(
        tree.option(cells),
        height=600,
        key="start-tree",
        on_select=open_prefix,
        alt=f"Tree of {len(build.corpus.documents)} documents: {sum(c.depth == 1 for c in cells)} first codes, named by words.",
    )
    st.caption("Words are the most telling ones of the documents below. Click a branch to open it.")
with asking:
    st.header(f"The open build: {state.plain(build.name)}")
    facts = {
        "Documents": f"{manifest.corpus.documents:,}",
        "Trie nodes": f"{manifest.trie.nodes:,}",
        "Codes a level": " × ".join(map(str, manifest.identifiers.vocabulary)),
        "Built in": f"{sum(manifest.stages.values()):.1f} s",
    }
    with st.container(horizontal=True):
        for label, value in facts.items():
            st.metric(label, value, width="content")
    if left_out := manifest.corpus.left_out:
        shown = ", ".join(left_out[:10]) + (f" and {len(left_out) - 10:,} more" if len(left_out) > 10 else "")
        st.caption(f"Left out, having neither title nor text: {state.plain(shown)}.")
    for note in filter(None, [*manifest.corpus.notes, *manifest.identifiers.notes, manifest.encoder.told()]):
        st.caption(f"{state.plain(note)}.")
    branches = pd.DataFrame(
        [(c.prefix, c.name, c.documents) for c in cells if c.depth == 1], columns=["First code", "Words", "Documents"]
    )
    st.dataframe(branches, hide_index=True, height=320, alt="First codes with the words that name them")
    with st.container(horizontal=True):
        st.page_link(state.TRIE, label="Explore the tree", icon=":material/account_tree:", query_params=state.links())
        st.page_link(state.COMPARE, label="Compare retrievers", icon=":material/compare_arrows:", query_params=state.links())
    with st.container(horizontal=True):
        exports.offer("Manifest, JSON", lambda: manifest.model_dump_json(indent=1), f"{build.name}-manifest.json")
        exports.offer("Table, CSV", exports.csv(branches), f"{build.name}-first-codes.csv")
    stages = pd.DataFrame(manifest.stages.items(), columns=["Stage", "Seconds"])
    with st.expander("How it was built"):
        st.dataframe(stages, hide_index=True)
        st.caption("Vectors that lay in the cache, or came with the bundled catalogue, were not computed again.")
        st.json(manifest.model_dump(mode="json", include={"created", "spec", "versions"}), expanded=False)
        with st.popover("Delete this build", icon=":material/delete:"):
            st.caption("It can be brought back, on Builds, until the server is started again; then it is gone for good.")
            opened = build.folder.name
            st.button(f"Delete {state.plain(opened)}", on_click=resources.delete, args=(opened,), disabled=jobs.at_work())
