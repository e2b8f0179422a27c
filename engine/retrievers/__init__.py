"""Retrievers by name. To add one: write its file, end it with a ``METHOD``, list it here; or name it in a package of your own
(:mod:`engine.plugins`). The shell, Compare, the evaluation and the fusion then have it.

``generative`` and ``hybrid`` decode with the build's default scorer; ``generative:NAME`` and ``hybrid:NAME`` with the one named.
``bm25:k1=0.9,b=0.4,method=atire`` has settings of its own.
Names joined by ``+`` are fused, at equal weights by their scores unless the name says more: ``bm25+dense``,
``.3*bm25+.7*generative:node``, ``bm25+dense@rrf``; ``bm25+late+tuned@dev`` at weights that the build's development queries
choose. ``bm25~dense`` has candidates of the first ranked by the second,
``bm25~cross:NAME`` by a model that this machine knows by that name.
"""

import math

from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.options import check_options, parse_option
from engine.plugins import Registry
from engine.retrievers.base import Method, Named, Retriever
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking
from engine.retrievers.shares import CHOSEN, METHODS
from engine.text import models

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
        "tfidf": "engine.retrievers.variants:TFIDF",
        "dense": "engine.retrievers.dense:EXACT",
        "dense-hnsw": "engine.retrievers.dense:HNSW",
        "dense-ivfpq": "engine.retrievers.ivf_pq:METHOD",
        "dense-usearch": "engine.retrievers.usearch_graph:METHOD",
        "dense-lance": "engine.retrievers.lance_table:METHOD",
        "moved": "engine.retrievers.moved:METHOD",
        "tuned": "engine.retrievers.tuned:TUNED",
        "tuned-moved": "engine.retrievers.tuned:MOVED",
        "late": "engine.retrievers.late_interaction:METHOD",
        "splade": "engine.retrievers.splade:METHOD",
        "seal": "engine.retrievers.ngrams:METHOD",
        "minder": "engine.retrievers.views:METHOD",
        "ltrgr": "engine.retrievers.ltrgr:METHOD",
        "seal-lm": "engine.retrievers.ngrams_lm:METHOD",
        "generative": "engine.retrievers.generative:METHOD",
        "generative-passages": "engine.retrievers.passage_tree:METHOD",
        "look-up": "engine.retrievers.look_up:METHOD",
        "feedback": "engine.retrievers.feedback:METHOD",
        "hybrid": "engine.retrievers.fusion:METHOD",
        "reranked": "engine.retrievers.reranked:METHOD",
        "cross": "engine.retrievers.cross_encoder:METHOD",
        "lm": "engine.retrievers.likelihood:METHOD",
        "lm-list": "engine.retrievers.listwise:METHOD",
    },
)
JOINT, TIMES, BY, THEN = "+", "*", "@", "~"


def method_of(name: str) -> tuple[Method, Named]:
    """The record of a retriever's name, and what the rest of the name says.

    Raises
    ------
    TriescopeError
        There is no such retriever, a scorer is named behind one that does not decode, or a setting that it does not have.

    >>> method, named = method_of("generative:node")
    >>> method.name, named.scorer
    ('generative', 'node')
    >>> method_of("bm25+dense")[1].members
    ('bm25', 'dense')
    >>> method_of(".3*bm25+.7*generative:node@z")[1]
    Named(scorer='', members=('bm25', 'generative:node'), weights=(0.3, 0.7), method='z', settings=(), model='')
    >>> method_of("bm25:k1=0.9,b=0.4")[1].settings
    (('k1', 0.9), ('b', 0.4))
    >>> method_of("bm25+dense~tuned")[1].members
    ('bm25+dense', 'tuned')
    """
    if THEN in name:
        first, _, second = name.partition(THEN)
        for member in (first, second):
            method_of(member)
        return RETRIEVERS["reranked"], Named(members=(first, second))
    if JOINT in name:
        return RETRIEVERS["hybrid"], _fusion(name)
    kind, colon, rest = name.partition(":")
    if kind not in RETRIEVERS:
        raise TriescopeError(f"unknown retriever {name!r}; there are {', '.join(RETRIEVERS)}")
    method = RETRIEVERS[kind]
    if colon and method.options and ("=" in rest or not method.decodes):
        settings = dict(parse_option(name, method.options, setting) for setting in rest.split(","))
        check_options(name, method.options, settings)
        return method, Named(settings=tuple(settings.items()))
    if method.model:
        if not models.NAME.fullmatch(rest):
            raise TriescopeError(
                f"{name!r}: a model is named after {kind}, like {kind}:NAME (`python -m engine models` lists them)"
            )
        return method, Named(model=rest)
    if colon and not (method.takes_scorer and rest):
        decoding = " or ".join(known.name for known in RETRIEVERS.values() if known.takes_scorer)
        raise TriescopeError(f"{name!r}: a scorer can be named after {decoding}, like generative:centroid")
    return method, Named(rest)


def _fusion(name: str) -> Named:
    """Members of a fusion's name, with their weights and the method where it names them."""
    joined, by, method = name.partition(BY)
    if by and method not in (*METHODS, CHOSEN):
        raise TriescopeError(
            f"{name!r}: members are fused by {', '.join(METHODS)}, like bm25+dense{BY}rrf, or as development queries choose: "
            f"bm25+dense{BY}{CHOSEN}"
        )
    parts = [part.rpartition(TIMES) for part in joined.split(JOINT)]
    members = tuple(member for _, _, member in parts)
    if len(set(members)) < len(members):
        raise TriescopeError(f"{name!r}: a retriever cannot be fused with itself")
    for member in members:
        method_of(member)
    weighed = [weight for weight, times, _ in parts if times]
    if not weighed:
        return Named(members=members, method=method)
    try:
        weights = tuple(float(weight) for weight, _, _ in parts)
    except ValueError:
        weights = ()
    if method == CHOSEN:
        raise TriescopeError(f"{name!r}: weights are named, or chosen on development queries, not both")
    if not weights or not all(0 < weight < math.inf for weight in weights):
        raise TriescopeError(f"{name!r}: give every member a weight above 0, like .3*bm25+.7*dense, or none")
    return Named(members=members, weights=weights, method=method)


def open_retriever(name: str, opened: Opened, beams: int = DEFAULT_BEAMS) -> Retriever:
    """A retriever of a build; ``beams`` matters to those that decode.

    Raises
    ------
    TriescopeError
        There is no such retriever, or the build changed and it cannot follow.
    """
    method, named = method_of(name)
    if opened.grown and method.left_behind:
        raise TriescopeError(
            f"{method.name} reads an index that does not know what came or went since the build was made: fold that in (compact)"
        )
    return method.open(opened, beams, named)


def usual() -> list[str]:
    """Names of the retrievers that are compared and evaluated where nobody says which ones are wanted."""
    return [method.name for method in RETRIEVERS.values() if method.usual]
