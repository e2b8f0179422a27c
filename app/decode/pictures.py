"""The beam pictures of the Decode page: one, or two side by side on one scale; a click on a node puts its prefix into the URL."""

from collections.abc import Collection, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.charts import beam_points, beams
from app.charts.beam_points import Point
from app.common import scorers, state
from app.decode import decoding, stepper
from app.decode.decoding import Decoded
from engine.builds.opened import Build
from engine.decoding.strategies import existing_share

KEYS = ("beam-picture", "second-picture")
HEIGHT = 450


def side_by_side(
    build: Build, shown: Sequence[Decoded], columns: Sequence[DeltaGenerator], step: int, marked: Collection[int]
) -> list[Point]:
    """Draw them, a column each; returns the points of the first."""
    drawn = [beam_points.points(one.trace, build.trie, build.names, step, marked) for one in shown]
    rows = max(point.drawn_at for points in drawn for point in points)
    for one, points, column, key in zip(shown, drawn, columns, KEYS, strict=False):
        with column:
            if len(shown) > 1:
                st.text(decoding.named(one.asked))
            _draw(build, one, points, rows, key, narrow=len(shown) > 1)
    return drawn[0]


def _draw(build: Build, shown: Decoded, drawn: list[Point], rows: int, key: str, narrow: bool) -> None:
    st.session_state[f"{key}-nodes"] = [point.prefix for point in drawn]
    picture = beams.player if stepper.playing() else beams.option
    st.echarts_chart(
        picture(shown.trace, drawn, decoding.words(build, drawn, narrow), rows, scorers.unit(build, shown.asked.scorer)),
        height=HEIGHT,
        key=key,
        on_select=partial(_clicked, key),
        renderer="svg",
        alt=beams.describe(shown.trace, drawn),
    )
    told = (
        f"Finds {shown.found} of the exact first {shown.possible}; {shown.trace.scored:,} nodes scored, {shown.trace.ms:.2f} ms."
    )
    if shown.asked.strategy == "unconstrained":
        told += f" {existing_share(shown.trace):.0%} of its outputs are identifiers of a document; pink ones are not."
    most = max((len(one.kept.node) for one in shown.trace.steps), default=0)
    if most > beam_points.KEPT_DRAWN:
        told += f" Drawn are the first {beam_points.KEPT_DRAWN} of up to {most:,} kept; the others stand below them as one."
    st.caption(told)


def _clicked(key: str) -> None:
    index = state.clicked_index(st.session_state[key])
    known = st.session_state.get(f"{key}-nodes", [])
    if index is not None and index < len(known):
        state.focus(state.NODE, known[index])
