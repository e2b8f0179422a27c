"""Documents added, changed and removed in a finished build: worked out against what is there, and written as one change.

Whoever has the build open sees it when the folder is looked at next; nothing that others have mapped is touched. One process
writes at a time, the others wait.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine import identifiers
from engine.builds.in_use import in_use
from engine.builds.opened import Build
from engine.builds.opening import check_encoder
from engine.builds.searched import encoded
from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.files import in_turn, writing
from engine.identifiers import SCHEMES
from engine.identifiers.base import lengths
from engine.live import journal
from engine.live.additions import numbered
from engine.live.drift import Drift, drift
from engine.live.overlay import Overlay
from engine.stored.passages import Passages

Tell = Callable[[str, int, int], None]  # (stage, done, total)
# Ids named in a line; the rest are counted.
NAMED = 5


class Plan(NamedTuple):
    """What a change would do: documents by what becomes of them, ids of those that go, and how many stay as they are."""

    added: list[Document]
    changed: list[Document]
    removed: list[str]
    unchanged: int

    @property
    def nothing(self) -> bool:
        """Whether all stays as it is."""
        return not (self.added or self.changed or self.removed)

    def counts(self) -> dict[str, int]:
        """As numbers."""
        return {
            "added": len(self.added),
            "changed": len(self.changed),
            "removed": len(self.removed),
            "unchanged": self.unchanged,
        }

    def told(self) -> str:
        """In a line.

        >>> Plan([], [], ["a"], 2).told()
        '0 added, 0 changed, 1 removed, 2 unchanged'
        """
        return ", ".join(f"{count:,} {what}" for what, count in self.counts().items())


def plan(build: Build, documents: Sequence[Document], feed: bool = False) -> Plan:
    """What adding ``documents`` to a build does; those of a ``feed`` are all there shall be, so what it lacks goes. Metadata is
    held against what is there as it would be written down."""
    added, changed, unchanged, wanted = [], [], 0, set()
    for document in documents:
        if document.id in wanted:
            raise TriescopeError(f"id {document.id!r} comes twice")
        wanted.add(document.id)
        row = build.row_of.get(document.id)
        if row is None:
            added.append(document)
        elif journal.same(build.documents[row], document):
            unchanged += 1
        else:
            changed.append(document)
    removed = [document.id for document in build.documents if document.id not in wanted] if feed else []
    return Plan(added, changed, removed, unchanged)


def add(
    folder: Path,
    documents: Sequence[Document],
    tell: Tell | None = None,
    vectors: np.ndarray | None = None,
    known: Build | None = None,
    feed: bool = False,
) -> Plan:
    """Add documents, or change those whose ids are there; what is the same already is left alone.

    Parameters
    ----------
    folder : Path
        The build.
    documents : sequence of Document
        Each with a title or a text, and an id of its own.
    tell : callable, optional
        Progress of the embedding.
    vectors : np.ndarray, optional
        Float32 ``(documents, d)``, unit rows, where they are known; else the build's encoder makes them, of the documents'
        passages where the build has such.
    known : Build, optional
        The build, where it is open already.
    feed : bool
        They are all there shall be: what they lack is removed.

    Raises
    ------
    TriescopeError
        The encoder is another one, identifiers would run into each other, nothing can be written, or no document would be left.
    """
    for document in documents:
        if not document.id.strip() or not (document.title or document.text):
            raise TriescopeError(f"document {document.id!r}: it needs an id, and a title or a text")
    vectors_of = {}
    if vectors is not None:  # each its only passage
        vectors_of = {document.id: vector[None] for document, vector in zip(documents, vectors, strict=True)}
    documents = journal.settled(documents)
    build = Build.current(folder, known)
    if vectors is None:  # before the lock: others need not wait for it
        ahead = plan(build, documents, feed)
        vectors_of = _embedded(build, [*ahead.added, *ahead.changed], tell)
    with _alone(folder) as look:
        build = Build.current(folder, build)
        found = plan(build, documents, feed)
        come = [*found.added, *found.changed]
        if missing := [document for document in come if document.id not in vectors_of]:  # it went meanwhile, or became another
            vectors_of |= _embedded(build, missing, None)
        own = [vectors_of[document.id] for document in come]
        rows = np.concatenate([np.empty((0, build.embeddings.shape[1]), np.float32), *own])
        fresh = Passages.of(list(map(len, own)), rows.astype(np.float32))
        _write(folder, build, come, fresh, [*(document.id for document in found.changed), *found.removed], look)
    return found


def remove(folder: Path, ids: Sequence[str], known: Build | None = None) -> Plan:
    """Remove documents by id.

    Raises
    ------
    TriescopeError
        One is not there, none would be left, or nothing can be written.
    """
    with _alone(folder) as look:
        build = Build.current(folder, known)
        gone = list(dict.fromkeys(ids))
        if missing := [identifier for identifier in gone if identifier not in build.row_of]:
            more = f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
            raise TriescopeError(
                f"{build.name} has no document {', '.join(map(repr, missing[:NAMED]))}{more}; nothing is removed"
            )
        _write(folder, build, [], Passages.of([], np.empty((0, build.embeddings.shape[1]), np.float32)), gone, look)
    return Plan([], [], gone, len(build.documents) - len(gone))


def drift_of(build: Build) -> Drift:
    """How far a build's catalogue has moved from what its identifiers were fitted on."""
    whole = build.base or build
    fitted = whole.manifest.corpus.fitted
    first = len(whole.embeddings) if fitted is None else fitted
    if build.grown:
        first = int((build.grown.kept < first).sum())
    return drift(build.identifiers, build.embeddings, first)


