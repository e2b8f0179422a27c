"""Going through a picture without pointing at it: a button for each direction, which Shift and an arrow key press from anywhere.

Where a direction leads is worked out here by pure functions: in the beam picture by rank and step, in the tree by place and
level.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from app.common import state
from engine.pictures.beam_points import Point
from engine.trie import ROOT, Trie

UP, DOWN, LEFT, RIGHT = "Up", "Down", "Left", "Right"
WAYS = (UP, DOWN, LEFT, RIGHT)


def buttons(name: str, leads: Mapping[str, str], told: Mapping[str, str]) -> None:
    """Draw the four; each puts a prefix into the parameter ``name`` of the address. What leads nowhere cannot be pressed.

    Parameters
    ----------
    name : str
        The parameter that says which node is looked at.
    leads : mapping
        Direction -> prefix; the empty prefix is the root.
    told : mapping
        Direction -> what it is called here, as "One rank up".
    """
    st.caption("Next node:", width="content")
    for way in WAYS:
        st.button(
            "",
            key=f"walk-{way.lower()}",
            shortcut=f"Shift+{way}",
            help=told[way],
            disabled=way not in leads,
            on_click=state.focus,
            args=(name, leads.get(way, "")),
        )


def among(points: Sequence[Point], prefix: str) -> dict[str, str]:
    """Where each direction leads from a node of the beam picture; from none, to the point that leads at the last level shown.

    Up and down are the ranks of its step that are drawn one by one, left is what it continues, right the first drawn of what
    continues it.
    """
    # A prefix may stand in several places: kept and cut without a mask, or waiting until longer ones are done. Keys know one.
    first = {point.prefix: point for point in reversed(points) if point.prefix}
    shown = [point for point in points if first.get(point.prefix) is point]
    if not shown:
        return {}
    here = next((point for point in shown if point.prefix == prefix), None)
    if here is None and not prefix:
        last = max(point.step for point in shown)
        best = next((point for point in shown if (point.step, point.state) == (last, "leading")), shown[-1])
        return dict.fromkeys(WAYS, best.prefix)
    codes = prefix.split("-")
    leads: dict[str, str] = {}
    step = here.step if here else len(codes)
    column = [point for point in shown if point.step == step]
    if here:
        at = column.index(here)
        above, below = column[:at][-1:], column[at + 1 :][:1]
    else:
        above, below = column[:1], column[-1:]  # opened by its prefix, and not drawn: to the ends of its column
    leads |= {UP: above[0].prefix} if above else {}
    leads |= {DOWN: below[0].prefix} if below else {}
    leads |= {LEFT: "-".join(codes[:-1])} if len(codes) > 1 else {}
    after = next((point.prefix for point in shown if point.step == step + 1 and point.prefix.startswith(f"{prefix}-")), "")
    return leads | ({RIGHT: after} if after else {})


def around(trie: Trie, node: int) -> dict[str, str]:
    """Where each direction leads from a node of the tree: up and down its level, left to its parent, right to its first child."""

    def spelled(other: int) -> str:
        return "-".join(map(str, trie.prefix(other)))

    leads: dict[str, str] = {}
    if node != ROOT:
        level = int(trie.level_of(np.array([node]))[0])
        first, stop = int(trie.level_start[level]), int(trie.level_start[level + 1])
        leads |= {UP: spelled(node - 1)} if node > first else {}
        leads |= {DOWN: spelled(node + 1)} if node + 1 < stop else {}
        leads |= {LEFT: spelled(int(trie.parent(np.array([node]))[0]))}
    children = trie.children(np.array([node])).node
    return leads | ({RIGHT: spelled(int(children[0]))} if len(children) else {})
