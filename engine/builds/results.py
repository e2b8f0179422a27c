"""What an opened build answers: hits and a trace, which are a list and a tuple as ever, and which a notebook shows by itself."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.builds.hits import Hits
from engine.builds.written import parse_prefix
from engine.decoding.branching import branch
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


def branched_at(prefix: str) -> str:
    """A branch in words: the step that was gone back to, and the code that was taken there.

    >>> branched_at("9-16")
    'branched at step 2: 16'
    """
    return f"branched at step {prefix.count('-') + 1}: {prefix.rpartition('-')[2]}"


class How(NamedTuple):
    """What a decode was asked, and by what.

    Attributes
    ----------
    build : Build
        The build that decoded.
    query : str
        The query, and ``taken``, float32, as the scorer took it.
    scorer, told : str
        Who scored; strategy and settings in a line.
    tree : Tree
        What the decode was allowed to see.
    temperature : float
        Of the scorer.
    """

    build: "Build"
    query: str
    taken: np.ndarray
    scorer: str
    told: str
    tree: Tree
    temperature: float


class Decode(Trace):
    """A trace that knows whose it is: a :class:`engine.decoding.trace.Trace`, and in a notebook the picture, which plays.

    A copy of it is the trace alone.
    """

    how: How

    @classmethod
    def of(cls, trace: Trace, how: How) -> "Decode":
        """A trace with what is known of it."""
        made = cls(*trace)
        made.how = how
        return made

    def _replace(self, /, **changes: Any) -> "Decode":
        return Decode.of(Trace(*super()._replace(**changes)), self.how)

    def __reduce__(self) -> tuple[Any, ...]:
        return Trace, tuple(self)

    def branch(self, prefix: str) -> "Decode":
        """Go back to the step of a prefix like ``3-17``, keep it alone there, and go on: the same past, another future.

        Raises
        ------
        TriescopeError
            It is no prefix, was no candidate of its step, or the strategy is none that goes on so
            (:mod:`engine.decoding.branching`).
        """
        how, told = self.how, f"{self.how.told}, {branched_at(prefix)}"
        scorer, codes = how.build.scorer(how.scorer), parse_prefix(prefix)
        return Decode.of(branch(Trace(*self), how.tree, scorer, how.taken, codes, how.temperature), how._replace(told=told))

    def html(self) -> str:
        """The picture as one HTML file that plays and needs no network."""
        how = self.how
        seen, there = len(how.tree.documents), len(how.build.trie.documents)
        left = (f"{seen:,} of {there:,} documents allowed",) if seen < there else ()
        return page(Asked(how.query, how.build.folder.name, how.scorer, (how.told, *left)), [self.shown()])

    def svg(self, level: int | None = None) -> str:
        """The picture of the first ``level`` levels, of all unless told otherwise, as a file of its own."""
        return svg(self.shown(), level)

    def shown(self) -> Shown:
        """What a picture of it needs to know."""
        build, documents = self.how.build, self.how.build.documents
        titles = [document.title or document.id for document in documents]
        return Shown(self, build.trie, self.how.tree, build.names, titles.__getitem__, self.how.told)

    def _repr_html_(self) -> str:
        rows = max(point.drawn_at for point in drawn(self.shown()).points)
        return framed(self.html(), f"A decode of {self.how.query}", frame_of(len(self.steps), rows).height)
