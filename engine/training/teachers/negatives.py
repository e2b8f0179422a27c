"""Hard negatives: documents that search ranks high for a query they do not answer.

BM25 negatives are those of DPR (Karpukhin et al. 2020), dense ones those of ANCE (Xiong et al. 2021), mined once, with the
build's own vectors.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from engine.errors import TriescopeError
from engine.retrievers.sparse import FOLDER, SparseRetriever
from engine.training.source import Source
from engine.training.teachers.rankings import best, bm25_scores, chunks, dense_scores, trainable

KINDS = ("bm25", "dense")


def mine(
    texts: Sequence[str],
    vectors: np.ndarray,
    positives: Sequence[AbstractSet[int]],
    source: Source,
    count: int = 16,
    kinds: Sequence[str] = KINDS,
    left_out: np.ndarray | None = None,
) -> np.ndarray:
    """The best documents of each query that are not its own.

    Documents that share an identifier with a positive one are none either: whoever scores identifiers cannot tell them apart.

    Parameters
    ----------
    texts, vectors : sequence of str, np.ndarray
        Queries, and their unit vectors, float32 ``(queries, d)``.
    positives : sequence of set of int
        Document rows that answer each query, as far as is known.
    source : Source
        What may be read of the build.
    count : int
        Negatives a query.
    kinds : sequence of str
        Of :data:`KINDS`; they take turns, and a document that two of them find counts once.
    left_out : np.ndarray, optional
        Bool ``(n,)``: documents that training must not know.

    Returns
    -------
    np.ndarray
        Int32 ``(queries, count)``: rows, -1 where there are fewer.

    Raises
    ------
    TriescopeError
        A kind is unknown, or there is none.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise TriescopeError(f"unknown kind of negatives {kind!r}; there are {', '.join(KINDS)}")
    if not kinds:
        raise TriescopeError(f"no kind of negatives named; there are {', '.join(KINDS)}")
    known, documents = trainable(source, left_out), len(source.leaf_of)
    sparse = SparseRetriever(source.folder / FOLDER) if "bm25" in kinds else None
    mined = np.full((len(texts), count), -1, np.int32)
    for part in chunks(len(texts), documents):
        allowed = np.tile(known, (part.stop - part.start, 1))
        for place, own in enumerate(positives[part]):
            rows = np.fromiter(own, np.int64, len(own))
            allowed[place, np.isin(source.leaf_of, source.leaf_of[rows])] = False
        lists = []
        for kind in kinds:
            if kind == "bm25" and sparse:
                scores = bm25_scores(texts[part], sparse, documents)
                scores[scores <= 0] = -np.inf
            else:
                scores = dense_scores(vectors[part], source)
            lists.append(best(scores, allowed, count))
        for place, turns in enumerate(np.stack(lists, axis=2).reshape(len(allowed), -1), part.start):
            found = list(dict.fromkeys(turns[turns >= 0].tolist()))[:count]
            mined[place, : len(found)] = found
    return mined
