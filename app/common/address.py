"""The question that an address asks: read and checked, said where it cannot be used, carried to the next page, pinned in a link.

Streamlit can tie a widget to a parameter of the address, and drops what it cannot use without a word; it also forgets a parameter
that a page of another name is tied to. So what is asked (build, query, filter, scorer, beams, document, step) is the address's
own: the widget shows what the address says, and writes there what a person chooses.
"""

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.common import glossary, state
from engine.builds import runs
from engine.builds.opened import Build
from engine.decoding import DEFAULT_BEAMS

# The same question on every page, unless the link that led there asks another one.
CARRIED = (state.BUILD, state.QUERY, state.FILTER, state.SCORER, state.BEAMS, state.DOCUMENT, state.B)
# They belong to one decode, and mean nothing for another query or build.
OF_ONE_DECODE = (state.STEP, state.NODE, state.FORCE, state.BAN, state.BRANCH, state.TURN)
OF_ONE_BUILD = (*OF_ONE_DECODE, state.SCORER, state.DOCUMENT, state.PREFIX, state.CODE, state.RUN, state.COLUMNS, state.STAMP)
LEFT, CAME = "page-left", "page-came"


def arrive(page: str) -> None:
    """Before a page is drawn: what its address does not say is what was asked on the page before, unless Back led here."""
    before, asked = st.session_state.get(LEFT, (page, {}))
    st.session_state[CAME] = before != page
    context = get_script_run_ctx()
    if before == page or (context is not None and context.is_history_navigation):
        return
    if state.parameter(state.BUILD) not in ("", asked.get(state.BUILD, "")):
        return
    for name, value in asked.items():
        if value and not state.parameter(name):
            st.query_params[name] = value


def leave(page: str) -> None:
    """After a page is drawn: remember what it was asked."""
    st.session_state[LEFT] = (page, {name: state.parameter(name) for name in CARRIED})


def own(name: str, value: Any, drop: Sequence[str] = ()) -> dict[str, Any]:
    """Key and callback of a widget for a parameter of the address, which says ``value`` now.

    What a person chooses is put into the address, and the parameters ``drop`` are taken out of it.
    """
    # A widget of the same key on the page before has the value already; the new one has to be told, or it is drawn empty.
    if st.session_state.get(CAME) or name not in st.session_state or st.session_state[name] != value:
        st.session_state[name] = value
    # What is set here goes to the browser with this run alone. A person who is quicker than the browser, which may not have drawn
    # the widget yet, begins another run, and the widget would be drawn with its first option, which then counts as chosen: the
    # films, where the link said another build. What persists is told again until the browser has it.
    return {"key": name, "on_change": _keep, "args": (name, tuple(drop)), "persist_state": "session"}


def _keep(name: str, drop: Sequence[str]) -> None:
    chosen = st.session_state[name]
    if isinstance(chosen, list):
        st.query_params[name] = chosen or ""  # emptied is not the same as never chosen
    else:
        state.focus(name, "" if chosen is None else str(chosen).strip())
    forget(drop)


def forget(names: Sequence[str]) -> None:
    """Take parameters out of the address."""
    for name in names:
        state.focus(name, "")


