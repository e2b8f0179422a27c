"""What an opened build answers: hits and a trace, which are a list and a tuple as ever, and which a notebook shows by itself."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.builds.hits import Hits
from engine.decoding.trace import Trace
from engine.pictures.frame import framed
from engine.pictures.labels import escaped
from engine.pictures.page import Asked, page
from engine.pictures.shown import Shown, drawn
from engine.pictures.svg import frame_of, svg
from engine.trie import Tree

if TYPE_CHECKING:
    from engine.builds.opened import Build


class Results(NamedTuple):
    """Hits of one query, and the milliseconds that finding them took: ``encode`` and ``search``."""

    hits: Hits
    ms: dict[str, float]

    def _repr_html_(self) -> str:
        took = ", ".join(f"{escaped(stage)} {ms:g} ms" for stage, ms in self.ms.items())
        return f"{self.hits._repr_html_()}<p>{took}</p>"


def told(strategy: str, settings: Mapping[str, Any] | None, temperature: float) -> str:
    """How a decode was asked for, in a line.

    >>> told("diverse", {"groups": 2, "penalty": None}, 0.5)
    'strategy diverse, groups 2, temperature 0.5'
    """
    parts = [f"strategy {strategy}", *(f"{name} {value}" for name, value in (settings or {}).items() if value is not None)]
    return ", ".join(parts + ([f"temperature {temperature:g}"] if temperature != 1 else []))


class Decode(Trace):
    """A trace that knows whose it is: a :class:`engine.decoding.trace.Trace`, and in a notebook the picture, which plays.

    A copy of it is the trace alone.

    Attributes
    ----------
    build : Build
        The build that decoded.
    query, scorer, told : str
        What was asked, who scored, and strategy and settings in a line.
    tree : Tree
        What it was allowed to see.
    """

    build: "Build"
    query: str
    scorer: str
    told: str
    tree: Tree

    @classmethod
    def of(cls, trace: Trace, build: "Build", query: str, scorer: str, told: str, tree: Tree) -> "Decode":
        """A trace with what is known of it."""
        made = cls(*trace)
        made.build, made.query, made.scorer, made.told, made.tree = build, query, scorer, told, tree
        return made

    def _replace(self, /, **changes: Any) -> "Decode":
        return Decode.of(Trace(*super()._replace(**changes)), self.build, self.query, self.scorer, self.told, self.tree)

    def __reduce__(self) -> tuple[Any, ...]:
        return Trace, tuple(self)

    def html(self) -> str:
        """The picture as one HTML file that plays and needs no network."""
        seen, there = len(self.tree.documents), len(self.build.trie.documents)
        left = (f"{seen:,} of {there:,} documents allowed",) if seen < there else ()
        return page(Asked(self.query, self.build.folder.name, self.scorer, (self.told, *left)), [self.shown()])

    def svg(self, level: int | None = None) -> str:
        """The picture of the first ``level`` levels, of all unless told otherwise, as a file of its own."""
        return svg(self.shown(), level)

    def shown(self) -> Shown:
        """What a picture of it needs to know."""
        documents = self.build.documents
        return Shown(
            self, self.build.trie, self.tree, self.build.names, lambda row: documents[row].title or documents[row].id, self.told
        )

    def _repr_html_(self) -> str:
        rows = max(point.drawn_at for point in drawn(self.shown()).points)
        return framed(self.html(), f"A decode of {self.query}", frame_of(len(self.steps), rows).height)
