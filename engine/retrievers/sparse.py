"""BM25 keyword search, with bm25s (Lù 2024): Lucene's variant of Robertson et al., English stop words and Snowball stems."""

from collections.abc import Callable, Sequence
from pathlib import Path

import bm25s
import numpy as np
import regex
import Stemmer

from engine.errors import TriescopeError
from engine.files import read_json, replace_json
from engine.kernels.top_k import top_k
from engine.retrievers.base import Found, Index, Method, Named, Opened, Queries, Ranking, pack
from engine.text.words import pieces, words, words_of

K1, B = 1.5, 0.75
FOLDER = "sparse"
# How an index cuts texts is written beside it, and its queries are cut the same way. The first rule is that of indexes that do
# not say: earlier versions knew words of two letters and more, and no script without spaces.
RULE, FIRST, NOW = "words.json", 1, 2


def tokens(texts: Sequence[str], rule: int = NOW) -> list[list[str]]:
    """Stems of each text, stop words left out.

    >>> tokens(["The heists of dreams, part C"])
    [['heist', 'dream', 'part', 'c']]
    """
    cut, pattern = (texts, r"(?u)\b\w\w+\b") if rule == FIRST else ([" ".join(words(text)) for text in texts], r"\S+")
    stemmer: Callable = Stemmer.Stemmer("english")
    return bm25s.tokenize(
        list(cut), token_pattern=pattern, stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False
    )


def build(texts: Sequence[str], folder: Path) -> None:
    """Index ``texts`` and write the index into ``folder``."""
    index = bm25s.BM25(k1=K1, b=B, method="lucene")
    found = tokens(texts)
    if not any(found):
        found = [["\0"], *found[1:]]  # bm25s cannot index nothing; no query can hold this word
    index.index(found, show_progress=False)
    index.save(folder, show_progress=False)
    replace_json(folder / RULE, {"rule": NOW})


def rule_of(folder: Path) -> int:
    """How the index in ``folder`` cut its texts.

    Raises
    ------
    TriescopeError
        By a rule that this version does not know.
    """
    path = folder / RULE
    if not path.exists():
        return FIRST
    rule = (read_json(path) or {}).get("rule")
    if rule not in (FIRST, NOW):
        raise TriescopeError(f"{path}: the index was made by words of rule {rule}, this version knows those up to {NOW}")
    return rule


class SparseRetriever:
    """BM25 over a saved index; documents that share no term with the query are not results."""

    name = "bm25"
    needs_vectors = False

    def __init__(self, folder: Path):
        self.index = bm25s.BM25.load(folder, mmap=True, show_progress=False)
        self.rule = rule_of(folder)

    def tokens(self, texts: Sequence[str]) -> list[list[str]]:
        """Words of each text that the index has, cut as it was."""
        return [[word for word in of_text if word in self.index.vocab_dict] for of_text in tokens(texts, self.rule)]

    def search(self, queries: Queries, k: int) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`."""
        results = []
        for known in self.tokens(queries.texts):
            if not known:
                results.append((np.empty(0, np.int64), np.empty(0, np.float32)))
                continue
            scores = np.asarray(self.index.get_scores(known))
            best = top_k(scores, k)
            best = best[scores[best] > 0]
            results.append((best, scores[best]))
        return pack(results, k)


def matched_terms(query: str, text: str) -> list[str]:
    """Words of ``text`` whose stem occurs in the query, in small letters, each once, in order; where there are no spaces, all
    that two texts share.

    >>> matched_terms("dreaming heist", "A heist inside a dream; dreams within dreams")
    ['heist', 'dream', 'dreams']
    >>> matched_terms("北京的烤鸭", "北京最有名的菜是烤鸭")
    ['北京', '的', '烤鸭']
    """
    wanted, known = set(tokens([query])[0]), list(dict.fromkeys(pieces(text)))
    stems = zip(known, tokens(known), strict=True)
    return list(dict.fromkeys(word for piece, found in stems if wanted.intersection(found) for word in _shared(piece, wanted)))


def _shared(piece: str, wanted: set[str]) -> list[str]:
    parts = words_of(piece)
    if len(parts) == 1:
        return parts
    hits = [hit for part in wanted.intersection(parts) for hit in regex.finditer(regex.escape(part), piece, overlapped=True)]
    seen = {place for hit in hits for place in range(*hit.span())}
    return "".join(sign if place in seen else " " for place, sign in enumerate(piece)).split()


def _build(texts: Sequence[str], embeddings: np.ndarray, folder: Path) -> None:
    build(texts, folder / FOLDER)


def _open(opened: Opened, beams: int, named: Named) -> SparseRetriever:
    return SparseRetriever(opened.folder / FOLDER)


def _evidence(found: Found) -> str:
    return f"words: {', '.join(matched_terms(found.query, found.text)) or 'none'}"


def _told(opened: Opened, named: Named) -> str:
    old = rule_of(opened.folder / FOLDER) == FIRST
    return "its index is of an earlier version: no single letters, no words of scripts without spaces" if old else ""


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
    told=_told,
)
