"""Documents of a build encoded anew, chunk by chunk, into a folder of their own that takes its name when it is whole; what was
interrupted goes on."""

import shutil
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel

from engine.builds import layout
from engine.builds.in_use import in_use
from engine.builds.opened import Build
from engine.files import alone, writing
from engine.stored.ragged import Growing

Tell = Callable[[str, int, int], None]
About = TypeVar("About", bound=BaseModel)
# Documents between two writes: what a killed run loses at most.
CHUNK = 128


class Encoder(Protocol):
    """Whatever encodes documents, known by its key."""

    @property
    def key(self) -> str:
        """Fingerprint of its files."""
        ...

    def encode(self, texts: Sequence[str], role: Any) -> Any:
        """What :attr:`Way.writing`'s ``add`` takes."""
        ...


class Done(NamedTuple):
    """What was encoded: documents and entries, seconds of this run, and the time of day."""

    documents: int
    entries: int
    seconds: float
    created: str


class Way(NamedTuple, Generic[About]):
    """What is made of documents.

    Attributes
    ----------
    folder, stage : str
        Name of the folder in the build, and of the stage.
    doing : str
        What another process does that holds it: "makes its token vectors".
    writing : callable
        ``(folder, spec, encoder)``: what grows; it has ``add`` for what the encoder gives.
    about : callable
        ``(encoder, done)``: what is written beside it.
    """

    folder: str
    stage: str
    doing: str
    writing: Callable[[Path, dict, Any], Growing]
    about: Callable[[Any, Done], About]


def make(folder: Path, way: Way[About], encoder_of: Callable[[Build], Encoder], tell: Tell | None = None) -> About:
    """Encode all documents of a build, as it was made, in the place of what was there.

    Raises
    ------
    TriescopeError
        Of the encoder; nothing can be written, another process is at it, or the build was removed meanwhile.
    """
    tell = tell or (lambda stage, done, total: None)
    build, work = Build(folder, live=False), layout.partial_of(folder / way.folder)
    with in_use(folder) as still_there, writing(folder), alone(work, f"{folder.name}: another process {way.doing}"):
        encoder = encoder_of(build)
        texts, start = build.texts(), time.monotonic()
        at: Any = way.writing(work, {"encoder": encoder.key, "created": build.manifest.created}, encoder)
        done = len(at.counts)
        tell(way.stage, done, len(texts))
        for first in range(done, len(texts), CHUNK):
            at.add(encoder.encode(texts[first : first + CHUNK], "document"))
            tell(way.stage, min(first + CHUNK, len(texts)), len(texts))
        seconds, now = round(time.monotonic() - start, 1), datetime.now(UTC).isoformat(timespec="seconds")
        known = way.about(encoder, Done(len(texts), int(at.counts.sum()), seconds, now))
        at.close(known)
        still_there()
        out_of_sight(folder / way.folder)
        work.rename(folder / way.folder)
    return known


def out_of_sight(there: Path) -> None:
    """Delete a folder, out of sight first: whoever has it open keeps what is mapped."""
    gone = layout.removed_of(there)
    shutil.rmtree(gone, ignore_errors=True)
    if there.exists():
        there.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
