"""Which codes say something about a document, and which only end an identifier or number the documents that are left alike."""

import numpy as np

from engine.identifiers.base import Identifiers
from engine.identifiers.paths_of_words import END
from engine.trie import Trie


def numbering_nodes(fitted: Identifiers, trie: Trie) -> np.ndarray:
    """Nodes that are entered by a code which is only a number (or an end): bool, one entry a node.

    Where the scheme has codebooks, those of every level behind them; where it has words, those of every level behind them. Else
    the children of a prefix are numbers when they hold one document each, in document order, and their codes count up from where
    most such lists of their level start (behind the cluster codes, or at the word "0" or "1").

    >>> from engine.trie import build
    >>> codes = np.array([[0, 4], [0, 5], [1, 4], [1, 5], [2, 7]], np.int32)
    >>> numbering_nodes(Identifiers(codes, (3, 8)), build(codes)).tolist()
    [False, False, False, False, True, True, True, True, False]
    """
    level = np.repeat(np.arange(trie.levels + 1), np.diff(trie.level_start))
    if fitted.codebooks:
        return level > len(fitted.codebooks)
    behind_words = level > len(fitted.words) if fitted.words else np.zeros(len(level), bool)
    children = np.diff(trie.first_child)
    parents = np.flatnonzero(children)
    # One entry a parent: what its children are, as the numbers of the first and the last.
    first, last = trie.first_child[parents], trie.first_child[parents + 1] - 1
    code, row = trie.code.astype(np.int64), trie.documents[trie.doc_start].astype(np.int64)
    alone = (trie.counts == 1) & (children == 0)
    rises = np.append(False, np.diff(row) > 0)
    rises[first] = True
    counts_up = np.logical_and.reduceat((alone & rises)[1:], first - 1) & (code[last] - code[first] == last - first)
    found = np.zeros(len(level), bool)
    for depth in range(1, trie.levels + 1):
        lists = np.flatnonzero(counts_up & (level[first] == depth))
        longer = code[first[lists[last[lists] > first[lists]]]]
        starts = [int(np.bincount(longer).argmax())] if len(longer) else []
        if depth <= len(fitted.words):
            starts = [place for place, word in enumerate(fitted.words[depth - 1]) if word in ("0", "1")]
        found[first[lists[np.isin(code[first[lists]], starts)]]] = True
    # What holds for the first child holds for its siblings.
    found[1:] = np.repeat(found[first], children[parents])
    for depth, words in enumerate(fitted.words, 1):
        found |= (level == depth) & np.isin(code, [place for place, word in enumerate(words) if word == END])
    return found | behind_words


def numbered_shares(trie: Trie, numbering: np.ndarray) -> list[float]:
    """For each level from the first: the share of its documents whose code there is only a number."""
    bounds = zip(trie.level_start[1:-1], trie.level_start[2:], strict=True)
    return [float(numbering[low:high] @ trie.counts[low:high] / trie.counts[low:high].sum()) for low, high in bounds]


def content_nodes(trie: Trie, numbering: np.ndarray) -> np.ndarray:
    """The deepest node that codes with content lead to, for each document in leaf order."""
    leaves = np.flatnonzero(np.diff(trie.first_child) == 0)
    leaves = leaves[np.argsort(trie.doc_start[leaves])]
    deepest = leaves.copy()
    while (climbing := numbering[deepest]).any():
        deepest[climbing] = trie.parent(deepest[climbing])
    return np.repeat(deepest, trie.counts[leaves])
