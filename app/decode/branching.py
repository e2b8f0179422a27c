"""Going back to a step of a decode: another code there, and both futures beside each other, with what they share.

The prefix that is branched at is a parameter of the address; its step is its length.
"""

import streamlit as st

from app.common import address, glossary, state
from app.decode import decoding
from app.decode.decoding import Decoded
from engine.builds.opened import Build
from engine.builds.results import branched_at
from engine.decoding.branching import BRANCHING
from engine.errors import TriescopeError
from engine.pictures.beam_points import Point


def asked_for() -> str:
    """The prefix that the address branches at, empty for none."""
    return state.parameter(state.BRANCH).strip()


def beside(build: Build, query: str, decoded: Decoded) -> Decoded | None:
    """The branch that the address asks for; None without one, and, said, where there can be none."""
    if not (prefix := asked_for()):
        return None
    if decoded.asked.strategy not in BRANCHING:
        address.say(state.BRANCH, "The address branches, and a branch goes on by beam search; this is another strategy.")
        return None
    try:
        return decoding.branched(build, query, decoded, prefix)
    except TriescopeError:
        told = "The address branches at a prefix that was no candidate of its step; this is the decode without a branch."
        address.say(state.BRANCH, told)
        return None


def offer(decoded: Decoded, point: Point) -> None:
    """The button of a node that goes back to its step and takes it there; none where it leads anyway, or nothing can branch."""
    codes = point.prefix.count("-") + 1
    possible = decoded.asked.strategy in BRANCHING and not decoded.asked.branch and codes == point.step
    if possible and point.state in ("kept", "pruned") and point.prefix != asked_for():
        st.button(
            "Branch here",
            on_click=state.focus,
            args=(state.BRANCH, point.prefix),
            icon=":material/alt_route:",
            key="branch-node",
            help=glossary.means("branch here"),
        )


def chip(branch: Decoded) -> None:
    """What was branched at, to be taken away, and how the two pictures are to be read."""
    prefix = branch.asked.branch
    step = prefix.count("-") + 1
    with st.container(horizontal=True, vertical_alignment="center"):
        label = state.plain(branched_at(prefix).capitalize())
        st.button(label, key="unbranch", on_click=state.focus, args=(state.BRANCH, ""), icon=":material/close:")
        shared = "No step is shared" if step == 1 else "Step 1 is shared" if step == 2 else f"Steps 1 to {step - 1} are shared"
        st.caption(
            f"{shared}. Left is the decode as it was; right, {state.plain(prefix)} alone is kept at step {step}, and decoding "
            "goes on from it.",
            width="stretch",
        )
