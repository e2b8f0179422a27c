"""Which scorer decodes: the field that chooses it, and what is to be said of it."""

import streamlit as st

from app.common import address, glossary, state
from engine.builds import runs
from engine.builds.opened import Build
from engine.builds.trained import Run
from engine.scorers.kinds import kind

CENTROID_SAYS = glossary.means("centroid scorer")


def choose(build: Build) -> str:
    """The field; empty, and no field, while there is only the centroid scorer."""
    names = build.scorer_names
    chosen = address.one_of(state.SCORER, names, build.default_scorer, "scorer")
    if len(names) == 1:
        return ""
    return st.selectbox(
        "Scorer",
        names,
        help=glossary.means("scorer") + " Trained ones come from the Train page.",
        **address.own(state.SCORER, chosen, (state.NODE,)),
    )


def says(build: Build, name: str) -> str:
    """What a total means under a scorer, as Markdown; the default scorer unless one is named.

    Raises
    ------
    TriescopeError
        The run is damaged.
    """
    name = name or build.default_scorer
    if name == runs.CENTROID:
        return CENTROID_SAYS
    run = runs.read(build.folder, name)
    known = kind(run.scorer)
    if _ranks_by_the_node(run):
        return (
            f"The total is the node score of {state.plain(name)}, a trained scorer of kind {state.plain(known.name)}: "
            "20 × adapted query · vector of the node + its bias. "
            f" {state.plain(known.summary)}"
        )
    return (
        f"The total is that of {state.plain(name)}, a trained scorer of kind {state.plain(known.name)}: the log-probabilities of "
        f"the codes added up along the path, in nats. {state.plain(known.summary)}"
    )


def unit(build: Build, name: str) -> str:
    """Unit of a total under a scorer: nats where log-probabilities are added up, none where a node has a score of its own.

    Raises
    ------
    TriescopeError
        The run is damaged.
    """
    name = name or build.default_scorer
    return "" if name == runs.CENTROID or _ranks_by_the_node(runs.read(build.folder, name)) else "nats"


def _ranks_by_the_node(run: Run) -> bool:
    """A scorer trained against the whole level compares nodes across the tree, so the beam ranks by the node's own score."""
    return run.settings.get("softmax") in ("level", "beam")


def masks(build: Build, name: str) -> bool:
    """Whether a scorer can spend probability on codes that no document has; others only weigh the codes that exist."""
    return build.scorer(name).abilities.dense
