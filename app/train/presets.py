"""Presets of the Train page's form: what a press sets, so that nobody has to know every field before a first training."""

from collections.abc import Sequence

import streamlit as st

from engine.options import options_of
from engine.training.pairs.sources import SOURCES
from engine.training.spec import WITH_LABELS, WITHOUT_LABELS, TrainSpec, usual_losses

# What the spec asks for: labels, defaults, ranges and helps are those of the shell's flags.
ASKED = {option.name: option for option in options_of(TrainSpec)}
MINUTES, TRAIN_SPLIT, NO_SPLIT = "minutes", "train-split", "none"
# Minutes of the quick preset: enough to see whether a curve moves.
QUICK = 0.5
SETS = "It sets the split, the minutes, the shares of the pairs and the weights of the losses."


def _preset(split: str, minutes: float) -> None:
    """Set what a preset sets; what else the form asks for stays as it is."""
    labelled = split != NO_SPLIT
    usual = WITH_LABELS if labelled else WITHOUT_LABELS
    st.session_state[TRAIN_SPLIT], st.session_state[MINUTES] = split, minutes
    st.session_state.update({f"mix-{labelled}-{source}": usual.get(source, 0.0) for source in SOURCES})
    st.session_state.update({f"loss-{labelled}-{name}": value for name, value in usual_losses(labelled).items()})


def offer(splits: Sequence[str]) -> None:
    """Buttons that fill the form: with judged queries, without, and a short one to see whether anything moves."""
    split, whole = TrainSpec().train, TrainSpec().minutes
    labelled = split in splits
    first = split if labelled else NO_SPLIT
    offered = (
        ("With labels", split, whole, f"Judged queries of the split {split}, two to one with titles; {whole:g} minutes."),
        ("Without labels", NO_SPLIT, whole, f"Queries made of the documents, led by dense search's ranking; {whole:g} minutes."),
        ("Quick", first, QUICK, f"The same as {'with' if labelled else 'without'} labels, for {QUICK:g} minutes."),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Presets", width="content")
        for label, of, minutes, told in offered:
            lacks = of not in (NO_SPLIT, *splits)
            told = f"This build has no judged queries in a split {split}." if lacks else f"{told} {SETS}"
            st.button(
                label, key=f"preset-{label}", on_click=_preset, args=(of, minutes), disabled=lacks, help=told, type="tertiary"
            )
