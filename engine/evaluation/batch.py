"""Many queries through one retriever, written as a run: nothing is at its place before it is whole."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TextIO

from engine.builds.in_use import in_use
from engine.builds.opened import Build
from engine.data.looked_up import ids_of
from engine.errors import TriescopeError
from engine.evaluation import trec
from engine.evaluation.run import SCORES, part_of
from engine.files import replacing, writing
from engine.retrievers import Queries, Retriever

# Queries of one call, at most: so often it is told how far it is.
TOGETHER = 1024


class Written(NamedTuple):
    """What was written: queries with and without a hit, hits in all, and queries that are documents, whose own was left out."""

    queries: int
    empty: int
    hits: int
    own: int


def write_batch(
    build: Build,
    queries: Mapping[str, str],
    out: Path,
    retriever: str,
    k: int,
    beams: int,
    filter_text: str = "",
    tell: Callable[[str, int, int], None] = lambda stage, done, total: None,
    searcher: Retriever | None = None,
) -> Written:
    """Search for all ``queries`` (id -> text) and write a TREC run.

    Parameters
    ----------
    build : Build
        Where to search.
    queries : mapping
        Query id -> text.
    out : Path
        The file; replaced in one step when all is written. Its folder has to be there.
    retriever, k, beams, filter_text
        As :meth:`engine.builds.opened.Build.search` takes them.
    tell : callable
        Progress: ``(stage, done, total)``.
    searcher : Retriever, optional
        Who searches, where it is not the build itself; ``retriever`` is then what it is called.

    Raises
    ------
    TriescopeError
        An id has a space in it, which no TREC file can hold; the retriever or the filter is none; the file cannot be written; the
        build was replaced meanwhile.
    """
    if not out.parent.is_dir():
        raise TriescopeError(f"{out}: there is no folder {out.parent}")
    ids = ids_of(build.documents)
    for known in (*queries, *ids):
        trec.check_id(known)
    searcher = searcher or build.retriever(retriever, beams)
    allowed, texts = build.allowed(filter_text), list(queries.values())
    names, step = list(queries), max(1, min(TOGETHER, SCORES // max(1, len(ids))))
    # The document that has the query's own id is left out, as in an evaluation; then one more is searched for.
    empty, hits, own = 0, 0, sum(name in build.row_of for name in names)
    with in_use(build.folder) as look, writing(out):
        vectors = None
        if searcher.needs_vectors:
            vectors = build.embed_queries(texts, lambda done, total: tell("queries", done, total))

        def write(beside: Path) -> None:
            with open(beside, "w", encoding="utf-8", newline="\n") as file:
                for start in range(0, len(names), step):
                    _write_part(file, start)
                    tell(retriever, min(start + step, len(names)), len(names))
            look()  # a run of two builds is none

        def _write_part(file: TextIO, start: int) -> None:
            nonlocal empty, hits
            part = part_of(Queries(texts, vectors), start, start + step)
            rows = searcher.search(part, min(k + (own > 0), len(ids)), allowed).rows
            found = {}
            for query, of_query in zip(names[start : start + step], rows, strict=True):
                known = (ids[row] for row in of_query if row >= 0)
                found[query] = [document for document in known if document != query][:k]
            empty, hits = empty + sum(not of for of in found.values()), hits + sum(map(len, found.values()))
            file.write(trec.run_text(found, retriever))

        replacing(out, write)
    return Written(len(names), empty, hits, own)
