"""Sessions: a history of items, the next one written code by code, and what other recommenders would say."""

import html

import streamlit as st

from app.charts import ranks
from app.common import address, commands, documents, exports, resources, state
from app.sessions import asking, history, joining, judged, mattered, worded, written
from engine.errors import TriescopeError

st.title("What comes next")
build = asking.as_made(resources.open_build())
session = history.read(build)
try:
    of = asking.opened(build, address.beams(build))
    interactions = of.interactions
except TriescopeError as error:
    st.error(state.said(str(error)), icon=":material/error:")
    st.stop()
history.choose(build, interactions, session)
history.turns(build, session)
if interactions is None:
    st.caption(
        "Nobody's history came with this catalogue, so what comes next is told by content alone: the history's vector through "
        f"the same decoder. `python -m engine interactions {state.plain(build.folder.name)} FILE` joins who took what."
    )
else:
    about = interactions.about
    rule = "the last item of each person" if about.split == "last" else f"by time, from {about.dates[1]}"
    told = f"{about.users:,} people, {about.interactions:,} interactions; the test is {state.plain(rule)}."
    st.caption(f"{told} Items of the history never come again.")
joining.at_work(build)
if not session.asked:
    history.empty(build)
    worded.show(build, of)
    if interactions is not None:
        judged.show(build, of.beams)
    joining.form(build)
    st.stop()

choice = interactions is not None
*zeroth, second, third, fourth = st.columns([*([1.4] * choice), 1, 1.2, 1], gap="medium", vertical_alignment="bottom")
with zeroth[0] if zeroth else second:
    name = asking.watched(build)
address.within("k", 5, 20, "number of results")
k = second.slider("Results shown", 5, 20, 10, key="k", bind="query-params")
with third:
    beams = address.choose_beams(build, known=of.beams)
with fourth:
    way = asking.slate(choice)
of.beams = beams
names = asking.choose(build)
place = history.person(interactions, session)
if place is not None:
    mattered.reveal(build, of, names, session, place)

trace, tree = written.decode(build, of, name, session, beams)
left, right = st.columns([3, 2], gap="large")
with left:
    drawn = written.show(build, name, trace)
with right:
    written.panel(build, of, name, session, trace)

try:
    lists = asking.lists(of, names, session, k, way)
except TriescopeError as error:
    st.error(state.said(str(error)), icon=":material/error:")
    st.stop()
if not lists:
    st.info("Choose a recommender above.", icon=":material/compare_arrows:")
    st.stop()
table = mattered.table(lists)
titles = {one: html.escape(documents.title(build, one)) for one in table["id"]}
pinned = documents.chosen(build)
# With nothing chosen the picture has the whole width: nothing would stand beside it.
lines, beside = st.columns([3, 2], gap="large") if pinned else (st.container(), None)
with lines:
    st.header("What others would recommend")
    st.plotly_chart(ranks.figure(lists, titles, pinned, k), key="session-ranks", alt=ranks.describe(lists, k))
    st.caption(
        f"Blue: in all {len(lists)} lists. Grey: missing somewhere; it then runs to the row > {k}. Orange: the chosen one. "
        f"{mattered.told_apart(build, lists)}"
    )
if beside:
    with beside:
        mattered.show(build, of, lists, session, pinned)
st.header("The lists")
if not pinned:
    told = "Choose a row to see what in the history mattered for it, and to ask for more or less like it."
    st.info(told, icon=":material/touch_app:")
st.dataframe(
    table,
    hide_index=True,
    placeholder="",
    # On a phone the ranks would lie beyond the window behind these.
    column_order=["title", *lists, "taken", "often", "identifier", "id"],
    key="session-lists",
    selection_mode="single-row",
    on_select=lambda: documents.take_row("session-lists", table["id"].tolist()),
)
with st.expander("The picture as a table"):
    st.dataframe(written.table(build, trace), hide_index=True)
with st.container(horizontal=True):
    exports.offer("Lists, CSV", exports.csv(table), "next.csv")
    taken, more, less = ([build.documents[row].id for row in rows] for rows in (session.rows, session.more, session.less))
    value: dict[str, object] = {"history": taken, "more": more, "less": less}
    value |= {"lists": {of_name: [hit._asdict() for hit in hits] for of_name, hits in lists.items()}}
    exports.offer("Lists, JSON", exports.as_json(value), "next.json")
    exports.offer("Trace, JSON", lambda: exports.as_json(build.trace_json("", trace, k, tree))(), "trace.json")
    shell = commands.recommend_line(build.folder.name, [*taken, *more], less, names, k, beams, way.told())
    plain = not less and way.plain
    commands.offer(shell, commands.recommend_code(build.folder.name, [*taken, *more], names, k, beams) if plain else "")
    more = {asking.MODELS_ASKED: names, asking.WATCHED: name, asking.SLATE: way.told()}
    address.offer_link(build, [], {state.BEAMS: beams, "k": k} | more)
worded.show(build, of, k)
if interactions is not None:
    judged.show(build, beams)
joining.form(build)
