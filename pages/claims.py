"""Claims: statements that the field repeats, made anew on one machine, each with a verdict by a rule that stands on the page."""

from functools import partial

import pandas as pd
import streamlit as st

from app.charts import verdict as charts
from app.claims import listed
from app.common import address, commands, exports, jobs, resources, state
from engine.claims import CLAIMS
from engine.errors import TriescopeError
from engine.verdict.shown import describe

st.title("Claims of the field, made anew here")
build = resources.open_build()
job = listed.job_name(build)
if over := jobs.ended(job):
    jobs.say_end(over, "It failed", "It was cancelled; what was made before that is kept.")
jobs.panel(job)

try:
    known = listed.found(build)
except TriescopeError as error:
    st.error(state.plain(str(error)), icon=":material/broken_image:")
    known = {}
key = address.one_of("claim", list(CLAIMS), next(iter(CLAIMS)), "claim")
st.write(
    "A claim is a sentence that papers repeat; here it is measured on one catalogue, and a rule that was written before says "
    "whether it holds. Figures of the films came along; those of this build take their place once it was asked."
)
rows = listed.table(known)
st.dataframe(rows, hide_index=True, column_config=listed.COLUMNS)
st.selectbox("Look at", list(CLAIMS), format_func=listed.named, **address.own("claim", key))

claim, finding = CLAIMS[key], known.get(key)
st.header(state.plain(claim.statement))
st.caption(f"Claim {claim.number}. {state.plain(claim.source)}")
if finding is None:
    st.info("Nobody has made it anew yet; the button below does.", icon=":material/science:")
else:
    icon, colour = listed.MARKS[finding.verdict]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(finding.verdict, icon=icon, color=colour)
        st.markdown(state.plain(listed.of_what(finding, build)), width="content")
    if stale := listed.stale(finding, build):
        st.warning(state.plain(stale), icon=":material/update:")
    section = finding.section
    st.write(state.plain(section.says))
    if section.picture:
        st.plotly_chart(charts.figure(section.picture), key=f"claim-{key}", alt=describe(section.picture))
    if section.beside:
        st.plotly_chart(charts.figure(section.beside), key=f"claim-{key}-beside", alt=describe(section.beside))
    if section.rows:
        with st.expander("The picture as a table", key="table"):
            st.dataframe(pd.DataFrame(section.rows, columns=list(section.columns)), hide_index=True)
    with st.expander("How it was measured", key="notes"):
        st.markdown("\n".join(f"- {state.plain(note)}" for note in section.notes) or "Nothing was measured.")
        st.code(section.command, language="bash", wrap_lines=True)
st.markdown(f"**The rule.** {state.plain(claim.rule)}")
st.markdown(f"**What could change it.** {state.plain(claim.change)}")

with st.container(horizontal=True):
    place = list(CLAIMS).index(key)
    if place + 1 < len(CLAIMS):
        following = list(CLAIMS)[place + 1]
        st.button("Next claim", icon=":material/arrow_forward:", key="next", on_click=state.focus, args=("claim", following))
    if not jobs.running(job):
        told = f"Make it anew on {state.plain(build.folder.name)} (about {listed.time(claim.seconds)})"
        arguments = (job, ["claims", str(build.folder), "--only", key])
        st.button(told, icon=":material/science:", key="again", on_click=jobs.start_command, args=arguments)
        everything = (job, ["claims", str(build.folder)])
        st.button("Make all anew", icon=":material/refresh:", key="all", on_click=jobs.start_command, args=everything)
    commands.offer(commands.line(["claims", build.folder.name, "--only", key]))
    exports.offer("Claims, CSV", exports.csv(rows), "claims.csv")
    if finding:
        exports.offer("This claim, JSON", partial(finding.model_dump_json, indent=1), f"claim-{key}.json")
    address.offer_link(build, [], {"claim": key})
