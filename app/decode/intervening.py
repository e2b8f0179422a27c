"""What is done to a decoder by hand: filter, temperature, options of the strategy, prefixes forced and banned; and what is set
beside it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from app.common import address, filtering, glossary, looking_up, state, turns
from app.common.fields import field
from app.decode.decoding import BESIDE, NOTHING, SAME_WITH, SEED, STRATEGY, TEMPERATURE, Asked, view
from engine.builds.opened import Build
from engine.decoding.strategies import STRATEGIES
from engine.errors import TriescopeError


def banned() -> tuple[str, ...]:
    """Prefixes that the URL bans."""
    return tuple(dict.fromkeys(prefix for prefix in state.parameter(state.BAN).split(",") if prefix))


def ban(prefix: str) -> None:
    """Add a prefix to those banned."""
    state.focus(state.BAN, ",".join(dict.fromkeys((*banned(), prefix))))


def allow(prefix: str) -> None:
    """Take a prefix off those banned."""
    state.focus(state.BAN, ",".join(other for other in banned() if other != prefix))


def reset() -> None:
    """Take every intervention back."""
    for name in (state.FORCE, state.BAN, state.TURN):
        state.focus(name, "")
    filtering.clear()
    st.session_state[TEMPERATURE] = 1.0
    st.session_state[looking_up.KEY] = False


def refused(build: Build) -> str:
    """Why the filter, the forced prefix or those banned cannot be used; empty where they can."""
    try:
        view(build, filtering.asked(), state.parameter(state.FORCE), banned())
    except TriescopeError as error:
        return str(error)
    return ""


def say_refused(told: str) -> None:
    """What cannot be used, with a button for each that takes it out."""
    st.error(f"{state.plain(told)}. The picture is that without it.", icon=":material/error:")
    with st.container(horizontal=True):
        if filtering.asked():
            filtering.out()
        if state.parameter(state.FORCE):
            st.button("Force nothing", on_click=state.focus, args=(state.FORCE, ""), icon=":material/close:")
        if banned():
            st.button("Ban nothing", on_click=state.focus, args=(state.BAN, ""), icon=":material/close:")


def controls(build: Build, beams: int, scorer: str, held: str = "") -> tuple[Asked, str]:
    """The row that intervenes: filter, temperature, seed, options of the strategy, forced and banned prefixes.

    Returns what is asked, and what to show beside it: a strategy, :data:`SAME_WITH` and a scorer, or :data:`NOTHING`.
    ``held`` says what stands there already.
    """
    strategy = str(st.session_state.get(STRATEGY, "beam"))
    settings: dict[str, Any] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        allowed = filtering.box(build)
        filtering.values(build)
        looks = looking_up.switch()
        address.within(TEMPERATURE, 0.1, 10, "temperature")
        temperature = st.number_input(
            "Temperature",
            0.1,
            10.0,
            1.0,
            0.1,
            key=TEMPERATURE,
            bind="query-params",
            width=130,
            help=glossary.means("temperature"),
        )
        seed = 0
        if strategy == "sample":
            tied = address.within(SEED, 0, 1 << 30, "seed")
            seed = st.number_input("Seed", 0, 1 << 30, 0, key=SEED, bind=tied, width=130)
        for option in STRATEGIES[strategy].options:
            settings[option.name] = field(strategy, option, bind="query-params")
        off = ":material/close:"
        if force := state.parameter(state.FORCE):
            label = state.plain(f"Forced {force}")
            st.button(label, key="unforce", on_click=state.focus, args=(state.FORCE, ""), icon=off)
        for prefix in banned()[:20]:
            st.button(state.plain(f"Banned {prefix}"), key=f"allow-{prefix}", on_click=allow, args=(prefix,), icon=off)
        if force or banned() or allowed or turns.raw() or looks or temperature != 1:
            st.button("Take all back", type="tertiary", icon=":material/undo:", on_click=reset, key="reset")
        others = [NOTHING, *(name for name in STRATEGIES if name != strategy)]
        others[1:1] = [SAME_WITH + name for name in build.scorer_names if scorer and name != scorer]
        beside_it = address.one_of(BESIDE, others, NOTHING, "decode beside it")
        held = held or ("A branch stands beside it." if state.parameter(state.BRANCH) else "")
        kept = address.own(BESIDE, beside_it)
        other = st.selectbox("Beside it", others, width=230, disabled=bool(held), help=held or None, **kept)
    return Asked(
        strategy, beams, float(temperature), int(seed), settings, allowed, force, banned(), scorer, turns=turns.raw()
    ), NOTHING if held else other


def looked_up(build: Build, query: str, asked: Asked) -> tuple[str, Asked, Callable[[], None]]:
    """The rest of a query, what is asked once what it names is looked up too, and what says how much passes and what was read."""
    rest, used, read = looking_up.applied(build, query, asked.filter)

    def told() -> None:
        filtering.told(build, asked.filter)
        looking_up.told(read)

    return rest, replace(asked, filter=used), told
