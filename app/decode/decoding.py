"""What the Decode page asks for and gets: strategy, width, interventions; two decodes to hold against each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.common import beside_dense, documents, resources, state, turns
from engine.builds import runs
from engine.builds.opened import Build
from engine.builds.results import Decode, branched_at
from engine.builds.turns import without
from engine.decoding.strategies import STRATEGIES
from engine.explaining.difference import Diff
from engine.text.matched import snippet, wanted
from engine.trie import Tree

STRATEGY, BESIDE, TEMPERATURE, SEED = "strategy", "beside", "temperature", "seed"
EXACT = 10
NOTHING, SAME_WITH = "nothing", "the same with "


@dataclass(frozen=True)
class Asked:
    """One decode as a person asked for it; prefixes are text like ``3-17``. An empty scorer is the build's default."""

    strategy: str
    beams: int
    temperature: float
    seed: int
    settings: dict[str, Any]
    filter: str
    force: str
    ban: tuple[str, ...]
    scorer: str = ""
    branch: str = ""
    turns: tuple[str, ...] = ()

    @property
    def interventions(self) -> list[str]:
        """What is done to the decoder besides its strategy and width, in words."""
        told = [f"filter {self.filter}"] if self.filter else []
        told += [f"forced {self.force}"] if self.force else []
        told += [f"banned {prefix}" for prefix in self.ban]
        told += [f"{len(self.turns)} turn{'s' if len(self.turns) > 1 else ''}"] if self.turns else []
        told += [f"temperature {self.temperature:g}"] if self.temperature != 1 else []
        return told + ([branched_at(self.branch)] if self.branch else [])

    def plain(self) -> "Asked":
        """The same without interventions."""
        return replace(self, filter="", force="", ban=(), temperature=1.0, turns=())


@dataclass(frozen=True, eq=False)
class Decoded:
    """A decode, the tree that it was allowed to see, and how many of the exact first ten documents it found."""

    asked: Asked
    trace: Decode
    tree: Tree
    found: int
    possible: int


def view(build: Build, allowed: str, force: str, ban: Sequence[str]) -> Tree:
    """The tree that a filter and prefixes leave, worked out once for a page that asks twice.

    Raises
    ------
    TriescopeError
        A filter or prefix is wrong, or nothing is left.
    """
    if not (allowed or force or ban):
        return build.trie
    return _view(str(build.folder), build.version, allowed, force, tuple(ban), build)


@st.cache_resource(max_entries=8, show_spinner=False)
def _view(folder: str, created: str, allowed: str, force: str, ban: tuple[str, ...], _build: Build) -> Tree:
    return _build.view(allowed, force, ban)


def run(build: Build, query: str, asked: Asked) -> Decoded:
    """Decode.

    Raises
    ------
    TriescopeError
        A filter or prefix is wrong, nothing is left, or the scorer cannot serve the strategy.
    """
    vector = vector_of(build, query, asked)
    left = without(asked.filter, turns.read(build, asked.turns).less)
    tree = view(build, left, asked.force, asked.ban)
    resources.warm(build, asked.scorer)
    trace = build.decode(
        query, asked.beams, vector, asked.strategy, tree, asked.settings, asked.seed, asked.temperature, asked.scorer
    )
    return _counted(build, query, asked, vector, trace)


def vector_of(build: Build, query: str, asked: Asked) -> np.ndarray:
    """The query's vector, after the turns that were taken."""
    return turns.vector(build, query, turns.read(build, asked.turns))[0]


def branched(build: Build, query: str, decoded: Decoded, prefix: str) -> Decoded:
    """A decode gone back to the step of a prefix and on from there.

    Raises
    ------
    TriescopeError
        It is no prefix, or was no candidate of its step.
    """
    vector = vector_of(build, query, decoded.asked)
    return _counted(build, query, replace(decoded.asked, branch=prefix), vector, decoded.trace.branch(prefix))


def _counted(build: Build, query: str, asked: Asked, vector: np.ndarray, trace: Decode) -> Decoded:
    """The decode with how many of the exact first documents it found."""
    tree, scorer = trace.how.tree, asked.scorer or build.default_scorer
    best = _exact(
        str(build.folder),
        build.version,
        scorer,
        runs.stamp(build.folder, scorer),
        query,
        (asked.filter, asked.force, asked.ban, asked.turns),
        asked.temperature,
        build,
        vector,
        tree,
    )
    mine = trace.documents(tree, EXACT)[0]
    return Decoded(asked, trace, tree, len(np.intersect1d(best, mine)), len(best))


