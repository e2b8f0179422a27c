"""Who took what of a small build, made up: everybody walks through some neighbouring items."""

from pathlib import Path

import numpy as np

from engine.builds.opened import Build
from engine.recommending import joined


def taken(build: Build, people: int = 40, seed: int = 0) -> list[list[str]]:
    """A line a person: user, item, item ..."""
    ids, rng = [document.id for document in build.documents], np.random.default_rng(seed)
    lines = []
    for person in range(people):
        start, length = int(rng.integers(len(ids))), int(rng.integers(3, 8))
        lines.append([f"u{person}", *(ids[(start + step) % len(ids)] for step in range(length))])
    return lines


def join(folder: Path, source: Path, people: int = 40) -> Path:
    """Write such a file, and join it to the build of a folder; the file."""
    build = Build(folder)
    source.write_text("\n".join(" ".join(line) for line in taken(build, people)) + "\n")
    joined.join(build, source)
    return source
