"""A build with interactions, for a file of tests."""

import shutil

import numpy as np
import pytest

from engine.builds.opened import Build
from engine.recommending import joined


@pytest.fixture(scope="module")
def told(small_build, tmp_path_factory):
    """A build of its own, and a file of who took what in it."""
    folder = shutil.copytree(small_build, tmp_path_factory.mktemp("joined") / "sixty")
    ids = [document.id for document in Build(folder).documents]
    rng = np.random.default_rng(0)
    lines = []
    for person in range(40):
        start, length = int(rng.integers(60)), int(rng.integers(3, 8))
        lines.append(" ".join([f"u{person}", *(ids[(start + step) % 60] for step in range(length))]))
    source = folder.parent / "sequences.txt"
    source.write_text("\n".join(lines) + "\n")
    return folder, source


@pytest.fixture(scope="module")
def build(told):
    folder, source = told
    opened = Build(folder)
    joined.join(opened, source)
    return opened