# Scoring every node takes a trained scorer that reads text a second or more; another width or strategy need not wait again.
@st.cache_data(max_entries=256, show_spinner="Scoring every document, to count what the decode misses")
def _exact(
    folder: str,
    created: str,
    scorer: str,
    stamp: str,
    query: str,
    allowed: tuple,
    temperature: float,
    _build: Build,
    _vector: np.ndarray,
    _tree: Tree,
) -> np.ndarray:
    """Rows of the exact first ten documents."""
    found = _build.decode(query, EXACT, _vector, "exact", _tree, temperature=temperature, scorer=scorer)
    return found.documents(_tree, EXACT)[0]


def beside(build: Build, query: str, asked: Asked, other: str) -> Decoded | None:
    """What to hold a decode against: another strategy or scorer, else the same without interventions; None without any."""
    if other.startswith(SAME_WITH):
        return run(build, query, replace(asked, scorer=other.removeprefix(SAME_WITH)))
    if other in STRATEGIES and other != asked.strategy:
        return run(build, query, replace(asked, strategy=other, settings={}))
    return run(build, query, asked.plain()) if asked.interventions else None


def pinned(asked: Asked, scorer: str, query: str, other: str) -> dict[str, Any]:
    """What a link to this decode has to say, whatever the defaults will be."""
    said = {state.QUERY: query, state.SCORER: scorer, state.BEAMS: asked.beams, STRATEGY: asked.strategy}
    said |= {state.FILTER: asked.filter, TEMPERATURE: asked.temperature, SEED: asked.seed}
    said |= {f"{asked.strategy}-{name}": value for name, value in asked.settings.items()}
    return said | ({} if other == NOTHING else {BESIDE: other})


def named(asked: Asked) -> str:
    """Strategy, scorer where there is a choice, and interventions in a line."""
    return ", ".join([f"{asked.strategy} with {asked.scorer}" if asked.scorer else asked.strategy, *asked.interventions])


def written(build: Build, query: str, decoded: Decoded) -> pd.DataFrame:
    """The first ten documents of a decode, each with the part of its text that has most words of the query."""
    rows, scores = decoded.trace.documents(decoded.tree, EXACT)
    known, stems = build.corpus.documents, wanted(query, build.language)
    listed = [
        (build.identifier(int(row)), documents.title_of(known[row]), float(score), snippet(stems, known[row].text).text)
        for row, score in zip(rows, scores, strict=True)
    ]
    return pd.DataFrame(listed, columns=["Identifier", "Title", "Total", "Text"])


def why_like_dense(build: Build, query: str, decoded: Decoded) -> str:
    """Why what a plain beam search wrote is, or is not, the list of dense search; Markdown."""
    known, rows = build.corpus.documents, decoded.trace.documents(decoded.tree, EXACT)[0]
    dense = build.search(query, "dense", len(rows), vector=vector_of(build, query, decoded.asked))[0]
    scorer = decoded.asked.scorer or build.default_scorer
    return beside_dense.told(build, scorer, [known[row].id for row in rows], [hit.id for hit in dense])


def changed(build: Build, changes: Diff) -> pd.DataFrame:
    """Documents that came, went or moved, then prefixes that only one decode kept."""
    known = build.corpus.documents
    hits = {"only here": changes.entered, "only there": changes.left, "moved": changes.moved, "same": changes.same}
    rows = [
        (fate, documents.title_of(known[hit.row]), build.identifier(hit.row), hit.rank_before, hit.rank_after)
        for fate, of_fate in hits.items()
        for hit in of_fate
    ]
    for level in changes.levels:
        for fate, beams in (("prefix only here", level.only_after), ("prefix only there", level.only_before)):
            rows += [(fate, f"level {level.level}", "-".join(map(str, b.prefix)), b.rank_before, b.rank_after) for b in beams]
    frame = pd.DataFrame(rows, columns=["What", "Of", "Codes", "Rank there", "Rank here"])
    return frame.astype({"Rank there": "Int64", "Rank here": "Int64"})
