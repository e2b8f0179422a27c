"""Two trees of one catalogue side by side: a branch chosen in one shows where its documents lie in the other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.charts import linked, tree
from app.charts.window import Cell, window
from app.common import address, state
from app.identifiers import spelling
from engine.builds.opened import Build
from engine.identifiers import SCHEMES
from engine.trie import Trie

# Parameter of the chosen branch: the side it was chosen on and its codes, like "a:3-17".
BRANCH, SIDES = "of", ("a", "b")
DEPTH = 2


def below(trie: Trie, cells: Sequence[Cell], member: np.ndarray) -> np.ndarray:
    """How many of some documents lie below each cell: int64 ``(cells,)``, -1 for a cell that stands for what was left out.

    ``member`` is bool ``(documents,)``.
    """
    before = np.concatenate([[0], np.cumsum(member[trie.documents])])
    node = np.array([cell.node for cell in cells], np.int64)
    return np.where(node < 0, -1, before[trie.doc_stop[node]] - before[trie.doc_start[node]])


def chosen(trees: Sequence[spelling.Tree], cells: Sequence[Sequence[Cell]]) -> tuple[int, Cell] | None:
    """The branch that the address names: its side and its cell; None where it names none, which is said if it meant to."""
    side, _, prefix = state.parameter(BRANCH).partition(":")
    if not side:
        return None
    if side in SIDES:
        place = SIDES.index(side)
        for cell in cells[place]:
            if cell.prefix == prefix and cell.node > 0:
                return place, cell
    address.say(BRANCH, "The address names a branch that is in neither picture; both are shown whole.")
    return None


def show(build: Build, picked: Sequence[str]) -> None:
    """Both pictures, the sentence that joins them, and both as tables."""
    trees = [spelling.tree(build, name) for name in picked]
    cells = [window(found.trie, found.names, 0, DEPTH) for found in trees]
    branch = chosen(trees, cells)
    inside = [None, None] if branch is None else _inside(trees, cells, branch)
    for place, (column, name) in enumerate(zip(st.columns(2, gap="large"), picked, strict=True)):
        with column:
            st.caption(state.plain(SCHEMES[name].summary))
            st.echarts_chart(
                tree.option(cells[place], _shares(cells[place], inside[place])),
                height=520,
                key=f"tree-{SIDES[place]}",
                on_select=lambda place=place: _click(place, cells[place]),
                alt=f"First two levels of {name}: {sum(c.depth == 1 for c in cells[place])} first codes."
                + (f" {told(branch, picked, cells, inside)}" if branch else ""),
            )
    whole = linked.show([f"tree-{side}" for side in SIDES], [found.trie for found in trees], cells, picked)
    if branch is None:
        told_of = "" if whole else f" Only first codes are joined: there are more than {linked.PAIRS:,} pairs of branches."
        st.caption(f"Point at a branch of one tree to see where its documents lie in the other; a click keeps it.{told_of}")
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(state.plain(told(branch, picked, cells, inside)), width="content")
            st.button("Show all", type="tertiary", icon=":material/close:", on_click=state.focus, args=(BRANCH, ""))
    with st.expander("The two trees as tables"):
        for column, name, of, counts in zip(st.columns(2, gap="large"), picked, cells, inside, strict=True):
            column.dataframe(table(of, counts), hide_index=True, height=300, alt=f"Branches of {name}")


def table(cells: Sequence[Cell], inside: np.ndarray | None) -> pd.DataFrame:
    """A row a branch, with how many of the chosen documents it has where some are chosen."""
    rows = pd.DataFrame([(cell.prefix, cell.name, cell.documents) for cell in cells[1:]], columns=["Codes", "Words", "Documents"])
    return rows if inside is None else rows.assign(**{"Of the chosen": [None if n < 0 else int(n) for n in inside[1:]]})


def told(
    branch: tuple[int, Cell], picked: Sequence[str], cells: Sequence[Sequence[Cell]], inside: Sequence[np.ndarray | None]
) -> str:
    """Where the documents of the chosen branch lie in the other tree, in a sentence."""
    side, cell = branch
    counts = inside[1 - side]
    assert counts is not None
    first = [(int(n), other) for n, other in zip(counts, cells[1 - side], strict=True) if other.depth == 1 and n > 0]
    most, where = max(first, key=lambda one: (one[0], -one[1].node), default=(0, None))
    documents = f"{cell.documents:,} documents" if cell.documents != 1 else "one document"
    codes = f"{len(first):,} first codes" if len(first) != 1 else "one first code"
    lie = "lie" if cell.documents != 1 else "lies"
    head = f"The {documents} of {picked[side]} {cell.prefix} ({cell.name}) {lie} below {codes} "
    if where is None:
        return f"{head}of {picked[1 - side]}."
    return f"{head}of {picked[1 - side]}, {most:,} of them below {where.prefix} ({where.name})."


def _inside(trees: Sequence[spelling.Tree], cells: Sequence[Sequence[Cell]], branch: tuple[int, Cell]) -> list[np.ndarray | None]:
    side, cell = branch
    trie = trees[side].trie
    member = np.zeros(1 + max(int(of.trie.documents.max(initial=0)) for of in trees), bool)
    member[trie.documents[trie.doc_start[cell.node] : trie.doc_stop[cell.node]]] = True
    return [below(found.trie, of, member) for found, of in zip(trees, cells, strict=True)]


def _shares(cells: Sequence[Cell], inside: np.ndarray | None) -> dict[str, float] | None:
    """Share of each cell's own documents that are among the chosen, by prefix."""
    if inside is None:
        return None
    return {cell.prefix: max(int(n), 0) / cell.documents for cell, n in zip(cells, inside, strict=True)}


def _click(place: int, cells: list[Cell]) -> None:
    clicked: Any = state.clicked_index(st.session_state[f"tree-{SIDES[place]}"])
    order = tree.preorder(cells)
    if clicked is not None and 0 < clicked <= len(order) and order[clicked - 1].node > 0:
        state.focus(BRANCH, f"{SIDES[place]}:{order[clicked - 1].prefix}")
