"""The guided decode: a box that goes through one decode step by step and points at the page's own controls.

Its place is the parameter ``tour`` of the address, from 1: the tree, each level, a forced code, a document missed, the end.
"""

from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.charts import masked
from app.common import address, documents, glossary, state, trying
from app.decode import tour_steps as steps
from app.decode.decoding import Decoded
from engine.builds.opened import Build

TOUR, FIRST, BEAMS = "tour", "1", "10"  # a narrow beam, so that there is something to see cut
BAR = 90  # pixels
# Pixels of the picture, and of two beside each other.
HEIGHT, HEIGHT_OF_TWO = 420, 380
AFTER = 3  # steps after the levels: force, why not, the end


class Place(NamedTuple):
    """Where the tour stands: step ``at`` of ``last``, on a tree of so many levels."""

    at: int
    levels: int

    @property
    def last(self) -> int:
        """The number of steps.

        >>> Place(1, 4).last
        8
        """
        return 1 + self.levels + AFTER

    @property
    def level(self) -> int:
        """Levels that the picture shows at this step: none, one more a step, then all.

        >>> [Place(at, 2).level for at in range(1, 7)]
        [0, 1, 2, 2, 2, 2]
        """
        return min(self.at - 1, self.levels)

    @property
    def name(self) -> str:
        """What the step is about.

        >>> [Place(at, 2).name for at in range(1, 7)]
        ['tree', 'level', 'level', 'force', 'why', 'end']
        """
        after = self.at - 1 - self.levels
        return ("force", "why", "end")[after - 1] if after > 0 else "level" if self.at > 1 else "tree"


def begin(build: Build) -> Place | None:
    """Where the address is on the tour, before anything of the page is drawn; None without a tour.

    A tour that is not told what to ask takes the build's first example, and shows as many levels as its step is about.
    """
    if not state.parameter(TOUR):
        return None
    levels = build.trie.levels
    place = Place(address.number(TOUR, 1, 1, Place(1, levels).last, "steps of the tour"), levels)
    if not state.parameter(state.QUERY) and (queries := trying.queries(build)):
        state.focus(state.QUERY, queries[0])
    if not state.parameter(state.STEP):
        state.focus(state.STEP, str(place.level))
    return place


def height(pictures: int) -> int:
    """Pixels of so many pictures beside each other, so that they stand above the fold below the box."""
    return HEIGHT if pictures == 1 else HEIGHT_OF_TWO


def box() -> DeltaGenerator:
    """Where the tour speaks: above the controls, and in sight while one scrolls."""
    return st.container(border=True, key="tour", gap="xsmall")


def show(place: Place, build: Build, decoded: Decoded, query: str) -> None:
    """Fill the box for a decode."""
    told, points_at, hint = _told(place, build, decoded)
    st.markdown(told)
    st.html(f"<style>.st-key-{points_at} {{ outline: 3px solid #E69F00; outline-offset: 4px; border-radius: 6px; }}</style>")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        back, on = _to(place, -1), _to(place, 1)
        st.button("Back", on_click=_go, args=(back,), disabled=place.at == 1, key="tour-back", icon=":material/arrow_back:")
        if place.name == "end":
            asked = {"query": query, "beams": decoded.asked.beams}
            compare, tree = state.links(**asked), state.links(doc=state.parameter(state.DOCUMENT))
            st.page_link(state.COMPARE, label="Compare it with keyword and vector search", query_params=compare)
            st.page_link(state.TRIE, label="Explore the tree", query_params=tree)
        else:
            _act(place, build, decoded)
            st.button("Next", on_click=_go, args=(on,), type="primary", key="tour-next", icon=":material/arrow_forward:")
        st.button("Leave the tour", on_click=_leave, type="tertiary", key="tour-leave", icon=":material/close:")
        st.caption(f"Step {place.at} of {place.last}", width="content")
        if hint:
            st.caption(f":material/ads_click: {hint}", width="content")
        if place.name == "level" and (words := steps.tell_masked(build, decoded, place.level)):
            share = decoded.trace.steps[place.level - 1].masked_mass
            look: dict[str, Any] = {"width": BAR, "height": masked.HEIGHT, "renderer": "svg", "alt": masked.describe(share)}
            st.echarts_chart(masked.option(share), key="tour-masked", **look)
            st.caption(words, width="content", help=glossary.means("mask"))


def _told(place: Place, build: Build, decoded: Decoded) -> tuple[str, str, str]:
    """What a step says, the key of the control that it points at, and what it says of that."""
    if place.name == "tree":
        return steps.tell_tree(build, decoded), state.QUERY, "The box **Query** says what is looked for; change it at any time."
    if place.name == "level":
        hints = {
            1: (state.BEAMS, "**Beams kept** says how many stay after each level."),
            2: (state.STEP, "**Levels shown**, or the arrow keys, go back and forth through the levels."),
        }
        look = "Click a point of **the picture** to see what lies behind it."
        key, hint = hints.get(place.level, ("beam-picture", look))
        return steps.tell_level(build, decoded, place.level), key, hint
    if place.name == "force":
        where = "**Force** in the panel of any point does the same"
        if decoded.asked.force:
            return steps.tell_forced(build, decoded), "beam-picture", f"{where}."
        branch = steps.to_force(build, decoded)
        told = steps.tell_force(build, branch) if branch else "**What if it had to begin otherwise?** There is no other branch."
        return (
            told,
            "tour-force",
            f"{where}, and **Intervene** takes it back.",
        )
    if place.name == "why":
        if pinned := _pinned(build):
            hint = "Each level stands below, under [Why this one, and why not that one?](#why)"
            return steps.tell_pinned(build, decoded, pinned), "decode-pin", f"{hint}, with the width that would keep it."
        document = steps.to_pin(build, decoded)
        told = (
            steps.tell_why_not(build, decoded, document) if document else "**Why not that one?** Nothing was found to ask after."
        )
        return told, "tour-pin", "The box **Pin a document: how far does it come?** below takes any other."
    told = (
        "**That is one decode:** an identifier, written code by code, among branches that exist. What was kept could go on, what "
        "was cut could not, and that is why documents are found or missed."
    )
    return told, "tour-leave", ""


def _act(place: Place, build: Build, decoded: Decoded) -> None:
    """The button of a step that does something to the page."""
    if place.name == "force":
        branch = steps.to_force(build, decoded)
        if decoded.asked.force:
            st.button("Take it back", on_click=state.focus, args=(state.FORCE, ""), key="tour-free", icon=":material/undo:")
        elif branch:
            forced = (state.FORCE, branch.prefix)
            st.button(f"Force {branch.prefix}", on_click=state.focus, args=forced, key="tour-force", icon=":material/push_pin:")
    if place.name == "why" and not _pinned(build) and (document := steps.to_pin(build, decoded)):
        label = state.plain(f"Pin {documents.title(build, document)}")
        st.button(label, on_click=documents.focus, args=(document,), key="tour-pin", icon=":material/push_pin:")


def _pinned(build: Build) -> str:
    asked = state.parameter(state.DOCUMENT)
    return asked if asked in build.row_of else ""


def _to(place: Place, by: int) -> Place:
    return place._replace(at=min(max(place.at + by, 1), place.last))


def _go(place: Place) -> None:
    """Go to a step: the picture shows its levels, and nothing is forced there."""
    state.focus(TOUR, str(place.at))
    state.focus(state.STEP, str(place.level))
    address.forget((state.NODE, state.FORCE))


def _leave() -> None:
    """The page stays as it is, without the box and what it forced."""
    address.forget((TOUR, state.FORCE))
