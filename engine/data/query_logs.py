"""What people asked, and what they then clicked, from one file: a line a search, tabs between.

``query``, ``query, how often``, or ``query, document, how often it was clicked``. Clicks are no judgements: nobody clicks what
was not shown, and what stood on top is clicked for standing there. So their ids say that they are clicks, and so does whoever
counts by them.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from engine.data import query_files
from engine.data.judgements import Qrels, known
from engine.data.lines import BadLineError, lines
from engine.errors import TriescopeError

# Most different queries that are taken: the workspace is read whole.
QUERIES, LONGEST = 200_000, 2_000
CLICKED = "clicked-"
CLICKS = "clicks, not judgements: nobody clicks what was not shown, so who ranks as what was clicked on is measured too high"


class QueryLog(NamedTuple):
    """How often each query was asked, by its text as it was first spelled; which documents were clicked for it, and how often."""

    searches: dict[str, int]
    clicks: dict[str, dict[str, int]]


def read(path: Path) -> QueryLog:
    """A log; a query is the same in any case and spacing.

    Raises
    ------
    TriescopeError
        It cannot be read, a count is none, a query is too long, there are too many, or there is none.
    """
    searches: dict[str, int] = {}
    clicks: dict[str, dict[str, int]] = {}
    spelled: dict[str, str] = {}
    for number, line in _lines(path):
        text, *rest = (cell.strip() for cell in line.split("\t"))
        if not text:
            continue
        if len(rest) > 2:
            raise TriescopeError(
                f"{path}, line {number}: expected a query, a document and how often, found {len(rest) + 1} cells"
            )
        times = _count(path, number, rest[-1]) if rest else 1
        if len(text) > LONGEST:
            raise TriescopeError(f"{path}, line {number}: a query of {len(text):,} characters; {LONGEST:,} are taken")
        query = spelled.setdefault(plain(text), " ".join(text.split()))
        searches[query] = searches.get(query, 0) + times
        if len(rest) == 2 and times:
            of_query = clicks.setdefault(query, {})
            of_query[rest[0]] = of_query.get(rest[0], 0) + times
        if len(searches) > QUERIES:
            raise TriescopeError(f"{path}: more than {QUERIES:,} different queries")
    if not any(searches.values()):
        raise TriescopeError(f"{path}: no search is in it")
    return QueryLog(searches, clicks)


class Clicked(NamedTuple):
    """Queries that a document of the catalogue was clicked for, id -> text; those documents, grade 1 however often; and how many
    clicked documents are not in the catalogue."""

    queries: dict[str, str]
    qrels: Qrels
    absent: int


def clicked(log: QueryLog, documents: Collection[str]) -> Clicked:
    """The clicks of a log as a query set, whose ids say what they are.

    Raises
    ------
    TriescopeError
        None of them is in the catalogue, or the queries are too many.
    """
    found, absent = Clicked({}, {}, 0), 0
    for query, of_query in log.clicks.items():
        names = {known(one, documents) for one in of_query}
        here = {one: 1 for one in sorted(names) if one in documents}
        absent += len(names) - len(here)
        if here:
            name = f"{CLICKED}{hashlib.sha256(plain(query).encode()).hexdigest()[:10]}"
            found.queries[name], found.qrels[name] = query, here
    if not found.queries:
        raise TriescopeError("nothing that was clicked is in the catalogue")
    if len(found.queries) > query_files.QUERIES:
        raise TriescopeError(f"more than {query_files.QUERIES:,} different queries with a click")
    return found._replace(absent=absent)


def are_clicks(ids: Iterable[str]) -> bool:
    """Whether judged queries are those of :func:`clicked`, by their ids.

    >>> are_clicks(["clicked-0a1b"]), are_clicks(["q1", "clicked-0a1b"]), are_clicks([])
    (True, False, False)
    """
    named = [one.startswith(CLICKED) for one in ids]
    return bool(named) and all(named)


def plain(text: str) -> str:
    """What all spellings of a query have in common.

    >>> plain("A  man at Sea")
    'a man at sea'
    """
    return " ".join(text.split()).casefold()


def _count(path: Path, number: int, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise TriescopeError(f"{path}, line {number}: expected how often it was asked behind the tab, found {text[:40]!r}")
    return int(text)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers."""
    number = 0
    try:
        for number, line in enumerate(lines(path, "\n"), 1):
            yield number, line
    except BadLineError as error:
        raise TriescopeError(f"{path}, line {number + 1}: {error}") from error
    except OSError as error:
        raise TriescopeError(f"{path}: cannot be read ({error.strerror or error})") from error
