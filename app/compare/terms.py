"""Learned sparse search on Compare: what there is of it, and the job that weighs the documents' terms."""

from collections.abc import Sequence

import streamlit as st

from app.compare import making
from app.compare.making import Made
from engine.builds import terms
from engine.builds.opened import Build
from engine.retrievers.splade import METHOD
from engine.text import term_weights

WEIGHTS = Made(
    key="terms",
    command="terms",
    folder=term_weights.FOLDER,
    retriever=METHOD.name,
    job="terms",
    title="Learned sparse search: terms weighed by an encoder (SPLADE)",
    icon=":material/spellcheck:",
    there="there is",
    at_work="Terms being weighed",
    failed="Weighing terms failed",
    cancelled="Weighing terms was cancelled.",
    elsewhere="A shell is weighing them.",
    start="Weigh the documents' terms",
    again="Weigh them anew",
    delete="Delete the weights",
    is_there=term_weights.is_there,
    remove=terms.remove,
)


def offer(build: Build) -> None:
    """The job where one runs, what there is, and the form that starts another."""
    making.offer(WEIGHTS, build, _form)


def _form(build: Build) -> Sequence[str] | None:
    st.caption(
        "An encoder gives each text weights of terms, also of terms that it does not have; the column `splade` then searches by "
        "the terms that query and document share. None comes with Triescope: `make splade` brings a small one, else name a "
        "sparse encoder of sentence-transformers."
    )
    model = st.text_input("Sparse encoder", key="terms-model", placeholder="a folder, or a name on the Hugging Face hub").strip()
    return [model] if model else None
