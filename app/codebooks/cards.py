"""The levels of a build's codebooks as cards: how much of each is used."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

# Cards that stand in one row.
ROW = 4


def show(levels: Sequence[Mapping[str, Any]]) -> None:
    """Draw a card a level; ``levels`` as :func:`app.codebooks.codes.level_figures` gives them."""
    cards = st.columns(min(len(levels), ROW))
    for place, figures in enumerate(levels):
        with cards[place % ROW].container(border=True, gap="small"):
            share = f"largest share {figures['largest_share']:.1%}"
            if figures["counts_only"]:
                st.metric(f"Level {figures['level']}, only counts", f"{figures['used']:,}")
                st.caption(f"numbers in use, for documents whose other codes are the same · {share}")
            else:
                st.metric(f"Level {figures['level']}, codes used", f"{figures['used'] / figures['codes']:.0%}")
                dead = f"{figures['dead']:,} of {figures['codes']:,} dead"
                st.caption(f"{dead} · perplexity {figures['perplexity']:,.1f} · {share}")
