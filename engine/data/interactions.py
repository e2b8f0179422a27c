"""Interactions: who took what and when, read from files people have, joined to the rows of a catalogue.

A table (CSV, TSV, JSONL, Parquet, RecBole's ``.inter``) has a row an interaction; a ``.txt`` file a line a person: user, item,
item and so on, oldest first. What is left aside is counted and said, what is wrong is refused with its row.
"""

import datetime
import math
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.data.delimited import delimited
from engine.data.histories import SHORTEST, Histories
from engine.data.lines import BadLineError, lines
from engine.data.records import kind_of, records
from engine.data.values import called, counted, text_of
from engine.errors import RowError, TriescopeError

# Column names that are understood without being told, in order of preference; RecBole writes its type behind a colon.
KNOWN = {
    "user": ("user_id", "userid", "user", "reviewerid", "reviewer_id", "customer_id", "visitorid", "session_id", "sessionid"),
    "item": ("item_id", "itemid", "item", "parent_asin", "asin", "movieid", "movie_id", "product_id", "sku", "doc_id"),
    "time": ("timestamp", "time", "unixreviewtime", "unix_review_time", "date", "datetime", "created_at", "ts"),
    "rating": ("rating", "overall", "stars", "score"),
}
# Ids that are named one by one.
NAMED = 5


class Log(NamedTuple):
    """Interactions of a catalogue.

    Attributes
    ----------
    users : list of str
        Their ids, a history each.
    histories : Histories
        Item rows, oldest first.
    times : np.ndarray or None
        Float64 seconds, parallel to the items; None where the file has only an order.
    notes : tuple of str
        What was left aside or taken otherwise than it is written, a sentence each.
    """

    users: list[str]
    histories: Histories
    times: np.ndarray | None
    notes: tuple[str, ...]


class Rules(NamedTuple):
    """What is kept: people with at least ``shortest`` interactions; of ratings those of at least ``least``; where ``core`` is
    above 0, people and items with so many interactions among what is left, as often as it takes."""

    shortest: int = SHORTEST
    least: float | None = None
    core: int = 0


class _Raw(NamedTuple):
    """Interactions as they stand in the file: user and item numbers in order of first sight, seconds (NaN: none)."""

    users: dict[str, int]
    items: dict[str, int]
    user: array
    item: array
    time: array
    below: int


def read_interactions(
    path: Path, row_of: Mapping[str, int], columns: Mapping[str, str] | None = None, rules: Rules | None = None
) -> Log:
    """Read interactions and join them to the catalogue.

    Parameters
    ----------
    path : Path
        The file.
    row_of : mapping
        Item id -> row in the catalogue.
    columns : mapping, optional
        Which column is the ``user``, ``item``, ``time`` or ``rating``, where the usual names do not fit.
    rules : Rules, optional
        What is kept.

    Raises
    ------
    TriescopeError
        The file cannot be read, has no user or no item column, a row is malformed, or nothing is left.
    """
    rules = rules or Rules()
    if not path.is_file():
        raise TriescopeError(f"{path}: no such file")
    raw = _sequences(path) if kind_of(path) == "txt" else _table(path, dict(columns or {}), rules.least)
    if not raw.user:
        raise TriescopeError(f"{path}: no interaction")
    below = counted(raw.below, "interaction", verb="has")
    notes = [f"{below} a rating below {rules.least:g}, and {'is' if raw.below == 1 else 'are'} left out"] if raw.below else []
    of_item = _joined(path, raw, row_of, notes)
    item = of_item[np.frombuffer(raw.item, np.int32)]
    known = item >= 0
    user, item, time = np.frombuffer(raw.user, np.int32)[known], item[known], np.frombuffer(raw.time, np.float64)[known]
    timed = bool(len(time)) and not np.isnan(time).any()
    if timed:
        user, item, time = _in_time(user, item, time, notes)
    else:
        order = np.argsort(user, kind="stable")
        user, item, time = user[order], item[order], time[order]
    keep = _core(user, item, rules, notes)
    user, item, time = user[keep], item[keep], time[keep]
    if not len(user):
        raise TriescopeError(f"{path}: no interaction is left under these rules ({'; '.join(notes) or 'none left out'})")
    found, sizes = np.unique(user, return_counts=True)
    names = list(raw.users)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Log(
        [names[number] for number in found], Histories(starts, item.astype(np.int32)), time if timed else None, tuple(notes)
    )


