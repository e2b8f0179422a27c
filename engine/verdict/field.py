"""Who stands beside generative search, and which hybrids: with the generative member and without it, otherwise alike."""

from typing import NamedTuple

import numpy as np

from engine.builds import runs
from engine.builds.opened import Build
from engine.builds.runs import CENTROID
from engine.data.looked_up import ids_of
from engine.errors import TriescopeError
from engine.evaluation import Asked
from engine.retrievers import RETRIEVERS, Queries, method_of
from engine.retrievers.tuning import tune
from engine.retrievers.weighting import LATE, Tuning
from engine.verdict.judging import gains_of

KEYWORDS, DENSE, MOVED = "bm25", "dense", "moved"
# Vector search with the same labels: looked up by name, taken where the registry has it and the build can open it.
LABELLED = (MOVED, "tuned", "tuned-moved")
# Scorers beside the default one that are shown.
OTHERS = 3


class Field(NamedTuple):
    """Retrievers by name.

    Attributes
    ----------
    generative : str
        The default scorer's search, named in full.
    alone : list of str
        Retrievers that are no hybrid.
    without, with_it : str
        The hybrid without the generative member and with it; the latter empty where it would get no weight.
    notes : list of str
        What was chosen and how, what was left aside and why.
    others : list of str
        Trained scorers that are not the default; they are shown, and no answer rests on them.
    """

    generative: str
    alone: list[str]
    without: str
    with_it: str
    notes: list[str]
    others: list[str]

    def called(self, name: str) -> str:
        """A retriever in words."""
        known = {self.generative: "generative", KEYWORDS: "BM25", DENSE: "dense", LATE: "late interaction"}
        known |= {self.without: "hybrid without it"}
        known |= {name: f"{name} (labels)" for name in LABELLED} | {self.with_it: "hybrid with it"}
        return known.get(name, name)

    @property
    def neighbours(self) -> list[str]:
        """All that generative search is held against."""
        return [*self.alone, self.without]


def field(opened: Build, choosing: Asked, beams: int) -> Field:
    """Who is compared; hybrids are weighed on the queries that may choose, or by the usual weights where there are none."""
    generative = f"generative:{opened.default_scorer}"
    labelled, notes = [], []
    trained = [name for name in (CENTROID, *runs.names(opened.folder)) if name != opened.default_scorer]
    others = [f"generative:{name}" for name in trained[:OTHERS]]
    if len(trained) > OTHERS:
        notes.append(f"{len(trained) - OTHERS} more scorers of this build are left aside.")
    if others:
        notes.append(
            f"{', '.join(others)}: scorers that are not the default. They are shown, and the answer does not rest on them."
        )
    for name in LABELLED:
        if name in RETRIEVERS and not (why := refused(opened, name)):
            labelled.append(name)
        elif name in RETRIEVERS:
            notes.append(f"{name} is left aside: {why}.")
    # Saw no label either; it is in no hybrid of these, whose names it would not fit into, but in the build's own.
    late = [] if refused(opened, LATE) else [LATE]
    alone = [KEYWORDS, DENSE, *late, *labelled]
    if choosing.qrels:
        without, with_it, told = chosen(opened, choosing, generative, [DENSE, *labelled], beams)
        return Field(generative, alone, without, with_it, [*notes, told], others)
    learned = opened.default_scorer != CENTROID
    if learned and labelled:
        without, with_it = f"{KEYWORDS}+{labelled[-1]}", f"{KEYWORDS}+{labelled[-1]}+{generative}"
        told = "Without development queries the hybrids weigh their members alike."
    else:
        without, with_it = f"hybrid:{CENTROID}", f"hybrid:{opened.default_scorer}" if learned else ""
        told = "Without development queries the hybrids have their usual weights."
        if not learned:
            told += " They give the centroid scorer none: it is dense search through a tree, and a copy gets no second vote."
    return Field(generative, alone, without, with_it, [*notes, told], others)


def refused(opened: Build, name: str) -> str:
    """Why a build cannot open a retriever, in words; empty where it can."""
    if not method_of(name)[0].there(opened.folder):
        return "this build has none"
    missing = [split for split in method_of(name)[0].splits if not opened.manifest.corpus.queries.get(split)]
    if missing:
        return f"it needs judged queries of split {', '.join(missing)}, and this build has none"
    try:
        opened.retriever(name)
    except TriescopeError as error:
        return str(error)
    return ""


def chosen(opened: Build, choosing: Asked, generative: str, vectors: list[str], beams: int) -> tuple[str, str, str]:
    """Names of the hybrid without the generative member and with it (empty where it gets no weight), and how they were chosen.

    Both fuse keywords and the vector search that does best on the choosing queries; methods and weights are those that do best
    there, of the same grid.
    """
    texts = list(choosing.queries.values())
    queries, gains = Queries(texts, opened.embed_queries(texts)), gains_of(opened, choosing)
    best = max(vectors, key=lambda name: _quality(opened, name, queries, choosing))
    members = {name: opened.retriever(name, beams) for name in (KEYWORDS, best, generative)}
    without = tune({name: members[name] for name in (KEYWORDS, best)}, queries, gains)
    with_it = tune(members, queries, gains)
    told = (
        f"Both hybrids are weighed on the {len(texts):,} choosing queries, over the same grid of methods and weights; others of "
    )
    told += "their kind might choose otherwise, which no interval here contains"
    told += f"; the vector search in them is {best}, the best of {', '.join(vectors)} there." if len(vectors) > 1 else "."
    if generative not in with_it.used:
        return named(without), "", f"{told} Those queries give the generative member no weight."
    return named(without), named(with_it), told


def named(tuning: Tuning) -> str:
    """The name by which a retriever is opened that fuses so.

    >>> named(Tuning(weights={"bm25": 0.3, "dense": 0.7, "generative": 0}, method="z")), named(Tuning(weights={"dense": 1.0}))
    ('.3*bm25+.7*dense@z', 'dense')
    """
    if len(tuning.used) == 1:
        return next(iter(tuning.used))
    return "+".join(f"{f'{weight:g}'.lstrip('0')}*{name}" for name, weight in tuning.used.items()) + f"@{tuning.method}"


def _quality(opened: Build, name: str, queries: Queries, choosing: Asked) -> float:
    """Mean nDCG@10 on the choosing queries."""
    from engine.evaluation import depth_for, measure, run_of

    depth = depth_for(choosing.qrels, opened.row_of)
    rows = opened.retriever(name).search(queries, depth).rows
    ids = ids_of(opened.documents)
    return float(np.mean(measure(choosing.qrels, run_of(choosing.qrels, rows, ids), ["nDCG@10"])["nDCG@10"]))
