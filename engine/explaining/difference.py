"""What an intervention changed: two traces of one query, side by side.

Prefixes are compared by their codes, so it does not matter over which view of the trie, or whether with the mask at all, each of
the two was decoded.
"""

from typing import Any, NamedTuple

from engine.decoding.trace import Trace
from engine.trie import Tree

Prefix = tuple[int, ...]


class Beam(NamedTuple):
    """A prefix kept at some level; a rank counts the kept from 1 and is None where the prefix was not kept."""

    prefix: Prefix
    rank_before: int | None
    rank_after: int | None


class LevelDiff(NamedTuple):
    """Beams of one level: in both (in order of rank before), only before, only after (each in order of rank)."""

    level: int
    both: list[Beam]
    only_before: list[Beam]
    only_after: list[Beam]


class Moved(NamedTuple):
    """A document among the hits; a rank counts documents from 1 and is None where it is not among them."""

    row: int
    rank_before: int | None
    rank_after: int | None


class Diff(NamedTuple):
    """Difference of two traces.

    Attributes
    ----------
    levels : list of LevelDiff
        One a level that either trace has a step at.
    entered, left, moved, same : list of Moved
        Hits only after, only before, in both at another rank, in both at the same rank. Those that left are in order of their
        rank before, the others in that of after.
    """

    levels: list[LevelDiff]
    entered: list[Moved]
    left: list[Moved]
    moved: list[Moved]
    same: list[Moved]


def diff(before: Trace, after: Trace, tree: Tree, tree_after: Tree | None = None, k: int = 10) -> Diff:
    """Compare two traces of one query.

    Parameters
    ----------
    before, after : Trace
        The two decodes.
    tree : Tree
        What ``before`` was decoded over.
    tree_after : Tree, optional
        What ``after`` was decoded over, where that is another.
    k : int
        Hits compared.

    Examples
    --------
    >>> import numpy as np
    >>> from engine.decoding import decode
    >>> from engine.scorers.centroid import CentroidScorer, node_means
    >>> from engine.trie import build, restrict
    >>> trie, vectors = build(np.array([[0, 1], [0, 2], [3, 0]], np.int32)), np.eye(3, dtype=np.float32)
    >>> scorer, banned = CentroidScorer(trie, node_means(trie, vectors), []), restrict(trie, ban=[(0, 2)])
    >>> told = diff(*(decode(tree, scorer, vectors[1:2], 2)[0] for tree in (trie, banned)), trie, banned)
    >>> told.levels[1].only_before, told.left, told.moved
    ([Beam(prefix=(0, 2), rank_before=1, rank_after=None)], [Moved(row=1, rank_before=1, rank_after=None)], [Moved(row=0, \
rank_before=2, rank_after=1)])
    """
    tree_after = tree if tree_after is None else tree_after
    kept_before, kept_after = _kept(before, tree), _kept(after, tree_after)
    levels = []
    for level in sorted(kept_before.keys() | kept_after.keys()):
        ranks = _ranks(kept_before.get(level, []), kept_after.get(level, []))
        beams = [Beam(*one) for one in ranks]
        levels.append(
            LevelDiff(
                level,
                [beam for beam in beams if beam.rank_before and beam.rank_after],
                [beam for beam in beams if not beam.rank_after],
                [beam for beam in beams if not beam.rank_before],
            )
        )
    hits = [Moved(*one) for one in _ranks(before.documents(tree, k)[0].tolist(), after.documents(tree_after, k)[0].tolist())]
    in_both = sorted((hit for hit in hits if hit.rank_before and hit.rank_after), key=lambda hit: hit.rank_after or 0)
    return Diff(
        levels,
        entered=[hit for hit in hits if not hit.rank_before],
        left=[hit for hit in hits if not hit.rank_after],
        moved=[hit for hit in in_both if hit.rank_before != hit.rank_after],
        same=[hit for hit in in_both if hit.rank_before == hit.rank_after],
    )


def diff_json(found: Diff) -> dict[str, Any]:
    """The difference as plain values; codes of a prefix are joined by hyphens."""
    return {
        "levels": [
            {
                "level": level.level,
                **{
                    part: [{**beam._asdict(), "prefix": "-".join(map(str, beam.prefix))} for beam in getattr(level, part)]
                    for part in ("both", "only_before", "only_after")
                },
            }
            for level in found.levels
        ],
        **{part: [hit._asdict() for hit in getattr(found, part)] for part in ("entered", "left", "moved", "same")},
    }


def _kept(trace: Trace, tree: Tree) -> dict[int, list[Prefix]]:
    """Prefixes kept at each level, best first. A strategy may keep one twice, or take several steps at a level."""
    kept: dict[int, list[Prefix]] = {}
    for step in trace.steps:
        kept.setdefault(step.level, []).extend(trace.prefix(tree, int(node)) for node in step.kept.node)
    return kept


def _ranks(before: list, after: list) -> list[tuple[Any, int | None, int | None]]:
    """Everything in either list with its first rank in each, in order of ``before``, then of ``after``."""
    places = [{one: rank for rank, one in reversed(list(enumerate(dict.fromkeys(part), 1)))} for part in (before, after)]
    return [(one, places[0].get(one), places[1].get(one)) for one in dict.fromkeys([*before, *after])]
