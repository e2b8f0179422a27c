"""Map: the documents in a plane, coloured by what their identifiers share, and how far to trust that plane."""

from functools import partial

import pandas as pd
import streamlit as st

from app.charts import map as picture
from app.charts import map_colours, map_marks
from app.common import address, documents, exports, filtering, resources, state, trying
from app.map import colouring, found, making, maps, near
from engine.errors import TriescopeError
from engine.studies import bundled

LASSO, PICTURE = "map-lasso", "map-picture"

st.title("A map of the documents")
build = resources.open_build()
try:
    made = maps.read(build)
except TriescopeError as error:
    st.error(f"{state.said(str(error))}. Making it again replaces it.", icon=":material/broken_image:")
    made = None
if made is None:
    making.offer(build)
    st.stop()


def lassoed(rows: list[int]) -> None:
    """A lasso or box fills the table; a double click empties it."""
    st.session_state[LASSO] = (build.folder.name, rows)


def clicked(row: int) -> None:
    """A click on a point chooses its document."""
    documents.focus(build.documents[row].id)


pinned = documents.chosen(build)
address.within("neighbours", 1, 50, "number of neighbours")
above = st.container(horizontal=True, vertical_alignment="bottom")
with st.container(horizontal=True, vertical_alignment="bottom"):
    with st.container(width=460):
        documents.pick(build, "Find a document by title or id", "map-find", pinned)
    lasso = st.toggle("Lasso", key="lasso", bind="query-params", help="Drag around points to list them; clicks choose none then.")
    with st.container(width=520):
        allowed = filtering.choose(build, "colours")
with above:
    coloured = colouring.choose(build, made, allowed)
filtering.told(build, allowed)
if coloured.hits:
    trying.pills(build, "map-example")
    if not any(coloured.hits.values()):
        st.info("Type a query to mark what vector and generative search find.", icon=":material/edit:")

chosen, nearest = None, pd.DataFrame()
folder, rows = st.session_state.get(LASSO, ("", []))
selected = rows if folder == build.folder.name else []
plot, side = st.columns([3, 2], gap="large")
with side:
    if any(coloured.hits.values()):
        found.show(build, coloured.query, coloured.hits)
    if pinned:
        chosen, nearest = near.show(build, made, pinned, allowed)
    if len(selected):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(f"{len(selected):,} selected", width="content")
            st.button("Clear", type="tertiary", icon=":material/close:", on_click=st.session_state.pop, args=(LASSO, None))
        documents.table(build, selected, "map-table", height=300, taken=documents.focus)
    elif not pinned and not any(coloured.hits.values()):
        hint = "Click a point to see its nearest documents in the original space, or switch to the lasso to list a region."
        st.info("Drag around points to list their documents." if lasso else hint, icon=":material/touch_app:")
with plot:
    titles = documents.titles(build, made.rows)
    st.plotly_chart(picture.figure(made.xy, made.rows, titles), key=PICTURE, alt=picture.describe(len(made.rows)))
    points = map_marks.Map(made.xy, made.rows, titles)
    title = documents.title(build, pinned) if chosen else ""
    marks = map_marks.marks(points, coloured.cloud, coloured.marked, chosen, title, coloured.branches, lasso)
    with st.container(gap=None):
        colours = map_colours.colours(len(made.rows), coloured.cloud)
        map_colours.show(PICTURE, colours, map_colours.describe(coloured.cloud, coloured.told))
        map_marks.show(PICTURE, marks, len(build.documents), clicked, lassoed)
    st.caption(f"{coloured.says} {maps.trust(made)} {bundled.came_along(build, 'map')}")

listed = partial(maps.points_table, build, made, coloured.drawn)
as_table = st.expander("The picture as a table", key="table", on_change="rerun", bind="query-params")
if as_table.open:  # of twenty thousand points it weighs as much as the picture
    as_table.dataframe(listed(), hide_index=True)
with st.container(horizontal=True):
    exports.offer("Points, CSV", lambda: exports.as_csv(listed()), "map.csv")
    more = {
        "build": build.name,
        "filter": allowed,
        "document": pinned,
        "nearest": nearest,
        "selected": [build.corpus.documents[row].id for row in selected],
    }
    exports.offer("All, JSON", lambda: maps.export(made, listed(), coloured.told, **more), "map.json")
