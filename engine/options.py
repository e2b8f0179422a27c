"""One setting as data: the same record makes the shell's flag, the form's field and the row in the docs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, get_args, get_origin

from engine.errors import TriescopeError

if TYPE_CHECKING:
    from pydantic import BaseModel

Spec = TypeVar("Spec", bound="BaseModel")


class Option(NamedTuple):
    """One setting.

    ``default`` None means: chosen from the corpus, by the rule that ``help`` states. ``low`` and ``high`` are of numbers alone;
    ``choices`` lists the values of a text where there are few. ``label`` is what a form calls it and ``flags`` what the shell
    does, where that is not its name.
    """

    name: str
    type: type
    default: int | float | str | None
    help: str
    low: int | float | None = None
    high: int | float | None = None
    choices: tuple[str, ...] = ()
    label: str = ""
    flags: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """Its long flag in the shell."""
        return self.flags[-1] if self.flags else f"--{self.name.replace('_', '-')}"


def options_of(spec: "type[BaseModel]") -> tuple[Option, ...]:
    """The fields of a spec as options, from which the shell's flags and the form's fields are made.

    Fields that hold several values, tuples and mappings, have the type ``list`` and no default; what may be None is an option of
    its other type, and a choice between texts is a text. A field's ``title`` is its label, its
    ``json_schema_extra={"flags": [...]}`` its flags.
    """
    found = []
    for name, field in spec.model_fields.items():
        at = {type(bound).__name__: bound for bound in field.metadata}
        high = at["Le"].le if "Le" in at else at["Lt"].lt - 1 if "Lt" in at else None
        choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        single = (
            str if choices else next((kind for kind in (bool, int, float, str) if field.annotation in (kind, kind | None)), None)
        )
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        found.append(
            Option(
                name=name,
                type=single or list,
                default=field.default if single else None,
                help=str(field.description),
                low=at["Ge"].ge if "Ge" in at else None,
                high=high,
                choices=choices,
                label=field.title or "",
                flags=tuple(extra.get("flags", ())),  # type: ignore[arg-type]
            )
        )
    return tuple(found)


def check_options(owner: str, options: Sequence[Option], settings: dict[str, Any]) -> None:
    """Refuse a setting that is no option of ``owner`` or out of its range; None leaves an option at its default."""
    known = {option.name: option for option in options}
    for key, value in settings.items():
        if key not in known:
            raise TriescopeError(f"{owner} has no option {key!r}; it has {', '.join(known) or 'none'}")
        if value is not None:
            _check(owner, known[key], value)


def parse_option(owner: str, options: Sequence[Option], text: str) -> tuple[str, Any]:
    """Key and typed value of ``key=value`` as typed in the shell; an unknown key stays text, to be refused by the check."""
    key, equals, value = text.partition("=")
    if not equals:
        raise TriescopeError(f"{text!r} is not a setting; write name=value, like levels=4")
    option = next((option for option in options if option.name == key), None)
    try:
        return key, value if option is None else option.type(value)
    except ValueError as error:
        raise TriescopeError(f"{owner}: {key} must be a number, not {value!r}") from error


def described(options: Sequence[Option]) -> list[dict[str, Any]]:
    """Options as plain values."""
    return [
        {
            "name": option.name,
            "type": option.type.__name__,
            "default": option.default,
            "range": option.choices or ((option.low, option.high) if option.low is not None else None),
            "help": option.help,
        }
        for option in options
    ]


def _check(owner: str, option: Option, value: Any) -> None:
    if option.low is not None and option.high is not None and not isinstance(value, str):
        if not option.low <= value <= option.high:
            raise TriescopeError(f"{owner}: {option.name} must lie between {option.low} and {option.high}, not {value}")
        if option.type is int and not isinstance(value, int):
            raise TriescopeError(f"{owner}: {option.name} must be a whole number, not {value}")
    elif option.type is not str or not isinstance(value, str):
        raise TriescopeError(f"{owner}: {option.name} must be {'a text' if option.type is str else 'a number'}, not {value!r}")
    if option.choices and value not in option.choices:
        raise TriescopeError(f"{owner}: {option.name} must be one of {', '.join(option.choices)}, not {value!r}")


def checked(spec: type[Spec], asked: Mapping[str, Any]) -> Spec:
    """A spec from what a person asked for, field by field.

    Raises
    ------
    TriescopeError
        There is no such field, or a value cannot be used; it says which.
    """
    from pydantic import ValidationError

    try:
        return spec(**asked)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise TriescopeError(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from error
