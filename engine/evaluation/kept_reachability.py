"""What came back of a build, kept beside it for whoever looks later: the last measurement, whole."""

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from engine.builds import layout
from engine.builds.opened import Build
from engine.data.figures import Stored, StoredInterval
from engine.errors import TriescopeError
from engine.evaluation.reachability import Reachability
from engine.files import replace_json, writing
from engine.stored.content import read as read_content

FILE = "reachability.json"


class OfKind(Stored):
    """As :class:`engine.evaluation.reachability.Reached`; depths are texts."""

    kind: str
    documents: int
    there: int
    texts: int
    shares: dict[str, dict[str, StoredInterval]]


class One(Stored):
    """As :class:`engine.evaluation.reachability.Unreached`."""

    id: str
    title: str
    asked_by: str
    why: str


class KeptReachability(Stored):
    """As :class:`engine.evaluation.reachability.Reachability`; ``version`` is that of the build, which may have changed since."""

    retriever: str
    beams: int
    seed: int
    kinds: tuple[OfKind, ...]
    looked_at: int
    unreached: int
    listed: tuple[One, ...] = Field(default=())
    device: str
    version: str


def path_of(opened: Build) -> Path:
    """Where it lies."""
    known = opened.manifest
    return layout.evaluation_of(opened.folder, known.spec_sha256, known.corpus.sha256) / FILE


def keep(opened: Build, found: Reachability) -> None:
    """Keep a measurement, in the place of the one before.

    Raises
    ------
    TriescopeError
        Nothing can be written.
    """
    path, value = path_of(opened), found.as_json() | {"version": opened.version}
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_json(path, value)


def read(opened: Build) -> KeptReachability | None:
    """The one that was kept; None where there is none.

    Raises
    ------
    TriescopeError
        Its file is damaged.
    """
    path = path_of(opened)
    if not path.is_file():
        return None
    try:
        return KeptReachability.model_validate_json(read_content(path))
    except ValidationError as error:
        raise TriescopeError(f"{path.name}: damaged ({error.errors()[0]['msg']}); measure again") from error


def rows_of(kept: KeptReachability) -> list[dict[str, Any]]:
    """A row a kind of text and retriever: share of the documents that came back, by depth, with its interval."""
    return [
        {"Asked for by": of.kind, "Retriever": name, "Documents": of.documents} | dict(shares)
        for of in kept.kinds
        for name, shares in of.shares.items()
    ]
