"""Codebooks: which codes are used, what stands behind one, and how one document came by its codes."""

from functools import partial

import pandas as pd
import streamlit as st

from app.charts import codebooks, residuals, training
from app.codebooks import cards, codes
from app.common import documents, exports, resources, state
from engine.health.usage import lorenz, residual_steps

THREE = {name: st.column_config.NumberColumn(format="%.3f") for name in ("Cosine", "Distance")}


def picked_code() -> None:
    """A click on a cell puts its level and code into the URL."""
    index = state.clicked_index(st.session_state["codebook-map"])
    known = st.session_state.get("codebook-cells", [])
    if index is not None and index < len(known):
        state.focus(state.CODE, known[index])


def picked_row(key: str, name: str, values: list[str]) -> None:
    """A row chosen in a table puts what it stands for into the URL."""
    if rows := st.session_state[key]["selection"]["rows"]:
        state.focus(name, values[rows[0]])


st.title("Codebooks: which codes are used?")
build = resources.open_build()
scheme = build.manifest.spec.scheme
facts = codes.facts(build)
books, levels = facts.fitted.codebooks, codes.level_figures(facts)
cards.show(levels)

controls = st.columns([3, 1.3], vertical_alignment="bottom")
conditional = controls[0].toggle(
    "Given the prefix",
    key="given",
    bind="query-params",
    help="Colour by the part that a code has of a prefix's documents, averaged over the prefixes it comes after. A level can "
    "look even over all documents while each prefix goes on with a few codes only.",
)
controls[1].text_input(
    "Go to level and code", placeholder="2-17", key="go-code", on_change=state.take, args=("go-code", state.CODE, True)
)
chosen = codes.find_code(facts.counts, asked := state.parameter(state.CODE))
if asked and not chosen:
    st.warning("The address names no code of this build; write a level and a code, like 2-17.", icon=":material/link_off:")
st.session_state["codebook-cells"] = [f"{cell.level}-{cell.code}" for cell in facts.cells]
st.echarts_chart(
    codebooks.heat_map(facts.cells, facts.counts, facts.counting, conditional, chosen),
    height=120 + 56 * len(levels),
    key="codebook-map",
    on_select=picked_code,
    alt=codebooks.describe_heat_map(facts.counts),
)
st.caption(codebooks.note(facts.cells, facts.counts, conditional))

side, even = st.columns([3, 2], gap="large")
with even:
    st.header("How evenly?")
    curves = {f"level {level}": lorenz(counts) for level, counts in enumerate(facts.counts, 1)}
    drawn = codebooks.lorenz_curves(curves)
    st.echarts_chart(drawn, height=380, key="lorenz", renderer="svg", alt=codebooks.describe_lorenz(curves))
    ginis = ", ".join(f"level {figures['level']} {figures['gini']:.2f}" for figures in levels)
    st.caption(f"Lorenz curves: the further a line sags below the diagonal, the fewer codes hold the documents. Gini: {ginis}.")
with side:
    rows = facts.rows(*chosen) if chosen else []
    if not chosen:
        st.header("What is behind a code?")
        st.info("Click a cell to see a code's documents, words and nearest codes.", icon=":material/touch_app:")
    else:
        level, code = chosen
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(f"Level {level}, code {code}", width="content")
            st.button("Close", type="tertiary", icon=":material/close:", on_click=state.focus, args=(state.CODE, ""))
        if level in facts.counting:
            st.caption("Codes of this level mean nothing: they number documents whose other codes are the same.")
        else:
            st.text(facts.words(level, [code], 8)[0] if len(rows) else "Dead: no document has this code.")
        inside = facts.given[level - 1]
        with st.container(horizontal=True):
            st.metric("Documents", f"{len(rows):,}", width="content")
            st.metric("Part of the level", f"{len(rows) / max(facts.counts[level - 1].sum(), 1):.1%}", width="content")
            st.metric("Prefixes it comes after", f"{inside.prefixes[code]:,}", width="content")
            st.metric("Mean part of these", f"{inside.share[code]:.1%}" if len(rows) else "none", width="content")
        if len(rows):
            documents.table(build, rows, f"documents-{level}-{code}", height=240, taken=documents.focus)
            st.caption("Choose a row to follow that document below.")
        if level <= len(books):
            near, key = codes.neighbours_table(facts, level, code, 8), f"near-{level}-{code}"
            st.markdown("**Nearest codes in code space**")
            pick = partial(picked_row, key, state.CODE, [f"{level}-{other}" for other in near["Code"]])
            st.dataframe(near, hide_index=True, key=key, selection_mode="single-row", on_select=pick, column_config=THREE)
            st.caption("By cosine of the code vectors. Choose a row to go to that code.")
        elif not books and level not in facts.counting:
            st.caption(f"Codes by {state.plain(scheme)} have no vectors, so none is nearer than another.")

if (history := training.table(facts.fitted.arrays)) is not None:
    st.header("How the codes were learned")
    st.plotly_chart(training.figure(history), key="training", alt=training.describe(history))
    with st.expander("Epoch by epoch"):
        st.dataframe(history, hide_index=True)

st.header("One document, quantized step by step")
# Without a document in the URL the first one of the chosen code is the example.
document = documents.chosen(build) or build.corpus.documents[int(rows[0]) if len(rows) else 0].id
documents.pick(build, "Document", "one-document", document, required=True)
row = build.row_of[document]
steps = residual_steps(facts.fitted, build.embeddings[row], facts.fitted.codes[row])
followed = codes.steps_table(steps).round(4)
told = f"{documents.title(build, document)} has the identifier {build.identifier(row)}."
st.text(told if build.identifier(row) else "It has no identifier.")
if not books:
    st.info(f"Codes by {state.plain(scheme)} are no vectors in the space of the embeddings: there is no residual to follow.")
elif steps:
    words, pictured = st.columns([3, 2], gap="large")
    words.markdown("\n".join(f"{step.level}. {residuals.explain(step, len(books[step.level - 1]))}" for step in steps))
    if facts.counting:
        words.caption("The codes after these only number documents whose other codes are the same; no vector belongs to them.")
    words.dataframe(followed, hide_index=True)
    words.caption("The residual after is the distance to the chosen codeword; beside it, that to the second nearest.")
    pictured.echarts_chart(residuals.picture(steps), height=320, key="residuals", renderer="svg", alt=residuals.describe(steps))

table = pd.DataFrame(facts.cells).drop(columns="place").round({"share": 5, "within": 5})
saved = {
    "build": build.name,
    "scheme": scheme,
    "levels": codes.export(facts),
    "document": document,
    "identifier": build.identifier(row),
    "steps": [step._asdict() for step in steps],
}
with st.expander("The heat map as a table", key="codebook-table", on_change="rerun") as drawer:
    if drawer.open:  # a thousand rows are not sent to whoever does not look
        st.dataframe(table, hide_index=True)
        st.dataframe(pd.DataFrame(levels).round(3), hide_index=True)
with st.container(horizontal=True):
    exports.offer("Codes, CSV", exports.csv(table), "codes.csv")
    if steps:
        exports.offer("Steps, CSV", exports.csv(followed), "steps.csv")
    exports.offer("All, JSON", exports.as_json(saved), "codes.json")
