"""A search as a conversation: "more like this", "less like that". Turns move the query's vector (Rocchio) and rule documents out.

What was turned down is no result any more, whoever searches. The vector reaches only those who search by it; whoever reads the
words of the query hears of no turn, and :func:`deaf` says who that is.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.filters.syntax import MAX_LENGTH
from engine.retrievers import method_of
from engine.retrievers.rocchio import turned

if TYPE_CHECKING:
    from engine.builds.opened import Build


class Turns(NamedTuple):
    """Ids of documents that more was wanted of, and less."""

    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()


def vector(build: "Build", query: np.ndarray, turns: Turns) -> np.ndarray:
    """A query's vector, float32 ``(d,)``, after the turns.

    Raises
    ------
    TriescopeError
        A document is not in the build.
    """
    if not any(turns):
        return query
    for document in (*turns.more, *turns.less):
        if document not in build.row_of:
            raise TriescopeError(f"{build.name} has no document {document!r}")
    more, less = ([build.row_of[document] for document in of] for of in turns)
    return turned(query, build.embeddings[more], build.embeddings[less])


def without(filter_text: str, less: Sequence[str]) -> str:
    """A filter that also leaves out what was turned down, as far as a filter is that long.

    >>> without("year > 1990 or year < 1950", ["a", "it's"])
    "(year > 1990 or year < 1950) and not id in ('a', 'it''s')"
    >>> without("", [])
    ''
    """
    for last in range(len(less), 0, -1):
        ids = ", ".join("'" + document.replace("'", "''") + "'" for document in less[:last])
        found = f"({filter_text}) and not id in ({ids})" if filter_text else f"not id in ({ids})"
        if len(found) <= MAX_LENGTH:
            return found
    return filter_text


def branch(build: "Build", document: str) -> str:
    """The smallest branch of the tree that holds a document and some other, as codes; its own identifier where it is alone in
    its first code, empty where it has none."""
    tree = build.trie
    path = tree.path(build.row_of[document])
    shared = [node for node in path if tree.counts[node] > 1]
    return "-".join(map(str, tree.prefix(int((shared or path)[-1])))) if path else ""


def deaf(build: "Build", names: Sequence[str]) -> list[str]:
    """Retrievers that do not hear of turns: they read the query's words."""
    return [name for name in names if not _hears(build, name)]


def _hears(build: "Build", name: str) -> bool:
    method, named = method_of(name)
    if named.members:
        return any(_hears(build, member) for member in named.members)
    if method.name == "hybrid":
        return True
    if method.takes_scorer:
        return not build.scorer(named.scorer).abilities.reads_text
    return build.retriever(name).needs_vectors
