"""Identifier schemes by name. To add one: write its file, end it with a ``SCHEME``, list it here."""

import numpy as np

from engine.errors import TriescopeError
from engine.identifiers import rq_kmeans
from engine.identifiers.base import Identifiers, Option, Scheme, load, save

SCHEMES: dict[str, Scheme] = {scheme.name: scheme for scheme in (rq_kmeans.SCHEME,)}

__all__ = ["SCHEMES", "Identifiers", "Option", "Scheme", "check_settings", "fit", "load", "save"]


def check_settings(name: str, settings: dict) -> Scheme:
    """The scheme, after checking that it exists and that every setting is one of its options and in range."""
    if name not in SCHEMES:
        raise TriescopeError(f"unknown identifier scheme {name!r}; there are {', '.join(SCHEMES)}")
    options = {option.name: option for option in SCHEMES[name].options}
    for key, value in settings.items():
        if key not in options:
            raise TriescopeError(f"{name} has no option {key!r}; it has {', '.join(options)}")
        option = options[key]
        if value is not None and not option.low <= value <= option.high:
            raise TriescopeError(f"{name}: {key} must lie between {option.low} and {option.high}, not {value}")
        if value is not None and option.type is int and not isinstance(value, int):
            raise TriescopeError(f"{name}: {key} must be a whole number, not {value}")
    return SCHEMES[name]


def fit(name: str, embeddings: np.ndarray, settings: dict, seed: int = 0) -> Identifiers:
    """Fit scheme ``name`` on float32 ``(n, d)`` embeddings."""
    return check_settings(name, settings).fit(embeddings, settings, seed)
