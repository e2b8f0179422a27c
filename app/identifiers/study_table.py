"""The table of a study: a row a scheme; from a row to a build with that scheme; what could not run in a sentence below."""

import pandas as pd
import streamlit as st

from app.charts import schemes
from app.common import state
from app.identifiers import scheme_form
from engine.builds.opened import Build
from engine.health.card import Change
from engine.identifiers import SCHEMES
from engine.studies.found import Study

KEY = "study-table"
COLUMNS = [
    "Scheme",
    "Health",
    "nDCG@10, beam 10",
    "nDCG@10",
    "Recall@100",
    "To the best",
    "p",
    "Unique before resolving",
    "Unique",
    "Content bits",
    "Codes a level",
    "Reconstruction cosine",
    "Fit, s",
    "Trie, kB",
    "Note",
]


def show(build: Build, found: Study) -> None:
    """Draw it, with what can be done with the row that is chosen."""
    rows = marked(schemes.table(found), build.manifest.identifiers.scheme)
    percent, three = st.column_config.NumberColumn(format="percent"), st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=40 + 36 * len(rows),
        column_order=COLUMNS,
        column_config=dict.fromkeys(["nDCG@10", "nDCG@10, beam 10", "Recall@100", "Reconstruction cosine"], three)
        | dict.fromkeys(["Unique before resolving", "Unique"], percent)
        | {
            "Scheme": st.column_config.TextColumn(pinned=True),
            "Content bits": st.column_config.NumberColumn(format="%.1f"),
            "Trie, kB": st.column_config.NumberColumn(format="%.0f"),
        },
        key=KEY,
        selection_mode="single-row",
        on_select="rerun",
    )
    if missing := {name: row.error for name, row in found.schemes.items() if row.report is None}:
        told = "; ".join(f"{name} ({(why or '').removeprefix(f'{name}: ')})" for name, why in missing.items())
        st.caption(f"Could not run here: {state.said(told)}.")
    without = [name for name in SCHEMES if name not in found.schemes]
    if 0 < len(without) < len(found.schemes):  # a study of a few was asked for as such
        st.caption(f"Not in this study, which was made without them: {state.plain(', '.join(without))}.")
    chosen = [rows[row]["Scheme"] for row in st.session_state[KEY]["selection"]["rows"] if row < len(rows)]
    for name in chosen:
        with st.container(horizontal=True, vertical_alignment="center"):
            change = Change(scheme=name, settings={}, resolver=None)
            icon = ":material/construction:"
            st.button(f"Build with {state.plain(name)}", on_click=scheme_form.fill, args=(change,), icon=icon, key="build-row")
            if name == build.manifest.identifiers.scheme:
                st.page_link("../pages/codebooks.py", label="See its codebooks", icon=":material/grid_on:")
    if not chosen:
        st.caption("Choose a row to build this catalogue with that scheme.")


def marked(rows: list[dict], scheme: str) -> list[dict]:
    """The rows of schemes that ran, with a note on that of the open build.

    >>> marked([{"Scheme": "a", "Health": "watch", "Note": "control"}, {"Scheme": "b", "Note": "no url"}], "a")
    [{'Scheme': 'a', 'Health': 'watch', 'Note': 'of the open build, control'}]
    """
    ran = [row for row in rows if "Health" in row]
    return [
        row | {"Note": ", ".join(filter(None, ["of the open build", row["Note"]]))} if row["Scheme"] == scheme else row
        for row in ran
    ]
