"""Identifiers: every scheme on the open catalogue, two of them side by side, one document under all."""

import pandas as pd
import streamlit as st

from app.charts import schemes, training
from app.common import address, documents, exports, jobs, resources, state, trying
from app.identifiers import enriching, overlapping, report_card, scheme_form, spelling, study_table, twins, two_columns
from engine.errors import TriescopeError
from engine.health.remedies import with_changes
from engine.identifiers import SCHEMES
from engine.studies import bundled
from engine.studies import schemes as study
from engine.studies.found import told

st.title("Identifiers: which scheme suits this catalogue?")
build = resources.open_build()
job = f"study-{build.folder.name}"
report_card.of_open_build(build)
scheme_form.offer(build)

try:
    found = study.read(build)
except TriescopeError as error:
    st.error(state.said(str(error)))
    found = None
if over := jobs.ended(job):
    jobs.say_end(over, "The study failed", "The study was cancelled; nothing of it was kept.")
jobs.panel(job)
if found is None:
    st.write(
        f"A study fits all {len(SCHEMES)} schemes on the {len(build.corpus.documents):,} documents of {state.plain(build.name)}, "
        "builds each one's tree, and searches it with the same scorer, in a process of its own."
    )
    if not jobs.running(job):
        st.button(
            f"Compare all schemes (about {study.minutes(len(build.corpus.documents))} min on two cores)",
            type="primary",
            on_click=jobs.start_command,
            args=(job, ["study", str(build.folder)]),
            icon=":material/science:",
        )
    st.header("The schemes")
    listed = [(s.name, s.summary, ", ".join(o.name for o in s.options), s.citation) for s in SCHEMES.values()]
    st.dataframe(pd.DataFrame(listed, columns=["Scheme", "What it is", "Options", "Source"]), hide_index=True)
    overlapping.show(build)
    two_columns.show(build)
    enriching.show(build)
    st.stop()

rows = schemes.table(found)
asked = f"{found.queries} {found.split} queries, centroid scorer, beam {found.beams}"
measured = asked if found.queries else f"No judged queries in split {found.split}, so no quality"
st.header("Health, quality, cost")
study_table.show(build, found)
st.caption(
    f"{state.plain(measured)}, or 10 where it says so. Defaults of each scheme, seed {found.seed}; every figure is of this "
    f"catalogue. {bundled.came_along(build, 'study') or f'{state.plain(found.device)}.'}"
)
if found.best:
    st.caption(
        f"{state.plain(told(found.best))} To the best: the difference to {state.plain(found.best.scheme)} at beam 10, "
        "query by query, with its 95% interval; p is corrected for the comparisons of this table (Holm)."
    )
st.header("Does it retrieve?")
st.plotly_chart(schemes.figure(rows), key="scheme-quality", alt=schemes.describe(rows))
controls = {
    "random": "random deals identifiers out",
    "simhash": "simhash cuts by planes drawn at random",
    "atomic": "atomic has no tree at all, so its one step scores every document",
}
of_these = "; ".join(told for name, told in controls.items() if name in found.schemes and found.schemes[name].report)
st.caption(
    "At beam 10, because a wide beam on a small catalogue hides what an identifier is worth."
    + (f" Grey are the controls: {of_these}." if of_these else "")
)

overlapping.show(build)
two_columns.show(build)
enriching.show(build)
cards = {name: row.report for name, row in found.schemes.items() if row.report is not None and name in SCHEMES}
fitted = list(cards)
st.header("Two trees side by side")
first, second = st.columns(2, gap="large")
default_b = fitted.index("hierarchical-kmeans") if "hierarchical-kmeans" in fitted else len(fitted) - 1
for side in "ab":
    address.known(side, fitted, "scheme")
picked = [
    first.selectbox("Left", fitted, index=0, key="a", bind="query-params"),
    second.selectbox("Right", fitted, index=default_b, key="b", bind="query-params"),
]
twins.show(build, picked)
for column, name, side in zip(st.columns(2, gap="large"), picked, "ab", strict=True):
    with column:
        found_tree = spelling.tree(build, name)
        card = with_changes(cards[name], name, {}, None, found.schemes[name].vocabulary)
        with st.expander(f"Report card of {state.plain(name)}: {card.verdict}"):
            report_card.show(card, side)
        if (history := training.table(found_tree.fitted.arrays)) is not None:
            st.plotly_chart(training.figure(history), key=f"training-{side}", alt=training.describe(history))
            with st.expander(f"How {state.plain(name)} trained, epoch by epoch"):
                st.dataframe(history, hide_index=True)
shared = next((pair.nmi for pair in found.nmi if {pair.a, pair.b} == set(picked)), None)
if shared is not None:
    st.caption(f"Normalised mutual information of their first codes: {shared:.2f} (1: the same grouping, 0: unrelated).")

st.header("One document under every scheme")
document = documents.chosen(build) or build.corpus.documents[0].id
documents.pick(build, "Document", "scheme-doc", document, required=True)
typed = st.text_input(
    "Or type a document of your own",
    key="text",
    bind="query-params",
    max_chars=2000,
    icon=":material/edit:",
    placeholder=trying.of(build).text,
    help="Placed by the fitted codebooks, without refitting; it gets no number behind.",
)
if typed.strip():
    vector = spelling.typed_vector(build, typed)
    lines = [(name, *spelling.spell_new(spelling.tree(build, name), name, vector)) for name in fitted]
else:
    lines = [(name, *spelling.spell(spelling.tree(build, name), build.row_of[document])) for name in fitted]
spelled = pd.DataFrame(lines, columns=["Scheme", "Identifier", "In words"])
st.dataframe(spelled, hide_index=True, height=40 + 36 * len(spelled))
with st.container(horizontal=True):
    exports.offer("Spelled, CSV", exports.csv(spelled), "spelled.csv")
    exports.offer("Schemes, CSV", exports.csv(pd.DataFrame(rows)), "schemes.csv")
    exports.offer("Study, JSON", exports.as_json(found.as_json()), "study.json")
    if not jobs.running(job):
        again = (job, ["study", str(build.folder)])
        st.button("Run the study again", on_click=jobs.start_command, args=again, icon=":material/refresh:")
