"""Dense search by the encoder that was fine-tuned on the build's own judged pairs (DPR, Karpukhin et al. 2020).

The other fair neighbour of a trained scorer, beside ``moved``: the same labels, and an encoder that learns. ``tuned-moved`` does
both: its documents are moved towards the train queries that they answer, all of them by the fine-tuned encoder.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from engine.data import tables
from engine.data.halves import halves
from engine.errors import TriescopeError
from engine.retrievers.base import Method, Named, cosine
from engine.retrievers.dense import ExactRetriever
from engine.retrievers.lost import by_cosine
from engine.retrievers.moved import DEV, TRAIN, Labels, MovedRetriever, gains_of
from engine.retrievers.opened import Growth, Opened
from engine.retrievers.ranking import Queries, Ranking
from engine.text import tuned

if TYPE_CHECKING:
    from engine.text.layered import Remembered

# Documents that came since and are embedded by whoever opens the retriever; a hundredth of a second each.
MOST = 500


class TunedRetriever:
    """Exact search by vectors of another encoder, which it gives the queries itself.

    Parameters
    ----------
    name : str
        What it is called.
    documents : ExactRetriever
        Over the documents' vectors.
    encode : callable
        ``texts -> float32 (queries, d)``.
    """

    needs_vectors = False
    floor = -1.0

    def __init__(self, name: str, documents: ExactRetriever, encode: "Encode"):
        self.name, self.documents, self.encode = name, documents, encode

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are cosines of the fine-tuned encoder. Encoding is part of it."""
        return self.documents.search(self._encoded(queries), k, allowed)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`."""
        return self.documents.scores(self._encoded(queries), rows)

    def _encoded(self, queries: Queries) -> Queries:
        return Queries(queries.texts, self.encode(queries.texts))


class Encode:
    """Queries to vectors by a build's fine-tuned encoder, which is opened by the first; each query is encoded once."""

    def __init__(self, opened: Opened):
        self.folder, self.encoder = opened.folder, opened.encoder

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Float32 ``(texts, d)``, unit rows; each alone, so that it never depends on the others."""
        from engine.text.layered import token_ids

        return np.stack([self._vector(tokens) for tokens in token_ids(texts, self.encoder, "query")])

    def documents(self, texts: Sequence[str]) -> np.ndarray:
        """The same for documents: float32 ``(texts, d)``."""
        from engine.text.layered import token_ids

        return np.stack([self._vector(tokens) for tokens in token_ids(texts, self.encoder, "document")])

    @cached_property
    def _vector(self) -> "Remembered":
        from engine.text.layered import Remembered

        return Remembered(tuned.open_layers(self.folder, self.encoder))


def _open(opened: Opened, beams: int, named: Named) -> TunedRetriever:
    if opened.base and opened.grown:
        return _followed(opened, opened.base, opened.grown)
    documents = tuned.open_vectors(opened.folder, len(opened.row_of))
    return TunedRetriever("tuned", ExactRetriever(documents), Encode(opened))


def _followed(opened: Opened, base: Opened, grown: Growth) -> TunedRetriever:
    """Over what is left and what came; those that came are embedded here, by the fine-tuned encoder."""
    whole = base.retriever("tuned")
    assert isinstance(whole, TunedRetriever)
    if len(grown.added) > MOST:
        raise TriescopeError(
            f"tuned: the fine-tuned encoder has not seen {len(grown.added):,} documents that came since, and would take too "
            f"long; up to {MOST} are embedded when it is opened: fold them in (compact), which embeds all"
        )
    vectors = whole.documents.embeddings[grown.kept]
    if grown.added:
        vectors = np.concatenate([vectors, whole.encode.documents(opened.texts()[len(grown.kept) :])])
    return TunedRetriever("tuned", ExactRetriever(vectors), whole.encode)


def _open_moved(opened: Opened, beams: int, named: Named) -> TunedRetriever:
    plain = opened.retriever("tuned")
    assert isinstance(plain, TunedRetriever)
    encode = plain.encode

    def labels(split: str, kept: Sequence[str] | None = None) -> Labels:
        judged = tables.read_judged(opened.folder, split)
        gains = gains_of(opened, judged, kept)
        vectors = encode([judged.queries[query] for query in gains]) if gains else plain.documents.embeddings[:0]
        return Labels(vectors, list(gains.values()))

    train = labels(TRAIN)
    if not train.gains:
        raise TriescopeError("tuned-moved needs train queries with a relevant document, and this build has none")
    choosing = halves(tables.read_judged(opened.folder, DEV).qrels).choosing
    return TunedRetriever("tuned-moved", MovedRetriever(plain.documents.embeddings, train, labels(DEV, sorted(choosing))), encode)


def _told(opened: Opened, named: Named) -> str:
    known = tuned.read(opened.folder)
    seen = f"{known.seen:,} pairs seen of {known.pairs:,} in {known.seconds / 60:.1f} min"
    return f"{seen}; it encodes queries itself, each once"


TUNED = Method(
    name="tuned",
    summary="vectors of an encoder fine-tuned on the build's judged pairs: dense search with the same labels",
    citation="DPR (Karpukhin et al. 2020)",
    color="#999933",
    open=_open,
    evidence=cosine,
    there=tuned.is_there,
    stamp=tuned.stamp,
    told=_told,
    lost=by_cosine,
    follows=True,
)
MOVED = TUNED._replace(
    name="tuned-moved",
    summary="the same, its documents moved towards the train queries that they answer",
    citation="DPR (Karpukhin et al. 2020); Brauen 1971",
    color="#661100",
    open=_open_moved,
    splits=(TRAIN,),
)
