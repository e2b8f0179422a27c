"""Identifier schemes by name. To add one: write its file, end it with a ``SCHEME``, list it here; or name it in a package of your
own (:mod:`engine.plugins`)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.identifiers import (
    atomic,
    attributes,
    category,
    cluster_index,
    genret,
    hierarchical_kmeans,
    imported,
    keywords,
    opq,
    pq,
    random,
    rq_behaviour,
    rq_kmeans,
    rq_vae,
    simhash,
    title,
    url,
)
from engine.identifiers.base import Asked, Identifiers, Material, Option, Progress, Scheme, load, save
from engine.identifiers.collisions import RESOLVERS, resolve
from engine.options import check_options, parse_option
from engine.plugins import Registry

_OURS = {
    scheme.name: scheme
    for scheme in (
        rq_kmeans.SCHEME,
        rq_vae.SCHEME,
        rq_behaviour.SCHEME,
        genret.SCHEME,
        pq.SCHEME,
        opq.SCHEME,
        hierarchical_kmeans.SCHEME,
        cluster_index.SCHEME,
        category.SCHEME,
        attributes.SCHEME,
        title.SCHEME,
        keywords.SCHEME,
        url.SCHEME,
        imported.SCHEME,
        atomic.SCHEME,
        simhash.SCHEME,
        random.SCHEME,
    )
}
SCHEMES: Registry[Scheme] = Registry("triescope.schemes", Scheme, _OURS)

__all__ = [
    "RESOLVERS",
    "SCHEMES",
    "Identifiers",
    "Material",
    "Option",
    "Scheme",
    "assign",
    "check_settings",
    "fit",
    "load",
    "save",
    "unplaceable",
]


def check_settings(name: str, settings: dict[str, Any], resolver: str | None = None) -> Scheme:
    """The scheme, after checking that it exists and that every setting is one of its options and in range."""
    if name not in SCHEMES:
        raise TriescopeError(f"unknown identifier scheme {name!r}; there are {', '.join(SCHEMES)}")
    scheme = SCHEMES[name]
    check_options(name, scheme.options, settings)
    if resolver is not None and resolver not in scheme.resolvers:
        raise TriescopeError(f"{name} has no resolver {resolver!r}; it has {', '.join(scheme.resolvers)}")
    return scheme


def parse_setting(name: str, text: str) -> tuple[str, Any]:
    """Key and typed value of ``key=value`` as typed in the shell.

    >>> parse_setting("rq-kmeans", "levels=4")
    ('levels', 4)
    """
    return parse_option(name, check_settings(name, {}).options, text)


def fit(
    name: str,
    embeddings: np.ndarray,
    settings: dict[str, Any],
    seed: int = 0,
    documents: Sequence[Document] = (),
    resolver: str | None = None,
    progress: Progress | None = None,
    behaviour: np.ndarray | None = None,
    asked: Asked | None = None,
) -> Identifiers:
    """Fit scheme ``name`` on float32 ``(n, d)`` embeddings and their documents, and resolve collisions; ``behaviour`` and
    ``asked`` are those of :class:`engine.identifiers.base.Material`."""
    scheme = check_settings(name, settings, resolver)
    if not np.isfinite(embeddings).all():
        row = int(np.flatnonzero(~np.isfinite(embeddings).all(axis=1))[0])
        raise TriescopeError(f"{name}: the embedding of document {row + 1} is not finite")
    material = Material(embeddings, documents, behaviour, asked)
    chosen = {option.name: settings.get(option.name) for option in scheme.options}
    fitted = scheme.fit(material, chosen, seed, progress or (lambda done, total: None))
    return resolve(resolver, scheme, fitted, material, seed)


def unplaceable(name: str, fitted: Identifiers) -> str:
    """Why :func:`assign` cannot place a new document with what ``name`` fitted; empty where it can."""
    scheme = SCHEMES[name]
    if scheme.assign is None:
        return "its codes are not vectors"
    if scheme.behaviour({}) and not fitted.codebooks:
        return "its codes say what is taken together, and nobody has taken a new document (with share=1, texts alone, it can)"
    return ""


def assign(name: str, fitted: Identifiers, embeddings: np.ndarray) -> np.ndarray:
    """Content codes of new documents from what ``name`` fitted: int32 ``(n, levels)``.

    Raises
    ------
    TriescopeError
        It cannot place one; see :func:`unplaceable`.
    """
    scheme = SCHEMES[name]
    if (why := unplaceable(name, fitted)) or scheme.assign is None:
        raise TriescopeError(f"{name} cannot place a new document by its embedding: {why}")
    return scheme.assign(fitted, np.ascontiguousarray(embeddings, np.float32))
