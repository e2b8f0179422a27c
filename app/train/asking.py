"""Fields that the forms of both fine-tunings share: what comes first, the splits that there are, and the rest of the spec."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.common.fields import field
from engine.builds.opened import Build
from engine.options import Option

FIRST, SPLITS = ("minutes", "seed"), ("train", "dev")


def splits_of(build: Build) -> list[str]:
    """Splits that may be learned from, never test; says so where there is none."""
    splits = [name for name, queries in build.manifest.corpus.queries.items() if queries and name != "test"]
    if not splits:
        st.info("This build has no judged queries but those of test, so there is nothing to learn from.", icon=":material/rule:")
    return splits


def ask(key: str, options: Mapping[str, Option], splits: list[str]) -> dict[str, Any]:
    """What a person asks for, option by option; a field that was emptied is left out."""
    asked = {name: field(key, options[name], width=130) for name in FIRST}
    for name in SPLITS:
        index = splits.index(str(options[name].default)) if options[name].default in splits else 0
        asked[name] = st.selectbox(options[name].label, splits, index, key=f"{key}-{name}", width=150, help=options[name].help)
    for name in (name for name in options if name not in (*FIRST, *SPLITS)):
        asked[name] = field(key, options[name], width=150)
    return {name: value for name, value in asked.items() if value is not None}
