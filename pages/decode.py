"""Decode: the beam picture of one query, step by step, what stands behind each node, and what an intervention changes."""

import time
from dataclasses import replace
from functools import partial

import streamlit as st

from app.common import address, commands, documents, exports, resources, rewriting, scorers, state, trying, turns
from app.common.second import chosen
from app.decode import aiming, branching, decoding, intervening, node_panel, pictures, pinned, sharing, stepper, tour, two_builds
from engine.decoding.strategies import STRATEGIES
from engine.errors import TriescopeError
from engine.explaining.difference import diff

st.title("Watch it decode")
build = resources.open_build()
trie = build.trie
place = tour.begin(build)
typed = trying.ask(build, offered=not place)
b = None if place else chosen(build)
guide = tour.box() if place else None
refused = intervening.refused(build)
controls = st.container()
more = st.expander("Intervene, filter, or set another strategy beside it", icon=":material/tune:", expanded=bool(refused))
query = rewriting.applied(build, typed, more)
levels = trie.levels
choice = len(build.scorer_names) > 1
strategy = address.one_of(decoding.STRATEGY, STRATEGIES, "beam", "strategy")
known_widths = aiming.known_of(build)
aims = known_widths is not None and strategy == "beam"
wide = [1, 1, 1, 3] if choice else [1.2, 1.2, 2.6]
wide[-1:] = [0.7, wide[-1] - 0.7] if aims else wide[-1:]
left, *extra, right = controls.columns(wide, vertical_alignment="bottom", gap="small" if choice or aims else "medium")
beside = extra.pop() if aims else None
middle = extra.pop()
left.selectbox("Strategy", list(STRATEGIES), **address.own(decoding.STRATEGY, strategy, (state.NODE,)))
with middle:
    width = address.choose_beams(build, narrow=strategy == "greedy")
target = None
if beside:
    with beside:
        target = aiming.choose(known_widths)
scorer = ""
if extra:
    with extra[0]:
        scorer = scorers.choose(build)
with right:
    step = stepper.controls(levels)
with more:
    asked, other = intervening.controls(build, width, scorer, "Build B stands beside it." if b else "")
    asked = aiming.applied(asked, target, choice)
    aiming.offer(build, known_widths)
    if refused:
        intervening.say_refused(refused)
        asked = replace(asked, filter="", force="", ban=())
query, asked, read = intervening.looked_up(build, query, asked)
scorer_used = asked.scorer or build.default_scorer
address.check_stamp(build, [scorer_used])

taken = turns.asked(build)
turns.chips(build, taken)
encode_ms = turns.vector(build, query, taken)[1]
document = documents.chosen(build)
try:
    resources.warm(build, asked.scorer)
    start = time.perf_counter()
    decoded = decoding.run(build, query, asked)
    theirs = two_builds.decode(b, query, asked, target is not None) if b else None
    branch = None if b else branching.beside(build, query, decoded)
    another = None if b else branch or decoding.beside(build, query, asked, other)
    shown = [decoded, another] if another else [decoded]
    legend = pictures.legend(build, shown, bool(document), encode_ms)
except TriescopeError as error:
    st.error(state.said(str(error)), icon=":material/error:")
    st.stop()
read()
marked = frozenset(trie.path(build.row_of[document])) if document else frozenset()

if place and guide:
    with guide:
        tour.show(place, build, decoded, query)
if branch:
    branching.chip(branch)
two = another or theirs
columns = st.columns(2 if two else [3, 2], gap="large")
height = tour.height(len(shown)) if place else pictures.HEIGHT_OF_TWO if theirs else pictures.HEIGHT
if theirs:
    columns[0].text(two_builds.named("A", build, decoded.asked))
there = two_builds.points(theirs, step, step == levels, document) if theirs else []
drawn = pictures.side_by_side(build, shown, columns, step, marked, height, pictures.deepest(there))
if theirs:
    two_builds.draw(theirs, columns[1], there, pictures.deepest(there, *drawn), height)
st.caption(legend)
if target and known_widths:
    st.caption(aiming.told(target, known_widths))

below = st.columns([3, 2], gap="large") if two else columns
changes = None
if theirs:
    with below[0]:
        two_builds.show(build, query, decoded, theirs)
if another:
    with below[0]:
        changes = diff(another.trace, decoded.trace, another.tree, decoded.tree)
        st.header("What is different")
        st.dataframe(decoding.changed(build, changes), hide_index=True, height=300, placeholder="")
        st.caption(f"Here is the left picture, there the right one ({state.plain(decoding.named(another.asked))}).")
with below[1]:
    node_panel.show(build, shown, step, drawn)
    st.header("What it wrote" if step == levels else "What it will have written")
    two = st.column_config.NumberColumn(format="%.2f", width="small")
    st.dataframe(decoding.written(build, query, decoded), hide_index=True, column_config={"Total": two})
    if asked.strategy == "beam" and not asked.interventions:
        st.caption(decoding.why_like_dense(build, query, decoded))
    st.page_link(
        state.COMPARE,
        label="Compare retrievers",
        icon=":material/compare_arrows:",
        query_params=state.links(query=query, beams=asked.beams),
    )

st.header("Why this one, and why not that one?", anchor="why")
pinned.choose(build, decoded, document)
try:
    found = pinned.explain(build, query, decoded, document) if document else None
except TriescopeError as error:
    less = "You asked for less like it: it is left out, so no decode can reach it. Its turn, above, takes that back."
    st.warning(less if document in taken.less else state.said(str(error)), icon=":material/block:")
    found = None
server_ms = (time.perf_counter() - start) * 1e3

as_table = st.expander("The picture as a table", key="table", on_change="rerun", bind="query-params")
if as_table.open:
    frame = sharing.candidates(build, decoded, step, marked)
    opened = partial(node_panel.take_row, "candidates", frame["prefix"].tolist())
    as_table.dataframe(frame, hide_index=True, key="candidates", selection_mode="single-row", on_select=opened)
    as_table.caption("Choose a row to open its node, drawn or not.")
st.caption(f"This page took {server_ms:.0f} ms of the server's time after the query was encoded.")

with st.container(horizontal=True):
    table = partial(sharing.candidates, build, decoded, step, marked)
    of_a = ", of A" if theirs else ""
    exports.offer(f"Table, CSV{of_a}", lambda: exports.as_csv(table()), "beams.csv")
    exports.offer(f"Trace, JSON{of_a}", lambda: sharing.trace_json(build, query, shown, changes, found), "trace.json")
    exports.offer("Picture, HTML", lambda: sharing.as_html(build, query, shown, marked, document, theirs), "decode.html")
    exports.offer(f"Picture, SVG{of_a}", lambda: sharing.as_svg(build, decoded, marked, step), "decode.svg")
    commands.offer(*sharing.as_code(build, query, shown, theirs))
    address.offer_link(build, [scorer_used], decoding.pinned(decoded.asked, scorer_used, query, other))
