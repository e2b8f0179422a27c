"""Runs and judgements as TREC writes them, so that other systems stand beside ours and ours beside others.

A run is lines of ``query Q0 document rank score tag``, judgements are lines of ``query 0 document grade``. As trec_eval has it, a
run is ranked by score, equal scores by document id from the last to the first, and the rank that it names says nothing.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.errors import TriescopeError
from engine.files import replace_bytes

Run = dict[str, list[str]]


def read_run(path: Path) -> Run:
    """Query id -> document ids, best first.

    Raises
    ------
    TriescopeError
        The file cannot be read, or a line is none of a run, or names a document of a query twice; it is named with its number.
    """
    scores: dict[str, dict[str, float]] = {}
    for number, fields in _lines(path, 6, "query Q0 document rank score tag"):
        query, _, document, _, score, _ = fields
        of_query = scores.setdefault(query, {})
        if document in of_query:
            raise TriescopeError(f"{path}: line {number}: document {document!r} stands twice in query {query!r}")
        try:
            of_query[document] = float(score)
        except ValueError:
            of_query[document] = math.nan
        if not math.isfinite(of_query[document]):
            raise TriescopeError(f"{path}: line {number}: the score {score!r} is no number")
    # The last of equal ids first, then by score: a stable sort keeps the order of equal scores.
    return {
        query: sorted(sorted(of_query, reverse=True), key=lambda document: -of_query[document])
        for query, of_query in scores.items()
    }


def write_run(path: Path, run: Mapping[str, Sequence[str]], tag: str) -> None:
    """Write a run, as :func:`run_text` has it."""
    replace_bytes(path, run_text(run, tag).encode())


def run_text(run: Mapping[str, Sequence[str]], tag: str) -> str:
    """A run as text. Scores fall by one a rank, so that every reader ranks as we do.

    Raises
    ------
    TriescopeError
        An id has a space in it.

    >>> print(run_text({"q": ["a", "b"]}, "bm25"), end="")
    q Q0 a 1 2 bm25
    q Q0 b 2 1 bm25
    """
    return "".join(
        f"{check_id(query)} Q0 {check_id(document)} {rank} {len(documents) - rank + 1} {tag_of(tag)}\n"
        for query, documents in run.items()
        for rank, document in enumerate(documents, 1)
    )


def write_qrels(path: Path, qrels: Mapping[str, Mapping[str, int]]) -> None:
    """Write judgements."""
    lines = [
        f"{check_id(query)} 0 {check_id(document)} {grade}\n"
        for query, grades in qrels.items()
        for document, grade in grades.items()
    ]
    replace_bytes(path, "".join(lines).encode())


def tag_of(name: str) -> str:
    """A system's name as a word that a file name and a run's last column bear.

    >>> tag_of("generative:node"), tag_of(".3*bm25+.7*dense@z"), tag_of("../x y")
    ('generative-node', '.3-bm25+.7-dense-z', '..-x-y')
    """
    return re.sub(r"[^\w.+-]+", "-", name)


def check_id(value: str) -> str:
    """An id that stands in a file of words.

    Raises
    ------
    TriescopeError
        It is empty, or has a space in it, as none of a TREC file can.
    """
    if not value or any(character.isspace() for character in value):
        raise TriescopeError(f"the id {value!r} has a space in it, and a TREC file has none in its ids")
    return value


def _lines(path: Path, columns: int, form: str) -> Iterator[tuple[int, list[str]]]:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise TriescopeError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise TriescopeError(f"{path}: it is not UTF-8") from error
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if fields and len(fields) != columns:
            raise TriescopeError(f"{path}: line {number}: {len(fields)} columns; a line is {form!r}")
        if fields:
            yield number, fields