def turn_of(folder: Path) -> Path:
    """What whoever writes a change, or folds them in, takes for himself: beside the build, for that may be exchanged."""
    whole = folder.resolve()
    return whole.with_name(f"{whole.name}.live")


@contextmanager
def _alone(folder: Path) -> Iterator[Callable[[], None]]:
    with writing(folder), in_turn(turn_of(folder)), in_use(folder) as look:
        yield look


def _embedded(build: Build, documents: Sequence[Document], tell: Tell | None) -> dict[str, np.ndarray]:
    """Vectors of documents by id, float32 ``(passages, d)``: one row each, unless the build has passages."""
    if not documents:
        return {}
    check_encoder(build.manifest)
    report = (lambda done, total: tell("embeddings", done, total)) if tell else None
    found = encoded(documents, build.manifest.spec, report)
    return {document.id: found.one(place) for place, document in enumerate(documents)}


def _write(folder: Path, build: Build, come: list[Document], fresh: Passages, gone: list[str], look: Callable[[], None]) -> None:
    if not come and not gone:
        return
    if len(build.documents) + len(come) - len(gone) < 1:
        raise TriescopeError(f"{folder.name}: no document would be left; delete the build instead")
    whole: Build = build.base or build
    tree = build.grown.overlay if build.grown else Overlay.of(whole.trie, len(whole.documents))
    tree = tree.remove(_rows(build, gone))
    scheme = whole.manifest.spec.scheme
    fitted, vectors = whole.identifiers, fresh.means()
    codes, content = np.full((len(come), fitted.codes.shape[1]), -1, np.int32), np.zeros(len(come), np.int32)
    if come and scheme in SCHEMES and SCHEMES[scheme].assign and not identifiers.unplaceable(scheme, fitted):
        placed = identifiers.assign(scheme, fitted, vectors)
        codes, content = numbered(fitted, tree, placed), lengths(placed)
    if not tree.add(codes).counts[0]:
        raise TriescopeError(f"{folder.name}: no document with an identifier would be left")
    look()
    change = journal.Change(tuple(gone), come, vectors, codes, content, passages=fresh if whole.passages else None)
    journal.append(folder, change)


def _rows(build: Build, ids: Sequence[str]) -> np.ndarray:
    """Rows of the overlay, which numbers the base's documents and then all that ever came."""
    rows = np.array([build.row_of[identifier] for identifier in ids], np.int64)
    if not build.grown:
        return rows
    kept, whole = build.grown.kept, build.base
    assert whole is not None
    old = rows < len(kept)
    return np.where(
        old, kept[np.minimum(rows, max(0, len(kept) - 1))] if len(kept) else -1, rows - len(kept) + len(whole.documents)
    )
