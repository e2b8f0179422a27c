"""What a cell holds, in plain values: what is missing is None, whatever the file calls it."""

import datetime
import decimal
import math
import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.errors import RowError

# Whole numbers from here on are not all exact in float64: two ids could become one number.
INEXACT = 1 << 53
# Columns that a message names, and letters of each.
NAMED, LETTERS = 40, 60


def plain(value: Any) -> Any:
    """A value of a typed file as JSON has it: NaN and infinities are None, bytes are text where they are UTF-8, all the way down.

    >>> plain({"size": [float("nan"), b"XL"], "id": uuid.UUID(int=7), "price": decimal.Decimal("2.50")})
    {'size': [None, 'XL'], 'id': '00000000-0000-0000-0000-000000000007', 'price': 2.5}
    >>> plain(datetime.date(1999, 12, 31)), plain(b"\\xff")
    ('1999-12-31', b'\\xff')
    """
    if isinstance(value, str | int):
        return value
    if value is None or value != value or value in (math.inf, -math.inf):  # only NaN differs from itself
        return None
    if isinstance(value, bytes | bytearray):
        try:
            return bytes(value).decode()
        except UnicodeDecodeError:
            return bytes(value)
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID | datetime.timedelta) else value


def spelled(value: float) -> str:
    """A number as a person would write it: a whole one without the ``.0`` that data frames add.

    >>> spelled(101.0), spelled(4.5), spelled(7), spelled(1e16)
    ('101', '4.5', '7', '10000000000000000')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def text_of(path: Path, row: int, column: str, value: Any, exact: bool = False) -> str:
    """Text of a cell, empty for a missing one.

    Raises
    ------
    RowError
        It is no text and no number; or it must be ``exact``, as an id, and is a float so large that others look the same.
    """
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowError(path, row, column, f"expected text, found {type(value).__name__}")
    if exact and isinstance(value, float) and abs(value) >= INEXACT:
        raise RowError(path, row, column, f"{value} is too large for a float to be exact; write it as text")
    return value.replace("\x00", "") if isinstance(value, str) else spelled(value)


def counted(count: int, one: str, many: str = "", verb: str = "") -> str:
    """A number of things in words, with a verb of the number where there is one.

    >>> counted(1, "interaction"), counted(1200, "person", "people"), counted(1, "row", verb="was"), counted(2, "row", verb="was")
    ('1 interaction', '1,200 people', '1 row was', '2 rows were')
    """
    told = f"{count:,} {one if count == 1 else many or one + 's'}"
    plural = {"was": "were", "stands": "stand", "has": "have", "is": "are"}
    return f"{told} {verb if count == 1 else plural[verb]}" if verb else told


def known_as(name: str) -> str:
    """A column's name as it is compared with those that are known: in small letters, without what parts its words.

    >>> known_as("Query_ID"), known_as("product-id "), known_as("parentAsin")
    ('queryid', 'productid', 'parentasin')
    """
    return re.sub(r"[\s_-]+", "", name.lower())


def called(names: Iterable[str], wanted: Iterable[str]) -> str | None:
    """The name among ``names`` that comes first among the ``wanted``: as it is spelled there but for its case, else as
    :func:`known_as` compares; None where there is none.

    >>> called(["price", "Product ID", "ID"], ("_id", "id", "product_id")), called(["Handle"], ("id",))
    ('ID', None)
    """
    some, all_of = list(names), list(wanted)
    for told in (str.lower, known_as):
        by_name = {told(name): name for name in reversed(some)}
        if match := next((by_name[told(one)] for one in all_of if told(one) in by_name), None):
            return match
    return None


def names_of(names: Iterable[str]) -> str:
    """Names of columns in a message: a header may be any bytes, so each is cut, and so is their number.

    >>> names_of(["id", "x" * 99, "y"])
    'id, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…, y'
    """
    known = list(names)
    told = [" ".join(name.split()) for name in known[:NAMED]]
    more = f" and {len(known) - NAMED:,} more" if len(known) > NAMED else ""
    return ", ".join(name if len(name) <= LETTERS else f"{name[:LETTERS]}…" for name in told) + more
