"""Why a hit of a build came back, in sentences (:mod:`engine.explaining.clauses`): its evidence is gathered here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.explaining.clauses import Clause, Written, of_codes, of_nearness, of_neighbours, of_words
from engine.explaining.why import Why
from engine.text.matched import wanted

if TYPE_CHECKING:
    from engine.builds.opened import Build


def clauses(
    build: "Build",
    query: str,
    document: str,
    vector: np.ndarray,
    why: Why | None = None,
    above: Sequence[str] = (),
    whole: bool = True,
) -> list[Clause]:
    """Sentences on one document.

    Parameters
    ----------
    build : Build
        Where it is.
    query, vector : str, np.ndarray
        What was asked, and its unit embedding, float32 ``(d,)``.
    document : str
        Its id.
    why : Why, optional
        What became of it in a decode; without it nothing is said of codes.
    above : sequence of str
        Ids of those listed above it, in their order.
    whole : bool
        Whether nothing was left out of the tree: then ranks are of all beginnings of a length.
    """
    row = build.row_of[document]
    found = of_words(query, wanted(query, build.language), build.documents[row], build.fields)
    if why:
        found += of_codes(_written(build, why, whole))
        codes = {other: _codes(build, build.row_of[other]) for other in above if other != document}
        titles = {other: build.documents[build.row_of[other]].title or other for other in codes}
        found += of_neighbours(_codes(build, row), codes, titles)
    cosines = np.asarray(build.embeddings) @ vector
    return [*found, of_nearness(float(cosines[row]), int((cosines > cosines[row]).sum()) + 1, len(cosines))]


def _codes(build: "Build", row: int) -> list[int]:
    """Codes that carry content: numbers that tell documents apart say nothing of what two share."""
    return build.codes[row, : build.identifiers.content[row]].tolist()


def _written(build: "Build", why: Why, whole: bool) -> list[Written]:
    tree, found = build.trie, []
    for step in why.steps:
        prefix = why.identifier[: step.level]
        if len(prefix) < step.level:
            break  # it ended before, and waits
        level = int(tree.level_start[step.level + 1] - tree.level_start[step.level]) if whole else 0
        node = tree.find(prefix)
        assert node is not None
        below = int(tree.counts[node])
        found.append(Written(step.level, prefix, build.names[node], step.rank_of_all, level, below, step.kept))
    return found
