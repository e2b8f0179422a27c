"""What the lists of Compare share, pair by pair: how many documents, how near the top, and in which order."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import pandas as pd
import streamlit as st

from app.compare.comparing import short
from engine.builds.hits import Hit
from engine.evaluation.similarity import PERSISTENCE, similarity
from engine.pictures.labels import cut

# Letters of a name; with settings in it one is long.
LONGEST = 18


def show(results: Mapping[str, Sequence[Hit]], k: int) -> None:
    """Draw the table."""
    rbo = f"Rank-biased overlap, p {PERSISTENCE}, extrapolated: 1 for equal lists, what stands higher weighs more."
    tau = "Kendall's tau of the order of the shared documents: 1 the same, -1 the reverse; none with fewer than two."
    config = {
        "RBO": st.column_config.NumberColumn(help=rbo, format="%.2f", width=60),
        "Tau": st.column_config.NumberColumn(help=tau, format="%.2f", width=60),
    }
    if len(results) < 2:
        st.caption("One list alone has no pair.")
        return
    st.dataframe(table(results, k), hide_index=True, column_config=config)


def table(results: Mapping[str, Sequence[Hit]], k: int) -> pd.DataFrame:
    """A row a pair of lists, in their order."""
    rows = []
    for first, second in combinations(results, 2):
        found = similarity(*([hit.id for hit in results[name]] for name in (first, second)))
        moved = f"{found.up} · {found.down} · {found.shared - found.up - found.down}"
        alike = {f"Shared of {k}": found.shared, "RBO": found.rbo, "Tau": found.tau}
        rows.append(
            {"Pair": " → ".join(cut(short(name), LONGEST) for name in (first, second))} | alike | {"Up · down · same": moved}
        )
    return pd.DataFrame(rows)
