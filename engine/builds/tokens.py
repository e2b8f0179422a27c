"""Make the token vectors of a build's documents, for late interaction; what was interrupted goes on."""

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from engine.builds import layout
from engine.builds.in_use import in_use
from engine.builds.opened import Build
from engine.builds.opening import check_encoder
from engine.files import alone, writing
from engine.text import hub, late_encoder, token_vectors

Tell = Callable[[str, int, int], None]
# Documents between two writes: what a killed run loses at most.
CHUNK = 128


def make(folder: Path, model: str = "", tell: Tell | None = None) -> token_vectors.About:
    """Token vectors of all documents, in the place of those before.

    Parameters
    ----------
    folder : Path
        The build.
    model : str
        An encoder of tokens, by folder or name (:mod:`engine.text.late_encoder`); empty for the build's own encoder.
    tell : callable, optional
        ``(stage, done, total)``.

    Raises
    ------
    TriescopeError
        The encoder gives no token vectors or is another one than the build's documents went through, nothing can be written,
        another process is at it, or the build was removed meanwhile.
    """
    tell = tell or (lambda stage, done, total: None)
    build, work = Build(folder, live=False), layout.partial_of(folder / token_vectors.FOLDER)
    with in_use(folder) as still_there, writing(folder), alone(work, f"{folder.name}: another process makes its token vectors"):
        if not model:
            check_encoder(build.manifest)
        encoder = late_encoder.load(model or build.model)
        texts, start = build.texts(), time.monotonic()
        spec = {"encoder": encoder.key, "created": build.manifest.created}
        at = token_vectors.Writing(work, spec, encoder.dimensions)
        done = len(at.counts)
        tell("tokens", done, len(texts))
        for first in range(done, len(texts), CHUNK):
            at.add(encoder.encode(texts[first : first + CHUNK], "document"))
            tell("tokens", min(first + CHUNK, len(texts)), len(texts))
        about = token_vectors.About(
            model=hub.resolved(model) if model else "",
            encoder=encoder.key,
            trained=encoder.trained,
            dimensions=encoder.dimensions,
            documents=len(texts),
            tokens=int(at.counts.sum()),
            seconds=round(time.monotonic() - start, 1),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        at.close(about)
        still_there()
        remove(folder)
        work.rename(folder / token_vectors.FOLDER)
    return about


def remove(folder: Path) -> None:
    """Delete them."""
    out_of_sight(folder / token_vectors.FOLDER)


def out_of_sight(there: Path) -> None:
    """Delete a folder, out of sight first: whoever has it open keeps what is mapped."""
    gone = layout.removed_of(there)
    shutil.rmtree(gone, ignore_errors=True)
    if there.exists():
        there.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
