"""Another's candidates ranked by a language model that was taught nothing of ranking: how likely is the query behind a document?

Query likelihood by prompting (Sachan et al. 2022, UPR): the model reads a document and is asked for a question that it answers;
the score is the mean log-probability of the query's tokens. Pointwise and zero-shot; with a small model it is weak.
"""

from collections.abc import Sequence

import numpy as np

from engine.errors import TriescopeError
from engine.retrievers.base import Found, Method, Named, Opened, Queries, Ranking
from engine.text import language_model, models

# Candidates that are read, of each query, and letters of each.
DEPTH, READS = 20, 600
ASKED = "Write a question that the following passage answers.\n\nPassage: {}"


class LikelihoodRetriever:
    """Scores of candidates; see the file's head.

    Parameters
    ----------
    folder : str
        Where the model lies.
    texts : sequence of str
        What is searched of each document.
    """

    name = "lm"
    needs_vectors = False
    floor = -np.inf

    def __init__(self, folder: str, texts: Sequence[str]):
        self.folder, self.texts = folder, texts

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """It does not find.

        Raises
        ------
        TriescopeError
            Always.
        """
        raise TriescopeError("lm only orders what another found: bm25~lm:NAME")

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`: nats a token of the first :data:`DEPTH` of each query's rows."""
        model = language_model.load(self.folder)
        found = []
        for text, of in zip(queries.texts, rows, strict=True):
            scores = np.full(len(of), -np.inf, np.float32)
            read = [model.prompt(ASKED.format(self.texts[row][:READS])) for row in np.asarray(of)[:DEPTH]]
            scores[: len(read)] = np.round(model.likelihoods(read, text), 4)
            found.append(scores)
        return found


def _open(opened: Opened, beams: int, named: Named) -> LikelihoodRetriever:
    return LikelihoodRetriever(models.folder_of(named.model, "lm"), opened.texts())


def _evidence(found: Found) -> str:
    return f"{found.score:.3f} nats a token of the query"


def _told(opened: Opened, named: Named) -> str:
    return f"{named.model} reads the first {DEPTH}, {READS} letters of each; zero-shot"


METHOD = Method(
    name="lm",
    summary="orders what another found by how likely a language model holds the query behind it: bm25~lm:NAME",
    citation="Sachan et al. 2022, arXiv:2204.07496",
    color="#8C6D31",
    open=_open,
    evidence=_evidence,
    there=lambda folder: False,  # alone it is no retriever
    stamp=models.stamp,
    told=_told,
    model="lm",
    follows=True,
)
