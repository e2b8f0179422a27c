"""Retrievers by name. To add one: write its file, end it with a ``METHOD``, list it here; or name it in a package of your own
(:mod:`engine.plugins`). The shell, Compare, the evaluation and the fusion then have it.

``generative`` and ``hybrid`` decode with the build's default scorer; ``generative:NAME`` and ``hybrid:NAME`` with the one named.
Names joined by ``+`` are fused at equal weights: ``bm25+dense``.
"""

from engine.errors import TriescopeError
from engine.plugins import Registry
from engine.retrievers.base import DEFAULT_BEAMS, Method, Named, Opened, Queries, Ranking, Retriever

__all__ = [
    "DEFAULT_BEAMS",
    "RETRIEVERS",
    "Method",
    "Queries",
    "Ranking",
    "Retriever",
    "method_of",
    "open_retriever",
    "usual",
]

# Loaded when looked up: an index library is not wanted before something is searched.
RETRIEVERS: Registry[Method] = Registry(
    "triescope.retrievers",
    Method,
    {
        "bm25": "engine.retrievers.sparse:METHOD",
        "dense": "engine.retrievers.dense:EXACT",
        "dense-hnsw": "engine.retrievers.dense:HNSW",
        "generative": "engine.retrievers.generative:METHOD",
        "hybrid": "engine.retrievers.fusion:METHOD",
    },
)
JOINT = "+"


def method_of(name: str) -> tuple[Method, Named]:
    """The record of a retriever's name, and what the rest of the name says.

    Raises
    ------
    TriescopeError
        There is no such retriever, or a scorer is named behind one that does not decode.

    >>> method, named = method_of("generative:node")
    >>> method.name, named.scorer
    ('generative', 'node')
    >>> method_of("bm25+dense")[1].members
    ('bm25', 'dense')
    """
    if JOINT in name:
        members = tuple(name.split(JOINT))
        if len(set(members)) < len(members):
            raise TriescopeError(f"{name!r}: a retriever cannot be fused with itself")
        for member in members:
            method_of(member)
        return RETRIEVERS["hybrid"], Named(members=members)
    kind, _, scorer = name.partition(":")
    if kind not in RETRIEVERS:
        raise TriescopeError(f"unknown retriever {name!r}; there are {', '.join(RETRIEVERS)}")
    method = RETRIEVERS[kind]
    if ":" in name and not (method.decodes and scorer):
        decoding = " or ".join(known.name for known in RETRIEVERS.values() if known.decodes)
        raise TriescopeError(f"{name!r}: a scorer can be named after {decoding}, like generative:centroid")
    return method, Named(scorer)


def open_retriever(name: str, opened: Opened, beams: int = DEFAULT_BEAMS) -> Retriever:
    """A retriever of a build; ``beams`` matters to those that decode."""
    method, named = method_of(name)
    return method.open(opened, beams, named)


def usual() -> list[str]:
    """Names of the retrievers that are compared and evaluated where nobody says which ones are wanted."""
    return [method.name for method in RETRIEVERS.values() if method.usual]
