"""Which documents each retriever shows at all, on the Evaluate page."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.common import exports

PERCENT = st.column_config.NumberColumn(format="percent")


def show(found: Mapping[str, Any], number: int) -> None:
    """A folded table; nothing where an earlier version kept the evaluation without it."""
    if not found.get("exposure"):
        return
    rows = table(found)
    with st.expander("Which documents are shown at all", icon=":material/visibility:"):
        shares = [name for name in rows.columns if name not in ("Retriever", "Gini")]
        config = dict.fromkeys(shares, PERCENT) | {"Gini": st.column_config.NumberColumn(format="%.2f")}
        st.dataframe(rows, hide_index=True, column_config=config)
        popular = next(iter(found["exposure"].values()))["popular"]
        asked = ", ".join(f"{_queries(of)} {of['documents']:.0%}" for of in popular)
        places = f" Answering: share of the places of documents that answer so many train queries; of documents it is {asked}."
        st.caption(
            "Shown: documents that stand among the first ten of any query. Gini: how unevenly the places are shared out, 0 where "
            f"all have as many. Few queries can show few documents: hold the rows against each other.{places if asked else ''}"
        )
        exports.offer("Shown, CSV", exports.csv(rows), f"evaluation-{number}-shown.csv")


def table(found: Mapping[str, Any]) -> pd.DataFrame:
    """A row a retriever: share of the documents that it shows, Gini, and the share of places by train queries."""
    rows = []
    for name, of in found["exposure"].items():
        popular = {f"Answering {_queries(one)}": one["places"] for one in of["popular"]}
        rows.append({"Retriever": name, "Shown": of["shown"], "Gini": of["gini"]} | popular)
    return pd.DataFrame(rows)


def _queries(one: Mapping[str, Any]) -> str:
    """How many train queries, in words.

    >>> _queries({"low": 0, "high": 0}), _queries({"low": 2, "high": 4})
    ('none', '2-4')
    """
    if not one["high"]:
        return "none"
    return f"{one['low']:,}" if one["low"] == one["high"] else f"{one['low']:,}-{one['high']:,}"
