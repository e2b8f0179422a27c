"""What comes next after a history, over HTTP, where a build has interactions; without them by content alone.

A model is opened once a build and its interactions. Those that compute over all pairs of items when they are opened, and sums
that are weighed first, are not made for whoever asks; nor is a person of the interactions looked up, whose history is theirs.
"""

from typing import Any

from engine.errors import TriescopeError
from engine.recommending import asked, kinds, on_disk, slates
from engine.serve.held import Held

HEAVY = ("ease",)


def offered(held: Held) -> list[str]:
    """Models that can be asked of a build."""
    return [name for name in kinds.there(on_disk.as_made(held.build)) if name not in HEAVY]


def recommended(
    held: Held, history: str, less: str, model: str, k: int, beams: int, seen: bool, slate: str = ""
) -> dict[str, Any]:
    """The list after a history, ids with commas between, oldest first; none of the branches of ``less``.

    Raises
    ------
    TriescopeError
        An item is not there, there is no such model here, or no such slate.
    """
    build = on_disk.as_made(held.build)
    name = model or asked.default(build)
    if name not in (there := offered(held)):
        raise TriescopeError(f"{name!r} is not served; there are {', '.join(there)}")
    stamp = (on_disk.stamp(build.folder), max(beams, k))
    opened = held.kept("recommenders", stamp, lambda: kinds.Opened(build, max(beams, k)))
    taken = asked.of_text(build, history)
    banned = asked.banned_for(build, asked.of_text(build, less)) if less else None
    hits = asked.recommended(opened, name, taken, k, seen, banned, slates.parse(slate))
    ids = [build.documents[row].id for row in taken.tolist()]
    return {"build": held.name, "model": name, "history": ids, "hits": [hit._asdict() for hit in hits]}
