"""How evenly the codes of a level are used: over all documents, and under each prefix."""

from typing import NamedTuple

import numpy as np
from scipy.special import entr

from engine.trie import Trie


class Evenness(NamedTuple):
    """Use of a level's codes in several groups of documents (float64, one entry a group); dead codes count as used never.

    ``documents`` in the group; ``entropy`` of the code in nats; ``gini`` of the code counts, 0 when even and near 1 when one code
    has everything; ``largest_share`` of the documents that one code has.
    """

    documents: np.ndarray
    entropy: np.ndarray
    gini: np.ndarray
    largest_share: np.ndarray


class Level(NamedTuple):
    """One level: how many codes there are and how many are in use; over all its documents (one group), and under each prefix."""

    level: int
    codes: int
    used: int
    overall: Evenness
    given_prefix: Evenness


def evenness(counts: np.ndarray, group: np.ndarray, codes: int) -> Evenness:
    """Evenness in each group.

    Parameters
    ----------
    counts : np.ndarray
        Documents of each (group, code) pair that occurs, all at least 1.
    group : np.ndarray
        The pair's group: ascending, every number from 0 on occurs.
    codes : int
        Codes that there are, dead ones included.

    Examples
    --------
    >>> found = evenness(np.array([3, 1, 2]), np.array([0, 0, 1]), codes=2)
    >>> found.documents.tolist(), found.gini.tolist(), found.largest_share.tolist()
    ([4.0, 2.0], [0.25, 0.5], [0.75, 1.0])
    """
    documents = np.bincount(group, counts)
    used = np.bincount(group)
    ends = np.cumsum(used)
    share = (counts / documents[group])[np.lexsort((counts, group))]
    # Ranks from 1, smallest count first; the dead codes take the lowest ranks and add nothing.
    rank = codes - np.repeat(ends, used) + np.arange(len(counts)) + 1
    gini = np.bincount(group, (2 * rank - codes - 1) * share) / codes
    return Evenness(documents, np.bincount(group, entr(share)), gini, share[ends - 1])


def by_level(trie: Trie, vocabulary: tuple[int, ...]) -> list[Level]:
    """Each level of the trie, over the documents whose identifiers reach it; ``vocabulary`` says how many codes it has."""
    found = []
    counts, parent = trie.counts.astype(np.int64), trie.parent(np.arange(len(trie.code)))
    for level, codes in enumerate(vocabulary[: trie.levels], 1):
        nodes = slice(trie.level_start[level], trie.level_start[level + 1])
        prefix = np.cumsum(np.diff(parent[nodes], prepend=parent[nodes][0]) > 0)
        of_code = np.bincount(trie.code[nodes], counts[nodes], codes)
        of_code = of_code[of_code > 0]
        overall = evenness(of_code, np.zeros(len(of_code), np.int64), codes)
        found.append(Level(level, codes, len(of_code), overall, evenness(counts[nodes], prefix, codes)))
    return found
