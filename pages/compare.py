"""Compare: one query, several retrievers, the same documents joined by lines."""

import html
import json

import numpy as np
import pandas as pd
import streamlit as st

from app.charts import ranks
from app.common import address, commands, documents, exports, filtering, looking_up, resources, rewriting, state, trying, turns
from app.common.second import chosen
from app.compare import (
    alike,
    answering,
    comparing,
    following,
    handing,
    indexes,
    judging,
    measured,
    missing,
    result_cards,
    terms,
    timing,
    tokens,
    two_builds,
)
from engine.builds.turns import deaf, without
from engine.errors import TriescopeError
from engine.retrievers import method_of
from engine.text.hub import NOT_HERE
from engine.text.query_vectors import WORDS_ALONE

st.title("Compare retrievers")
build = resources.open_build()
query = rewriting.applied(build, trying.ask(build))
first, second, third = st.columns([1, 1.2, 2], gap="medium", vertical_alignment="bottom")
address.within("k", 5, 20, "number of results")
k = first.slider("Results shown", 5, 20, 10, key="k", bind="query-params")
with second:
    beams = address.choose_beams(build)
with third:
    allowed = filtering.choose(build, "lists")
names = comparing.choose(build)
encodes = build.encodes(query)
if not encodes:  # what is typed has no vector there
    told = WORDS_ALONE if build.manifest.encoder.queries else NOT_HERE
    st.info(f"{told[0].upper()}{told[1:]}.", icon=":material/abc:")
    names = [name for name in names if not build.retriever(name).needs_vectors] or ["bm25"]
lasting = [comparing.pinned(build, name) for name in names]
scorers = [named.scorer for name in lasting if (named := method_of(name)[1]).scorer]
address.check_stamp(build, scorers)

taken = turns.asked(build)
turns.chips(build, taken)
vector, encode_ms = turns.vector(build, query, taken) if encodes else (np.zeros_like(build.embeddings[0]), 0.0)
passing, allowed = allowed, without(allowed, taken.less)
columns = {name: comparing.column(build, query, name, k, beams, vector, allowed) for name in names}
results = {name: column.hits for name, column in columns.items() if not column.error}
grades = judging.grades(build, query, build.corpus.grades(query))
pinned = documents.chosen(build)
listed = ranks.ranks(results)
documents.pick(build, "Pin a document: where is it in each list, and where was it cut?", "pin", pinned, first=listed)
titles = {i: documents.title(build, i) for i in listed}

if pinned:
    with st.container(border=True):
        try:
            judging.show(build, query, pinned)
            turns.offer(build, pinned)
            following.show(build, query, list(results), pinned, beams, vector, allowed)
        except TriescopeError as error:
            st.error(state.said(str(error)), icon=":material/error:")

filtering.told(build, passing)
looking_up.told_of(build, query, list(results), allowed)
if any(taken) and (same := deaf(build, list(results))):
    deaf_ones = state.plain(", ".join(same))
    st.caption(f"{deaf_ones}: no turn changes the words, which are read there; what less is wanted of is left out all the same.")
for told in comparing.beside_dense(build, query, results, k, vector, allowed):
    st.caption(told)
if b := chosen(build):
    two_builds.show(build, b, query, columns, k, beams, passing, pinned)
# Many columns need the whole width for their lines.
if results:
    few = len(results) <= comparing.SHOWN
    lines, numbers = st.columns([3, 2], gap="large") if few else (st.container(), st.container())
    with lines:
        st.header("The same documents, joined")
        st.plotly_chart(
            ranks.figure(results, {i: html.escape(t) for i, t in titles.items()}, pinned, k),
            key="bump",
            alt=ranks.describe(results, k),
        )
        st.caption(
            f"Blue: in all {len(results)} lists. Grey: missing somewhere; it then runs to the row > {k}. Orange: the pinned one."
        )
    with numbers:
        st.header("What the lists share")
        alike.show(results, k)
        timing.show(build, query, list(results), k, beams, vector, allowed, encode_ms)

missing.show(build, query, columns, grades, k, beams, vector, allowed)
tokens.show(build, query, results, pinned)
with st.container(horizontal=True, vertical_alignment="center"):
    st.header("The lists", width="content")
    compact = st.toggle("Titles alone", key="compact", bind="query-params", help="A line a result: many lists on one screen.")
    if compact:
        st.caption(":material/star: in no other list", width="content")
result_cards.show(build, query, columns, pinned, grades, compact)
if grades:
    passing = build.allowed(allowed)
    known = [build.row_of[document] for document in grades if document in build.row_of]
    under = "" if passing is None else f", {int(passing[known].sum())} of which pass the filter"
    st.caption(f"This is a judged query: a green mark is a document judged relevant (grade 1 or 2); {len(grades)} are{under}.")

answering.offer(build, query, results, vector)
tokens.offer(build)
terms.offer(build)
indexes.offer(build)
if not results:
    st.stop()
table = pd.DataFrame(
    [{"id": i, "title": titles[i]} | {name: places.get(name) for name in results} for i, places in listed.items()]
)
with st.expander("The picture as a table"):
    st.dataframe(table, hide_index=True)
measured.show(build)
with st.container(horizontal=True):
    exports.offer("Ranks, CSV", exports.csv(table), "compare.csv")
    exports.offer(
        "Results, JSON",
        lambda: json.dumps({n: [h._asdict() for h in hits] for n, hits in results.items()}, ensure_ascii=False, indent=1),
        "compare.json",
    )
    handing.offer(build, query, tuple(results), k, beams, vector, allowed, grades)
    shown = (build.folder.name, query, lasting, k, beams, passing, taken)
    judging.offer(build)
    commands.offer(commands.search_lines(*shown), commands.search_code(*shown))
    address.offer_link(
        build, scorers, {state.COLUMNS: lasting, state.BEAMS: beams, "k": k, state.QUERY: query, state.FILTER: passing}
    )
