"""The form of the Train page: what is asked of a training, from the records of its options, and what it would take."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app.common import address, commands, state, trying
from app.common.fields import field
from app.train import job as training
from app.train import presets
from app.train.presets import ASKED, MINUTES, NO_SPLIT
from engine.builds import runs
from engine.builds.opened import Build
from engine.data.halves import halves
from engine.errors import TriescopeError
from engine.recommending import on_disk
from engine.scorers.kinds import KINDS, kind
from engine.training.losses import OPTIONS
from engine.training.pairs.sources import SOURCES
from engine.training.spec import WITH_LABELS, WITHOUT_LABELS, TrainSpec, spec_of, usual_losses

KIND, NAME, WATCHED = "kind", "train-name", 3
SOURCE_SAYS = {
    "judged": "Queries that people judged, with a relevant document.",
    "title": "The title as the query.",
    "sentence": "Sentences of the document as queries.",
    "span": "Random spans of its words as queries.",
    "template": "Its metadata, put into short queries.",
    "generated": "Queries that a language model makes up; name a query generator below.",
    "together": "Titles of what people took together with it; wants interactions (Sessions).",
}
# Up to so many documents the estimate is made unasked; it has to cut every document into queries.
ESTIMATED_AT_ONCE = 20_000


def offer(build: Build, taken: Sequence[str]) -> None:
    """The form, what the training would take, and the button that starts it."""
    codes = " × ".join(map(str, build.manifest.identifiers.vocabulary))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"It learns to write the identifiers of this build, {state.plain(build.manifest.identifiers.scheme)} {codes}. "
            "Identifiers belong to the build: for others, make another build."
        )
        st.page_link(state.IDENTIFIERS, label="Which identifiers?", icon=":material/fingerprint:")
    try:
        run, spec = form(build)
        if len(build.corpus.documents) <= ESTIMATED_AT_ONCE or st.toggle("Estimate before the start", key="estimate"):
            st.markdown(f":material/schedule: {state.plain(told(estimated(build, spec), spec))}")
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    if run in taken:
        st.caption(f"There is a run {state.plain(run)} already: it stays until this training has ended, and is then replaced.")
    commands.offer(commands.line(training.arguments(Path(build.folder.name), run, spec.model_dump(mode="json"))))
    # Not a callback: it would be given the name and the spec of the run before, without what was typed last.
    if st.button(f"Train {state.plain(run)}", type="primary", icon=":material/play_arrow:", key="train"):
        training.press(build.folder, run, spec)
        st.rerun()


def form(build: Build) -> tuple[str, TrainSpec]:
    """Draw the form; returns the run's name and the spec.

    Raises
    ------
    TriescopeError
        The name or a value cannot be used.
    """
    splits = [name for name, queries in build.manifest.corpus.queries.items() if queries and name != "test"]
    presets.offer(splits)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        address.known(KIND, KINDS, "kind of scorer")
        scorer = st.selectbox("Scorer", list(KINDS), key=KIND, bind="query-params", width=160, help=ASKED["scorer"].help)
        free = _free_name(build.folder, scorer)
        typed = st.text_input("Name", key=NAME, placeholder=free, max_chars=40, width=200)
        more = f"{ASKED['minutes'].help} Reading and embedding the pairs comes before it."
        plain = {"minutes": _field("minutes", step=0.5, key=MINUTES, bind="query-params", width=130, help=more)}
        plain["seed"] = _field("seed", width=130)
        train = _split("train", splits)
        dev = _split("dev", splits, " Its queries choose which weights are kept. Test queries are never read.")
    known = kind(scorer)
    st.caption(f"**{scorer}:** {state.plain(known.summary)} {state.plain(known.citation)}")
    with st.expander("Pairs: what it learns from", icon=":material/join_inner:"):
        mix, pairs = _pairs(train != NO_SPLIT, on_disk.is_there(build.folder))
    with st.expander("Losses: what it is told to get right", icon=":material/target:"):
        losses, teacher = _losses(train != NO_SPLIT)
    with st.expander(f"Options of {scorer}, steps and evaluations", icon=":material/tune:"):
        settings, rest = _rest(scorer)
    watch = _watched(build, dev)
    run = runs.check_name(typed.strip() or free)
    if not mix:
        raise TriescopeError("there is nothing to learn from: give at least one source of pairs a share")
    chosen = {"scorer": scorer, "settings": settings, "mix": mix, "losses": losses, "teacher": teacher, "watch": watch}
    chosen |= {name: "" if split == NO_SPLIT else split for name, split in (("train", train), ("dev", dev))}
    return run, spec_of(chosen | plain | pairs | rest)


def _field(name: str, **more: Any) -> Any:
    """The field of one thing that the spec asks for."""
    return field("train", ASKED[name], **more)


def _split(name: str, splits: Sequence[str], more: str = "") -> str:
    option = ASKED[name]
    index = splits.index(str(option.default)) if option.default in splits else len(splits)
    return st.selectbox(option.label, [*splits, NO_SPLIT], index, key=f"{name}-split", width=150, help=option.help + more)


def _pairs(labelled: bool, taken: bool = False) -> tuple[dict[str, float], dict[str, Any]]:
    usual = WITH_LABELS if labelled else WITHOUT_LABELS
    mix = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for source in SOURCES:
            off = (source == "judged" and not labelled) or (source == "together" and not taken)
            # The usual shares differ with and without judged queries, so each case has fields of its own.
            mix[source] = st.number_input(
                source,
                0.0,
                100.0,
                0.0 if off else usual.get(source, 0.0),
                1.0,
                format="%g",
                key=f"mix-{labelled}-{source}",
                help=SOURCE_SAYS[source],
                width=110,
                disabled=off,
            )
    st.caption("Shares of a batch: 2 and 1 draw twice as many of the first as of the second.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        told = f"{ASKED['cold'].help} Queries for them are then judged apart, as for new documents."
        rest = {
            "per_document": _field("per_document", width=200),
            "cold": _field("cold", step=0.05, width=220, help=told),
            "generator": _field("generator", width=300, placeholder="a folder or a hub name") or "",
        }
    return {name: share for name, share in mix.items() if share}, rest


def _losses(labelled: bool) -> tuple[dict[str, float], str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        usual = usual_losses(labelled)
        losses = {one.name: field(f"loss-{labelled}", one._replace(default=usual[one.name])) for one in OPTIONS}
    teacher = st.selectbox(
        ASKED["teacher"].label,
        ["dense", "bm25+dense"],
        key="teacher",
        accept_new_options=True,
        width=320,
        help=ASKED["teacher"].help,
    )
    return losses, teacher or str(ASKED["teacher"].default)


def _rest(scorer: str) -> tuple[dict[str, Any], dict[str, Any]]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        settings = {option.name: field(scorer, option) for option in kind(scorer).options}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        steps = {"steps": 50, "batch": 32, "beams": 10, "evaluate_every": 10, "patience": 1, "average": 0.01}
        rest = {name: _field(name, step=by, width=150) for name, by in steps.items()}
        rest["begin"] = _field("begin", width=200, placeholder="the name of a run") or ""
    return {name: value for name, value in settings.items() if value is not None}, rest


def _watched(build: Build, dev: str) -> tuple[str, ...]:
    """Three queries to watch: at first judged ones, so that their rank can be told, but none of those that judge the run."""
    judged = [build.corpus.queries[query] for query in halves(build.corpus.qrels.get(dev, {})).choosing]
    first = [*judged[:WATCHED], *trying.queries(build), *[""] * WATCHED][:WATCHED]
    with st.grid(WATCHED, min_column_width=280):
        typed = [
            st.text_input(
                f"Watched query {place + 1}",
                first[place],
                key=f"watch-{dev}-{place}",
                max_chars=500,
                help=ASKED["watch"].help,
            )
            for place in range(WATCHED)
        ]
    return tuple(dict.fromkeys(text.strip() for text in typed if any(letter.isalnum() for letter in text)))


def _free_name(folder: Path, scorer: str) -> str:
    taken = {*runs.names(folder), *runs.unfinished(folder)}
    return next(name for number in range(1, 1000) if (name := scorer if number == 1 else f"{scorer}-{number}") not in taken)


def estimated(build: Build, spec: TrainSpec) -> dict[str, Any]:
    """What a training would take; see :func:`engine.training.estimate.estimate`.

    Raises
    ------
    TriescopeError
        The spec does not fit the build.
    """
    # How it learns and for how long changes neither pairs nor texts.
    counted = {"train", "dev", "mix", "per_document", "cold", "generator", "seed", "watch"}
    return _estimated(str(build.folder), build.version, spec.model_dump_json(include=counted)) | {
        "minutes": spec.minutes,
        "steps": spec.steps,
    }


@st.cache_data(max_entries=64, show_spinner="Counting pairs")
def _estimated(folder: str, created: str, spec: str) -> dict[str, Any]:
    from engine.training.estimate import estimate

    return estimate(Path(folder), TrainSpec.model_validate_json(spec))


def told(found: dict[str, Any], spec: TrainSpec) -> str:
    """An estimate in words."""
    pairs = " and ".join(f"{count:,} {source}" for source, count in found["pairs"].items())
    if spec.mix.get("generated"):
        pairs += " (and generated ones, which are written first: a language model takes seconds a document)"
    embedding = (
        f"{found['to_embed']:,} texts are embedded first, about {max(found['seconds_to_embed'], 1):,.0f} s on two cores"
        if found["to_embed"]
        else "All texts are embedded already"
    )
    budget = f"{spec.steps:,} steps" if spec.steps else f"{spec.minutes:g} minutes"
    return (
        f"It learns from {pairs} pairs and watches {found['dev']['queries']:,} queries ({found['dev']['from']}). {embedding}; "
        f"then it trains for {budget}, less if it stops getting better."
    )
