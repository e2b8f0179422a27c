"""Recommendation as language (P5, Geng et al. 2022; GenRec, Ji et al. 2024): a history in words, a model writes the next title.

The trie of all titles keeps it to those that there are. The model was not taught who takes what, so it knows what it knows of the
world; a small one mostly goes on with words that stand in the history.
"""

from collections.abc import Sequence

import numpy as np

from engine.answers import titles
from engine.answers.titles import Titles
from engine.builds.opened import Build
from engine.data.histories import Histories
from engine.pictures.labels import cut
from engine.retrievers.ranking import Ranking, pack
from engine.text.language_model import LanguageModel

# Items of a history that are told, the last ones; letters of a title in the question, tokens of one that may be written; beams.
LAST, LETTERS, LONGEST, BEAMS = 5, 90, 40, 10
ASKED = "Somebody bought these, one after another:\n{}\nWhat do they buy next? Reply with the title alone."


def asked(build: Build, history: Sequence[int] | np.ndarray) -> str:
    """A history as the model is asked; an item without a title is told by nothing."""
    named = [cut(" ".join(build.documents[int(row)].title.split()), LETTERS) for row in history]
    return ASKED.format("\n".join(f"- {title}" for title in [one for one in named if one][-LAST:]))


class Titled:
    """Next items by the titles that a language model writes under the trie of titles.

    Parameters
    ----------
    build : Build
        The catalogue.
    model : LanguageModel
        Any causal one.
    beams : int
        Titles that are written; a list is at most so long.
    """

    name = "p5"

    def __init__(self, build: Build, model: LanguageModel, beams: int = BEAMS):
        self.build, self.model, self.beams = build, model, beams

    def written(self, history: Sequence[int] | np.ndarray) -> Titles:
        """What it writes after a history, freely and held to the titles that there are."""
        return titles.titles_for(self.build, asked(self.build, history), self.model, self.beams, LONGEST)

    def recommend(self, histories: Histories, k: int, seen: bool = False) -> Ranking:
        """See :class:`engine.recommending.base.Recommender`; scores are one over the place, for beams are ranked and no more."""
        found = []
        for person in range(histories.people):
            history = histories.one(person)
            rows = np.array(self.written(history).rows, np.int64)
            rows = rows if seen else rows[~np.isin(rows, history)]
            found.append((rows, (1 / np.arange(1, len(rows) + 1)).astype(np.float32)))
        return pack(found, k)
