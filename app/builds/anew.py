"""A build made once more with changes: its catalogue as it is now, other columns searched, another language, another seed."""

import streamlit as st

from app.common import commands, jobs, resources, state
from engine import paths
from engine.builds import names
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.health.card import Change
from engine.text.languages import LANGUAGES

JOB = "anew "


def offer(name: str) -> None:
    """A popover with what can be changed, and the job; other identifiers are made on the page Identifiers."""
    try:
        build: Build = resources.opened(name)
    except TriescopeError:
        return  # it is said below
    spec = build.manifest.spec
    job = f"{JOB}{name}"
    with st.popover("Make it anew", icon=":material/content_copy:"):
        st.caption("The catalogue as it is now, fitted anew. Vectors of texts that stay as they are come from the cache.")
        columns = list(dict.fromkeys([*spec.fields, *(name for name in build.columns.names if name not in ("id", "title"))]))
        fields = st.multiselect("Columns that are searched too", columns, list(spec.fields), key=f"anew-fields-{name}")
        languages = list(LANGUAGES)
        language = st.selectbox("Language", languages, languages.index(spec.language), key=f"anew-language-{name}", width=200)
        seed = st.number_input("Seed", 0, (1 << 31) - 1, spec.seed, key=f"anew-seed-{name}", width=160)
        free = next(new for number in range(2, 1000) if (new := f"{name[:36]}-{number}") not in names.names())
        out = st.text_input("Name", free, key=f"anew-name-{name}", max_chars=60).strip()
        settings = {key: value for key, value in spec.settings.items() if value is not None}
        flags = jobs.flags_of(Change(scheme=spec.scheme, settings=settings, resolver=spec.resolver), int(seed))
        flags += [part for field in fields for part in ("--field", field)] + ["--language", language]
        none_left = bool(spec.fields) and not fields
        if none_left:
            st.caption("At least one column stays: leaving out all of them is left to a build from the file.")
        commands.offer(commands.line(["build", name, "--out", str(paths.builds() / out), *flags]))
        if fault := names.fault(out):
            st.caption(f"Not possible: {state.plain(fault)}.")
        elif out in names.names():
            st.caption("There is a build of this name; choose another.")
        elif st.button(f"Build {state.plain(out)}", type="primary", key="anew-press", disabled=jobs.at_work() or none_left):
            jobs.start_build(job, str(build.folder), paths.builds() / out, flags)
            st.rerun()


def at_work(name: str) -> None:
    """The job where one runs, and how the last one ended."""
    job = f"{JOB}{name}"
    if (over := jobs.ended(job)) is not None:
        jobs.say_end(over, "The build failed", "The build was cancelled; nothing of it was kept.")
    jobs.panel(job)
