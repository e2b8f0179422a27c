"""Interactions joined to a build: the three parts of the split in files of their own, and the matrix of the training part.

    .interactions/               hidden, so that it is not handed on with the build: it says who took what
      about.json                 where it came from, rules, split, counts, notes; replaced last
      train.npz dev.npz test.npz starts and items; for the two that are asked, people and targets too
      users.json                 ids of the people
      matrix.npz                 the item-item matrix, chosen on development
      models/NAME/               trained models
      judged-SPLIT.json          what recommenders were found to be worth, last time (kept_judging.py)

Training opens ``train.npz`` and ``dev.npz`` alone, and works where the third is missing.
"""

import io
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
from pydantic import Field
from scipy import sparse

from engine.builds.encoded import out_of_sight
from engine.builds.opened import Build
from engine.data.figures import Stored
from engine.data.histories import Held, Histories, Split, by_time, leave_last_out
from engine.data.interactions import Log, Rules, number_of, read_interactions
from engine.errors import TriescopeError
from engine.files import alone, replace_bytes, replace_json, sha256, writing
from engine.recommending import item_item, item_text
from engine.recommending.base import Material, Tell, check_histories
from engine.recommending.item_item import ItemItem
from engine.recommending.matrix import Recency
from engine.recommending.models import kept
from engine.stored import arrays, described
from engine.stored import values as stored_values

FOLDER, ABOUT, USERS, MATRIX, MODELS = ".interactions", "about.json", "users.json", "matrix.npz", "models"
JUDGED = "judged-{}.json"
NOBODY = Histories.of([])


class Joined(Stored):
    """What is known of the interactions of a build; ``corpus`` is the hash of the catalogue they were joined to."""

    source: str
    sha256: str
    corpus: str
    split: str
    rules: Mapping[str, int | float | None]
    dates: tuple[str, ...] = ()
    users: int
    items: int
    interactions: int
    train: int
    dev: int
    test: int
    timed: bool
    text_share: float
    recency: tuple[int, float]
    notes: tuple[str, ...] = Field(default=())


def as_made(build: Build) -> Build:
    """The build without what has come and gone since: what was taken is known of the documents it was made of, and the rows of
    the matrix are theirs."""
    return build.base or build


def is_there(build: Path) -> bool:
    """Whether a build has interactions."""
    return (build / FOLDER / ABOUT).is_file()


def stamp(build: Path) -> str:
    """What changes when others are joined; empty where there are none."""
    return described.stamp(build / FOLDER / ABOUT)


def join(
    build: Build,
    source: Path,
    columns: Mapping[str, str] | None = None,
    rules: Rules | None = None,
    dates: tuple[str, str] | None = None,
    tell: Tell | None = None,
) -> Joined:
    """Read interactions, split them, make the matrix, and keep all of it with the build, in the place of what was there.

    Parameters
    ----------
    build : Build
        The catalogue.
    source : Path
        The file.
    columns, rules
        See :func:`engine.data.interactions.read_interactions`.
    dates : tuple of str, optional
        Where development and test begin, to split by time; else the last item of each person is the test.
    tell : callable, optional
        Progress.

    Raises
    ------
    TriescopeError
        The file or the dates are at fault, or nothing can be written.
    """
    tell, rules = tell or (lambda stage, done, total: None), rules or Rules()
    folder = build.folder / FOLDER
    with writing(folder), alone(folder, f"{build.name}: another process is joining interactions to it"):
        tell("interactions", 0, 0)
        log = read_interactions(source, build.row_of, columns, rules)
        split, notes = _split(log, dates)
        material = material_of(build, split)
        of = item_item.made(material, {}, tell)
        notes += _without_strangers(build, split)
        folder.mkdir(exist_ok=True)
        for stale in (ABOUT, *(JUDGED.format(split) for split in ("dev", "test"))):
            (folder / stale).unlink(missing_ok=True)  # what is half written is not taken for whole
        for name, held in (("dev", split.dev), ("test", split.test)):
            _write(folder / f"{name}.npz", held.histories, people=held.people, targets=held.targets)
        _write(folder / "train.npz", split.train)
        weights = of.weights
        _save(
            folder / MATRIX, indptr=weights.indptr.astype(np.int64), indices=weights.indices.astype(np.int32), data=weights.data
        )
        replace_json(folder / USERS, log.users)
        known = Joined(
            source=source.name,
            sha256=sha256(source),
            corpus=build.manifest.corpus.sha256,
            split="time" if dates else "last",
            rules=rules._asdict(),
            dates=dates or (),
            users=len(log.users),
            items=len(np.unique(log.histories.items)),
            interactions=len(log.histories.items),
            train=len(split.train.items),
            dev=len(split.dev.targets),
            test=len(split.test.targets),
            timed=log.times is not None,
            text_share=of.share,
            recency=tuple(of.recency),
            notes=(*log.notes, *notes),
        )
        replace_json(folder / ABOUT, known.model_dump(mode="json"))
    return known


def _without_strangers(build: Build, split: Split) -> list[str]:
    """Delete models that were trained on another split, which may have learned what is asked for in this one; a note of it."""
    models = build.folder / FOLDER / MODELS
    names = sorted(path.parent.name for path in models.glob(f"*/{kept.RUN}"))
    if not names:
        return []
    try:
        before = Interactions(build)
        same = all(map(np.array_equal, (*before.train, before.dev.targets), (*split.train, split.dev.targets)))
    except TriescopeError:
        same = False
    if same:
        return []
    out_of_sight(models)
    return [f"{', '.join(names)}: trained on other interactions, and deleted"]


