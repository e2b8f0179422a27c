"""Keyword search by another formula, over an index that is made in memory when it is first asked for.

``bm25`` reads the index of the build. ``bm25:method=atire,k1=0.9,b=0.4`` is one of the variants that bm25s knows (Kamphuis et al.
2020, "Which BM25 do you mean?"); ``tfidf`` is the older formula that they improve on. Texts are cut alike for all of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse as matrices

from engine.retrievers.base import Named
from engine.retrievers.opened import Opened
from engine.retrievers.sparse import FOLDER, FORMULAS, METHOD, NOW, OPTIONS, SparseRetriever, language_of, tokens
from engine.text.languages import ENGLISH


class VariantRetriever(SparseRetriever):
    """BM25 by another formula.

    BM25L and BM25+ give every document something for a word that it lacks. That part is left out: it is the same for all, so the
    order is theirs, and a document without any word of the query has 0, as with the others.

    Parameters
    ----------
    texts : sequence of str
        What is searched of each document.
    settings : mapping
        Of :data:`engine.retrievers.sparse.OPTIONS`; the rest have their defaults.
    language : str
        Of the texts.
    """

    def __init__(self, texts: Sequence[str], settings: Mapping[str, Any], language: str = ENGLISH):
        import bm25s

        taken = {option.name: option.default for option in OPTIONS} | dict(settings)
        self.rule, self.folder, self.language = NOW, None, language
        self.index = bm25s.BM25(k1=taken["k1"], b=taken["b"], method=FORMULAS[taken["method"]])
        self.index.index(_cut(texts, language), show_progress=False)
        self.index.nonoccurrence_array = None
        self.index.vocab_dict.pop("", None)  # bm25s numbers the empty word, and has no row of it


class TfidfRetriever(SparseRetriever):
    """TF-IDF (``ltc`` of Salton and Buckley 1988): in a document a word weighs ``(1 + ln tf) * idf``, where ``idf`` is
    ``1 + ln((1 + n) / (1 + df))``, and a document's weights are scaled to length 1; in a query it weighs its count times its idf.

    Parameters
    ----------
    texts : sequence of str
        What is searched of each document.
    language : str
        Of the texts.
    """

    name = "tfidf"

    def __init__(self, texts: Sequence[str], language: str = ENGLISH):
        import bm25s

        cut = _cut(texts, language)
        number = {word: at for at, word in enumerate(dict.fromkeys(word for words in cut for word in words))}
        column = np.array([number[word] for words in cut for word in words], np.int32)
        row = np.repeat(np.arange(len(cut), dtype=np.int32), [len(words) for words in cut])
        tf = matrices.csc_matrix((np.ones(len(row)), (row, column)), (len(cut), len(number)))  # a word twice is summed
        frequency = np.diff(tf.indptr)
        idf = np.repeat(1 + np.log((1 + len(cut)) / (1 + frequency)), frequency)
        weight = (1 + np.log(tf.data)) * idf
        length = np.sqrt(np.bincount(tf.indices, weight**2, minlength=len(cut)))
        data = (idf * weight / length[tf.indices]).astype(np.float32)
        self.rule, self.folder, self.language = NOW, None, language
        self.index = bm25s.BM25()
        self.index.scores = {"data": data, "indices": tf.indices, "indptr": tf.indptr, "num_docs": len(cut)}
        self.index.vocab_dict, self.index.nonoccurrence_array = number, None


def _cut(texts: Sequence[str], language: str) -> list[list[str]]:
    found = tokens(texts, NOW, language)
    return found if any(found) else [["\0"], *found[1:]]  # bm25s cannot index nothing; no query can hold this word


def _open(opened: Opened, beams: int, named: Named) -> TfidfRetriever:
    return TfidfRetriever(opened.texts(), language_of(opened.folder / FOLDER))


TFIDF = METHOD._replace(
    name=TfidfRetriever.name,
    summary="keywords: TF-IDF, the formula before BM25; a word said often goes on to count",
    citation="Salton and Buckley 1988",
    color="#117733",
    open=_open,
    usual=False,
    needs=None,
    told=lambda opened, named: "",
    options=(),
)
