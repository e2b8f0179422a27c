"""Flags of a command, made from the fields of a spec: name, default, range and help stand there alone."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from engine.options import Option, options_of


def of_spec(spec: type[BaseModel]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator that gives a command a flag for each field of ``spec``, behind its first parameter.

    The command takes them as one mapping, ``asked``: field -> value as typed; a field of several values is a list of texts.
    """
    options = options_of(spec)

    def with_flags(command: Callable[..., None]) -> Callable[..., None]:
        first, *rest = (p for p in inspect.signature(command).parameters.values() if p.name != "asked")

        @wraps(command)
        def run(**given: Any) -> None:
            command(asked={option.name: given.pop(option.name) for option in options}, **given)

        parameters = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (first, *map(_flag, options), *rest)
        ]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return run

    return with_flags


def _flag(option: Option) -> inspect.Parameter:
    several = option.type is list
    made = typer.Option(*option.flags, help=option.help, min=option.low, max=option.high)
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None if several else option.default,
        annotation=Annotated[list[str] | None if several else option.type, made],
    )
