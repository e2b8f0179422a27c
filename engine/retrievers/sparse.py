"""BM25 keyword search, with bm25s (Lù 2024): Lucene's variant of Robertson et al., English stop words and Snowball stems."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import Stemmer

from engine.errors import TriescopeError
from engine.files import replace_json
from engine.options import Option
from engine.retrievers.base import Found, Index, Method, Named
from engine.retrievers.lost import BELOW, NO_WORD, Lack, Loss, places
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking, best, pack
from engine.retrievers.terms import Postings, Terms, listed, terms, told
from engine.stored import arrays, values
from engine.stored.remembered import once
from engine.text.languages import ENGLISH, LANGUAGES, NONE
from engine.text.matched import spelled, stems

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

K1, B = 1.5, 0.75
# Formulas by name, and what bm25s calls them; in the name of a retriever a plus joins two.
FORMULAS = {"lucene": "lucene", "robertson": "robertson", "atire": "atire", "bm25l": "bm25l", "bm25plus": "bm25+"}
OPTIONS = (
    Option("method", str, "lucene", "The formula, as bm25s has it.", choices=tuple(FORMULAS)),
    Option("k1", float, K1, "How long a word that is said again goes on to count.", 0.0, 10.0),
    Option("b", float, B, "How much the length of a document counts.", 0.0, 1.0),
)
FOLDER = "sparse"
# How an index cuts texts is written beside it, and its queries are cut the same way. The first rule is that of indexes that do
# not say: earlier versions knew words of two letters and more, and no script without spaces.
RULE, FIRST, NOW = "words.json", 1, 2
# Words of each document: with them what the scores were made of can be read off, and documents can come and go.
LENGTHS, NOTHING = "lengths.npy", "\0"
# What bm25s writes: for each word, in the order of its number, the documents that have it and what it counts there.
DATA, ROWS, STARTS = (f"{part}.csc.index.npy" for part in ("data", "indices", "indptr"))
ABOUT, VOCABULARY = "params.index.json", "vocab.index.json"


def tokens(texts: Sequence[str], rule: int = NOW, language: str = ENGLISH) -> list[list[str]]:
    """Stems of each text, stop words left out.

    >>> tokens(["The heists of dreams, part C"])
    [['heist', 'dream', 'part', 'c']]
    """
    if rule != FIRST:
        return stems(texts, language)
    import bm25s

    stemmer: Callable = Stemmer.Stemmer("english")
    return bm25s.tokenize(
        list(texts), token_pattern=r"(?u)\b\w\w+\b", stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False
    )


def build(texts: Sequence[str], folder: Path, language: str = ENGLISH) -> None:
    """Index ``texts`` of a language and write the index into ``folder``."""

    import bm25s

    index = bm25s.BM25(k1=K1, b=B, method="lucene")
    found = tokens(texts, NOW, language)
    if not any(found):
        found = [[NOTHING], *found[1:]]  # bm25s cannot index nothing; no query can hold this word
    index.index(found, show_progress=False)
    index.save(folder, show_progress=False)
    np.save(folder / LENGTHS, np.array([len(words) for words in found], np.int32), allow_pickle=False)
    replace_json(folder / RULE, {"rule": NOW} | ({"language": language} if language != ENGLISH else {}))


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
    told = values.read(path)
    rule = told.get("rule") if isinstance(told, dict) else None
    if type(rule) is not int or rule not in (FIRST, NOW):
        raise TriescopeError(f"{path}: the index was made by words of rule {rule}, this version knows those up to {NOW}")
    return rule


def language_of(folder: Path) -> str:
    """The language that the index in ``folder`` takes its texts to be in.

    Raises
    ------
    TriescopeError
        It is not known to this version.
    """
    path = folder / RULE
    told = values.read(path) if path.exists() else {}
    known = told.get("language", ENGLISH) if isinstance(told, dict) else None
    if not isinstance(known, str) or known not in LANGUAGES:
        raise TriescopeError(f"{path}: the index was made of words of a language that this version does not know")
    return known


def checked(folder: Path, documents: int | None = None) -> dict[str, int]:
    """The vocabulary of an index, word -> number, after its arrays were held to it; what they hold is looked at once.

    Raises
    ------
    TriescopeError
        A file is damaged, or of other documents.
    """
    data = arrays.mapped(folder / DATA, "float32")
    rows, starts = (arrays.mapped(folder / name, "int32", "int64") for name in (ROWS, STARTS))
    about, vocabulary = values.read(folder / ABOUT), values.read(folder / VOCABULARY)
    known = dict.fromkeys(("k1", "b", "delta"), (int, float)) | {"num_docs": int, "version": str}
    fixed = {"method": "lucene", "idf_method": "lucene", "dtype": "float32", "int_dtype": "int32", "backend": "numpy"}
    right = isinstance(about, dict) and about.keys() <= known.keys() | fixed.keys() and isinstance(about.get("num_docs"), int)
    right = right and all(isinstance(about[key], kind) for key, kind in known.items() if key in about)
    if not right or any(about.get(key, value) != value for key, value in fixed.items()):
        raise TriescopeError(f"{folder / ABOUT}: not what is known of an index of words here")
    if about["num_docs"] < 1 or (documents is not None and about["num_docs"] != documents):
        raise TriescopeError(f"{folder / ABOUT}: an index of {about['num_docs']:,} documents")
    words = len(starts) - 1
    if not isinstance(vocabulary, dict):
        raise TriescopeError(f"{folder / VOCABULARY}: not words and their numbers")
    vocabulary.pop("", None)  # bm25s numbers the empty word, and has no row of it; no query holds it
    if not all(type(number) is int and 0 <= number < words for number in vocabulary.values()):
        raise TriescopeError(f"{folder / VOCABULARY}: a word without a number below {words:,}")

    def check() -> None:
        if words < 0 or starts[0] != 0 or starts[-1] != len(rows) or (starts[1:] < starts[:-1]).any():
            raise TriescopeError(f"{folder / STARTS}: damaged (the words do not share out the rows)")
        if len(data) != len(rows) or not np.isfinite(data.sum(dtype=np.float64)):
            raise TriescopeError(f"{folder / DATA}: damaged (not a finite number a row)")
        if len(rows) and (rows.min() < 0 or rows.max() >= about["num_docs"]):
            raise TriescopeError(f"{folder / ROWS}: damaged (a document out of range)")

    once(f"words {about['num_docs']}", [folder / name for name in (DATA, ROWS, STARTS)], check)
    return vocabulary


class Counts(NamedTuple):
    """How often each document says each word, a CSC matrix ``(documents, words)``, and how many words it has, int64."""

    table: "csc_matrix"
    lengths: np.ndarray


class SparseRetriever:
    """BM25 over a saved index; documents that share no term with the query are not results.

    Parameters
    ----------
    folder : Path
        What :func:`build` wrote.
    documents : int, optional
        How many there are, where that is known.

    Raises
    ------
    TriescopeError
        The index is damaged, or of other documents.
    """

    name = "bm25"
    needs_vectors = False
    floor = 0.0
    folder: Path | None
    language: str
    counts: Counts | None = None

    def __init__(self, folder: Path, documents: int | None = None):
        import bm25s

        vocabulary = checked(folder, documents)
        self.index = bm25s.BM25.load(folder, mmap=True, show_progress=False, load_vocab=False, backend="numpy")
        self.index.vocab_dict = vocabulary
        self.rule, self.language = rule_of(folder), language_of(folder)
        self.folder = folder

    def tokens(self, texts: Sequence[str]) -> list[list[str]]:
        """Words of each text that the index has, cut as it was."""
        return [
            [word for word in of_text if word in self.index.vocab_dict] for of_text in tokens(texts, self.rule, self.language)
        ]

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; how rare a word is, is counted over all documents, allowed or not."""
        results = []
        for known in self.tokens(queries.texts):
            if not known:
                results.append((np.empty(0, np.int64), np.empty(0, np.float32)))
                continue
            scores = np.asarray(self.index.get_scores(known))
            found = best(scores, k, allowed)
            found = found[scores[found] > 0]
            results.append((found, scores[found]))
        return pack(results, k)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`: 0 where no word is shared."""
        found = []
        for known, of_query in zip(self.tokens(queries.texts), rows, strict=True):
            nothing = np.zeros(len(of_query), np.float32)
            found.append(np.asarray(self.index.get_scores(known))[of_query] if known else nothing)
        return found

    def frequencies(self, texts: Sequence[str]) -> list[list[int]]:
        """How many documents have each word of each text, of those words that any has."""
        starts, number = self.index.scores["indptr"], self.index.vocab_dict
        return [[int(starts[number[word] + 1] - starts[number[word]]) for word in known] for known in self.tokens(texts)]

    def unknown(self, texts: Sequence[str]) -> list[int]:
        """How many words of each text no document has, stop words left out."""
        whole = tokens(texts, self.rule, self.language)
        return [sum(word not in self.index.vocab_dict for word in of_text) for of_text in whole]

    def terms(self, query: str, rows: np.ndarray) -> Terms:
        """What each word of a query adds to the scores of some documents, int64 ``(documents,)``."""
        of = self.index.scores
        postings = Postings(of["data"], of["indices"], of["indptr"], self.index.vocab_dict)
        return terms(postings, tokens([query], self.rule, self.language)[0], spelled(query, self.language), rows)


def _build(texts: Sequence[str], embeddings: np.ndarray, folder: Path, language: str) -> None:
    build(texts, folder / FOLDER, language)


def _open(opened: Opened, beams: int, named: Named) -> SparseRetriever:
    from engine.retrievers.variants import VariantRetriever  # which is made of this one

    if named.settings:
        return VariantRetriever(opened.texts(), dict(named.settings), language_of(opened.folder / FOLDER))
    if opened.base and opened.grown:
        from engine.retrievers.recounted import RecountedRetriever

        whole = opened.base.retriever(METHOD.name)
        assert isinstance(whole, SparseRetriever)
        return RecountedRetriever(whole, opened.base.texts, opened.grown.kept, opened.texts()[len(opened.grown.kept) :])
    return SparseRetriever(opened.folder / FOLDER, len(opened.embeddings))


def _evidence(found: Found) -> str:
    assert isinstance(found.by, SparseRetriever)
    shares = found.by.terms(found.query, np.array([found.row])).shares(0)
    return f"words: {told(shares) or 'none'}"


def _lost(lack: Lack) -> list[Loss]:
    by = lack.by
    assert isinstance(by, SparseRetriever)
    found = by.terms(lack.queries.texts[0], lack.rows)
    there = places(by.search(lack.queries, lack.documents, lack.allowed), lack.rows)
    losses = []
    for place, at in enumerate(there):
        if at is None:
            losses.append(Loss(NO_WORD, "shares no word with the query", None, 0.0))
            continue
        without = found.missing(place)
        lacks = f"; lacks {listed(without)}" if without else ""
        losses.append(Loss(BELOW, f"rank {at.rank:,}, score {at.score:.2f}{lacks}", at.rank, at.score))
    return losses


def _told(opened: Opened, named: Named) -> str:
    if named.settings:
        return "indexed in memory when it was first asked for"
    if rule_of(opened.folder / FOLDER) == FIRST:
        return "its index is of an earlier version: no single letters, no words of scripts without spaces"
    language = language_of(opened.folder / FOLDER)
    return "" if language == ENGLISH else "words as they are written" if language == NONE else f"stems of {language}"


METHOD = Method(
    name="bm25",
    summary="keywords: words in common, rare ones count more",
    citation="Robertson et al. 1994; Lù 2024, arXiv:2407.03618",
    color="#E69F00",
    open=_open,
    evidence=_evidence,
    usual=True,
    needs=Index(stage="sparse", build_of=_build),
    empty="No document shares a word with the query.",
    told=_told,
    lost=_lost,
    options=OPTIONS,
    follows=True,
)
