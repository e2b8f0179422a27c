"""Another's candidates ranked by a language model that sees all of them at once: which of them would it name?

Listwise and zero-shot, by single-token decoding (Reddy et al. 2024, FIRST): the passages stand under letters, the model is asked
for the letter of the one that answers best, and nothing is written: a passage's score is the log-probability of its letter among
the letters. Such models favour places (Tang et al. 2024), so each list is read in its order and in the opposite one, and the two
are averaged. With a small model it is weak.
"""

from collections.abc import Sequence
from string import ascii_uppercase

import numpy as np

from engine.retrievers.ordering import Ordering, Reader, method
from engine.text import language_model

# Letters of a document that are read: all candidates together have to fit a prompt.
READS = 300
ASKED = "Passages:\n\n{}\n\nWhich passage answers this query best: {}\nAnswer with its letter alone."


class Listwise(Ordering):
    """Log-probability of each document's letter, nats."""

    name, model, depth = "lm-list", "lm", 10

    def reader(self) -> Reader:
        """The model of the folder."""
        model = language_model.load(self.folder)

        def read(query: str, documents: Sequence[str]) -> np.ndarray:
            texts = list(dict.fromkeys(document[:READS] for document in documents))  # equal ones are one candidate
            letters = list(ascii_uppercase[: len(texts)])
            both = [model.chosen(model.prompt(asked(query, order)), letters) for order in (texts, texts[::-1])]
            scores = (both[0] + both[1][::-1]) / 2
            return scores[[texts.index(document[:READS]) for document in documents]]

        return read


def asked(query: str, texts: Sequence[str]) -> str:
    """The question, each passage under its letter."""
    listed = "\n\n".join(f"{letter}: {text}" for letter, text in zip(ascii_uppercase, texts, strict=False))
    return ASKED.format(listed, query)


METHOD = method(
    Listwise,
    summary="orders what another found by which one a language model would name as the best: bm25~lm-list:NAME; an experiment",
    citation="Reddy et al. 2024, arXiv:2406.15657",
    color="#637939",
    evidence=lambda found: f"{found.score:.3f} nats for its letter",
    reads=f" together, {READS} letters of each, in both orders; zero-shot",
)
