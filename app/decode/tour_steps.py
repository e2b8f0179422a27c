"""What the guided decode says: a sentence or two a step, read from the trace of the query at hand."""

from typing import NamedTuple

import numpy as np

from app.common import documents, state
from app.decode.decoding import Decoded
from engine.builds import examples
from engine.builds.opened import Build
from engine.explaining.survival import survival, verdict


class Level(NamedTuple):
    """What one level of a decode came to. The first of those kept is the one that leads the picture of so many levels."""

    level: int
    kept: int
    cut: int
    prefix: str
    words: str
    documents: int
    masked: float


class Branch(NamedTuple):
    """A prefix that one may force: ``rank`` among the candidates of its level, of which ``kept`` stayed."""

    prefix: str
    words: str
    documents: int
    level: int
    rank: int
    kept: int


def level_of(build: Build, decoded: Decoded, level: int) -> Level | None:
    """A level of a decode, from 1; None where the strategy had no step there, or nothing to keep."""
    trace = decoded.trace
    if level > len(trace.steps) or not len(trace.steps[level - 1].kept.node):
        return None
    step = trace.steps[level - 1]
    node = int(trace.leaves[0] if level == len(trace.steps) and len(trace.leaves) else step.kept.node[0])
    return Level(
        level,
        len(step.kept.node),
        len(step.pruned.node),
        spelled(trace.prefix(build.trie, node)),
        build.names[node] if node >= 0 else "no document",
        int(decoded.tree.counts_of(np.array([node]))[0]) if node >= 0 else 0,
        step.masked_mass,
    )


def to_force(build: Build, decoded: Decoded) -> Branch | None:
    """The best prefix that was cut at one of the first two levels, or later where none was; else the second that was kept at
    the first level; None where there is no second."""
    for step in decoded.trace.steps:
        if len(step.pruned.node) and int(step.pruned.node[0]) >= 0:
            return _branch(build, decoded, step.level, int(step.pruned.node[0]), len(step.kept.node) + 1)
    first = decoded.trace.steps[0] if decoded.trace.steps else None
    if first is None or len(first.kept.node) < 2 or int(first.kept.node[1]) < 0:
        return None
    return _branch(build, decoded, 1, int(first.kept.node[1]), 2)


def _branch(build: Build, decoded: Decoded, level: int, node: int, rank: int) -> Branch:
    below = int(decoded.tree.counts_of(np.array([node]))[0])
    kept = len(decoded.trace.steps[level - 1].kept.node)
    return Branch(spelled(build.trie.prefix(node)), build.names[node], below, level, rank, kept)


def to_pin(build: Build, decoded: Decoded) -> str:
    """Id of a document that was cut early: the first below the best prefix that was cut first; the last one found where none was
    cut. Empty where nothing was found."""
    for step in decoded.trace.steps:
        if len(step.pruned.node) and int(step.pruned.node[0]) >= 0:
            return build.corpus.documents[decoded.tree.leaf_documents(int(step.pruned.node[0]))[0]].id
    rows = decoded.trace.documents(decoded.tree, len(decoded.trace.leaves))[0]
    return build.corpus.documents[rows[-1]].id if len(rows) else ""


def noun(build: Build, count: int) -> str:
    """So many documents in words; films on the bundled catalogue alone."""
    name = "film" if build.catalogue == examples.shipped()[0] else "document"
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def tell_tree(build: Build, decoded: Decoded) -> str:
    """What the tree is, before anything is written."""
    tree = decoded.tree
    branches, below = len(tree.children(np.array([0])).node), len(tree.leaf_documents(0))
    return (
        f"**Before the first code.** {noun(build, below)} lie below the root of the tree, which has {branches:,} "
        f"{'branch' if branches == 1 else 'branches'}: one for each first code. Nothing is written yet."
    )


def tell_level(build: Build, decoded: Decoded, level: int) -> str:
    """What a level kept, what it cut, and what leads."""
    found = level_of(build, decoded, level)
    if found is None:
        return f"**Level {level}.** This strategy has nothing to keep at this level."
    if found.cut:
        kept = f"{found.kept:,} of {found.kept + found.cut:,} branches are kept, {found.cut:,} cut."
    else:
        kept = f"All {found.kept:,} branches are kept: none is cut where {decoded.asked.beams:,} may stay."
    grown = f" They continue the prefixes kept at level {level - 1}." if level > 1 else ""
    lead = f"code {found.prefix}" if level == 1 else f"{found.prefix}"
    told = f"**Level {level}.** {kept}{grown} First is {lead}: it reads “{state.plain(found.words)}” "
    told += f"and holds {noun(build, found.documents)}."
    if level == len(decoded.trace.steps) and found.documents:
        node = build.trie.find(tuple(map(int, found.prefix.split("-")))) or 0
        row = int(decoded.tree.leaf_documents(node)[0])
        told += f" That is the whole identifier of {_titled(build, build.corpus.documents[row].id)}."
    return told


def tell_masked(build: Build, decoded: Decoded, level: int) -> str:
    """What the mask took away at a level, in words; empty for a scorer that only weighs codes that exist."""
    found = level_of(build, decoded, level)
    if found is None or not any(step.masked_mass for step in decoded.trace.steps):
        return ""
    return f"Masked: {found.masked:.0%} of the probability"


def tell_force(build: Build, branch: Branch) -> str:
    """Why a branch is worth a look."""
    lost = branch.rank > branch.kept
    fate = f"was cut at rank {branch.rank:,}, where {branch.kept:,} stay" if lost else f"came in at rank {branch.rank:,}"
    what = f"the prefix {branch.prefix}, “{state.plain(branch.words)}” with {noun(build, branch.documents)},"
    return (
        f"**What if it had to begin otherwise?** At level {branch.level} {what} {fate}. "
        "Force it, and see what it would have written."
    )


def tell_forced(build: Build, decoded: Decoded) -> str:
    """What a forced decode writes first."""
    rows = decoded.trace.documents(decoded.tree, 1)[0]
    first = _titled(build, build.corpus.documents[int(rows[0])].id) if len(rows) else "nothing"
    return (
        f"**Forced {state.plain(decoded.asked.force)}.** Every identifier begins with it now, and first is {first}. Beside it "
        "stands the decode without it; “What is different” below lists who came and who went."
    )


def tell_why_not(build: Build, decoded: Decoded, document: str) -> str:
    """Which document might be asked after."""
    found = decoded.trace.documents(decoded.tree, len(build.corpus.documents))[0]
    fate = "came last" if build.row_of[document] in found else "was not found"
    return f"**Why not that one?** {_titled(build, document)} {fate}. Pin it, and follow it level by level."


def tell_pinned(build: Build, decoded: Decoded, document: str) -> str:
    """What became of the pinned document."""
    stages = survival(decoded.trace, build.trie, build.row_of[document])
    told = verdict(stages, decoded.asked.beams)
    return f"**Why not {_titled(build, document)}?** {told} It is green in the picture."


def _titled(build: Build, document: str) -> str:
    return f"“{state.plain(documents.title(build, document))}”"


def spelled(prefix: tuple[int, ...]) -> str:
    """A prefix as text.

    >>> spelled((3, 17))
    '3-17'
    """
    return "-".join(map(str, prefix))