def _joined(path: Path, raw: _Raw, row_of: Mapping[str, int], notes: list[str]) -> np.ndarray:
    """Catalogue row of each item of the file, -1 for none, int64; what is not in the catalogue is counted and named."""
    rows = np.array([row_of.get(item, -1) for item in raw.items], np.int64)
    if (rows < 0).all() and all(item.endswith(".0") for item in raw.items):
        rows = np.array([row_of.get(item[:-2], -1) for item in raw.items], np.int64)
        notes.append("item ids are whole numbers written as 101.0, and were read as 101")
    missing = np.flatnonzero(rows < 0)
    if len(missing):
        counts = np.bincount(np.frombuffer(raw.item, np.int32), minlength=len(rows))
        names = list(raw.items)
        first = ", ".join(names[place] for place in missing[:NAMED]) + (", ..." if len(missing) > NAMED else "")
        lost = f"{counted(int(counts[missing].sum()), 'interaction')} with {counted(len(missing), 'item')}"
        notes.append(f"left out, for the catalogue lacks what they took: {lost} ({first})")
    if len(missing) == len(rows):
        raise TriescopeError(
            f"{path}: none of its {len(rows):,} items is in the catalogue (its ids begin {', '.join(list(raw.items)[:3])})"
        )
    return rows


def _in_time(user: np.ndarray, item: np.ndarray, time: np.ndarray, notes: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted by user, then time, ties as they stand in the file; the same interaction at the same time counts once."""
    order = np.lexsort((np.arange(len(time)), time, user))
    user, item, time = user[order], item[order], time[order]
    # Several things at one time: the same one twice among them is found by sorting those by item too.
    again = np.zeros(len(user), bool)
    by_item = np.lexsort((np.arange(len(time)), item, time, user))
    u, i, t = user[by_item], item[by_item], time[by_item]
    again[by_item[1:]] = (u[1:] == u[:-1]) & (i[1:] == i[:-1]) & (t[1:] == t[:-1])
    if again.any():
        twice = int(again.sum())
        notes.append(f"{counted(twice, 'interaction', verb='stands')} twice in the file, and count{'s' * (twice == 1)} once")
        user, item, time = user[~again], item[~again], time[~again]
    tied = int(((user[1:] == user[:-1]) & (time[1:] == time[:-1])).sum())
    if tied:
        of = f"{tied:,} of {counted(len(user), 'interaction')} ha{'s' if tied == 1 else 've'}"
        notes.append(f"{of} the time of the one before; the file's order stands")
    return user, item, time


def _core(user: np.ndarray, item: np.ndarray, rules: Rules, notes: list[str]) -> np.ndarray:
    """Bool: which interactions the rules keep."""
    keep = np.ones(len(user), bool)
    for asked, who in ((rules.core, "people and items"), (rules.shortest, "people")):
        before = keep.copy()
        while asked > 1:
            sides = (user, item) if who != "people" else (user,)
            few = [np.bincount(side[keep], minlength=side.max(initial=-1) + 1)[side] < asked for side in sides]
            drop = keep & np.logical_or.reduce(few)
            if not drop.any():
                break
            keep &= ~drop
        if gone := int(before.sum() - keep.sum()):
            people = len(np.unique(user[before])) - len(np.unique(user[keep]))
            lost = f"{counted(gone, 'interaction', verb='was')} left out ({counted(people, 'person', 'people')})"
            notes.append(f"{lost}, of {who} with fewer than {asked}")
    return keep


def _sequences(path: Path) -> _Raw:
    """A line a person: user, then items in order."""
    raw = _Raw({}, {}, array("i"), array("i"), array("d"), 0)
    row = 0
    try:
        for row, line in enumerate(lines(path, newline=""), 1):
            user, *items = line.split() or [""]
            if not user:
                continue
            if user in raw.users:
                raise RowError(path, row, "", f"user {user!r} has a line before this one")
            number = raw.users.setdefault(user, len(raw.users))
            for item in items:
                raw.user.append(number)
                raw.item.append(raw.items.setdefault(item, len(raw.items)))
                raw.time.append(math.nan)
    except BadLineError as error:
        raise TriescopeError(f"{path}, row {row + 1}: {error}") from error
    return raw


def _table(path: Path, asked: dict[str, str], least: float | None) -> _Raw:
    """A row an interaction."""
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    user, item, time = array("i"), array("i"), array("d")
    names: dict[str, str] = {}
    below = 0
    for row, record in _rows(path):
        if not names:
            names = choose_columns(path, record, asked)
            if least is not None and "rating" not in names:
                raise TriescopeError(
                    f"{path}: there is no rating column to hold against {least:g}; name it: --column rating=NAME"
                )
        if least is not None and number_of(path, row, names["rating"], record.get(names["rating"])) < least:
            below += 1
            continue
        found = [text_of(path, row, names[part], record.get(names[part]), exact=True).strip() for part in ("user", "item")]
        for part, value in zip(("user", "item"), found, strict=True):
            if not value:
                raise RowError(path, row, names[part], f"the {part} is missing")
        user.append(users.setdefault(found[0], len(users)))
        item.append(items.setdefault(found[1], len(items)))
        time.append(number_of(path, row, names["time"], record.get(names["time"])) if "time" in names else math.nan)
    return _Raw(users, items, user, item, time, below)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    yield from delimited(path, "tsv") if kind_of(path) == "inter" else records(path)


def choose_columns(path: Path, record: Mapping[str, Any], asked: Mapping[str, str]) -> dict[str, str]:
    """Which column is what: asked for, else known by its name.

    >>> choose_columns(Path("r.csv"), {"userId": "1", "movieId": "31", "rating": "2.5", "timestamp": "1260759144"}, {})
    {'user': 'userId', 'item': 'movieId', 'time': 'timestamp', 'rating': 'rating'}
    >>> choose_columns(Path("b.inter"), {"user_id:token": "1", "item_id:token": "31"}, {})
    {'user': 'user_id:token', 'item': 'item_id:token'}

    Raises
    ------
    TriescopeError
        A column asked for is not there, or none is the user's or the item's.
    """
    for part, name in asked.items():
        if part not in KNOWN:
            raise TriescopeError(f"{part} is no part of an interaction; its parts are {', '.join(KNOWN)}")
        if name not in record:
            raise TriescopeError(f"{path}: there is no column {name!r} to take the {part} from; columns are {', '.join(record)}")
    plain = {name.partition(":")[0]: name for name in reversed(list(record))}
    found = {part: plain[match] for part, known in KNOWN.items() if (match := called(plain, known))}
    found |= asked
    for part in ("user", "item"):
        if part not in found:
            looked = ", ".join(KNOWN[part])
            raise TriescopeError(
                f"{path}, row 1: no {part} column; looked for {looked}, found {', '.join(record)}; name it: --column {part}=NAME"
            )
    return found


def number_of(path: Path, row: int, column: str, value: Any) -> float:
    """A cell that holds a number, or a date, as seconds since 1970 (UTC unless it says otherwise).

    >>> number_of(Path("a"), 1, "t", "1260759144"), number_of(Path("a"), 1, "t", "1970-01-02")
    (1260759144.0, 86400.0)

    Raises
    ------
    RowError
        It is neither.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = _date(value)
    if not math.isfinite(number):
        raise RowError(path, row, column, f"expected a number or a date like 2024-05-31T12:00, found {str(value)[:40]!r}")
    return number


def _date(value: Any) -> float:
    try:
        when = datetime.datetime.fromisoformat(str(value).strip())
    except ValueError:
        return math.nan
    return (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()
