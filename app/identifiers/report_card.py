"""A report card on the screen: figures with their verdicts, and remedies to press."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from app.common import state
from app.identifiers import scheme_form
from engine.builds.card import health
from engine.builds.opened import Build
from engine.health.behaviour import BEAMS, Part, Together
from engine.health.card import Card, JudgedFigure, JudgedLevel
from engine.health.resolver_costs import Cost
from engine.recommending import on_disk
from engine.recommending.probed import Probed, probed

# Up to so many documents the open build is judged unasked.
JUDGED_AT_ONCE = 20_000
FIGURES = {"figure": "Figure", "value": "Value", "verdict": "Verdict", "rule": "Rule", "remedy": "Remedy"}
LEVELS = {
    "level": "Level",
    "codes": "Codes",
    "used": "Used",
    "dead": "Dead",
    "perplexity": "Perplexity",
    "entropy_ratio": "Entropy / log K",
    "gini": "Gini",
    "largest_share": "Largest share",
    "verdict": "Verdict",
}
COSTS = {
    "resolver": "Collisions",
    "levels": "Levels",
    "moved": "Documents moved",
    "cosine": "Cosine to its codes",
    "squared_error": "Squared error",
}
TOGETHER = {"depth": "First codes", "pairs": "Pairs", "share": "In common", "chance": "By chance"}
PARTS = {
    "name": "Items",
    "items": "Number",
    "interactions": "Interactions",
    "alone": "Alone with their codes",
    "evenness": "Evenness of the first code",
}
_SHARE, _THREE = st.column_config.NumberColumn(format="percent"), st.column_config.NumberColumn(format="%.3f")
FORMATS = {
    "Perplexity": _THREE,
    "Perplexity given the prefix": _THREE,
    "Entropy / log K": _THREE,
    "Gini": _THREE,
    "Largest share": _SHARE,
    "Documents moved": _SHARE,
    "Cosine to its codes": _THREE,
    "Squared error": _THREE,
    "In common": _SHARE,
    "By chance": _SHARE,
    "Alone with their codes": _SHARE,
    "Evenness of the first code": _SHARE,
}
MARKS = {"broken": ":red[:material/error:]", "watch": ":orange[:material/visibility:]"}


def card_of(build: Build) -> Card:
    """The report card of a build, made once."""
    return _card(str(build.folder), build.version, build)


@st.cache_data(max_entries=16, show_spinner="Judging the identifiers")
def _card(folder: str, created: str, _build: Build) -> Card:
    return health(_build)


def show(card: Card, owner: str) -> None:
    """Draw a card; ``owner`` tells its buttons from those of other cards on the page.

    Where its rows know what to press, a press fills the form of :mod:`app.identifiers.scheme_form`.
    """
    rows: list[JudgedLevel | JudgedFigure] = [*card.levels, *card.verdicts]
    for place, row in enumerate(rows):
        if not row.remedy:
            continue
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"{MARKS.get(row.verdict or '', '')} {state.plain(row.remedy)}", width="stretch", help=state.plain(row.rule)
            )
            if row.press:
                st.button(
                    "Try it",
                    icon=":material/build:",
                    key=f"press-{owner}-{place}",
                    on_click=scheme_form.fill,
                    args=(row.press,),
                    help=f"Fills the form of other identifiers with {state.plain(row.press.flags())}; nothing is built yet.",
                )
    figures = _table(card.verdicts, FIGURES)
    figures["Figure"] = [row.figure.replace("_", " ") for row in card.verdicts]
    st.dataframe(figures, hide_index=True)
    levels = _table(card.levels, LEVELS)
    levels.insert(6, "Perplexity given the prefix", [row.given_prefix.perplexity for row in card.levels])
    st.dataframe(levels, hide_index=True, column_config=FORMATS)


@st.cache_data(max_entries=16, show_spinner=False)
def _probed(folder: str, created: str, joined: str, _build: Build) -> Probed:
    return probed(_build)


def _probes(build: Build) -> None:
    """What the tree costs, and what its prefixes say of who took what."""
    found = _probed(str(build.folder), build.version, on_disk.stamp(on_disk.as_made(build).folder), build)
    of = found.structure
    st.caption(
        f"The tree has {of.nodes:,} nodes over {of.levels} levels and {of.codes:,} codes in all; a search of {BEAMS} beams "
        f"scores {of.scored:,} of them."
    )
    if found.together:
        st.caption("Items taken one after another, by how many codes they have in common; by chance: any two, drawn as often.")
        st.dataframe(_table(found.together, TOGETHER), hide_index=True, column_config=FORMATS)
        st.caption("Head, middle and tail have a third of the interactions each; the tail has what nobody took too.")
        st.dataframe(_table(found.parts, PARTS), hide_index=True, column_config=FORMATS)


def _table(rows: Sequence[JudgedLevel | JudgedFigure | Cost | Together | Part], columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame([{title: getattr(row, name) for name, title in columns.items()} for row in rows])


def of_open_build(build: Build) -> None:
    """The verdict on the open build's own identifiers, its card, and the way to its tree and its codes."""
    known = build.manifest.identifiers
    codes = " × ".join(map(str, known.vocabulary))
    with st.container(horizontal=True):
        st.page_link(state.TRIE, label="Explore its tree", icon=":material/account_tree:", query_params=state.links())
        st.page_link(state.CODEBOOKS, label="Look at its codes", icon=":material/grid_on:", query_params=state.links())
    if len(build.corpus.documents) > JUDGED_AT_ONCE and not st.toggle("Judge the identifiers of this build", key="judge"):
        return
    card = card_of(build)
    with st.expander(f"Report card of {state.plain(known.scheme)} {codes}: {card.verdict}", icon=":material/health_and_safety:"):
        show(card, "open")
        if card.resolvers:
            st.caption("What each way to resolve collisions would cost: documents moved, cosine to the sum of their codes.")
            st.dataframe(_table(card.resolvers, COSTS), hide_index=True, column_config=FORMATS)
        _probes(build)
