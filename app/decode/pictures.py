"""The beam pictures of the Decode page: one, or two side by side on one scale; a click on a node puts its prefix into the URL."""

from collections.abc import Collection, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.charts import beams
from app.common import documents, glossary, resources, scorers, state
from app.decode import decoding, stepper
from app.decode.decoding import Decoded
from engine.builds.opened import Build
from engine.decoding.strategies import STRATEGIES, existing_share
from engine.pictures import beam_points
from engine.pictures.beam_points import KEPT_DRAWN, PRUNED_DRAWN, Point
from engine.pictures.labels import cut
from engine.pictures.shown import text_of

KEYS = ("beam-picture", "second-picture")
HEIGHT, HEIGHT_OF_TWO = 450, 414  # the name of its build stands above each of two
WORDS_SHOWN, TITLE_SHOWN = 12, 28  # letters beside a point, and at the end of a path


def side_by_side(
    build: Build,
    shown: Sequence[Decoded],
    columns: Sequence[DeltaGenerator],
    step: int,
    marked: Collection[int],
    height: int,
    beside: int = 0,
) -> list[list[Point]]:
    """Draw them, a column each; returns the points of each. ``beside`` is the rows of a picture of another build beside them."""
    drawn = [beam_points.points(one.trace, build.trie, build.names, step, marked) for one in shown]
    rows = max(beside, deepest(*drawn))
    for one, points, column, key in zip(shown, drawn, columns, KEYS, strict=False):
        with column:
            if len(shown) > 1:
                st.text(decoding.named(one.asked))
            draw(build, one, points, rows, key, height, narrow=len(shown) > 1 or beside > 0)
    return drawn


def deepest(*drawn: Sequence[Point]) -> int:
    """Rows that pictures of these points take."""
    return max((point.drawn_at for points in drawn for point in points), default=0)


def legend(build: Build, shown: Sequence[Decoded], pinned: bool, encode_ms: float) -> str:
    """How the pictures are to be read: the strategy, the colours, what a total is, what a mask is, how sure the first decode is;
    Markdown.

    Raises
    ------
    TriescopeError
        A trained scorer is damaged.
    """
    asked = shown[0].asked
    used = dict.fromkeys(one.asked.scorer for one in shown)
    masks = any(scorers.masks(build, name) for name in used)
    return (
        f"**{asked.strategy}:** {STRATEGIES[asked.strategy].summary} Kept is blue, cut is grey (the {PRUNED_DRAWN} nearest "
        f"drawn), the best path is orange{', the pinned document green' if pinned else ''}. "
        f"{' '.join(scorers.says(build, name) for name in used)} "
        "A line's width is the probability of the code among its siblings. "
        + (f"{glossary.means('mask')} " if masks else "Only codes that exist are weighed. ")
        + f"{resources.encoding_told(encode_ms)} "
        f"The best path holds {shown[0].trace.confidence:.0%} of the probability, whatever the width."
    )


def draw(build: Build, shown: Decoded, drawn: list[Point], rows: int, key: str, height: int, narrow: bool) -> None:
    """One picture, and what it cost; its nodes can be clicked where it is one of :data:`KEYS`."""
    st.session_state[f"{key}-nodes"] = [point.prefix for point in drawn]
    unit = scorers.unit(build, shown.asked.scorer)
    picture = beams.player if stepper.playing() else beams.option
    st.echarts_chart(
        picture(shown.trace, drawn, words(build, drawn, narrow), rows, unit, state.parameter(state.NODE)),
        height=height,
        key=key,
        on_select=partial(_clicked, key) if key in KEYS else "ignore",
        renderer="svg",
        alt=beams.describe(shown.trace, drawn),
    )
    told = (
        f"Finds {shown.found} of the exact first {shown.possible}; {shown.trace.scored:,} nodes scored, {shown.trace.ms:.2f} ms."
    )
    if shown.asked.strategy == "unconstrained":
        told += f" {existing_share(shown.trace):.0%} of its outputs are identifiers of a document; pink ones are not."
    most = max((len(one.kept.node) for one in shown.trace.steps), default=0)
    if most > KEPT_DRAWN:
        told += f" Drawn are the first {KEPT_DRAWN} of up to {most:,} kept; the others stand below them as one."
    st.caption(told)


def _clicked(key: str) -> None:
    """Open the node that was clicked; clicked a second time, ECharts lets go of it, and tells no index."""
    index, last = state.clicked_index(st.session_state[key]), st.session_state.pop(f"{key}-last", None)
    known = st.session_state.get(f"{key}-nodes", [])
    at = last if index is None else index
    if at is None or at >= len(known):
        return
    if index is not None:
        st.session_state[f"{key}-last"] = index
    state.focus(state.NODE, known[at])


def words(build: Build, drawn: Sequence[Point], narrow: bool) -> dict[int, str]:
    """What stands beside the points of the picture: the words of a prefix, the title at the end of a path, as far as there is
    room; in a ``narrow`` picture the titles alone."""
    found = {}
    last = max(point.step for point in drawn)
    for place, point in enumerate(drawn):
        if not point.prefix or point.state in ("pruned", "absent") or point.rank > KEPT_DRAWN:
            continue
        if point.step == last or not narrow:
            text = text_of(build.trie, point, last, lambda row: documents.title_of(build.corpus.documents[row]))
            found[place] = cut(text, TITLE_SHOWN if point.step == last else WORDS_SHOWN)
    return found
