"""The probes of :mod:`engine.health.behaviour` on a build: those of behaviour where it has interactions, churn where it is asked
for."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine import identifiers, trie
from engine.builds.opened import Build
from engine.data.histories import Histories
from engine.health import behaviour
from engine.health.agreement import node_paths
from engine.health.behaviour import Churn, Part, Structure, Together
from engine.health.numbering import content_nodes
from engine.identifiers.base import Identifiers
from engine.recommending import on_disk
from engine.recommending.rebuilt import behaviour_of

# Documents left out where a fit is made again without some: one in so many.
LEFT_OUT = 20


class Refit(NamedTuple):
    """What a fit made anew changed: by another ``seed``, or ``without`` a twentieth of the documents."""

    how: str
    churn: list[Churn]


class Probed(NamedTuple):
    """All of them; ``together`` and ``parts`` are empty without interactions, ``refits`` where nobody asked."""

    structure: Structure
    together: list[Together]
    parts: list[Part]
    refits: list[Refit]

    def as_json(self) -> dict:
        """Plain values."""
        return {
            "structure": self.structure._asdict(),
            "together": [row._asdict() for row in self.together],
            "parts": [row._asdict() for row in self.parts],
            "refits": [{"how": one.how, "churn": [row._asdict() for row in one.churn]} for one in self.refits],
        }

    def lines(self) -> list[str]:
        """For a terminal."""
        of = self.structure
        found = [
            f"tree: {of.nodes:,} nodes over {of.levels} levels, {of.codes:,} codes in all; a search of {behaviour.BEAMS} beams "
            f"scores {of.scored:,}"
        ]
        found += [
            f"first {row.depth} codes in common: {row.share:.1%} of {row.pairs:,} pairs taken one after another "
            f"(any two as often taken {row.chance:.2%})"
            for row in self.together
        ]
        found += [
            f"{row.name}: {row.items:,} items with {row.interactions:,} interactions, {row.alone:.1%} alone with their codes, "
            f"first codes {row.evenness:.0%} even"
            for row in self.parts
        ]
        for one in self.refits:
            kept = "; ".join(f"{row.kept:.1%} by {row.depth}" for row in one.churn)
            found.append(
                f"fitted anew, {one.how}: of the pairs that shared their first codes still do {kept or 'none, there are none'}"
            )
        return found


def probed(opened: Build, again: bool = False, tell: Callable[[int, int], None] | None = None) -> Probed:
    """The probes of a build, as it was made; ``again`` fits its scheme twice more."""
    build = on_disk.as_made(opened)
    fitted, tree = build.identifiers, build.trie
    train = on_disk.Interactions(build).train if on_disk.is_there(build.folder) else None
    of_behaviour = _of_behaviour(fitted, tree, train) if train is not None else ([], [])
    return Probed(behaviour.structure(tree), *of_behaviour, _refits(build, tell) if again else [])


def _of_behaviour(fitted: Identifiers, tree: trie.Trie, train: Histories) -> tuple[list[Together], list[Part]]:
    documents = len(fitted.codes)
    paths, times = node_paths(tree, documents), np.bincount(train.items, minlength=documents)
    nodes = np.full(documents, -1, np.int64)
    nodes[tree.documents] = content_nodes(fitted.content, tree)
    alone = (nodes >= 0) & (np.bincount(nodes + 1)[nodes + 1] == 1)
    return behaviour.taken_together(train, paths), behaviour.by_frequency(times, alone, fitted.codes[:, 0])


def _refits(build: Build, tell: Callable[[int, int], None] | None) -> list[Refit]:
    spec, documents, vectors = build.manifest.spec, build.documents, np.asarray(build.embeddings)
    settings, before = dict(spec.settings), node_paths(build.trie, len(documents))
    rows = np.arange(len(documents))
    left = rows[np.random.default_rng(spec.seed).permutation(len(rows)) >= len(rows) // LEFT_OUT]
    found = []
    for how, seed, kept in (
        ("with another seed", spec.seed + 1, rows),
        ("without a twentieth of the documents", spec.seed, left),
    ):
        taken = behaviour_of(build, spec.scheme, settings, seed)
        some = [documents[row] for row in kept]
        anew = identifiers.fit(
            spec.scheme, vectors[kept], settings, seed, some, spec.resolver, tell, None if taken is None else taken[kept]
        )
        paths = node_paths(trie.build(anew.codes), len(kept))
        found.append(Refit(how, behaviour.churn(before[kept], paths)))
    return found
