"""Another's candidates ranked by a language model that was taught nothing of ranking: how likely is the query behind a document?

Query likelihood by prompting (Sachan et al. 2022, UPR): the model reads a document and is asked for a question that it answers;
the score is the mean log-probability of the query's tokens, nats. Pointwise and zero-shot; with a small model it is weak.
"""

from collections.abc import Sequence

import numpy as np

from engine.retrievers.ordering import Ordering, Reader, method
from engine.text import language_model

# Letters of a document that are read.
READS = 600
ASKED = "Write a question that the following passage answers.\n\nPassage: {}"


class Likelihood(Ordering):
    """Nats a token of the query behind each document."""

    name, model, depth = "lm", "lm", 20

    def reader(self) -> Reader:
        """The model of the folder."""
        model = language_model.load(self.folder)

        def read(query: str, documents: Sequence[str]) -> np.ndarray:
            prompts = [model.prompt(ASKED.format(document[:READS])) for document in documents]
            return np.asarray(model.likelihoods(prompts, query))

        return read


METHOD = method(
    Likelihood,
    summary="orders what another found by how likely a language model holds the query behind it: bm25~lm:NAME",
    citation="Sachan et al. 2022, arXiv:2204.07496",
    color="#8C6D31",
    evidence=lambda found: f"{found.score:.3f} nats a token of the query",
    reads=f", {READS} letters of each; zero-shot",
)
