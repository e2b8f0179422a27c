"""What the first question needs is opened while a person looks at the first page: the scorer, the retrievers, the encoder."""

import threading
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import streamlit as st

from app.common import trying
from engine.builds.opened import Build
from engine.decoding import DEFAULT_BEAMS
from engine.retrievers import usual

THREAD = "get-ready"


def get_ready(build: Build) -> threading.Thread:
    """Start to open what a build's first question needs, once for each build in a process."""
    return _started(str(build.folder), build.version, build)


@st.cache_resource(max_entries=3, show_spinner=False)
def _started(folder: str, created: str, _build: Build) -> threading.Thread:
    opening = threading.Thread(target=open_all, args=(_build,), daemon=True, name=THREAD)
    opening.start()
    return opening


def open_all(build: Build) -> None:
    """Open the parts in the order in which they are asked for: what stands above every query, a decode, by the vector of a
    document; the lists of Compare; the encoder, which takes longest and which an example does not need."""
    steps: list[Callable[[], object]] = [
        lambda: trying.of(build),
        lambda: build.columns,
        lambda: build.decode("warm", DEFAULT_BEAMS, np.asarray(build.embeddings[0])),
        lambda: build.decode("warm", DEFAULT_BEAMS, np.asarray(build.embeddings[0]), "exact"),
        lambda: build.names,
        *(lambda name=name: build.search("warm", name, vector=np.asarray(build.embeddings[0])) for name in usual()),
        lambda: build.encode("warm"),
    ]
    for step in steps:
        with suppress(Exception):  # a build may be damaged, or deleted meanwhile: whoever asks for the part is told
            step()
