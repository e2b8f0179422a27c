"""The Decode page as files to hand on: HTML that plays without a network, SVG of the levels shown, the trace, lines of code."""

import json
from collections.abc import Collection, Sequence

import pandas as pd

from app.common import commands, documents, scorers
from app.decode import decoding, two_builds
from app.decode.decoding import Decoded
from app.decode.two_builds import Theirs
from engine.builds.opened import Build
from engine.explaining.difference import Diff, diff_json
from engine.explaining.why import Why, why_json
from engine.pictures import beam_points
from engine.pictures.page import Asked, page
from engine.pictures.shown import Shown
from engine.pictures.svg import svg


def candidates(build: Build, decoded: Decoded, step: int, marked: Collection[int]) -> pd.DataFrame:
    """Every candidate kept, drawn or not, and those nearest to being kept."""
    every = beam_points.points(decoded.trace, build.trie, build.names, step, marked, kept_drawn=None)
    return pd.DataFrame(every[1:], columns=beam_points.Point._fields).drop(columns=["parent", "drawn_at", "gathered"])


def trace_json(build: Build, query: str, decodes: Sequence[Decoded], changes: Diff | None, found: Why | None) -> str:
    """The trace; where there is one the branch, what is different in the second decode, and why a document is found or not."""
    decoded, *others = decodes
    value = build.trace_json(query, decoded.trace, tree=decoded.tree)
    value |= {"scorer": decoded.asked.scorer or build.default_scorer, "interventions": decoded.asked.interventions}
    for other in others:
        if prefix := other.asked.branch:
            value |= {"branch": {"prefix": prefix} | build.trace_json(query, other.trace, tree=other.tree)}
    value |= {"diff": diff_json(changes) if changes else None, "why": why_json(found) if found else None}
    return json.dumps(value, ensure_ascii=False, indent=1)


def as_code(build: Build, query: str, decodes: Sequence[Decoded], theirs: Theirs | None = None) -> tuple[str, str]:
    """Lines for the shell and for a notebook that give the first decode, the branch where there is one, and that of B."""
    scorer = decodes[0].asked.scorer or build.default_scorer
    asked = [one.asked.__dict__ for place, one in enumerate(decodes) if not place or one.asked.branch]
    lines = [commands.decode_line(build.folder.name, query, scorer, one) for one in asked]
    codes = [commands.decode_code(build.folder.name, query, scorer, asked[-1])]
    if theirs and theirs.decoded:
        shell, code = as_code(theirs.build, query, [theirs.decoded])
        lines, codes = [*lines, shell], [*codes, code.removeprefix("import engine\n\n")]
    return "\n".join(lines), "\n\n".join(codes)


def shown(build: Build, decoded: Decoded, marked: Collection[int], told: str) -> Shown:
    """A decode as the engine draws it."""
    known, unit = build.corpus.documents, scorers.unit(build, decoded.asked.scorer)
    return Shown(
        decoded.trace, build.trie, decoded.tree, build.names, lambda row: documents.title_of(known[row]), told, unit, marked
    )


def as_html(
    build: Build, query: str, decodes: Sequence[Decoded], marked: Collection[int], pinned: str, theirs: Theirs | None = None
) -> str:
    """One file with the picture of each decode, and of that in B; ``pinned`` is the id of the document that is followed, if there
    is one."""
    several = len(decodes) > 1
    named = [one.asked.scorer or build.default_scorer for one in decodes]
    notes = [f"pinned {documents.title(build, pinned)}"] if pinned else []
    if theirs and theirs.decoded:
        b, one = theirs.build, theirs.decoded
        told = [two_builds.named("A", build, decodes[0].asked), two_builds.named("B", b, one.asked)]
        pictures = [
            shown(build, decodes[0], marked, told[0]),
            shown(b, one, two_builds.marked(b, pinned), told[1]),
        ]
        named.append(one.asked.scorer or b.default_scorer)
        return page(Asked(query, f"{build.folder.name} and {b.folder.name}", _each(named), (*notes, *theirs.told)), pictures)
    notes = [*([] if several else [f"strategy {_told(decodes[0])}"]), *notes]
    pictures = [shown(build, one, marked, decoding.named(one.asked) if several else _told(one)) for one in decodes]
    return page(Asked(query, build.folder.name, _each(named), tuple(notes)), pictures)


def _each(names: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(names))


def as_svg(build: Build, decoded: Decoded, marked: Collection[int], step: int) -> str:
    """The picture of the first ``step`` levels, as it stands."""
    return svg(shown(build, decoded, marked, _told(decoded)), step)


def _told(decoded: Decoded) -> str:
    return ", ".join([decoded.asked.strategy, *decoded.asked.interventions])
