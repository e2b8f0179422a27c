"""The plainest answer: the sentences of the hits that are nearest to the question, word for word, each with where it stands."""

from collections.abc import Sequence

import numpy as np

from engine.answers.answer import Answer, Sentence, sources
from engine.builds.hits import Hit
from engine.builds.opened import Build

# Sentences of an answer; one this near to one that was taken says the same.
MOST, SAME = 3, 0.9


def extract(build: Build, query: str, hits: Sequence[Hit], vector: np.ndarray | None = None, most: int = MOST) -> Answer:
    """The nearest sentences of all hits by the build's encoder, best first; those that say the same are taken once."""
    vector = build.encode(query)[0] if vector is None else vector
    among = sources(build, hits)
    cosines = np.array([source.vector @ vector for source in among])
    taken: list[int] = []
    for place in np.argsort(-cosines, kind="stable").tolist():
        if len(taken) < most and all(among[place].vector @ among[other].vector < SAME for other in taken):
            taken.append(place)
    found = [Sentence(among[place].text, (among[place].rank,), among[place].rank, float(cosines[place])) for place in taken]
    note = f"the {len(found)} nearest of {len(among):,} sentences of {len(hits)} documents, word for word; nothing is written"
    return Answer("extract", found, list(hits), (note,))
