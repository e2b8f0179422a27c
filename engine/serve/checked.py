"""What is refused of a request before it reaches the engine, whoever brings it."""

from typing import Any

from engine.decoding.strategies import check_settings, parse_setting
from engine.errors import TriescopeError
from engine.retrievers import method_of

# Retrievers that one name may put together.
MEMBERS = 8


def check_retriever(name: str) -> str:
    """A retriever's name, refused where one request would take what others wait for: another index of all documents, or a model
    that reads texts.

    Raises
    ------
    TriescopeError
        There is no such retriever, it has settings or a model of its own, or it is put together of too many.
    """
    if sum(name.count(joint) for joint in "+~") >= MEMBERS:
        raise TriescopeError(f"a retriever is put together of {MEMBERS} at most")
    method, named = method_of(name)
    if named.settings:
        raise TriescopeError(f"{name!r}: settings of its own mean another index of all documents, which a server does not make")
    if named.model:
        raise TriescopeError(
            f"{name!r}: a model that reads documents takes seconds a query, and others would wait: it is not served"
        )
    for member in named.members:
        check_retriever(member)
    return method.name


def settings_of(strategy: str, options: list[str]) -> dict[str, Any]:
    """Options of a strategy, each like ``groups=2``, checked."""
    settings = dict(parse_setting(strategy, text) for text in options)
    check_settings(strategy, settings)
    return settings
