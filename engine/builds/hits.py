"""What is shown of a document that was found."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.data.corpus import Document
from engine.pictures.labels import escaped
from engine.retrievers import method_of
from engine.retrievers.base import Found
from engine.retrievers.ranking import Ranking

if TYPE_CHECKING:
    from engine.builds.opened import Build

# Rows of a table in a notebook, which keeps what it has shown.
ROWS = 100


class Hit(NamedTuple):
    """One result. ``score`` is in the retriever's own scale; ``source`` names the path that brought it."""

    rank: int
    id: str
    title: str
    score: float
    identifier: str
    source: str


class Hits(list[Hit]):
    """Hits, best first: a list, and in a notebook a table.

    >>> print(Hits([Hit(1, "a", "<b>", 0.5, "3-0", "dense")])._repr_html_().splitlines()[1])
    <tr><td>1</td><td><bdi>&lt;b&gt;</bdi></td><td>0.5</td><td>3-0</td><td>dense</td></tr>
    """

    def _repr_html_(self) -> str:
        if not self:
            return "<p>Nothing was found.</p>"
        head = "".join(f"<th>{name}</th>" for name in ("Rank", "Title", "Score", "Identifier", "Found by"))
        lines = [f"<table><thead><tr>{head}</tr></thead><tbody>"]
        for hit in self[:ROWS]:
            title = f"<bdi>{escaped(hit.title or hit.id)}</bdi>"
            cells = (hit.rank, title, f"{hit.score:g}", escaped(hit.identifier), escaped(hit.source))
            lines.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
        rest = f"<p>The first {ROWS} of {len(self):,}.</p>" if len(self) > ROWS else ""
        return "\n".join([*lines, f"</tbody></table>{rest}"])


def hits_of(
    documents: Sequence[Document],
    identifier: Callable[[int], str],
    rows: np.ndarray,
    scores: np.ndarray,
    sources: Sequence[str],
) -> Hits:
    """Document rows, best first, as hits; ``identifier`` gives the codes of a row as text.

    >>> hits_of([Document("a", "Ran", "", {})], str, np.array([0]), np.array([0.5]), ["bm25"])
    [Hit(rank=1, id='a', title='Ran', score=0.5, identifier='0', source='bm25')]
    """
    return Hits(
        Hit(
            rank=rank,
            id=documents[row].id,
            title=documents[row].title,
            score=round(float(score), 4),
            identifier=identifier(row),
            source=source,
        )
        for rank, (row, score, source) in enumerate(zip(rows, scores, sources, strict=True), 1)
    )


def of_query(build: "Build", ranking: Ranking, place: int, retriever: str) -> Hits:
    """Hits of one of the queries that a retriever ranked documents for."""
    found = ranking.rows[place][ranking.rows[place] >= 0]
    sources = ranking.sources[place] if ranking.sources else [retriever] * len(found)
    return hits_of(build.documents, build.identifier, found, ranking.scores[place][: len(found)], sources[: len(found)])


def evidence(build: "Build", query: str, retriever: str, hits: Sequence[Hit]) -> list[str]:
    """What speaks for each hit of a retriever, in its own terms."""
    speaks, by, told = method_of(retriever)[0].evidence, build.retriever(retriever), []
    for hit in hits:
        row = build.row_of[hit.id]
        text = build.documents[row].searched_text(build.fields)
        told.append(speaks(Found(query, text, hit.score, hit.identifier, hit.source, row, by)))
    return told
