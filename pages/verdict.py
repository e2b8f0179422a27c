"""Verdict: whether generative retrieval suits this catalogue, by a rule, with all that the answer rests on."""

from functools import partial

import pandas as pd
import streamlit as st

from app.charts import verdict as charts
from app.common import address, exports, jobs, resources, state
from app.verdict import asking
from engine.errors import TriescopeError
from engine.verdict import kept, measure
from engine.verdict import page as file
from engine.verdict.rule import RULES, told
from engine.verdict.shown import describe

THE_RULE = "\n".join(["The rule:\n", *(f"- {state.plain(one)}" for one in RULES)])
st.title("Does generative retrieval suit this catalogue?")
build = resources.open_build()
job = asking.job_name(build)
if over := jobs.ended(job):
    jobs.say_end(over, "No verdict was reached", "The verdict was cancelled; nothing of it was kept.")
jobs.panel(job)
try:
    found = kept.read(build)
except TriescopeError as error:
    st.error(state.said(str(error)), icon=":material/broken_image:")
    found = None
if found is None:
    st.write(
        f"Nobody asked that of {state.plain(build.name)} yet. A verdict measures generative search beside BM25, dense search and "
        "hybrids, which documents come back, the health of the identifiers, and time, memory and quality as the catalogue grows; "
        "a rule, which stands below it, gives the answer."
    )
    asking.offer(build)
    st.caption(THE_RULE)
    st.stop()

# The scorer may be gone since.
scorers = [found.scorer] if found.scorer in build.scorer_names else []
address.check_stamp(build, scorers)
if stale := measure.stale(build, found):
    st.warning(state.plain(f"{stale} Ask again for one of now."), icon=":material/update:")
with st.container(border=True):
    if found.answer:
        st.header(told(found.answer))
        st.markdown("\n".join(f"- {state.plain(one)}" for one in found.answer.because))
    if found.made_up:
        st.warning("It rests on pseudo-queries, which nobody asked: the notes say how far to trust them.", icon=":material/help:")
    if found.busy:
        st.caption(state.plain(found.busy))
    st.caption(state.plain(" · ".join(file.under(found))))
    st.caption(THE_RULE)
with st.container(horizontal=True):
    exports.offer("One HTML file", partial(file.html, found), f"verdict-{build.folder.name}.html")
    exports.offer("All, JSON", partial(found.model_dump_json, indent=1), f"verdict-{build.folder.name}.json")
    address.offer_link(build, scorers, {})
with st.expander("Ask again", icon=":material/refresh:"):
    asking.offer(build)

for section in found.sections:
    st.header(section.title)
    st.write(state.plain(section.says))
    if section.picture:
        st.plotly_chart(charts.figure(section.picture), key=f"picture-{section.key}", alt=describe(section.picture))
    if section.rows:
        st.dataframe(pd.DataFrame(section.rows, columns=list(section.columns)), hide_index=True)
    with st.expander("How it was measured", key=f"notes-{section.key}"):
        st.markdown("\n".join(f"- {state.plain(note)}" for note in section.notes) or "By this line of the shell.")
        st.code(section.command, language="bash", wrap_lines=True)
