"""Interactions joined to a build: read, split, made into the item-item matrix, and written where
:mod:`engine.recommending.on_disk` reads them."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.builds.encoded import out_of_sight
from engine.builds.opened import Build
from engine.data.histories import Histories, Split, by_time, leave_last_out
from engine.data.interactions import Log, Rules, number_of, read_interactions
from engine.errors import TriescopeError
from engine.files import alone, replace_bytes, replace_json, sha256, writing
from engine.recommending import item_item
from engine.recommending.base import Tell
from engine.recommending.models import kept
from engine.recommending.on_disk import ABOUT, FOLDER, JUDGED, MATRIX, MODELS, USERS, Interactions, Joined, material_of


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


def _write(path: Path, histories: Histories, **more: np.ndarray) -> None:
    _save(path, starts=histories.starts, items=histories.items, **more)


def _save(path: Path, **found: np.ndarray) -> None:
    written = io.BytesIO()
    np.savez(written, **found)  # type: ignore[arg-type]
    replace_bytes(path, written.getvalue())
