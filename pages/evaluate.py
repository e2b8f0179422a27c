"""Evaluate: retrievers on judged queries, how sure their differences are, and the queries that make them."""

import streamlit as st

from app.charts import pareto, systems
from app.common import address, exports, guard, jobs, owner, resources, state
from app.common.second import chosen as second_build
from app.compare import measured
from app.evaluate import asked, before, bringing, exposed, kinds, often, pairs, private, reached, shown, sure, two_builds, widths
from engine import workspace
from engine.data.values import counted
from engine.errors import TriescopeError
from engine.evaluation import seeds

st.title("Evaluate retrievers")
build = resources.open_build()
job = asked.job_name(build)
if over := jobs.ended(job):
    jobs.say_end(over, "The evaluation failed", "The evaluation was cancelled; nothing of it was kept.")
    if over.told().state == "done":
        state.focus(state.EVALUATION, "")  # the newest is shown
jobs.panel(job)
try:
    kept = {one.number: one for one in workspace.evaluations.listed(owner.shelf(build))}
except TriescopeError as error:
    st.error(state.said(str(error)), icon=":material/broken_image:")
    kept = {}
with st.expander("What to evaluate", icon=":material/tune:", expanded=not kept):
    asked.offer(build)
with st.expander("Judged queries and runs of your own", icon=":material/upload_file:"):
    bringing.show(build)
reached.show(build)
if b := second_build(build):
    two_builds.show(build, b)
if not kept:
    st.write(
        f"Nothing of {state.plain(build.name)} was evaluated on this machine yet. An evaluation searches every judged query with "
        "each retriever, in a process of its own, and is kept."
    )
    measured.show(build, open_at_first=True)
    st.stop()


def called(number: str) -> str:
    """An evaluation in a list, in a line."""
    one = kept[int(number)]
    return f"{number}: {one.asked['split']}, {', '.join(one.asked['retrievers'])} · {one.build} · {one.made}"


chosen = address.one_of(state.EVALUATION, [str(number) for number in kept], str(next(iter(kept))), "evaluation")
number = int(st.selectbox("Evaluation", [str(n) for n in kept], format_func=called, **address.own(state.EVALUATION, chosen)))
if private.hidden(build, kept[number].asked["split"]):
    private.ask(build, kept[number].asked["split"])
    st.stop()
found = workspace.evaluations.read(number)
known = systems.measures(found)
address.known("by", known, "measure")
measure = st.segmented_control("By", known, default=known[0], key="by", bind="query-params", required=True) or known[0]

st.header(f"{measure} on {counted(found['queries'], 'query', 'queries')} of {state.plain(found['split'])}")
often.say_clicks(found)
timed = pareto.points(found, measure)
left, right = st.columns(2, gap="medium") if len(timed) > 1 else (st.container(), st.container())
left.plotly_chart(systems.figure(found, measure), key="systems", alt=systems.describe(found, measure))
if len(timed) > 1:
    right.plotly_chart(pareto.figure(timed, measure), key="pareto", alt=pareto.describe(timed, measure))
whole = systems.table(found)
st.dataframe(whole, hide_index=True)
missing = found["coverage"]["unanswerable"]
st.caption(
    f"Means over all {found['queries']:,} queries, a query without results counted as 0, with 95% bootstrap intervals. Beam "
    f"{found['beams']}. Times are medians of {found['timed']:,} searches, one at a time, warm, after encoding "
    f"({found['encoding_ms']['p50']:.1f} ms). {state.plain(found['device'])}."
    + systems.unseen(found)
    + (f" {missing:,} queries have no relevant document in the catalogue and count as 0." if missing else "")
)

for of in seeds.repeated(build, {name: row[measure]["mean"] for name, row in found["retrievers"].items()}):
    st.caption(state.plain(f"One training at several seeds: {seeds.told(of)}."))
st.header("Every pair")
rows = pairs.table(found, measure)
three = st.column_config.NumberColumn(format="%.3f")
if len(rows):
    st.dataframe(rows, hide_index=True, column_config={"Can be shown": three})
    st.caption(
        "The first less the second, query by query, with its 95% interval; p of the paired randomization test, corrected for all "
        f"{len(rows)} pairs (Holm). Can be shown: the smallest difference that so many queries find four times in five; queries "
        "it needs: as many would find this one so often (5%, power .8, by the normal law from the spread of the differences)."
    )
    names = list(found["values"])
    first, second = st.columns(2)
    ours = first.selectbox("Queries of", names, 0, key="ours", bind="query-params")
    theirs = second.selectbox("less those of", names, min(1, len(names) - 1), key="theirs", bind="query-params")
    flips = pairs.flips(found, asked.texts(build, found["split"]), ours, theirs, measure)
    st.header(f"{counted(len(flips), 'query', 'queries')} on which they differ")
    taken = st.dataframe(
        flips,
        hide_index=True,
        height=380,
        key=f"flips-{number}-{measure}-{ours}-{theirs}",
        on_select="rerun",
        selection_mode="single-row",
        column_config=dict.fromkeys(("Difference", ours, theirs), three),
    )
    if taken["selection"]["rows"]:
        query = flips["Query"].iloc[taken["selection"]["rows"][0]]
        asks = {state.QUERY: query, state.COLUMNS: list(dict.fromkeys([ours, theirs])), state.BEAMS: str(found["beams"])}
        st.page_link(state.COMPARE, label="See both lists in Compare", icon=":material/compare_arrows:", query_params=asks)
    else:
        st.caption("Choose a row to see both lists. The first rows are won, or lost, by the most.")
else:
    st.caption("One retriever alone has no pair.")

kinds.show(found, number, measure)
often.show(build, found, number, measure)
widths.show(found, number, measure)
sure.show(found, number, measure)
shown.show(found, number)
exposed.show(found, number)
before.show({one: of for one, of in kept.items() if not private.hidden(build, of.asked["split"])}, number, found, measure)

with st.container(horizontal=True):
    exports.offer("Figures, CSV", exports.csv(whole), f"evaluation-{number}.csv")
    exports.offer("Pairs, CSV", exports.csv(rows), f"evaluation-{number}-pairs.csv")
    exports.offer("All, JSON", exports.as_json(found), f"evaluation-{number}.json")
    address.offer_link(build, [], {state.EVALUATION: str(number), "by": measure})
    with st.popover("Forget", icon=":material/delete:"):
        mine = kept[number].shelf == owner.shelf(build)
        forget = {"on_click": guard.changes(workspace.evaluations.remove), "args": (owner.shelf(build), number)}
        told = None if mine else "It was kept for everybody, from the shell or before there was a password."
        st.button(f"Forget evaluation {number} for good", disabled=not mine, help=told, **forget)