def say(name: str, told: str) -> None:
    """Say that a parameter of the address cannot be used, with a button that takes it out.

    What the address gives is not repeated: whoever made the link would put words into our mouth.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(state.plain(told), icon=":material/link_off:", width="stretch")
        st.button("Take it out of the address", key=f"remove-{name}", on_click=state.focus, args=(name, ""), type="tertiary")


def one_of(name: str, known: Collection[str], usual: str, what: str) -> str:
    """A parameter that names one of ``known``; ``usual`` where it is absent, and, said, where there is no such thing."""
    asked = state.parameter(name)
    if asked and asked not in known:
        say(name, f"The address asks for {_one(what)} that is not there; this is {usual}.")
    return asked if asked in known else usual


def _one(what: str) -> str:
    """A thing with its article.

    >>> _one("build"), _one("evaluation")
    ('a build', 'an evaluation')
    """
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}"


def number(name: str, usual: int, low: int, high: int, what: str) -> int:
    """A whole number of the address; said where it is none, or out of range, and then the nearest that can be used."""
    asked = state.parameter(name).strip()
    if not asked:
        return usual
    if not (asked.isascii() and asked.removeprefix("-").isdigit() and len(asked) < 10):
        say(name, f"The address does not give the {what} as a whole number; {usual:,} are used.")
        return usual
    if not low <= int(asked) <= high:
        nearest = min(max(int(asked), low), high)
        say(name, f"The address asks for {int(asked):,} {what}; {low:,} to {high:,} can be had, and {nearest:,} are used.")
        return nearest
    return int(asked)


def known(name: str, options: Collection[Any], what: str) -> None:
    """Say which values of a parameter that a widget is tied to are none of its options: Streamlit drops them in silence."""
    there = {str(option) for option in options}
    if any(value not in there for value in st.query_params.get_all(name)):
        st.warning(f"The address asks for a {what} that cannot be had: it is left out.", icon=":material/link_off:")


def within(name: str, low: float, high: float, what: str) -> Literal["query-params"] | None:
    """Say it where a parameter that a widget is tied to is no number of its range: Streamlit replaces it in silence.

    Returns how the widget is to be tied: not at all for the moment where the number is infinite, which breaks a field of whole
    numbers; the parameter is taken out then.
    """
    if not (asked := state.parameter(name)):
        return "query-params"
    try:
        fits, infinite = low <= float(asked) <= high, math.isinf(float(asked))
    except ValueError:
        fits, infinite = False, False
    if not fits:
        told = f"What the address gives as the {what} is not from {low:g} to {high:g}, so it is replaced."
        st.warning(told, icon=":material/link_off:")
    if infinite:
        forget([name])
        return None
    return "query-params"


def widest(build: Build) -> int:
    """The most beams that make a difference: as many as there are identifiers."""
    return max(len(build.trie.documents), DEFAULT_BEAMS)


def beams(build: Build) -> int:
    """Beams that the address asks for."""
    return number(state.BEAMS, DEFAULT_BEAMS, 1, widest(build), "beams")


def choose_beams(build: Build, narrow: bool = False, known: int = 0) -> int:
    """The control of the width: about five steps to a power of ten, up to as many beams as the catalogue has identifiers.

    ``narrow`` is for a strategy that keeps one path, whatever is asked; ``known`` what the address says, where that was read
    before: what is wrong of it is said once.
    """
    now, most = known or beams(build), widest(build)
    steps = {unit * 10**power for power in range(len(str(most))) for unit in (1, 2, 3, 5, 7)}
    return int(
        st.select_slider(
            "Beams kept",
            sorted({width for width in steps if width < most} | {most, now}),
            disabled=narrow,
            format_func=lambda width: f"{width:,}",
            help=glossary.means("beam width"),
            **own(state.BEAMS, now, (state.NODE,)),
        )
    )


def stamp(build: Build, scorers: Sequence[str]) -> str:
    """What a pinned link remembers of a build and of the scorers that decode: a hash of their files' hashes."""
    held = sorted(f"{name} {known.sha256}" for name, known in build.manifest.files.items())
    held += [runs.stamp(build.folder, name) for name in scorers]
    return hashlib.sha256("\n".join(held).encode()).hexdigest()[:12]


def check_stamp(build: Build, scorers: Sequence[str]) -> None:
    """Say it where a pinned link was made when the build or a scorer was another one."""
    asked = state.parameter(state.STAMP)
    if asked and asked != stamp(build, scorers):
        told = f"This link was made when {build.folder.name} or its scorer held something else: its lists may have differed."
        say(state.STAMP, told)


def offer_link(build: Build, scorers: Sequence[str], pinned: Mapping[str, Any]) -> None:
    """A button with the address that shows the same on another day: whatever the lists depend on stands in it, default or not."""
    now = {name: st.query_params.get_all(name) for name in st.query_params}
    asked = now | {state.BUILD: build.folder.name, state.STAMP: stamp(build, scorers)} | dict(pinned)
    query = urlencode({name: value for name, value in asked.items() if value not in ("", None, [])}, doseq=True)
    with st.popover("Copy link", icon=":material/link:"):
        st.caption(
            "It pins the build, the scorer, the width and whatever else these lists depend on, also what is the default now."
        )
        st.code(f"{st.context.url or ''}?{query}", language=None, wrap_lines=True)
