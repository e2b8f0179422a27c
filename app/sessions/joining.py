"""Interactions and models from the page: a file of who took what becomes a job that joins it, a model one that trains it."""

import hashlib
from typing import IO

import streamlit as st

from app.common import commands, guard, jobs, state
from engine import paths
from engine.builds.opened import Build
from engine.data.lines import PACKED, unpacked_name
from engine.errors import TriescopeError
from engine.files import replace_bytes
from engine.options import options_of
from engine.recommending import kinds, on_disk
from engine.recommending.models.spec import SequenceSpec

# Kinds of files that are read, and bytes that are taken in the browser.
ENDINGS = (".txt", ".csv", ".tsv", ".inter", ".jsonl", ".parquet")
LARGEST = 500 << 20
# Models that the matrix does not teach, in the form.
PLAIN = ("sasrec", "bert4rec", "joint", "one-pass", "mult-vae", "diffrec", "irgan")
PUBLISHED = ", as published"
# What stands behind the name of a model that writes, and what that is in the shell.
MORE = {"": [], ", taught by the matrix": ["--distill", "0.5"], PUBLISHED: ["--size", "published"]}


def _job(build: Build, what: str) -> str:
    return f"{what} {build.folder.name}"


@guard.changes
def _join(build: Build, name: str, content: IO[bytes], shortest: int, core: int) -> None:
    ending = next((one for one in ENDINGS if unpacked_name(name).lower().endswith(one)), None)
    data = content.read(LARGEST + 1)
    if ending is None or len(data) > LARGEST:
        raise TriescopeError(f"files of {', '.join(ENDINGS)} are read, of at most {LARGEST >> 20} MB")
    packed = name[len(unpacked_name(name)) :].lower()
    # Known by its content: its own name becomes no path.
    path = paths.home() / "imports" / f"taken-{hashlib.sha256(data).hexdigest()[:16]}{ending}{packed}"
    replace_bytes(path, data)
    flags = ["--shortest", str(shortest), "--core", str(core)]
    jobs.start_command(_job(build, "joining"), ["interactions", str(build.folder), str(path), *flags], label=build.folder.name)


def form(build: Build) -> None:
    """The form that joins a file, folded away where there are interactions already."""
    there = on_disk.is_there(build.folder)
    label = "Join other interactions, or train a model" if there else "Join who took what"
    with st.expander(label, icon=":material/group_add:"):
        given = st.file_uploader(
            "Interactions",
            [one.removeprefix(".") for one in (*ENDINGS, *PACKED)],
            key="taken",
            help="A row a user, item and time (MovieLens' ratings.csv, RecBole's .inter, Amazon's reviews), or a .txt file with "
            "a line a person: user, item, item and so on. Item ids are those of this catalogue. It stays on this machine.",
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            shortest = st.number_input(
                "Fewest of a person", 1, 1000, 3, key="shortest", width=190, help="People who took fewer are left out."
            )
            told = (
                "People and items with fewer interactions are left out, again and again until none is left; 0 leaves out nobody."
            )
            core = st.number_input("Fewest of both", 0, 1000, 0, key="core", width=190, help=told)
            pressed = st.button("Join", key="join", icon=":material/link:", type="primary", disabled=given is None)
        st.caption(
            "The last item of each person becomes the test, the one before it development. By dates, with ratings or under other "
            f"names of columns: `{commands.line(['interactions', 'BUILD', 'FILE', '--help'])}` in the shell."
        )
        if pressed and given is not None:
            try:
                _join(build, given.name, given, int(shortest), int(core))
                st.rerun()
            except TriescopeError as error:
                st.error(state.said(str(error)), icon=":material/error:")
        if there:
            _training(build)


def _training(build: Build) -> None:
    """The form that trains a sequence model; what it does not ask stands in the shell's help."""
    st.caption(
        "Or train a model on what is joined. sasrec and bert4rec rank all items after a history; tree and tiger write the next "
        "item's identifier, and *taught by the matrix* means that they also learn from the item-item matrix; tiger "
        "*as published* has the size of its paper, which takes a GPU or a night; joint is a tree that answers queries too. "
        "Experiments, which stay behind the matrix by far on the set they were tried on: tiger too, one-pass, which scores all "
        "codes at once, and mult-vae, diffrec and irgan, which know no order or little."
    )
    option = next(one for one in options_of(SequenceSpec) if one.name == "minutes")
    with st.form("train-next", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.selectbox(
            "Model",
            [*PLAIN, *(f"{of}{more}" for of in ("tree", "tiger") for more in MORE if of == "tiger" or more != PUBLISHED)],
            width=230,
        )
        minutes = st.number_input("Minutes", 1.0, 1000.0, float(option.default or 30), width=120)
        name = st.text_input("Name", placeholder="the model's", max_chars=40, width=180).strip()
        sent = st.form_submit_button("Train", icon=":material/model_training:")
    if sent:
        kind = model.split(",")[0]
        try:
            kinds.check_name(name or kind)
        except TriescopeError as error:
            st.error(state.said(str(error)), icon=":material/error:")
            return
        asked = ["train-next", str(build.folder), "--model", kind, "--minutes", f"{minutes:g}", "--name", name or kind]
        jobs.start_command(_job(build, "training"), [*asked, *MORE[model.removeprefix(kind)]], label=name or kind)
        st.rerun()


def at_work(build: Build) -> None:
    """How far a joining or a training of this build is, and how the last one ended."""
    ends = {"joining": "The interactions could not be joined", "training": "The model could not be trained"}
    for what, failed in ends.items():
        name = _job(build, what)
        if (over := jobs.ended(name)) is not None:
            jobs.say_end(over, failed, "It was cancelled; a training goes on from here when it is asked for again.")
        if jobs.running(name):
            jobs.panel(name)
