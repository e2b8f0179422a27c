"""Claims: statements that the field repeats, made anew on one machine, each with a verdict by a rule that stands on the page."""

from functools import partial

import streamlit as st

from app.claims import listed
from app.common import address, commands, exports, jobs, resources, state
from engine.claims import CLAIMS, kept
from engine.errors import TriescopeError

st.title("Claims of the field, made anew here")
build = resources.open_build()
job = listed.job_name(build)
if over := jobs.ended(job):
    jobs.say_end(over, "It failed", "It was cancelled; what was made before that is kept.")
jobs.panel(job)

try:
    known = listed.found(build)
except TriescopeError as error:
    st.error(state.said(str(error)), icon=":material/broken_image:")
    known = {}
key = address.one_of("claim", list(CLAIMS), next(iter(CLAIMS)), "claim")
st.write(
    "A claim is a sentence that papers repeat; here it is measured on one catalogue, and a rule, written "
    "before where it says nothing else, tells whether it holds. "
    "Figures of the films came along; those of this build take their place once it was asked. They stand in the order in which "
    "each builds on those above it: begin with the first, and go on with *Next claim*."
)
rows = listed.table(known)
st.dataframe(rows, hide_index=True, height="content", column_config=listed.COLUMNS)
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
    listed.section(finding)
if others := {other.corpus: other for other in kept.others(key)}:
    st.subheader("On other catalogues")
    chosen = st.segmented_control(
        "Catalogue",
        list(others),
        default=next(iter(others)),
        required=True,
        format_func=lambda corpus: state.plain(f"{corpus}: {others[corpus].verdict}"),
        key=f"elsewhere-{key}",
        label_visibility="collapsed",
    )
    st.caption(state.plain(listed.of_what(others[chosen], build)))
    listed.section(others[chosen])
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
