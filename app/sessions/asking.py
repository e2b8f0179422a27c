"""Who is asked what comes next: the recommenders of a build, opened once for all sessions, and their lists."""

import streamlit as st

from app.common import address, state
from app.sessions.history import Session
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.recommending import asked, kinds, on_disk, slates
from engine.recommending.asked import Next
from engine.recommending.kinds import MODELS, Opened
from engine.recommending.slates import Slate

MODELS_ASKED = "models"
WATCHED = "watched"
SLATE = "slate"
SLATES = {
    "": "as ranked",
    "quota=3": "at most 3 of a branch",
    "quota=1": "one of a branch",
    "mmr=0.7": "unlike those above, .7",
    "mmr=0.5": "unlike those above, .5",
    "rare=0.1": "rarer ones first, .1",
    "rare=0.3": "rarer ones first, .3",
}
# Items up to which even the slow ones are made within seconds.
QUICK = 2_000


def as_made(build: Build) -> Build:
    """The build as it was made; that is said where documents have come or gone since."""
    found = on_disk.as_made(build)
    if found is not build:
        st.caption(
            "Documents have come or gone since this build was made; what comes next is told of those that it was made of. "
            "`python -m engine compact` folds them in; then the interactions are to be joined again."
        )
    return found


def opened(build: Build, beams: int) -> Opened:
    """The recommenders of a build, opened again when other interactions are joined or a model is trained."""
    trained = ",".join(kinds.trained(build.folder))
    found = _opened(str(build.folder), build.manifest.created, on_disk.stamp(build.folder), trained, build)
    found.beams = beams
    return found


@st.cache_resource(max_entries=3, show_spinner="Opening what was taken")
def _opened(folder: str, created: str, stamp: str, trained: str, _build: Build) -> Opened:
    return Opened(_build)


def choose(build: Build) -> list[str]:
    """The recommenders that are set beside each other."""
    # A page does not wait for minutes, each time that the server is started.
    slow = [name for name in kinds.there(build) if name in MODELS and MODELS[name].long and len(build.embeddings) > QUICK]
    there = [name for name in kinds.there(build) if name not in slow]
    usual = kinds.usual(build)
    wanted = st.query_params.get_all(MODELS_ASKED)
    if unknown := [name for name in wanted if name not in there]:
        address.say(MODELS_ASKED, f"{len(unknown)} of the recommenders that the address names are not there.")
    now = [name for name in wanted if name in there] or usual
    return st.multiselect(
        "Recommenders",
        there,
        help="\n".join(
            [
                *(f"- **{name}**: {MODELS[name].summary}" for name in there if name in MODELS),
                *(f"- **{state.plain(name)}**: trained here." for name in there if name not in MODELS),
                "\nSums of several, like item-item+sasrec, and what takes minutes to make, like ease on a large catalogue, are "
                "measured by the shell: `python -m engine evaluate-next`.",
            ]
        ),
        **address.own(MODELS_ASKED, now),
    )


def watched(build: Build) -> str:
    """Whose decode is drawn."""
    decoding, says = kinds.writers(build), {"counting": "what was taken", "content": "what it reads like"}
    chosen = address.one_of(WATCHED, decoding, decoding[0], "recommender")
    if len(decoding) > 1:
        st.selectbox(
            "Watch",
            decoding,
            format_func=lambda name: f"{name}: {says.get(name, 'trained to write')}",
            **address.own(WATCHED, chosen, (state.NODE,)),
        )
    return chosen


def slate(interactions: bool) -> Slate:
    """How the lists are arranged; rarer ones can only be told where there are interactions."""
    try:
        now = slates.parse(state.parameter(SLATE))
    except TriescopeError:
        address.say(SLATE, "The address asks for an order of lists that there is not. The lists are as they were ranked.")
        now = slates.PLAIN
    if now.rare and not interactions:
        address.say(
            SLATE, "The address asks for rarer ones first, and nobody took anything here. The lists are as they were ranked."
        )
        now = slates.PLAIN
    options = [text for text in dict.fromkeys([*SLATES, now.told()]) if interactions or not slates.parse(text).rare]
    chosen = st.selectbox(
        "Variety",
        options,
        format_func=lambda text: SLATES.get(text, text),
        help="The first hundred of each list in another order: at most so many below one first code before the others come, or "
        "by maximal marginal relevance, where the share is an item's own score and the rest its likeness to those above it; or "
        "with scores divided by that power of how often an item was taken, which shows rarer ones and, where it is high, costs "
        "hits.",
        **address.own(SLATE, now.told()),
    )
    return slates.parse(chosen)


def lists(of: Opened, names: list[str], session: Session, k: int, way: Slate) -> dict[str, list[Next]]:
    """The list of each, best first."""
    found = {}
    for name in names:
        trained = name not in MODELS
        with st.spinner(f"Asking {name}", show_time=True) if trained or MODELS[name].long else st.container():
            found[name] = asked.recommended(of, name, session.asked, k, banned=session.banned, slate=way)
    return found
