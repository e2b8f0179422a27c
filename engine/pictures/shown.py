"""A decode as a picture needs it: its points at all levels, when each of them leads, and what stands in them."""

from collections.abc import Callable, Collection
from typing import NamedTuple

from engine.decoding.trace import Trace
from engine.pictures.beam_points import Point, points
from engine.trie import Tree, Trie


class Shown(NamedTuple):
    """One decode of one query.

    Attributes
    ----------
    trace : Trace
        The decode; it must hold its pruned candidates.
    tree : Trie
        The whole tree, for prefixes and documents.
    seen : Tree
        What the decode was allowed to see of it.
    names : list of str
        Words for each node.
    title : callable
        Document row -> its title.
    told : str
        Strategy and whatever else was done, in a line.
    unit : str
        Of the totals, where they have one.
    marked : collection of int
        Nodes on the path of a document that is followed.
    """

    trace: Trace
    tree: Trie
    seen: Tree
    names: list[str]
    title: Callable[[int], str]
    told: str
    unit: str = ""
    marked: Collection[int] = ()


class Drawn(NamedTuple):
    """What is drawn of a decode: its points, and for each the numbers of levels shown at which it is on the leading path, and the
    text inside it."""

    points: list[Point]
    leads: list[tuple[int, ...]]
    texts: list[str]


def drawn(shown: Shown) -> Drawn:
    """All points of a decode. The points of fewer levels are the first of them, so a step is only a part that is seen."""
    levels = len(shown.trace.steps)
    each = [points(shown.trace, shown.tree, shown.names, level, shown.marked) for level in range(levels + 1)]
    whole = each[-1]
    leads = [
        tuple(level for level, some in enumerate(each) if place < len(some) and some[place].state == "leading")
        for place in range(len(whole))
    ]
    return Drawn(whole, leads, [text_of(shown.tree, point, levels, shown.title) for point in whole])


def text_of(tree: Trie, point: Point, last: int, title: Callable[[int], str]) -> str:
    """What a point is called: at the level ``last`` the title of the only document below it, else the words of its prefix."""
    node = tree.find(tuple(map(int, point.prefix.split("-")))) if point.prefix and point.step == last else None
    rows = tree.leaf_documents(node).tolist() if node else []
    return title(rows[0]) if len(rows) == 1 else point.name


def told_of(shown: Shown, level: int) -> str:
    """What a level came to, in words; of level 0, what there is before anything is written."""
    trace, tree = shown.trace, shown.tree
    if not level:
        return f"Before the first code: {len(shown.seen.documents):,} documents lie below the root. Nothing is written yet."
    step = trace.steps[level - 1]
    kept, cut = len(step.kept.node), len(step.pruned.node)
    masked = f" {step.masked_mass:.0%} of the probability lay on codes that no document has there, and was masked."
    told = f"Level {step.level}: {kept:,} of {kept + cut:,} prefixes are kept, {cut:,} cut."
    told += masked if any(one.masked_mass for one in trace.steps) else ""
    first = next((p for p in reversed(points(trace, tree, shown.names, level)) if p.step == level and p.state == "leading"), None)
    if first is None:
        return f"{told} Nothing could be kept."
    below = "1 document" if first.documents == 1 else f"{first.documents:,} documents"
    return f"{told} First is {first.prefix}, “{text_of(tree, first, len(trace.steps), shown.title)}”, with {below} below."
