"""Whom the first places show, by a column, on the pages Evaluate and Sessions, where that was asked for."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.common import exports, state
from engine.evaluation import parity

DOCUMENTS, RELEVANT = "Of the documents", "what is relevant"


def show(found: Mapping[str, Any], number: int) -> None:
    """A folded table and how far each list is from parity."""
    of = found.get("parity")
    if not of:
        return
    with st.expander(f"Whom the first ten show, by {state.plain(of['column'])}", icon=":material/balance:"):
        inside(of, f"evaluation-{number}-exposure.csv")


def inside(of: Mapping[str, Any], file: str, asked: str = "queries", wanted: str = RELEVANT) -> None:
    """The table, the sentence, and how to read them; ``asked`` and ``wanted`` are what is asked and what it asks for."""
    rows = table(of, wanted)
    st.dataframe(rows, hide_index=True, height="content", column_config=dict.fromkeys((DOCUMENTS, f"Of {wanted}"), PERCENT))
    st.write(state.plain(apart(of, wanted)))
    others = f" {of['others']:,} rarer values are not told." if of["others"] else ""
    others += f" Documents without a value, which stand in no line: {of['without']:,}." if of.get("without") else ""
    st.caption(
        f"Share of the first ten places of {of['queries']:,} {asked}, with its 95% interval; marked where that less the "
        f"share of {wanted} is certainly not zero (▲ more than asked for, ▼ less), not corrected for there being "
        f"several values. A document with several values counts for each.{others}"
    )
    exports.offer("Exposure, CSV", exports.csv(rows), file)


PERCENT = st.column_config.NumberColumn(format="percent")


def table(of: Mapping[str, Any], wanted: str = RELEVANT) -> pd.DataFrame:
    """A row a value: shares of the documents, of what is wanted, and of each list."""
    rows = []
    for one in of["values"]:
        shown = {name: f"{_told(share)} {_mark(one['over'][name])}".strip() for name, share in one["shown"].items()}
        rows.append({"Value": one["value"], DOCUMENTS: one["documents"], f"Of {wanted}": one["relevant"]} | shown)
    return pd.DataFrame(rows)


def apart(of: Mapping[str, Any], wanted: str = RELEVANT) -> str:
    """How far lists are from parity, in a sentence."""
    told = {
        name: ", ".join(f"{wanted if one == parity.RELEVANT else one} {_told(far)}" for one, far in of[name].items())
        for name in ("from_documents", "from_relevant")
    }
    return (
        f"A value's share differs on average from that of the documents by: {told['from_documents']}; from that of {wanted} "
        f"by: {told['from_relevant']}."
    )


def _told(share: Mapping[str, float]) -> str:
    return f"{share['mean']:.1%} [{share['low']:.1%}, {share['high']:.1%}]"


def _mark(over: Mapping[str, float]) -> str:
    """Whether an interval leaves zero.

    >>> _mark({"mean": 0.1, "low": 0.05, "high": 0.2}), _mark({"mean": 0.1, "low": -0.1, "high": 0.2})
    ('▲', '')
    """
    return "▲" if over["low"] > 0 else "▼" if over["high"] < 0 else ""
