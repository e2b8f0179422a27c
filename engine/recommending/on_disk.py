"""Interactions of a build as they lie on the disk: the three parts of the split in files of their own, and the matrix of the
training part.

    .interactions/               hidden, so that it is not handed on with the build: it says who took what
      about.json                 where it came from, rules, split, counts, notes; replaced last
      train.npz dev.npz test.npz starts and items; for the two that are asked, people and targets too
      users.json                 ids of the people
      matrix.npz                 the item-item matrix, chosen on development
      models/NAME/               trained models
      judged-SPLIT.json          what recommenders were found to be worth, last time (kept_judging.py)

Training opens ``train.npz`` and ``dev.npz`` alone, and works where the third is missing.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
from pydantic import Field
from scipy import sparse

from engine.builds import layout
from engine.builds.opened import Build
from engine.data.figures import Stored
from engine.data.histories import Held, Histories, Split
from engine.errors import TriescopeError
from engine.recommending import item_text
from engine.recommending.base import Material, check_histories
from engine.recommending.item_item import ItemItem
from engine.recommending.matrix import Recency
from engine.stored import arrays, described
from engine.stored import values as stored_values

FOLDER, MATRIX, ABOUT, USERS, MODELS = layout.TAKEN, layout.TAKEN_TOGETHER, "about.json", "users.json", "models"
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