def _split(log: Log, dates: tuple[str, str] | None) -> tuple[Split, list[str]]:
    if not dates:
        split = leave_last_out(log.histories)
    elif log.times is None:
        raise TriescopeError("these interactions have no times to split by; leave the last ones out instead")
    else:
        begins = [number_of(Path(name), 1, "date", date) for name, date in zip(("development", "test"), dates, strict=True)]
        split = by_time(log.histories, log.times, *begins)
    asked = len(split.test.targets)
    left = len(log.users) - asked
    return split, [
        f"{left:,} of {len(log.users):,} people have nothing that could be asked for, and are only learned from"
    ] if left else []


def material_of(build: Build, split: Split, seed: int = 0) -> Material:
    """What recommenders of a build are made from."""
    said = [item_text.said_of(document, build.manifest.spec.fields) for document in build.documents]
    return Material(split, said, build.embeddings, build.trie, build.folder / FOLDER / MODELS, seed)


class Interactions:
    """The interactions of a build, read when first asked for.

    Raises
    ------
    TriescopeError
        There are none, they are damaged, or were joined to another catalogue.
    """

    def __init__(self, build: Build):
        self.build, self.folder = build, build.folder / FOLDER
        if not is_there(build.folder):
            raise TriescopeError(
                f"{build.name} has no interactions: `python -m engine interactions {build.folder.name} FILE` joins them"
            )
        self.about = described.read(self.folder / ABOUT, Joined)
        if self.about.corpus != build.manifest.corpus.sha256:
            raise TriescopeError(f"{build.name}: its interactions were joined to another catalogue; join them again")

    @cached_property
    def train(self) -> Histories:
        """What is learned from."""
        return self._read("train")[0]

    @cached_property
    def dev(self) -> Held:
        """What chooses."""
        return self._held("dev")

    @cached_property
    def test(self) -> Held:
        """What judges."""
        return self._held("test")

    @cached_property
    def users(self) -> list[str]:
        """Ids of the people."""
        return [str(user) for user in stored_values.read(self.folder / USERS)]

    @cached_property
    def material(self) -> Material:
        """What is learned from; the test is not in it."""
        nobody = Held(np.empty(0, np.int32), NOBODY, np.empty(0, np.int32))
        return material_of(self.build, Split(self.train, self.dev, nobody))._replace(matrix=self.matrix)

    @cached_property
    def popularity(self) -> np.ndarray:
        """How often each item was taken in training, int64 ``(items,)``."""
        return np.bincount(self.train.items, minlength=len(self.build.embeddings))

    @cached_property
    def matrix(self) -> ItemItem:
        """The item-item matrix, as it was made when they were joined."""
        path = self.folder / MATRIX
        found, items = arrays.members(path), len(self.build.embeddings)
        try:
            indptr, indices, data = found["indptr"], found["indices"], found["data"]
        except KeyError as error:
            raise TriescopeError(f"{path}: damaged (no {error})") from error
        whole = (
            len(indptr) == items + 1
            and indptr[0] == 0
            and indptr[-1] == len(indices) == len(data)
            and (np.diff(indptr) >= 0).all()
        )
        if (
            not whole
            or (len(indices) and not 0 <= indices.min() <= indices.max() < items)
            or not (np.isfinite(data) & (data >= 0)).all()
        ):
            raise TriescopeError(f"{path}: damaged (no matrix of {items:,} items)")
        weights = sparse.csr_matrix((data.astype(np.float32), indices, indptr), (items, items))
        return ItemItem(weights, Recency(*self.about.recency), self.about.text_share)

    def _read(self, name: str) -> tuple[Histories, dict[str, np.ndarray]]:
        path = self.folder / f"{name}.npz"
        found = dict(arrays.members(path))
        try:
            histories = Histories(found["starts"].astype(np.int64), found["items"].astype(np.int32))
        except KeyError as error:
            raise TriescopeError(f"{path}: damaged (no {error})") from error
        starts = histories.starts
        if not len(starts) or starts[0] or starts[-1] != len(histories.items) or (np.diff(starts) < 0).any():
            raise TriescopeError(f"{path}: damaged (histories that do not add up)")
        check_histories(histories, len(self.build.embeddings))
        return histories, found

    def _held(self, name: str) -> Held:
        histories, found = self._read(name)
        try:
            held = Held(found["people"].astype(np.int32), histories, found["targets"].astype(np.int32))
        except KeyError as error:
            raise TriescopeError(f"{self.folder / name}.npz: damaged (no {error})") from error
        if not len(held.people) == len(held.targets) == histories.people:
            raise TriescopeError(f"{self.folder / name}.npz: damaged (targets that belong to nobody)")
        check_histories(Histories.of([held.targets]), len(self.build.embeddings))
        return held


def _write(path: Path, histories: Histories, **more: np.ndarray) -> None:
    _save(path, starts=histories.starts, items=histories.items, **more)


def _save(path: Path, **found: np.ndarray) -> None:
    written = io.BytesIO()
    np.savez(written, **found)  # type: ignore[arg-type]
    replace_bytes(path, written.getvalue())
