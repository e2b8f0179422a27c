"""Map: the documents in a plane, coloured by what their identifiers share, and how far to trust that plane."""

import pandas as pd
import streamlit as st

from app.charts import groups
from app.charts import map as picture
from app.common import address, documents, exports, resources, state, trying
from app.map import maps
from engine.errors import TriescopeError
from engine.studies import bundled

HITS, LASSO, PICTURE = 20, "map-lasso", "map-picture"
CODES, COLUMN, FOUND = "Codes", "Column", "Search hits"

st.title("A map of the documents")
build = resources.open_build()
trie = build.trie
try:
    made = maps.read(build)
except TriescopeError as error:
    st.error(f"{state.plain(str(error))}. Making it again replaces it.", icon=":material/broken_image:")
    made = None
if made is None:
    maps.offer(build)
    st.stop()


def picked() -> None:
    """A click on a point chooses its document; a lasso or box fills the table; a double click empties it."""
    rows = picture.selected(st.session_state[PICTURE])
    if len(rows) == 1:
        documents.focus(build.corpus.documents[rows[0]].id)
    else:
        st.session_state[LASSO] = (build.folder.name, rows)


def picked_row(key: str, ids: list[str]) -> None:
    """A row of a table chooses its document."""
    if rows := st.session_state[key]["selection"]["rows"]:
        state.focus(state.DOCUMENT, ids[rows[0]])


columns, pinned = maps.columns(build), documents.chosen(build)
hits: dict[str, list[int]] = {}
ways = [CODES, *([COLUMN] if columns else []), FOUND]
address.known("colour", ways, "colouring")
address.known("column", columns, "column")
address.known("codes", range(1, trie.levels + 1), "number of codes in common")
address.within("neighbours", 1, 50, "number of neighbours")
with st.container(horizontal=True, vertical_alignment="bottom"):
    by = st.segmented_control(
        "Colour by",
        ways,
        default=CODES,
        key="colour",
        bind="query-params",
        required=True,
        width="content",
    )
    if by == COLUMN:
        column = st.selectbox("Column", columns, key="column", bind="query-params", width=260)
        told, drawn = f"the column {column}", groups.largest(groups.column_labels(build.corpus.documents, made.rows, column))
    elif by == FOUND:
        hits = maps.hits(build, trying.box(build, width=360), HITS)
        told, drawn = f"the first {HITS} hits", groups.hit_groups(made.rows, **hits)
    else:
        depth = st.segmented_control(
            "Codes in common",
            list(range(1, trie.levels + 1)),
            default=1,
            key="codes",
            bind="query-params",
            required=True,
            help="Documents whose identifiers begin with the same codes have one colour.",
            width="content",
        )
        told = "the first code" if depth == 1 else f"the first {depth} codes"
        drawn = groups.largest(groups.prefix_labels(trie, build.names, made.rows, depth))
    with st.container(width=460):
        documents.pick(build, "Find a document by title or id", "map-find", pinned)
    lasso = st.toggle("Lasso", key="lasso", bind="query-params", help="Drag around points to list them; clicks choose none then.")
if by == FOUND:
    trying.pills(build, "map-example")
if by == FOUND and not any(hits.values()):
    st.info("Type a query to mark what vector and generative search find.", icon=":material/edit:")

chosen, near = None, pd.DataFrame()
folder, rows = st.session_state.get(LASSO, ("", []))
selected = rows if folder == build.folder.name else []
plot, side = st.columns([3, 2], gap="large")
with side:
    if pinned:
        row = build.row_of[pinned]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("Nearest in the original space", width="content")
            st.button("Close", type="tertiary", icon=":material/close:", on_click=state.focus, args=(state.DOCUMENT, ""))
        st.text(f"{documents.title(build, pinned)}, identifier {build.identifier(row) or 'none'}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            how_many = st.slider("Documents", 1, 50, 10, key="neighbours", bind="query-params", width=200)
            close = st.toggle("Close-up on the map", key="close", bind="query-params")
        near = maps.neighbours(build, made, row, how_many)
        if (at := maps.place(made, row)) is None:
            st.info("It is not in the sample that is drawn; its neighbours are those among all documents.")
        else:
            drawn_near = [place for other in near["Row"] if (place := maps.place(made, other)) is not None]
            chosen = picture.Chosen(at, drawn_near, close)
        st.dataframe(
            near,
            hide_index=True,
            height=min(420, 38 + 35 * len(near)),
            key=f"near-{pinned}",
            selection_mode="single-row",
            on_select=lambda: picked_row(f"near-{pinned}", near["Id"].tolist()),
            column_order=maps.SHOWN,
            column_config=maps.WIDTHS,
        )
        st.caption(
            "By cosine of the embeddings, among all documents; map place 1 is nearest on the map. Choose a row to go there."
        )
        links = state.links(doc=pinned, prefix=state.parent_prefix(state.parent_prefix(build.identifier(row))))
        st.page_link(state.TRIE, label="See it in the trie", icon=":material/account_tree:", query_params=links)
    if len(selected):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(f"{len(selected):,} selected", width="content")
            st.button("Clear", type="tertiary", icon=":material/close:", on_click=st.session_state.pop, args=(LASSO, None))
        documents.table(build, selected, "map-table", height=300, taken=documents.focus)
    elif not pinned:
        hint = "Click a point to see its nearest documents in the original space, or switch to the lasso to list a region."
        st.info("Drag around points to list their documents." if lasso else hint, icon=":material/touch_app:")
with plot:
    st.plotly_chart(
        picture.figure(
            made.xy, made.rows, drawn, [documents.title_of(build.corpus.documents[row]) for row in made.rows], chosen, lasso
        ),
        key=PICTURE,
        on_select=picked,
        selection_mode=("points", "box", "lasso"),
        alt=picture.describe(drawn, told, documents.title(build, pinned) if chosen else ""),
    )
    st.caption(f"{maps.trust(made)} {bundled.came_along(build, 'map')}")

table = maps.points_table(build, made, drawn)
with st.expander("The picture as a table"):
    st.dataframe(table, hide_index=True)
with st.container(horizontal=True):
    exports.offer("Points, CSV", exports.csv(table), "map.csv")
    more = {
        "build": build.name,
        "document": pinned,
        "nearest": near,
        "selected": [build.corpus.documents[row].id for row in selected],
    }
    exports.offer("All, JSON", lambda: maps.export(made, table, told, **more), "map.json")
