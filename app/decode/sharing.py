"""The picture of the Decode page as a file to hand on: HTML that plays without a network, and SVG of the levels shown."""

from collections.abc import Collection, Sequence

from app.common import documents, scorers
from app.decode import decoding
from app.decode.decoding import Decoded
from engine.builds.opened import Build
from engine.pictures.page import Asked, page
from engine.pictures.shown import Shown
from engine.pictures.svg import svg


def shown(build: Build, decoded: Decoded, marked: Collection[int], told: str) -> Shown:
    """A decode as the engine draws it."""
    known, unit = build.corpus.documents, scorers.unit(build, decoded.asked.scorer)
    return Shown(
        decoded.trace, build.trie, decoded.tree, build.names, lambda row: documents.title_of(known[row]), told, unit, marked
    )


def as_html(build: Build, query: str, decodes: Sequence[Decoded], marked: Collection[int], pinned: str) -> str:
    """One file with the picture of each decode; ``pinned`` is the id of the document that is followed, if there is one."""
    named = dict.fromkeys(one.asked.scorer or build.default_scorer for one in decodes)
    notes = [] if len(decodes) > 1 else [f"strategy {_told(decodes[0])}"]
    notes += [f"pinned {documents.title(build, pinned)}"] if pinned else []
    pictures = [shown(build, one, marked, decoding.named(one.asked) if len(decodes) > 1 else _told(one)) for one in decodes]
    return page(Asked(query, build.folder.name, " and ".join(named), tuple(notes)), pictures)


def as_svg(build: Build, decoded: Decoded, marked: Collection[int], step: int) -> str:
    """The picture of the first ``step`` levels, as it stands."""
    return svg(shown(build, decoded, marked, _told(decoded)), step)


def _told(decoded: Decoded) -> str:
    return ", ".join([decoded.asked.strategy, *decoded.asked.interventions])
