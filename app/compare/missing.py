"""Relevant documents that a list lacks: which they are, where else they stand, and why each list lost them."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from app.common import documents, exports
from app.compare import comparing
from app.compare.comparing import Column, Question
from engine import workspace
from engine.builds.opened import Build
from engine.evaluation.comparison import lacked
from engine.retrievers import method_of
from engine.retrievers.lost import Loss

# Rows shown; the file has all.
SHOWN = 10
LOOK = {"Document": st.column_config.TextColumn(width=130), "Grade": st.column_config.NumberColumn(width=50), "Id": None}
# With more documents, or a scorer that runs a language model, the whole tree is scored when someone asks for it.
AT_ONCE = 50_000
ASK = "It scores the whole tree, which takes a moment where there are many documents, or where a language model scores."


def show(
    build: Build,
    query: str,
    columns: Mapping[str, Column],
    grades: Mapping[str, int],
    k: int,
    beams: int,
    vector: np.ndarray,
    allowed: str,
) -> None:
    """Draw them, where the query was judged; ``grades`` are its judgements by document."""
    relevant = [document for document, grade in grades.items() if grade > 0]
    found = {name: {hit.id: hit.rank for hit in column.hits} for name, column in columns.items() if not column.error}
    if not relevant or not found:
        return
    there = [document for document in relevant if document in build.row_of]
    out = lacked(there, grades, found)
    st.header("Relevant documents that a list lacks")
    absent = len(relevant) - len(there)
    gone = f" {absent:,} more are judged relevant and not in this catalogue." if absent else ""
    if not out:
        st.caption(f"Each list has all {len(there):,} documents that were judged relevant.{gone}")
        return
    questions = {name: comparing.question(build, query, name, k, beams, allowed, vector) for name in found}
    whole = partial(table, build, questions, found, grades, vector)
    why = _quick(build, list(found)) or st.toggle("Say why", key="why", bind="query-params", help=ASK)
    # Of a key of its own for each query: a row that was chosen is none of the next.
    shown, key = out[:SHOWN], f"missing-{workspace.query_id(query)}"
    pressed = partial(documents.take_row, key, shown)
    rows = whole(tuple(shown), why)
    st.dataframe(rows, hide_index=True, key=key, column_config=LOOK, selection_mode="single-row", on_select=pressed)
    cut = f" {SHOWN} of them are shown, the highest grades first; the file has all." if len(out) > SHOWN else ""
    st.caption(
        f"{len(out):,} of {len(there):,} documents judged relevant are missing from at least one list of {k}.{cut}{gone} "
        "A row that is chosen is pinned. Cut, 208 of 100: its prefix ranked 208 where 100 are kept. Exact rank: with a beam "
        "without limit. Search error: the list would then have it; model error: not even then."
    )
    exports.offer("Missing, CSV", partial(_file, whole, tuple(out)), "missing.csv")


def table(
    build: Build,
    questions: Mapping[str, Question],
    found: Mapping[str, Mapping[str, int]],
    grades: Mapping[str, int],
    vector: np.ndarray,
    rows_of: tuple[str, ...],
    why: bool = True,
) -> pd.DataFrame:
    """A row a document: its title, its grade, and of each list its rank or, if asked, why it is not there."""
    rows = {"Document": [documents.title(build, of) for of in rows_of], "Grade": [grades[of] for of in rows_of]}
    for name, ranks in found.items():
        out = tuple(of for of in rows_of if of not in ranks)
        reasons = [of.told for of in _lost(questions[name], out, build, vector)] if why else ["missing"] * len(out)
        told = dict(zip(out, reasons, strict=True))
        rows[name] = [told.get(of) or f"listed, rank {ranks[of]}" for of in rows_of]
    return pd.DataFrame(rows | {"Id": list(rows_of)})


def _quick(build: Build, names: Sequence[str]) -> bool:
    """Whether the reasons are there before anyone would wait for them."""
    decoding = [named.scorer for method, named in map(method_of, names) if method.decodes]
    return len(build.documents) <= AT_ONCE and not any(build.scorer(name).abilities.reads_text for name in decoding)


@st.cache_data(max_entries=256, show_spinner="Looking for what was lost")
def _lost(asked: Question, out: tuple[str, ...], _build: Build, _vector: np.ndarray) -> list[Loss]:
    return _build.lost(asked.query, out, asked.name, asked.k, asked.beams, _vector, asked.allowed)


def _file(whole: partial, out: tuple[str, ...]) -> str:
    return exports.as_csv(whole(out))
