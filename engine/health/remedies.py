"""A remedy to press: the scheme, options and resolver that a remedy of the report card means, where it means any.

"Raise K" is one setting for one scheme and another for the next; what a scheme can change is read from its own options.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from engine.identifiers import SCHEMES, Scheme

Settings = dict[str, int | float | str | None]
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


class Change(NamedTuple):
    """What to build instead. ``settings`` holds what differs from the scheme's defaults; ``resolver`` None is its own way."""

    scheme: str
    settings: Settings
    resolver: str | None

    def flags(self) -> str:
        """As flags of the shell.

        >>> Change("opq", {"levels": 5}, "leave").flags()
        '--ids opq -o levels=5 --resolver leave'
        """
        given = [f" -o {name}={value}" for name, value in self.settings.items()]
        return f"--ids {self.scheme}{''.join(given)}{f' --resolver {self.resolver}' if self.resolver else ''}"


def change(
    figure: str, scheme: str, settings: Mapping[str, Any], resolver: str | None, vocabulary: Sequence[int]
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

    >>> change("level", "rq-kmeans", {}, None, (256, 256, 256, 4))
    Change(scheme='rq-kmeans', settings={'codes': 128}, resolver=None)
    >>> change("unique_rate", "pq", {"levels": 2}, "leave", (32, 32))
    Change(scheme='pq', settings={'levels': 2}, resolver='extra-code')
    >>> change("neighbour_overlap", "random", {}, None, (32, 32, 32))
    Change(scheme='rq-kmeans', settings={}, resolver=None)
    """
    made = SCHEMES[scheme]
    given: Settings = {name: value for name, value in settings.items() if value is not None}
    if figure == "level":
        found = _standardised(made, given) or _moved(made, given, vocabulary, FEWER)
    elif figure in SHARED and (resolver or made.resolvers[0]) != "extra-code" and "extra-code" in made.resolvers:
        return Change(scheme, given, "extra-code")
    elif figure in SHARED or figure in TOO_LITTLE:
        found = _standardised(made, given) or _moved(made, given, vocabulary, MORE)
    elif figure in NOT_OF_THE_CONTENT and scheme != LEARNED:
        return Change(LEARNED, {}, None)
    else:
        found = _standardised(made, given)
    if found is None:
        # A scheme without any option has no content codes to mend.
        return None if made.options else Change(LEARNED, {}, None)
    return Change(scheme, found, resolver)


def with_changes(
    card: dict[str, Any], scheme: str, settings: Mapping[str, Any], resolver: str | None, vocabulary: Sequence[int]
) -> dict[str, Any]:
    """A report card whose judged rows say under ``press`` what to build instead: ``{"ids", "settings", "resolver"}`` or None."""

    def pressed(row: dict[str, Any]) -> dict[str, Any]:
        found = change(row.get("figure", "level"), scheme, settings, resolver, vocabulary) if row["remedy"] else None
        return row | {"press": found and {"ids": found.scheme, "settings": found.settings, "resolver": found.resolver}}

    return card | {part: [pressed(row) for row in card[part]] for part in ("levels", "verdicts")}


def _standardised(scheme: Scheme, given: Settings) -> Settings | None:
    return given | {"standardise": 1} if given.get("standardise") == 0 else None


def _moved(
    scheme: Scheme, given: Settings, vocabulary: Sequence[int], ways: Mapping[str, Callable[[int], int]]
) -> Settings | None:
    known = {option.name: option for option in scheme.options}
    for name, move in ways.items():
        if name not in known:
            continue
        option = known[name]
        # What was left open shows in the result: K in the first level, the size of a leaf in the numbers of the last.
        now = given.get(name) or option.default or vocabulary[-1 if name == "leaf" else 0]
        then = min(max(move(int(now)), int(option.low or 1)), int(option.high or now))
        if then != now:
            return given | {name: then}
    return None
