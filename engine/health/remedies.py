"""A remedy to press: the scheme, options and resolver that a remedy of the report card means, where it means any.

"Raise K" is one setting for one scheme and another for the next; what a scheme can change is read from its own options.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from engine.health.card import Card, Change, JudgedFigure, JudgedLevel, Settings
from engine.identifiers import SCHEMES, Scheme

# The options that make identifiers say more or less, the first that a scheme has and can still move; and how they move.
MORE: dict[str, Callable[[int], int]] = {
    "levels": lambda n: n + 1,
    "words": lambda n: n + 1,
    "clusters": lambda n: 2 * n,
    "codes": lambda n: 2 * n,
    "leaf": lambda n: n // 2,
}
FEWER: dict[str, Callable[[int], int]] = {"codes": lambda n: n // 2, "clusters": lambda n: n // 2, "branching": lambda n: n // 2}
SHARED = ("unique_rate", "largest_leaf")
TOO_LITTLE = ("content_unique_rate", "content_bits", "reconstruction_cosine")
NOT_OF_THE_CONTENT = ("prefix_cosine", "neighbour_overlap", "without_identifier")
LEARNED = "rq-kmeans"
# In no setting have they codes of the content, which could be mended.
WITHOUT_CONTENT = ("atomic",)
Row = TypeVar("Row", JudgedLevel, JudgedFigure)


def change(
    figure: str,
    scheme: str,
    settings: Mapping[str, Any],
    resolver: str | None,
    vocabulary: Sequence[int],
    levels: int | None = None,
) -> Change | None:
    """What to change when ``figure`` is not healthy, or None where no setting would mend it.

    Parameters
    ----------
    figure : str
        A name in :data:`engine.health.rules.RULES`, or ``level`` for the codes of one level.
    scheme, settings, resolver
        How the identifiers were made.
    vocabulary : sequence of int
        Codes a level, which tells what was chosen where a setting was left open.
    levels : int, optional
        How many of them are of the content and do not only count; all unless given.

    >>> change("level", "rq-kmeans", {}, None, (256, 256, 256, 4))
    Change(scheme='rq-kmeans', settings={'codes': 128}, resolver=None)
    >>> change("unique_rate", "pq", {"levels": 2}, "leave", (32, 32))
    Change(scheme='pq', settings={'levels': 2}, resolver='extra-code')
    >>> change("content_bits", "rq-kmeans", {}, None, (256, 256, 256, 4), levels=3)
    Change(scheme='rq-kmeans', settings={'levels': 4}, resolver=None)
    >>> change("neighbour_overlap", "random", {}, None, (32, 32, 32))
    Change(scheme='rq-kmeans', settings={}, resolver=None)
    """
    made = SCHEMES[scheme]
    given: Settings = {name: value for name, value in settings.items() if value is not None}
    if figure == "level":
        found = _standardised(made, given) or _moved(made, given, vocabulary, levels, FEWER)
    elif figure in SHARED and (resolver or made.resolvers[0]) != "extra-code" and "extra-code" in made.resolvers:
        return Change(scheme=scheme, settings=given, resolver="extra-code")
    elif figure in SHARED or figure in TOO_LITTLE:
        found = _standardised(made, given) or _moved(made, given, vocabulary, levels, MORE)
    elif figure in NOT_OF_THE_CONTENT and scheme != LEARNED:
        return Change(scheme=LEARNED, settings={}, resolver=None)
    else:
        found = _standardised(made, given)
    if found is None:
        return Change(scheme=LEARNED, settings={}, resolver=None) if scheme in WITHOUT_CONTENT else None
    return Change(scheme=scheme, settings=found, resolver=resolver)


def with_changes(card: Card, scheme: str, settings: Mapping[str, Any], resolver: str | None, vocabulary: Sequence[int]) -> Card:
    """A report card whose judged rows say under ``press`` what to build instead, where a setting would mend what is wrong."""

    content = sum(not level.counts for level in card.levels)

    def pressed(row: Row, figure: str) -> Row:
        found = change(figure, scheme, settings, resolver, vocabulary, content) if row.remedy else None
        return row.model_copy(update={"press": found})

    levels = [pressed(row, "level") for row in card.levels]
    verdicts = [pressed(row, row.figure) for row in card.verdicts]
    given = {name: value for name, value in settings.items() if value is not None}
    fewer = [_moves(row.press, given, FEWER) for row in levels]
    more = [_moves(row.press, given, MORE) if row.figure in (*SHARED, *TOO_LITTLE) else {} for row in verdicts]
    if any(fewer) and any(more):
        both = Change(scheme=scheme, settings=_together(given, fewer, more), resolver=resolver)
        levels = [_as_one(row, both, given, vocabulary) if moved else row for row, moved in zip(levels, fewer, strict=True)]
        verdicts = [_as_one(row, both, given, vocabulary) if moved else row for row, moved in zip(verdicts, more, strict=True)]
    return card.model_copy(update={"levels": tuple(levels), "verdicts": tuple(verdicts)})


def _moves(press: Change | None, given: Settings, ways: Mapping[str, Any]) -> Settings:
    """The options that a change moves, of those that make identifiers say more, or less."""
    return {name: value for name, value in press.settings.items() if name in ways and given.get(name) != value} if press else {}


def _together(given: Settings, fewer: Sequence[Settings], more: Sequence[Settings]) -> Settings:
    """One change for a level that has too many codes and a whole that says too little: each row alone would undo the other.

    What says more is moved by another option than what says less; where a scheme has only one, saying more goes first, since a
    document that cannot be told from another is lost, and a code that nobody uses costs a little room.
    """
    return given | {k: v for moved in fewer for k, v in moved.items()} | {k: v for moved in more for k, v in moved.items()}


def _as_one(row: Row, both: Change, given: Settings, vocabulary: Sequence[int]) -> Row:
    """A row whose remedy is the one for all rows, with what it costs."""
    moved = {name: int(value or 0) for name, value in both.settings.items() if given.get(name) != value}
    told = " and ".join(f"{name} {value}" for name, value in moved.items())
    costs = ", ".join(_cost(name, value < int(given.get(name) or vocabulary[0])) for name, value in moved.items())
    remedy = f"{row.remedy}; worked out with what else is asked here: {told}, at the cost of {costs}"
    return row.model_copy(update={"press": both, "remedy": remedy})


def _cost(name: str, lower: bool) -> str:
    if name in ("levels", "words"):
        return f"one more {name.removesuffix('s')} to decode for each document"
    return "coarser branches" if lower or name == "branching" else "codes that stay unused"


def _standardised(scheme: Scheme, given: Settings) -> Settings | None:
    return given | {"standardise": 1} if given.get("standardise") == 0 else None


def _moved(
    scheme: Scheme,
    given: Settings,
    vocabulary: Sequence[int],
    levels: int | None,
    ways: Mapping[str, Callable[[int], int]],
) -> Settings | None:
    known = {option.name: option for option in scheme.options}
    # What was left open shows in the result: K in the first level, the size of a leaf in the numbers of the last.
    shows = {"levels": levels or len(vocabulary), "leaf": vocabulary[-1]}
    for name, move in ways.items():
        if name not in known:
            continue
        option = known[name]
        now = given.get(name) or option.default or shows.get(name, vocabulary[0])
        then = min(max(move(int(now)), int(option.low or 1)), int(option.high or now))
        if then != now:
            return given | {name: then}
    return None
