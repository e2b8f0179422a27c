"""What a build answers, as plain values with stable keys: the shell's ``--json``, and what a server sends."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.builds.hits import Hit, evidence
from engine.builds.opened import Build
from engine.builds.results import Decode
from engine.builds.said import clauses
from engine.builds.written import check_query, parse_prefix
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.explaining.why import Why, why_json
from engine.retrievers import method_of
from engine.text.matched import snippet, wanted

# Of those listed above a document, so many are held against its codes.
ABOVE = 10


def hits_json(build: Build, query: str, retriever: str, hits: Sequence[Hit], explain: bool = True) -> list[dict[str, Any]]:
    """Hits with their metadata; unless told otherwise also what speaks for each, and the part of its text that shows most words
    of the query."""
    rows = [build.documents[build.row_of[hit.id]] for hit in hits]
    if not explain:
        return [hit._asdict() | {"metadata": row.metadata} for hit, row in zip(hits, rows, strict=True)]
    stems, listed = wanted(query, build.language), []
    for hit, row, speaks in zip(hits, rows, evidence(build, query, retriever, hits), strict=True):
        shown = snippet(stems, row.text)
        more = {"evidence": speaks, "snippet": shown.text, "marks": shown.marks, "metadata": row.metadata}
        listed.append(hit._asdict() | more)
    return listed


def filter_json(build: Build, filter_text: str, passed: int) -> dict[str, Any]:
    """A filter that ``passed`` documents pass, and what it could not compare; nothing where there is no filter."""
    if not filter_text:
        return {}
    return {"filter": filter_text, "documents": passed, "left_aside": build.left_aside(filter_text)}


def read_json(build: Build, query: str, retriever: str, allowed: np.ndarray | None) -> dict[str, Any]:
    """What a retriever read from a query among the documents ``allowed``, in sentences; nothing where it reads no more than words
    or a vector."""
    method, named = method_of(retriever)
    return {"read": method.reads(build, named, query, allowed)} if method.reads else {}


def decoded(
    build: Build,
    query: str,
    beams: int = DEFAULT_BEAMS,
    k: int = 10,
    strategy: str = "beam",
    settings: dict[str, Any] | None = None,
    filter_text: str = "",
    force: str = "",
    ban: Sequence[str] = (),
    branch: str = "",
    temperature: float = 1.0,
    seed: int = 0,
    scorer: str = "",
    vector: np.ndarray | None = None,
) -> tuple[Decode, dict[str, Any]]:
    """A decode, and the same with every step as plain values; see :meth:`engine.builds.opened.Build.decode`."""
    tree = build.view(filter_text, force, ban)
    trace = build.decode(query, beams, vector, strategy, tree, settings, seed, temperature, scorer, branch)
    value = build.trace_json(query, trace, k, tree)
    value |= {"left_aside": build.left_aside(filter_text)} if filter_text else {}
    return trace, value | ({"branch": branch} if branch else {})


def explained(
    build: Build, query: str, document: str, beams: int = DEFAULT_BEAMS, filter_text: str = "", temperature: float = 1.0
) -> tuple[Why, dict[str, Any]]:
    """Why a document comes back or does not, and the same as plain values, with sentences on it (:mod:`engine.builds.said`)."""
    check_query(query)
    vector, tree = build.encode(query)[0], build.view(filter_text)
    found = build.why(query, document, beams, vector, tree, temperature)
    value: dict[str, Any] = {"query": query, "document": document, "beams": beams} | why_json(found)
    listed = [hit.id for hit in build.search(query, "generative", ABOVE, beams, vector, filter_text)[0]]
    above = listed[: listed.index(document)] if document in listed else listed
    value["because"] = [clause._asdict() for clause in clauses(build, query, document, vector, found, above, not filter_text)]
    return found, value | ({"left_aside": build.left_aside(filter_text)} if filter_text else {})


def trie_json(build: Build, prefix: str) -> dict[str, Any]:
    """What lies below a prefix like ``3-17``; below nothing, the first codes.

    Raises
    ------
    TriescopeError
        It is no prefix, or no identifier begins so.
    """
    trie, counts = build.trie, build.trie.counts
    node = trie.find(parse_prefix(prefix))
    if node is None:
        raise TriescopeError(f"no identifier starts with {prefix}")
    children = [
        {"code": int(trie.code[child]), "documents": int(counts[child]), "name": build.names[child]}
        for child in range(trie.first_child[node], trie.first_child[node + 1])
    ]
    return {"prefix": prefix, "documents": int(counts[node]), "children": children}
