"""Why what was decoded is, or is not, the list of vector search."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.common import state
from engine.builds import runs
from engine.builds.opened import Build


def told(build: Build, scorer: str, decoded: Sequence[str], dense: Sequence[str]) -> str:
    """A sentence or two of Markdown about the first documents of a decode, by their ids, and as many of exact vector search.

    The centroid scorer's node score at a leaf is 20 × the cosine of query and document + log 1, so its order is that of dense
    search; only what the beam cut on the way can be missing.
    """
    both = len(set(decoded) & set(dense))
    shared = f"{both} of the first {len(dense)} are shared"
    name = state.plain(scorer)
    if scorer != runs.CENTROID:
        return (
            f"**{name} and dense:** {shared}. {name} was trained to rank by what it learned from queries and their documents, "
            "dense search ranks by the vectors alone."
        )
    if build.passages:
        return (
            f"**{name} and dense:** {shared}. In vector search a document counts as the best of its passages, here it is written "
            "by the mean of them; generative-passages writes the identifiers of passages."
        )
    if not _one_each(str(build.folder), build.version, build):
        return (
            f"**{name} and dense:** {shared}. Documents with one identifier are found together, by the mean of their vectors; "
            "else the list would be dense search's own, up to what the beam cut."
        )
    missing = f"; the beam cut the other {len(dense) - both} on the way" if both < len(dense) else ""
    return (
        f"**{name} and dense:** by construction one list, up to what the beam cuts: at its end an identifier's score is 20 × the "
        f"cosine of query and document. {shared}{missing}."
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _one_each(folder: str, created: str, _build: Build) -> bool:
    """Whether every identifier leads to one document, and every document has one."""
    tree = _build.trie
    leaves = np.flatnonzero(np.diff(tree.first_child) == 0)
    return bool((tree.counts[leaves] == 1).all()) and len(tree.documents) == len(_build.documents)
