"""Judgements that people make while they look: how relevant a document is to a query, kept by catalogue.

They belong to the documents, not to a build of them: another build of the same catalogue, with other identifiers, shares them.
Where several people share a server each has their own, under an ``owner``; empty is the one person that there is otherwise.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from engine.errors import TriescopeError
from engine.workspace.shelves import shelf
from engine.workspace.store import connected, place, version

# As in TREC and BEIR: not relevant, relevant, highly relevant.
GRADES = {0: "not relevant", 1: "relevant", 2: "highly relevant"}
# What the judgements are called among the splits of a catalogue.
SPLIT = "judged"
# Length of a query that is kept, in characters; the app's boxes take no more.
LONGEST = 500


class Judged(NamedTuple):
    """Judgements of a catalogue in the form of a split: query id -> text, and query id -> document id -> grade."""

    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]


def same(query: str) -> str:
    """A query as it is kept: without blanks around it, one between words.

    >>> same("  two   words ")
    'two words'
    """
    return " ".join(query.split())


def query_id(query: str) -> str:
    """Id of a query by its text, the same on every machine.

    >>> query_id("two words"), query_id(" two  words")
    ('judged-a03f1d6116', 'judged-a03f1d6116')
    """
    return f"judged-{hashlib.sha256(same(query).encode()).hexdigest()[:10]}"


def judge(corpus: str, query: str, document: str, grade: int | None, owner: str = "") -> None:
    """Keep a judgement in the place of an earlier one of the same document and query; None takes it back.

    Parameters
    ----------
    corpus : str
        SHA-256 of the catalogue, as the manifest has it.
    query, document : str
        The query's text and the document's id.
    grade : int or None
        One of :data:`GRADES`.
    owner : str
        Whose it is.

    Raises
    ------
    TriescopeError
        There is no such grade, the query says nothing or is too long, or the workspace cannot be used.
    """
    query = same(query)
    if not query or len(query) > LONGEST:
        raise TriescopeError(f"a query that is judged has 1 to {LONGEST} characters, not {len(query):,}")
    if grade is not None and grade not in GRADES:
        raise TriescopeError(f"a grade is one of {', '.join(map(str, GRADES))}, not {grade}")
    with connected() as connection:
        where = [shelf(corpus, owner), query, document]
        connection.execute("DELETE FROM judgements WHERE corpus = ? AND query = ? AND document = ?", where)
        if grade is not None:
            connection.execute("INSERT INTO judgements (corpus, query, document, grade) VALUES (?, ?, ?, ?)", [*where, grade])


def of_query(corpus: str, query: str, owner: str = "") -> dict[str, int]:
    """Grades that people gave to documents for a query, document id -> grade; no file is made to find none."""
    return judged(corpus, owner).qrels.get(query_id(query), {})


def judged(corpus: str, owner: str = "") -> Judged:
    """All judgements of a catalogue, queries in the order of their text; to look at, not to change."""
    return _judged(place(), version(), shelf(corpus, owner))


@lru_cache(maxsize=8)
def _judged(file: Path, version: tuple[int, ...], corpus: str) -> Judged:
    found = Judged({}, {})
    if not version:
        return found
    with connected() as connection:
        asked = "SELECT query, document, grade FROM judgements WHERE corpus = ? ORDER BY query, document"
        rows = connection.execute(asked, [corpus]).fetchall()
    for query, document, grade in rows:
        found.queries[query_id(query)] = query
        found.qrels.setdefault(query_id(query), {})[document] = int(grade)
    return found


def as_jsonl(found: Judged) -> str:
    """The queries as BEIR's lines.

    >>> as_jsonl(Judged({"q": "cup"}, {}))
    '{"_id": "q", "text": "cup"}\\n'
    """
    return "".join(json.dumps({"_id": known, "text": text}, ensure_ascii=False) + "\n" for known, text in found.queries.items())


def as_tsv(found: Judged) -> str:
    """Judgements as BEIR's table.

    >>> as_tsv(Judged({"q": "cup"}, {"q": {"d": 2}}))
    'query-id\\tcorpus-id\\tscore\\nq\\td\\t2\\n'
    """
    rows = [f"{query}\t{document}\t{grade}\n" for query, grades in found.qrels.items() for document, grade in grades.items()]
    return "query-id\tcorpus-id\tscore\n" + "".join(rows)
