"""Make the weights of terms of a build's documents, for learned sparse search; what was interrupted goes on."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from engine.builds import layout
from engine.builds.in_use import in_use
from engine.builds.opened import Build
from engine.builds.tokens import out_of_sight
from engine.files import alone, writing
from engine.text import hub, sparse_encoder, term_weights

Tell = Callable[[str, int, int], None]
# Documents between two writes: what a killed run loses at most.
CHUNK = 128


def make(folder: Path, model: str, tell: Tell | None = None) -> term_weights.About:
    """Terms of all documents by an encoder, named by folder or name, in the place of those before.

    Raises
    ------
    TriescopeError
        The encoder gives none, nothing can be written, another process is at it, or the build was removed meanwhile.
    """
    tell = tell or (lambda stage, done, total: None)
    work = layout.partial_of(folder / term_weights.FOLDER)
    with in_use(folder) as still_there, writing(folder), alone(work, f"{folder.name}: another process weighs its terms"):
        build, encoder, start = Build(folder), sparse_encoder.load(model), time.monotonic()
        build = build.base or build
        texts = build.texts()
        at = term_weights.Writing(work, {"encoder": encoder.key, "created": build.manifest.created})
        done = len(at.counts)
        tell("terms", done, len(texts))
        for first in range(done, len(texts), CHUNK):
            at.add(encoder.encode(texts[first : first + CHUNK], "document"))
            tell("terms", min(first + CHUNK, len(texts)), len(texts))
        about = term_weights.About(
            model=hub.resolved(model),
            encoder=encoder.key,
            terms=encoder.terms,
            documents=len(texts),
            entries=int(at.counts.sum()),
            seconds=round(time.monotonic() - start, 1),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        at.close(about)
        still_there()
        remove(folder)
        work.rename(folder / term_weights.FOLDER)
    return about


def remove(folder: Path) -> None:
    """Delete them."""
    out_of_sight(folder / term_weights.FOLDER)
