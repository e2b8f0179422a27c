"""BM25 keyword search, with bm25s (Lù 2024): Lucene's variant of Robertson et al., English stop words and Snowball stems."""

from collections.abc import Callable, Sequence
from pathlib import Path

import bm25s
import numpy as np
import Stemmer

from engine.kernels.top_k import top_k
from engine.retrievers.base import Found, Index, Method, Named, Opened, Queries, Ranking, pack

K1, B = 1.5, 0.75
FOLDER = "sparse"


def tokens(texts: Sequence[str]) -> list[list[str]]:
    """Stems of each text, stop words left out.

    >>> tokens(["The heists of dreams"])
    [['heist', 'dream']]
    """
    stemmer: Callable = Stemmer.Stemmer("english")
    return bm25s.tokenize(list(texts), stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False)


def build(texts: Sequence[str], folder: Path) -> None:
    """Index ``texts`` and write the index into ``folder``."""
    index = bm25s.BM25(k1=K1, b=B, method="lucene")
    words = tokens(texts)
    if not any(words):
        words = [["\0"], *words[1:]]  # bm25s cannot index nothing; no query can hold this word
    index.index(words, show_progress=False)
    index.save(folder, show_progress=False)


class SparseRetriever:
    """BM25 over a saved index; documents that share no term with the query are not results."""

    name = "bm25"
    needs_vectors = False

    def __init__(self, folder: Path):
        self.index = bm25s.BM25.load(folder, mmap=True, show_progress=False)

    def search(self, queries: Queries, k: int) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`."""
        results = []
        for words in tokens(queries.texts):
            known = [word for word in words if word in self.index.vocab_dict]
            if not known:
                results.append((np.empty(0, np.int64), np.empty(0, np.float32)))
                continue
            scores = np.asarray(self.index.get_scores(known))
            best = top_k(scores, k)
            best = best[scores[best] > 0]
            results.append((best, scores[best]))
        return pack(results, k)


def matched_terms(query: str, text: str) -> list[str]:
    """Words of ``text`` whose stem occurs in the query, as written, each once, in order.

    >>> matched_terms("dreaming heist", "A heist inside a dream; dreams within dreams")
    ['heist', 'dream', 'dreams']
    """
    wanted = set(tokens([query])[0])
    words = dict.fromkeys(bm25s.tokenize([text], stopwords="en", stemmer=None, return_ids=False, show_progress=False)[0])
    stems = tokens([" ".join(words)])[0]
    return [word for word, stem in zip(words, stems, strict=True) if stem in wanted]


def _build(texts: Sequence[str], embeddings: np.ndarray, folder: Path) -> None:
    build(texts, folder / FOLDER)


def _open(opened: Opened, beams: int, named: Named) -> SparseRetriever:
    return SparseRetriever(opened.folder / FOLDER)


def _evidence(found: Found) -> str:
    return f"words: {', '.join(matched_terms(found.query, found.text)) or 'none'}"


METHOD = Method(
    name="bm25",
    summary="keywords: words in common, rare ones count more",
    citation="Robertson et al. 1994; Lù 2024, arXiv:2407.03618",
    color="#E69F00",
    open=_open,
    evidence=_evidence,
    usual=True,
    needs=Index(stage="sparse", build=_build),
    empty="No document shares a word with the query.",
)
