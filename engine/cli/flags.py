"""Flags of a command, made from the fields of a spec: name, default, range and help stand there alone."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from engine.options import Option, options_of


def of_spec(spec: type[BaseModel]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator that gives a command a flag for each field of ``spec``, in the place of its parameter ``asked``.

    The command gets there, field by field, what was typed, and nothing of what was not: that is left to the spec, or to the
    command. A field of several values is a list of texts.
    """
    options = options_of(spec)

    def with_flags(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(context: typer.Context, **given: Any) -> None:
            values = {option.name: given.pop(option.name) for option in options}
            typed = {name: value for name, value in values.items() if _is_typed(context, name)}
            command(asked=typed, **given)

        parameters = [inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
        for name, parameter in inspect.signature(command).parameters.items():
            parameters += map(_flag, options) if name == "asked" else [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return run

    return with_flags


def _is_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _flag(option: Option) -> inspect.Parameter:
    made = typer.Option(*option.flags, help=option.help, min=option.low, max=option.high)
    kind: Any = list[str] if option.type is list else option.type
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=option.default,
        annotation=Annotated[kind if option.default is not None else kind | None, made],
    )
