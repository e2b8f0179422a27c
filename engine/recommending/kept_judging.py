"""What recommenders of a build were found to be worth, kept with its interactions for whoever looks later: the last judging of a
split, whole. Joining others takes it away."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from engine import evaluation
from engine.builds.opened import Build
from engine.data.figures import Stored, StoredDifference, StoredInterval
from engine.data.histories import Held
from engine.errors import TriescopeError
from engine.evaluation import parity as parities
from engine.evaluation.parity import Parity
from engine.files import replace_json, writing
from engine.recommending import kinds, on_disk
from engine.recommending.evaluated import Figures
from engine.recommending.models import kept
from engine.recommending.slates import Slate
from engine.stored import described

SPLITS = ("dev", "test")


class OfGroup(Stored):
    """As :class:`engine.recommending.evaluated.Group`."""

    low: int
    high: int
    questions: int
    values: dict[str, float]


class OfShown(Stored):
    """As :class:`engine.recommending.evaluated.Shown`."""

    covered: float
    gini: float
    popularity: float
    apart: float | None = None  # older ones lack it


class OfRecommender(Stored):
    """As :class:`engine.recommending.evaluated.Figures`."""

    name: str
    means: dict[str, StoredInterval]
    ahead: StoredDifference | None
    groups: tuple[OfGroup, ...]
    shown: OfShown
    fair: float | None = None  # older ones lack it


class OfValue(Stored):
    """As :class:`engine.evaluation.parity.Value`."""

    value: str
    documents: float
    relevant: float
    shown: dict[str, StoredInterval]
    over: dict[str, StoredInterval]


class OfColumn(Stored):
    """As :class:`engine.evaluation.parity.Parity`; what is relevant is what people took next."""

    column: str
    queries: int
    values: tuple[OfValue, ...]
    others: int
    without: int
    from_documents: dict[str, StoredInterval]
    from_relevant: dict[str, StoredInterval]


class Judging(Stored):
    """Recommenders on the questions of a split. ``rule`` says how it was made, ``order`` what that of a history is, ``weights``
    which weights those that are trained had, ``made`` and ``device`` when and where it was judged, ``parity`` whom lists show, if
    that was asked."""

    split: str
    rule: str
    order: str = ""  # older ones lack it
    seen: bool
    beams: int
    slate: str = ""
    questions: int
    models: tuple[OfRecommender, ...]
    weights: dict[str, str]
    made: str
    device: str
    parity: OfColumn | None = None


def judging(
    of: kinds.Opened, split: str, seen: bool, slate: Slate, found: Sequence[Figures], parity: Parity | None = None
) -> Judging:
    """What was found, as it is shown and kept."""
    about = of.known.about
    return Judging.model_validate(
        {
            "split": split,
            "rule": "last item of each person" if about.split == "last" else f"by time, {' and '.join(about.dates)}",
            "order": "by time, at one time as in the file" if about.timed else "as in the file",
            "seen": seen,
            "beams": of.beams,
            "slate": slate.told(),
            "questions": len(questions(of.known, split).targets),
            "models": [one.as_json() for one in found],
            "weights": _weights(of.build, [one.name for one in found]),
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "device": evaluation.device(),
            "parity": parity and parity.as_json(),
        }
    )


def by_column(of: kinds.Opened, split: str, found: Sequence[Figures], column: str) -> Parity:
    """Whom the first ten show, by a column.

    Raises
    ------
    TriescopeError
        There is no such column, or it has no value.
    """
    lists = {one.name: [row[row >= 0] for row in one.first] for one in found}
    return parities.by_column(of.build.columns, column, lists, list(questions(of.known, split).targets[:, None]))


def protocol(found: Judging) -> str:
    """What figures of others have to have in common with these to be set beside them, in a few words.

    >>> protocol(Judging.model_construct(rule="by time, 2020 and 2021", seen=False, order="as in the file"))
    'by time, 2020 and 2021; items of the history are left out; only training is learned from; order as in the file'
    """
    seen = "may come again" if found.seen else "are left out"
    order = f"; order {found.order}" if found.order else ""
    return f"{found.rule}; items of the history {seen}; only training is learned from{order}"


def questions(interactions: on_disk.Interactions, split: str) -> Held:
    """The questions of a split.

    Raises
    ------
    TriescopeError
        There is no such split.
    """
    if split not in SPLITS:
        raise TriescopeError(f"split: test or dev, not {split!r}")
    return interactions.test if split == "test" else interactions.dev


def path_of(build: Build, split: str) -> Path:
    """Where the last one of a split lies."""
    return build.folder / on_disk.FOLDER / on_disk.JUDGED.format(split)


def keep(build: Build, found: Judging) -> None:
    """Keep it, in the place of the one before.

    Raises
    ------
    TriescopeError
        Nothing can be written.
    """
    path = path_of(build, found.split)
    with writing(path.parent):
        replace_json(path, found.model_dump(mode="json"))


def read(build: Build, split: str) -> Judging | None:
    """The one that was kept; None where there is none.

    Raises
    ------
    TriescopeError
        Its file is damaged.
    """
    path = path_of(build, split)
    return described.read(path, Judging) if path.is_file() else None


def trained_since(build: Build, found: Judging) -> list[str]:
    """Models of a judging that were trained anew after it, or are gone."""
    now = _weights(build, found.weights)
    return [name for name, weights in found.weights.items() if now.get(name) != weights]


def _weights(build: Build, asked: Iterable[str]) -> dict[str, str]:
    """Names of the weights of those that are trained, a name being also a sum of several."""
    members = {member.strip() for name in asked for member in name.split("+")}
    folder = build.folder / on_disk.FOLDER / on_disk.MODELS
    return {name: kept.read(folder / name).weights for name in kinds.trained(build.folder) if name in members}
