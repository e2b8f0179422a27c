"""Another evaluation beside the one that is shown: what changed, query by query."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.common import exports, state
from engine import workspace
from engine.data.figures import told, told_p
from engine.evaluation.beside import Beside, beside, differs
from engine.workspace.evaluations import Kept

NONE = "none"
THREE = st.column_config.NumberColumn(format="%.3f")


def show(kept: Mapping[int, Kept], number: int, found: Mapping[str, Any], measure: str) -> None:
    """A box with the other evaluations, and what changed since the one that is chosen."""
    others = [str(one) for one in kept if one != number]
    if not others:
        return
    st.header("Beside another evaluation")
    names = {str(one): f"{one}: {of.asked['split']} · {of.build} · {of.made}" for one, of in kept.items()}
    other = st.selectbox("Held against", [NONE, *others], format_func=lambda one: names.get(one, "none"), key="against")
    if other == NONE:
        return
    try:
        changed = beside(found, workspace.evaluations.read(int(other)), measure)
    except (KeyError, ValueError, IndexError):  # kept by a version that wrote them otherwise
        st.info("The two were kept by versions that cannot be compared.", icon=":material/rule:")
        return
    now, then = kept[number], kept[int(other)]
    otherwise = differs(now.asked, then.asked) + ([f"build {then.build}, now {now.build}"] if now.build != then.build else [])
    said = f"Evaluation {other}: {'; '.join(otherwise)}." if otherwise else f"Evaluation {other} was asked the same."
    if not changed.changes:
        st.info(state.plain(f"{said} The two share no retriever on the same queries by {measure}."), icon=":material/rule:")
        return
    rows = table(changed)
    st.dataframe(rows, hide_index=True, column_config=dict.fromkeys(("Now", "Before"), THREE))
    alone = f" In one of the two alone: {', '.join(changed.alone)}." if changed.alone else ""
    st.caption(
        state.plain(
            f"{said} On the {changed.queries:,} queries that both have: now less before, with its 95% interval; p of the paired "
            f"randomization test, corrected for {len(rows)} retrievers (Holm).{alone}"
        )
    )
    exports.offer("Changes, CSV", exports.csv(rows), f"evaluation-{number}-{other}.csv")


def table(found: Beside) -> pd.DataFrame:
    """A row a retriever that both have."""
    return pd.DataFrame(
        {
            "Retriever": of.name,
            "Now": of.now,
            "Before": of.before,
            "Difference": told(of.difference, sign=True),
            "p": told_p(of.difference),
        }
        for of in found.changes
    )
