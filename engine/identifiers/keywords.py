"""Keywords: a few telling words of each document, from the commonest to the rarest.

ZeroGR (Sun et al. 2025) has a language model write such docids; here they are counted, so nothing is trained. A word's
weight in a document is class TF-IDF with the document as the class (Grootendorst 2022). Of the words that are rare in the
whole corpus each would open a branch of its own; they are taken only where a document has nothing better, or to tell two
documents apart.

GLEN (Lee et al. 2023) learns such identifiers from queries: the words that those who ask for a document use, the most telling one
first. Something like it is ``asked`` with ``order=telling``: each train query counts so many times as words of what answers it.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from engine.identifiers.base import Asked, Identifiers, Material, Option, Progress, Scheme
from engine.identifiers.paths_of_words import identifiers_of
from engine.text.words import cut

WORDS = 4
MOST = 8
COMMON_FIRST, TELLING_FIRST = "common", "telling"
# Words used by fewer than one document in this many (or by one alone) are rare.
COMMON = 400


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Number the keywords of each document; see :class:`engine.identifiers.base.Scheme`.

    Documents with the same keywords get one more each, up to :data:`MOST`; what is then still the same is left to the resolver.
    """
    texts = [document.searched_text() for document in material.documents]
    notes: tuple[str, ...] = ()
    if times := settings.get("asked") or 0:
        if material.asked is not None:
            texts = with_queries(texts, material.asked, times)
        read = "no train query is there" if material.asked is None else f"{len(material.asked.said):,} train queries"
        notes = (f"keywords: {read}; each counts {times} times as words of what answers it",)
    ordered = settings.get("order") != TELLING_FIRST
    best, vocabulary = best_words(texts)
    size = np.minimum((best >= 0).sum(axis=1), settings.get("words") or WORDS)
    most = (best >= 0).sum(axis=1)
    chosen = _first(best, size, ordered)
    for _ in range(MOST):
        _, group, sharing = np.unique(chosen, axis=0, return_inverse=True, return_counts=True)
        short = (sharing[group.ravel()] > 1) & (size < most)
        if not short.any():
            break
        size[short] += 1
        chosen = _first(best, size, ordered)
    # Word numbers run from the commonest to the rarest, so sorted rows are in that order; -1 stands in front.
    return replace(identifiers_of([[vocabulary[word] for word in row if word >= 0] for row in chosen.tolist()]), notes=notes)


def best_words(texts: list[str]) -> tuple[np.ndarray, list[str]]:
    """The most telling words of each text.

    Returns
    -------
    best : np.ndarray
        Int64 ``(texts, MOST)``: word numbers, most telling first, padded with -1.
    vocabulary : list of str
        The words, from that in most texts to that in fewest, then by the alphabet.

    >>> best, vocabulary = best_words(["ship storm storm", "ship storm", "ship island", "island"])
    >>> [[vocabulary[word] for word in row if word >= 0] for row in best]
    [['storm', 'ship'], ['ship', 'storm'], ['island', 'ship'], ['island']]
    """
    known = cut(texts)
    found = np.array(known.vocabulary, dtype=object)
    text = np.repeat(np.arange(len(texts)), [len(numbers) for numbers in known.numbers])
    word = np.concatenate([np.asarray(numbers, np.int64) for numbers in known.numbers] or [np.empty(0, np.int64)])
    # One entry for each text and word in it, and how often it is there.
    pair, uses = np.unique(text * max(len(found), 1) + word, return_counts=True)
    text, word = np.divmod(pair, max(len(found), 1))
    texts_with, in_all = np.bincount(word, minlength=len(found)), np.bincount(word, uses, len(found))
    order = np.array(sorted(range(len(found)), key=lambda one: (-texts_with[one], found[one])), np.int64)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    # Class TF-IDF: uses here times log(1 + words a class / uses in all).
    weight = uses * np.log1p(uses.sum() / max(len(texts), 1) / in_all[word])
    rare = texts_with[word] < max(2, len(texts) // COMMON)
    ranked = np.lexsort((place[word], -weight, rare, text))
    rank = np.arange(len(ranked)) - np.searchsorted(text, text)
    best = np.full((len(texts), MOST), -1, np.int64)
    kept = rank < MOST
    best[text[kept], rank[kept]] = place[word[ranked[kept]]]
    return best, found[order].tolist()


def with_queries(texts: list[str], asked: Asked, times: int) -> list[str]:
    """Texts with the queries that each answers behind them, so many times.

    >>> with_queries(["a", "b"], Asked(np.empty((1, 2)), np.array([0]), np.array([1]), ["what"]), 2)
    ['a', 'b what what']
    """
    found = [[text] for text in texts]
    for query, row in zip(asked.text.tolist(), asked.row.tolist(), strict=True):
        found[row] += [asked.said[query]] * times
    return [" ".join(parts) for parts in found]


def _first(best: np.ndarray, size: np.ndarray, ordered: bool) -> np.ndarray:
    """The first ``size[i]`` words of row ``i``, with -1 for the others; ``ordered`` by their numbers, else as they stand."""
    found = np.where(np.arange(best.shape[1]) < size[:, None], best, -1)
    return np.sort(found, axis=1) if ordered else found


SCHEME = Scheme(
    name="keywords",
    summary="Four to eight telling words of each document, commonest first.",
    citation="Sun et al. 2025 (ZeroGR); Grootendorst 2022 (class TF-IDF); Lee et al. 2023 (GLEN)",
    options=(
        Option(
            name="words",
            type=int,
            default=WORDS,
            low=1,
            high=MOST,
            help=f"Keywords of a document; up to {MOST} where fewer do not tell documents apart.",
        ),
        Option(
            name="order",
            type=str,
            default=COMMON_FIRST,
            choices=(COMMON_FIRST, TELLING_FIRST),
            help="Which word comes first: the commonest, or the most telling one (GLEN), an experiment.",
        ),
        Option(
            name="asked",
            type=int,
            default=0,
            low=0,
            high=10,
            help="How many times a train query counts as words of what answers it (GLEN), an experiment; 0 for never.",
        ),
    ),
    fit=fit,
    asks=lambda settings: bool(settings.get("asked")),
)
