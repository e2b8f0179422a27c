"""Another's candidates ranked by a cross-encoder, which reads query and document together (Nogueira and Cho 2019).

``bm25~cross:NAME`` has the first :data:`DEPTH` of BM25 in the order of that model; what was found further down follows as it was
found. It finds nothing itself: a pass over all documents would take a second for every fifty or so.
"""

from collections.abc import Sequence

import numpy as np

from engine.errors import TriescopeError
from engine.retrievers.base import Found, Method, Named, Opened, Queries, Ranking
from engine.text import cross_encoder, models

# Candidates that are read, of each query; pairs that are read together.
DEPTH, BATCH = 50, 16


class CrossRetriever:
    """Scores of pairs; see the file's head.

    Parameters
    ----------
    folder : str
        Where the model lies.
    texts : sequence of str
        What is searched of each document.
    """

    name = "cross"
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
        raise TriescopeError("cross only orders what another found: bm25~cross:NAME")

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`: logits of the first :data:`DEPTH` of each query's rows, -inf behind."""
        model = cross_encoder.load(self.folder)
        found = []
        for text, of in zip(queries.texts, rows, strict=True):
            scores = np.full(len(of), -np.inf, np.float32)
            if pairs := [(text, self.texts[row]) for row in np.asarray(of)[:DEPTH]]:
                # Padding to the longest pair of a batch moves the last digits, and equal documents must have equal scores.
                scores[: len(pairs)] = np.round(model.predict(pairs, batch_size=BATCH, show_progress_bar=False), 4)
            found.append(scores)
        return found


def _open(opened: Opened, beams: int, named: Named) -> CrossRetriever:
    return CrossRetriever(models.folder_of(named.model, "cross"), opened.texts())


def _evidence(found: Found) -> str:
    return f"logit {found.score:.3f}"


def _told(opened: Opened, named: Named) -> str:
    return f"{named.model} reads the first {DEPTH}"


METHOD = Method(
    name="cross",
    summary="orders what another found, reading query and document together: bm25~cross:NAME",
    citation="Nogueira and Cho 2019, arXiv:1901.04085",
    color="#6F4E7C",
    open=_open,
    evidence=_evidence,
    there=lambda folder: False,  # alone it is no retriever
    stamp=models.stamp,
    told=_told,
    model="cross",
    follows=True,
)
