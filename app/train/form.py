"""The form of the Train page: what is asked of a training, from the records of its options, and what it would take."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import ValidationError

from app.common import state
from app.common.fields import field
from app.train import job as training
from engine.builds import runs
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.scorers.kinds import KINDS, kind
from engine.training.losses import OPTIONS as LOSSES
from engine.training.pairs.sources import SOURCES
from engine.training.spec import WITH_LABELS, WITHOUT_LABELS, TrainSpec

KIND, NAME, MINUTES = "kind", "train-name", "minutes"
NO_SPLIT, WATCHED = "none", 3
SOURCE_SAYS = {
    "judged": "Queries that people judged, with a relevant document.",
    "title": "The title as the query.",
    "sentence": "Sentences of the document as queries.",
    "span": "Random spans of its words as queries.",
    "template": "Its metadata, put into short queries.",
    "generated": "Queries that a language model makes up; name a query generator below.",
}
# Up to so many documents the estimate is made unasked; it has to cut every document into queries.
ESTIMATED_AT_ONCE = 20_000


def offer(build: Build, taken: Sequence[str]) -> None:
    """The form, what the training would take, and the button that starts it."""
    codes = " × ".join(map(str, build.manifest.identifiers.vocabulary))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"It learns to write the identifiers of this build, {build.manifest.identifiers.scheme} {codes}. Identifiers "
            "belong to the build: for others, make another build."
        )
        st.page_link(state.IDENTIFIERS, label="Which identifiers?", icon=":material/fingerprint:")
    try:
        run, spec = form(build)
        if len(build.corpus.documents) <= ESTIMATED_AT_ONCE or st.toggle("Estimate before the start", key="estimate"):
            st.markdown(f":material/schedule: {state.plain(told(estimated(build, spec), spec))}")
    except TriescopeError as error:
        st.error(state.plain(str(error)), icon=":material/error:")
        return
    if run in taken:
        st.caption(f"There is a run {run} already: it stays until this training has ended, and is then replaced.")
    st.button(
        f"Train {run}",
        type="primary",
        icon=":material/play_arrow:",
        key="train",
        on_click=training.press,
        args=(build.folder, run, spec),
    )


def form(build: Build) -> tuple[str, TrainSpec]:
    """Draw the form; returns the run's name and the spec.

    Raises
    ------
    TriescopeError
        The name or a value cannot be used.
    """
    splits = [name for name, queries in build.manifest.corpus.queries.items() if queries and name != "test"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scorer = st.selectbox("Scorer", list(KINDS), key=KIND, bind="query-params", width=160)
        free = _free_name(build.folder, scorer)
        typed = st.text_input("Name", key=NAME, placeholder=free, max_chars=40, width=200)
        minutes = st.number_input(
            "Minutes",
            0.1,
            600.0,
            _default("minutes"),
            0.5,
            format="%g",
            key=MINUTES,
            bind="query-params",
            width=130,
            help=f"{_about('minutes')} Reading and embedding the pairs comes before it.",
        )
        seed = st.number_input("Seed", 0, (1 << 31) - 1, 0, key="train-seed", width=130)
        train = st.selectbox("Learn from split", [*splits, NO_SPLIT], _place(splits, "train"), key="train-split", width=150)
        dev = st.selectbox(
            "Watch split",
            [*splits, NO_SPLIT],
            _place(splits, "dev"),
            key="dev-split",
            width=150,
            help=f"{_about('dev')} Its queries choose which weights are kept. Test queries are never read.",
        )
    known = kind(scorer)
    st.caption(f"**{scorer}:** {state.plain(known.summary)} {state.plain(known.citation)}")
    with st.expander("Pairs: what it learns from", icon=":material/join_inner:"):
        mix, per_document, cold, generator = _pairs(train != NO_SPLIT)
    with st.expander("Losses: what it is told to get right", icon=":material/target:"):
        losses, teacher = _losses(train != NO_SPLIT)
    with st.expander(f"Options of {scorer}, steps and evaluations", icon=":material/tune:"):
        settings, rest = _rest(scorer)
    watch = _watched(build, dev)
    run = runs.check_name(typed.strip() or free)
    if not mix:
        raise TriescopeError("there is nothing to learn from: give at least one source of pairs a share")
    splits_asked = {"train": "" if train == NO_SPLIT else train, "dev": "" if dev == NO_SPLIT else dev}
    try:
        spec = TrainSpec(
            scorer=scorer,
            settings=settings,
            minutes=minutes,
            seed=seed,
            mix=mix,
            per_document=per_document,
            cold=cold,
            generator=generator,
            losses=losses,
            teacher=teacher,
            watch=watch,
            **splits_asked,
            **rest,
        )
    except ValidationError as error:
        wrong = error.errors()[0]
        raise TriescopeError(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from error
    return run, spec


def _pairs(labelled: bool) -> tuple[dict[str, float], int, float, str]:
    usual = WITH_LABELS if labelled else WITHOUT_LABELS
    mix = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for source in SOURCES:
            off = source == "judged" and not labelled
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
        per_document = st.number_input(
            "Pseudo-queries a document",
            1,
            100,
            _default("per_document"),
            key="per-document",
            width=200,
            help=_about("per_document"),
        )
        cold = st.number_input(
            "Kept out, share of documents",
            0.0,
            0.5,
            0.0,
            0.05,
            format="%g",
            key="cold",
            width=220,
            help=f"{_about('cold')} Queries for them are then judged apart, as for new documents.",
        )
        generator = st.text_input(
            "Query generator",
            key="generator",
            width=300,
            max_chars=300,
            placeholder="a folder or a hub name",
            help=_about("generator"),
        )
    return {name: share for name, share in mix.items() if share}, int(per_document), float(cold), generator.strip()


def _losses(labelled: bool) -> tuple[dict[str, float], str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        losses = {}
        for option in LOSSES:
            usual = option if labelled or option.name != "soft" else option._replace(default=1.0)
            losses[option.name] = field(f"loss-{labelled}", usual)
    teacher = st.selectbox(
        "Teacher of soft and prefix",
        ["dense", "bm25+dense"],
        key="teacher",
        accept_new_options=True,
        width=320,
        help=_about("teacher"),
    )
    return losses, teacher or "dense"


def _rest(scorer: str) -> tuple[dict[str, Any], dict[str, int]]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        settings = {option.name: field(scorer, option) for option in kind(scorer).options}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rest = {
            name: st.number_input(label, low, high, _default(name), by, key=f"train-{name}", help=_about(name), width=150)
            for name, label, low, high, by in (
                ("steps", "Steps", 0, 10_000_000, 50),
                ("batch", "Pairs a step", 2, 65536, 32),
                ("beams", "Beams", 1, 1000, 10),
                ("evaluate_every", "Evaluate every", 0, 1_000_000, 10),
                ("patience", "Patience", 1, 1000, 1),
            )
        }
    return {name: value for name, value in settings.items() if value is not None}, {n: int(value) for n, value in rest.items()}


def _watched(build: Build, dev: str) -> tuple[str, ...]:
    """Three queries to watch, at first ones that have judgements, so that their rank can be told."""
    judged = [build.corpus.queries[query] for query in build.corpus.qrels.get(dev, {})]
    first = [*judged[:WATCHED], *state.EXAMPLES][:WATCHED]
    with st.grid(WATCHED, min_column_width=280):
        typed = [
            st.text_input(f"Watched query {place + 1}", first[place], key=f"watch-{dev}-{place}", max_chars=500)
            for place in range(WATCHED)
        ]
    return tuple(dict.fromkeys(text.strip() for text in typed if any(letter.isalnum() for letter in text)))


def _about(name: str) -> str:
    """What the spec says of a field of its own."""
    return str(TrainSpec.model_fields[name].description)


def _default(name: str) -> Any:
    return TrainSpec.model_fields[name].default


def _place(splits: Sequence[str], name: str) -> int:
    return splits.index(name) if name in splits else len(splits)


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
    return _estimated(str(build.folder), build.manifest.created, spec.model_dump_json(include=counted)) | {
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
