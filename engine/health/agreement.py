"""Whether prefixes group documents as something else does: their nearest neighbours, labels, or another scheme."""

from collections.abc import Sequence

import faiss
import numpy as np
from scipy import sparse
from scipy.special import entr

from engine.health.card import Overlap, Purity
from engine.trie import Trie

NEAREST = 10
# Documents whose neighbours are looked up: as many as make so many comparisons (a second or two), between these bounds.
COMPARISONS, FEWEST, SAMPLE = 50_000_000, 200, 2000


def node_paths(trie: Trie, documents: int) -> np.ndarray:
    """Node of each document at each depth from the root (0) on: int32 ``(documents, levels + 1)``, -1 where it has none."""
    paths = np.full((documents, trie.levels + 1), -1, np.int32)
    for depth in range(trie.levels + 1):
        nodes = np.arange(trie.level_start[depth], trie.level_start[depth + 1])
        counts = trie.counts[nodes].astype(np.int64)
        places = np.arange(counts.sum()) + np.repeat(trie.doc_start[nodes] - (np.cumsum(counts) - counts), counts)
        paths[trie.documents[places], depth] = np.repeat(nodes, counts)
    return paths


def shared_means(trie: Trie, units: np.ndarray) -> np.ndarray:
    """Mean vector of the documents under every node that holds several, 0 elsewhere: float32 ``(nodes, d)``.

    What :func:`engine.health.cohesion.by_depth` needs, from ``units``, float32 ``(documents, d)``. Each node is summed from its
    children: many times faster than from its documents at every level, and float32 loses no more than the width of a node.
    """
    children = np.diff(trie.first_child)
    leaves = np.flatnonzero(children == 0)
    leaves = leaves[np.argsort(trie.doc_start[leaves])]
    sums = np.zeros((len(children), units.shape[1]), np.float32)
    sums[leaves] = _runs(trie.counts[leaves]) @ units[trie.documents]
    for depth in range(trie.levels - 1, -1, -1):
        nodes = np.arange(trie.level_start[depth], trie.level_start[depth + 1])
        nodes = nodes[children[nodes] > 0]
        low, high = trie.level_start[depth + 1], trie.level_start[depth + 2]
        sums[nodes] = _runs(children[nodes]) @ sums[low:high]
    counts = trie.counts[:, None]
    return np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 1)


def _runs(sizes: np.ndarray) -> sparse.csr_matrix:
    """Indicator matrix whose rows are 1 on runs of so many columns, one run after another."""
    ends, columns = np.append(0, np.cumsum(sizes, dtype=np.int64)), int(sizes.sum())
    return sparse.csr_matrix((np.ones(columns, np.float32), np.arange(columns), ends), (len(sizes), columns))


def neighbour_overlap(paths: np.ndarray, units: np.ndarray, seed: int = 0) -> list[Overlap]:
    """Share of the 10 nearest documents by cosine that stand under the same prefix, by depth from 1 on.

    Over the documents whose identifiers are so deep, at most 2,000 (and 200 of a million) drawn at random. Empty when there is
    one document.

    Parameters
    ----------
    paths : np.ndarray
        As :func:`node_paths` gives them.
    units : np.ndarray
        Float32 ``(documents, d)``, rows of unit length.
    seed : int
        Draws the documents.
    """
    known = np.flatnonzero(paths[:, 0] >= 0)
    size = min(len(known), SAMPLE, max(FEWEST, COMPARISONS // len(units)))
    drawn = np.sort(np.random.default_rng(seed).choice(known, size, replace=False))
    nearest = min(NEAREST, len(units) - 1)
    if nearest < 1:
        return []
    found = faiss.knn(units[drawn], units, nearest + 1, metric=faiss.METRIC_INNER_PRODUCT)[1]
    # A document is its own nearest, unless more copies of it than that come first: then the last one goes.
    itself = found == drawn[:, None]
    itself[~itself.any(axis=1), -1] = True
    neighbours = found[~itself].reshape(len(drawn), nearest)
    rows = []
    for depth in range(1, paths.shape[1]):
        deep = paths[drawn, depth] >= 0
        if deep.any():
            mine = paths[drawn[deep], depth]
            same = paths[neighbours[deep], depth] == mine[:, None]
            others = np.bincount(paths[known, depth] + 1)[mine + 1] - 1
            rows.append(
                Overlap(
                    depth=depth,
                    share=float(same.mean()),
                    chance=float(others.mean() / (len(units) - 1)),
                    possible=float(np.minimum(others, nearest).mean() / nearest),
                    documents=int(deep.sum()),
                )
            )
    return rows


def purity(paths: np.ndarray, labels: Sequence[str | None]) -> list[Purity]:
    """Share of documents that carry the commonest label under their prefix, by depth; depth 0 is the commonest label of all.

    Over the documents that have a label (not None) and whose identifiers are so deep. It rises to 1 as prefixes come to hold one
    document each, whatever the codes mean: compare schemes at depths where prefixes hold as many.

    >>> purity(np.array([[0, 1], [0, 1], [0, 2], [0, 2]]), ["war", "war", "war", "love"])[1]
    Purity(depth=1, purity=0.75, documents=4)
    """
    given = np.array([label is not None for label in labels], bool)
    number = np.full(len(given), -1)
    number[given] = np.unique([str(label) for label in labels if label is not None], return_inverse=True)[1]
    kinds = int(number.max(initial=-1)) + 1
    rows = []
    for depth in range(paths.shape[1]):
        deep = given & (paths[:, depth] >= 0)
        if deep.any():
            pairs, counts = np.unique(paths[deep, depth].astype(np.int64) * kinds + number[deep], return_counts=True)
            most = np.maximum.reduceat(counts, np.flatnonzero(np.diff(pairs // kinds, prepend=-1)))
            rows.append(Purity(depth=depth, purity=float(most.sum() / deep.sum()), documents=int(deep.sum())))
    return rows


def normalised_mutual_information(a_codes: np.ndarray, b_codes: np.ndarray, depth: int) -> float:
    """How far two schemes group the same documents alike by their first ``depth`` codes: 0 unrelated, 1 the same grouping.

    Mutual information over the mean of the two entropies (scikit-learn's default). Codes are int ``(documents, levels)``, -1
    padded; only documents with an identifier in both count. 1 where both leave everything in one group.

    >>> codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> normalised_mutual_information(codes, 1 - codes, 2), normalised_mutual_information(codes, codes[:, ::-1], 1)
    (1.0, 0.0)
    """
    both = (a_codes[:, 0] >= 0) & (b_codes[:, 0] >= 0)
    if not both.any():
        return 1.0
    prefixes = (codes[both, :depth] for codes in (a_codes, b_codes))
    a, b = (np.unique(prefix, axis=0, return_inverse=True)[1].ravel().astype(np.int64) for prefix in prefixes)
    of_a, of_b = entropy_bits(np.bincount(a)), entropy_bits(np.bincount(b))
    together = entropy_bits(np.unique(a * (b.max() + 1) + b, return_counts=True)[1])
    return 1.0 if of_a + of_b == 0 else min(1.0, max(0.0, 2 * (of_a + of_b - together) / (of_a + of_b)))


def entropy_bits(counts: np.ndarray) -> float:
    """Entropy in bits of the distribution that has these counts.

    >>> entropy_bits(np.array([2, 1, 1]))
    1.5
    """
    return float(entr(counts / counts.sum()).sum() / np.log(2))
