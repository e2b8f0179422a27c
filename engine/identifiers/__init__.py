"""Identifier schemes by name. To add one: write its file, end it with a ``SCHEME``, list it here."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.corpus import Document
from engine.errors import TriescopeError
from engine.identifiers import (
    atomic,
    attributes,
    category,
    cluster_index,
    hierarchical_kmeans,
    keywords,
    opq,
    pq,
    random,
    rq_kmeans,
    rq_vae,
    title,
    url,
)
from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme, load, save
from engine.identifiers.collisions import RESOLVERS, resolve

SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme for scheme in (
        rq_kmeans.SCHEME, rq_vae.SCHEME, pq.SCHEME, opq.SCHEME, hierarchical_kmeans.SCHEME, cluster_index.SCHEME, category.SCHEME,
        attributes.SCHEME, title.SCHEME, keywords.SCHEME, url.SCHEME, atomic.SCHEME, random.SCHEME,
    )
}  # fmt: skip

__all__ = [
    "RESOLVERS", "SCHEMES", "Identifiers", "Material", "Option", "Scheme", "assign", "check_settings", "fit", "load", "save",
]  # fmt: skip


def check_settings(name: str, settings: dict[str, Any], resolver: str | None = None) -> Scheme:
    """The scheme, after checking that it exists and that every setting is one of its options and in range."""
    if name not in SCHEMES:
        raise TriescopeError(f"unknown identifier scheme {name!r}; there are {', '.join(SCHEMES)}")
    scheme = SCHEMES[name]
    options = {option.name: option for option in scheme.options}
    for key, value in settings.items():
        if key not in options:
            raise TriescopeError(f"{name} has no option {key!r}; it has {', '.join(options) or 'none'}")
        if value is not None:
            _check(name, options[key], value)
    if resolver is not None and resolver not in scheme.resolvers:
        raise TriescopeError(f"{name} has no resolver {resolver!r}; it has {', '.join(scheme.resolvers)}")
    return scheme


def _check(name: str, option: Option, value: Any) -> None:
    if option.low is not None and option.high is not None and not isinstance(value, str):
        if not option.low <= value <= option.high:
            raise TriescopeError(f"{name}: {option.name} must lie between {option.low} and {option.high}, not {value}")
        if option.type is int and not isinstance(value, int):
            raise TriescopeError(f"{name}: {option.name} must be a whole number, not {value}")
    elif option.type is not str or not isinstance(value, str):
        raise TriescopeError(f"{name}: {option.name} must be {'a text' if option.type is str else 'a number'}, not {value!r}")
    if option.choices and value not in option.choices:
        raise TriescopeError(f"{name}: {option.name} must be one of {', '.join(option.choices)}, not {value!r}")


def parse_setting(name: str, text: str) -> tuple[str, Any]:
    """Key and typed value of ``key=value`` as typed in the shell.

    >>> parse_setting("rq-kmeans", "levels=4")
    ('levels', 4)
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise TriescopeError(f"{text!r} is not a setting; write name=value, like levels=4")
    option = next((option for option in check_settings(name, {}).options if option.name == key), None)
    try:
        return key, value if option is None else option.type(value)
    except ValueError as error:
        raise TriescopeError(f"{name}: {key} must be a number, not {value!r}") from error


def fit(
    name: str, embeddings: np.ndarray, settings: dict[str, Any], seed: int = 0, documents: Sequence[Document] = (),
    resolver: str | None = None, progress: Progress | None = None,
) -> Identifiers:  # fmt: skip
    """Fit scheme ``name`` on float32 ``(n, d)`` embeddings and their documents, and resolve collisions."""
    scheme = check_settings(name, settings, resolver)
    if not np.isfinite(embeddings).all():
        row = int(np.flatnonzero(~np.isfinite(embeddings).all(axis=1))[0])
        raise TriescopeError(f"{name}: the embedding of document {row + 1} is not finite")
    material = Material(embeddings, documents)
    chosen = {option.name: settings.get(option.name) for option in scheme.options}
    fitted = scheme.fit(material, chosen, seed, progress or (lambda done, total: None))
    return resolve(resolver, scheme, fitted, material, seed)


def assign(name: str, fitted: Identifiers, embeddings: np.ndarray) -> np.ndarray:
    """Content codes of new documents from what ``name`` fitted: int32 ``(n, levels)``."""
    scheme = SCHEMES[name]
    if scheme.assign is None:
        raise TriescopeError(f"{name} cannot place a new document by its embedding: its codes are not vectors")
    return scheme.assign(fitted, np.ascontiguousarray(embeddings, np.float32))
