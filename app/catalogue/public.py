"""Public sets by name: what they are, under which licence, from where; fetched after a press and never before."""

import streamlit as st

from app.catalogue import building
from app.common import commands, jobs, state
from engine import paths
from engine.builds import names
from engine.data import hub_sets
from engine.data.datasets import DATASETS


def offer() -> None:
    """The sets that have a publisher, and a button that fetches the chosen one and builds it."""
    known = {entry.name: entry for entry in DATASETS.values() if entry.url}
    with st.expander("A public set by name", icon=":material/public:"):
        chosen = st.selectbox("Set", list(known), key="public-set", width=200)
        entry = known[chosen]
        st.markdown(f"{state.plain(entry.summary)} {entry.documents:,} documents, licence: {state.plain(entry.licence)}.")
        packed = "" if entry.made_by else "; packed by BEIR (Thakur et al. 2021)"
        st.caption(state.plain(f"{entry.citation}{packed}."))
        st.code("\n".join([str(entry.url), *entry.more]), language=None)
        held = "a hash that is known here" if entry.known_hash else "the hash of the first time, for its publisher tells none"
        held = "its publisher's hash" if str(entry.known_hash).startswith("md5") else held
        st.caption(
            f"It is fetched once from that address (what breaks off goes on the next time), held to {held} before it is opened, "
            "and kept under the home. Nothing is asked for before the button is pressed; without a network the job says so."
        )
        commands.offer(commands.line(["build", chosen, "--out", str(paths.builds() / chosen)]))
        if entry.interactions:
            st.caption("Who took what comes with it; once it is built, this joins it, for the page Sessions:")
            commands.offer(commands.line(["interactions", chosen, chosen, "--core", "5"]))
        if chosen in names.names():
            st.info("There is a build of this name already.", icon=":material/check:")
        elif st.button(f"Fetch {chosen} and build it", icon=":material/download:", key="public-fetch"):
            st.session_state[building.MADE] = chosen
            jobs.start_build(f"{building.PREFIX}{chosen}", chosen, paths.builds() / chosen)
            st.rerun()
    with st.expander("A set of the Hugging Face hub", icon=":material/hub:"):
        _hub()


def _hub() -> None:
    """A field for a name of the hub, and the button that fetches it."""
    typed = st.text_input(
        "Name",
        key="hub-set",
        placeholder="OWNER/NAME, or OWNER/NAME:PATH for one file of several",
        max_chars=400,
    ).strip()
    if not typed:
        return
    source = f"{hub_sets.PREFIX}{typed.removeprefix(hub_sets.PREFIX)}"
    if not hub_sets.NAME.fullmatch(source):
        st.error("That is no name of a set: write OWNER/NAME, or OWNER/NAME:PATH.", icon=":material/error:")
        return
    out = typed.removeprefix(hub_sets.PREFIX).partition(":")[0].rpartition("/")[2]
    st.caption(
        "One file of it is fetched from huggingface.co, of a kind that is read here; nothing of it is run. Where it has several, "
        "the job names them. Its licence stands on its page there."
    )
    commands.offer(commands.line(["build", source, "--out", str(paths.builds() / out), "--fetch"]))
    if fault := names.fault(out):
        st.error(f"The app could not list this build: {state.plain(fault)}.", icon=":material/error:")
    elif out in names.names():
        st.info("There is a build of this name already.", icon=":material/check:")
    elif st.button(f"Fetch {state.plain(typed)} and build it", icon=":material/download:", key="hub-fetch"):
        st.session_state[building.MADE] = out
        jobs.start_build(f"{building.PREFIX}{out}", source, paths.builds() / out, ["--fetch"])
        st.rerun()
