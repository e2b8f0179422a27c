"""Words that name a node: class TF-IDF, the documents under a node being the class (as in BERTopic, Grootendorst 2022).

A word's weight is the share of the node's documents that use it, times the logarithm of that share over the share in
the whole catalogue: the word's part in the Kullback-Leibler divergence between the two. (With counts in place of
shares, words used once or twice in all win.)
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse

from engine.text.words import cut
from engine.trie import Trie

WORDS = 3


class Lexicon(NamedTuple):
    """Who uses which word: ``uses`` is a float32 ``(documents, words)`` CSR matrix of 0 and 1, ``words`` their spelling."""

    uses: sparse.csr_matrix
    words: np.ndarray


def lexicon(texts: Sequence[str]) -> Lexicon:
    """The telling words of each text (:mod:`engine.text.words`)."""
    found = cut(texts)
    vocabulary = np.array(found.vocabulary)
    lengths = [len(set(numbers)) for numbers in found.numbers]
    columns = np.concatenate([np.unique(numbers) for numbers in found.numbers] or [np.empty(0)]).astype(np.int64)
    uses = sparse.csr_matrix(
        (np.ones(len(columns), np.float32), columns, np.append(0, np.cumsum(lengths))), (len(texts), len(vocabulary))
    )
    return Lexicon(uses, vocabulary)


def telling_words(known: Lexicon, groups: Sequence[np.ndarray], limit: int = WORDS) -> list[list[str]]:
    """The most telling words of each group of document rows, best first; none for a group without documents or words.

    >>> telling_words(lexicon(["ship storm", "ship island", "dance hall"]), [np.array([0, 1]), np.array([], int)], 1)
    [['ship'], []]
    """
    sizes = [len(rows) for rows in groups]
    indices = np.concatenate([*groups, np.empty(0, np.int64)]).astype(np.int64)
    members = sparse.csr_matrix(
        (np.ones(len(indices), np.float32), indices, np.append(0, np.cumsum(sizes))), (len(groups), known.uses.shape[0])
    )
    return _telling(known, members, limit)


def _telling(known: Lexicon, members: sparse.csr_matrix, limit: int) -> list[list[str]]:
    """The same for groups as rows of an indicator matrix."""
    in_all = np.asarray(known.uses.sum(axis=0)).ravel() / max(known.uses.shape[0], 1)
    below, sizes = members @ known.uses, np.diff(members.indptr)
    result = []
    for row, size in enumerate(sizes):
        low, high = below.indptr[row], below.indptr[row + 1]
        words = below.indices[low:high]
        share = below.data[low:high] / size
        weight = share * np.log(share / in_all[words])
        result.append(known.words[words[np.lexsort((words, -weight))[:limit]]].tolist())
    return result


def name_nodes(trie: Trie, titles: Sequence[str], texts: Sequence[str], code_words: Sequence[Sequence[str]] = ()) -> list[str]:
    """One name a node: the word its code means, where the scheme has words; else its most telling words, or the document's
    title when it holds a single one.

    >>> from engine.trie import build
    >>> trie = build(np.array([[0, 0], [0, 1], [1, 0]], np.int32))
    >>> names = name_nodes(trie, ["A", "B", "C"], ["ship storm", "ship island", "dance hall"])
    >>> names[1].split(" · ")[0], names[2]
    ('ship', 'C')
    """
    known = lexicon(texts)
    below = known._replace(uses=known.uses[trie.documents])
    counts = trie.counts
    names = ["all"] + [""] * (len(trie.code) - 1)
    for level in range(1, len(trie.level_start) - 1):
        nodes = np.arange(trie.level_start[level], trie.level_start[level + 1])
        several = nodes[counts[nodes] > 1]
        members = _slices(trie.doc_start[several], counts[several], below.uses.shape[0])
        for node, best in zip(several, _telling(below, members, WORDS), strict=True):
            names[node] = " · ".join(best) or f"{counts[node]} documents"
        for node in nodes[counts[nodes] == 1]:
            row = trie.documents[trie.doc_start[node]]
            names[node] = titles[row] or texts[row][:60]
    for level, words in enumerate(code_words, 1):
        if level < len(trie.level_start) - 1:
            for node in range(trie.level_start[level], trie.level_start[level + 1]):
                if counts[node] > 1 and trie.code[node] < len(words):
                    names[node] = words[trie.code[node]]
    return names


def _slices(start: np.ndarray, size: np.ndarray, columns: int) -> sparse.csr_matrix:
    """Indicator matrix whose row ``i`` is 1 on ``start[i] .. start[i] + size[i] - 1``."""
    ends = np.cumsum(size)
    indices = np.arange(ends[-1] if len(ends) else 0) + np.repeat(start - (ends - size), size)
    return sparse.csr_matrix((np.ones(len(indices), np.float32), indices, np.append(0, ends)), (len(start), columns))
