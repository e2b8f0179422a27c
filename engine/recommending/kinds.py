"""All recommenders by name, and how those of a build are opened."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.builds import runs
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.recommending import content, counting, hybrid, item_item, liger, on_disk, plain
from engine.recommending.base import Model, Ranked, Recommender, Scores, Tell
from engine.recommending.content import Content
from engine.recommending.counting import Counting
from engine.recommending.matrix import Recency
from engine.recommending.models import kept
from engine.recommending.on_disk import Interactions
from engine.recommending.plain import Popularity, Semantic
from engine.recommending.titled import Titled
from engine.scorers.centroid import CentroidScorer

MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (counting.COUNTING, item_item.ITEM_ITEM, plain.KNN, content.CONTENT, plain.POPULARITY, plain.EASE, liger.LIGER)
}
FUSED_COLOR = "#76b7b2"
# What stands before the name of a language model that writes the next title.
IN_WORDS = "p5:"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


def trained(build: Path) -> list[str]:
    """Names of the trained models that a build has."""
    folder = build / on_disk.FOLDER / on_disk.MODELS
    return sorted(path.parent.name for path in folder.glob("*/run.json") if not path.parent.name.startswith("."))


def there(build: Build) -> list[str]:
    """Recommenders that a build can open, by name: those of content alone where it has no interactions."""
    if not on_disk.is_there(build.folder):
        return [name for name, model in MODELS.items() if not model.behaviour]
    return [*MODELS, *trained(build.folder)]


def usual(build: Build) -> list[str]:
    """Those that are shown where nobody says which ones."""
    return [name for name in there(build) if name not in MODELS or MODELS[name].usual]


def writers(build: Build) -> list[str]:
    """Those that write their list code by code, so that there is something to watch."""
    folder = build.folder / on_disk.FOLDER / on_disk.MODELS
    known = there(build)
    taught = [name for name in known if name not in MODELS and kept.read(folder / name).spec.get("model") == "tiger"]
    return [*(name for name in ("counting", "content") if name in known), *taught]


def color(name: str) -> str:
    """Colour of a recommender in charts."""
    return MODELS[name].color if name in MODELS else FUSED_COLOR


def check_name(name: str) -> None:
    """Refuse a name that a trained model cannot have: it becomes a folder, and must not be that of another recommender.

    Raises
    ------
    TriescopeError
        Saying why.
    """
    if not NAME.fullmatch(name) or name in MODELS:
        why = (
            "is the name of another recommender"
            if name in MODELS
            else "letters, digits, - and _, at most 40, begin with a letter"
        )
        raise TriescopeError(f"{name!r} cannot be the name of a trained model: {why}")


class Opened:
    """The recommenders of a build, each opened once.

    Parameters
    ----------
    build : Build
        With interactions or without.
    beams : int
        Width of those that decode.
    """

    def __init__(self, build: Build, beams: int = counting.BEAMS):
        self.build, self.beams, self._kept = build, beams, dict[str, Recommender]()
        self.interactions = Interactions(build) if on_disk.is_there(build.folder) else None

    def get(self, name: str, tell: Tell | None = None) -> Recommender:
        """A recommender: a name of :data:`MODELS`, of a trained model, or several joined by ``+``.

        Raises
        ------
        TriescopeError
            There is none of this name, or it needs interactions that the build lacks.
        """
        if name not in self._kept:
            members = [one.strip() for one in name.split("+")]
            self._kept[name] = self._fused(members, tell) if len(members) > 1 else self._open(name, tell)
        return self._kept[name]

    def _fused(self, members: Sequence[str], tell: Tell | None) -> Recommender:
        found: list[Scores] = []
        for name in members:
            opened = self.get(name, tell)
            if not isinstance(opened, Ranked):
                raise TriescopeError(
                    f"{name} writes its list code by code and has no scores to be summed; take item-item in its place"
                )
            found.append(opened.of)
        weighed = hybrid.weigh(found, self.known.dev)
        return Ranked(hybrid.Fused(found, weighed.weights))

    @property
    def known(self) -> Interactions:
        """The interactions, or what to do where there are none."""
        if self.interactions is None:
            self.interactions = Interactions(self.build)  # which says what is missing
        return self.interactions

    def _open(self, name: str, tell: Tell | None) -> Recommender:
        build, tell = self.build, tell or (lambda stage, done, total: None)
        if name in ("knn", "content"):
            recency = Recency()
            if name == "knn":
                return Ranked(Semantic(build.embeddings, recency))
            return Content(build.trie, build.embeddings, self._centroid, self.beams)
        if name == "popularity":
            return Ranked(Popularity(self.known.popularity))
        if name == "item-item":
            return Ranked(self.known.matrix)
        if name == "counting":
            return Counting(self.known.matrix, build.trie, self.known.popularity, self.beams)
        if name in MODELS:
            return MODELS[name].make(self.known.material, {}, tell)
        if name in trained(build.folder):
            from engine.recommending.models.networks import opened

            return opened(self.known.material, build.folder / on_disk.FOLDER / on_disk.MODELS / name, self.beams)
        if name.startswith(IN_WORDS):
            from engine.text import language_model, models

            return Titled(build, language_model.load(models.folder_of(name.removeprefix(IN_WORDS), "lm")))
        raise TriescopeError(
            f"there is no recommender {name!r}; there are {', '.join(there(build))}, and sums of them like item-item+sasrec"
        )

    def _centroid(self) -> CentroidScorer:
        found: Any = self.build.scorer(runs.CENTROID)
        return found
