"""A catalogue of more documents than there are: its own vectors, and copies of them with as much noise as documents of one leaf
differ by."""

import time
from typing import NamedTuple

import numpy as np

from engine import trie
from engine.identifiers import SCHEMES, Identifiers, Material, unplaceable
from engine.identifiers.collisions import extra_code
from engine.trie import Trie

# Rows that identifiers are fitted on at most, and rows that are made at once.
FITTED_ON, BLOCK = 10_000, 50_000
# A node of so many documents has a spread; the deepest level counts at which so large a share of all is in such nodes.
FEWEST, SHARE = 2, 0.5
# Seconds that a scheme may take to be fitted anew; by what the build says that it took.
FIT_S = 30.0


class Spread(NamedTuple):
    """How far documents of a node lie from their mean: root of the mean square, of those below nodes of ``level`` that hold two
    or more; and how many these are."""

    level: int
    value: float
    documents: int


def spread_of(tree: Trie, embeddings: np.ndarray, means: np.ndarray) -> Spread:
    """The spread within the deepest nodes that still hold several documents each.

    Parameters
    ----------
    tree : Trie
        Identifiers.
    embeddings : np.ndarray
        Float32 ``(documents, d)``.
    means : np.ndarray
        Float32 ``(nodes, d)``: the mean of the documents below each node.
    """
    counts = tree.counts
    for level in range(tree.levels, -1, -1):
        nodes = np.arange(tree.level_start[level], tree.level_start[level + 1])
        nodes = nodes[counts[nodes] >= FEWEST]
        below = int(counts[nodes].sum())
        if level and below < SHARE * len(tree.documents):
            continue
        total = 0.0
        for node in nodes:
            total += float(np.square(embeddings[tree.leaf_documents(node)] - means[node]).sum(dtype=np.float64))
        # Each node's mean was taken from its own documents, which costs one of them.
        return Spread(level, float(np.sqrt(total / max(1, below - len(nodes)))), below)
    raise AssertionError("level 0 is always looked at")


def grown(embeddings: np.ndarray, documents: int, spread: float, seed: int) -> np.ndarray:
    """Float32 ``(documents, d)`` unit rows: those there are, then copies in turn, each with noise of length ``spread``.

    >>> rows = grown(np.eye(2, dtype=np.float32), 5, 0.1, 0)
    >>> rows.shape, rows[:2].tolist(), bool(np.allclose(rows[2:] @ rows[:2].T, [[1, 0], [0, 1], [1, 0]], atol=0.3))
    ((5, 2), [[1.0, 0.0], [0.0, 1.0]], True)
    """
    there, width = embeddings.shape
    rows, rng = np.empty((documents, width), np.float32), np.random.default_rng(seed)
    rows[:there] = embeddings[:documents]
    for start in range(there, documents, BLOCK):
        block = rows[start : start + BLOCK]
        rng.standard_normal(block.shape, np.float32, out=block)
        block *= np.float32(spread / np.sqrt(width))
        block += embeddings[np.arange(start, start + len(block)) % there]
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return rows


class Named(NamedTuple):
    """Identifiers of a grown catalogue, how they came about, in words, and the seconds that fitting took, on whatever size."""

    fitted: Identifiers
    told: str
    fit_s: float = 0.0


def identifiers_of(scheme: str, settings: dict, fitted: Identifiers, fit_s: float, embeddings: np.ndarray, seed: int) -> Named:
    """Identifiers of grown rows, by the scheme and settings of a build.

    The scheme is fitted anew on a sample of them, as it would be on a catalogue of that size, and gives the others theirs. Where
    one cannot give identifiers to vectors, or takes long to fit, each copy has the content codes of the row that it is a copy of.
    Documents of one identifier are numbered.

    Parameters
    ----------
    scheme, settings, fitted
        Of the build.
    fit_s : float
        Seconds that its identifiers took.
    embeddings : np.ndarray
        Float32 ``(documents, d)``; the first are those of the build.
    seed : int
        Of the sample and of the fit.
    """
    there, known = len(fitted.codes), SCHEMES.get(scheme)
    sample = min(FITTED_ON, len(embeddings))
    if known is not None and known.assign and not unplaceable(scheme, fitted) and fit_s * sample / max(1, there) <= FIT_S:
        rows = np.sort(np.random.default_rng(seed).permutation(len(embeddings))[:sample])
        chosen = {option.name: settings.get(option.name) for option in known.options}
        start = time.perf_counter()
        anew = known.fit(Material(embeddings[rows], ()), chosen, seed, lambda done, total: None)
        took = time.perf_counter() - start
        codes = np.concatenate(
            [known.assign(anew, embeddings[start : start + BLOCK]) for start in range(0, len(embeddings), BLOCK)]
        )
        whole = Identifiers(codes.astype(np.int32), anew.vocabulary[: codes.shape[1]], anew.codebooks)
        return Named(extra_code(whole, Material(embeddings, ()), seed), f"{scheme} fitted anew on {sample:,} of the rows", took)
    if not fitted.content.any():
        flat = Identifiers(np.arange(len(embeddings), dtype=np.int32)[:, None], (len(embeddings),))
        return Named(flat, "a code of its own each, as in the build")
    said = np.where(np.arange(fitted.codes.shape[1]) < fitted.content[:, None], fitted.codes, -1)
    copied = said[np.arange(len(embeddings)) % there]
    vocabulary = tuple(int(size) for size in np.maximum(copied.max(axis=0) + 1, 1))
    whole = Identifiers(copied.astype(np.int32), vocabulary)
    return Named(
        extra_code(whole, Material(embeddings, ()), seed), "each copy has the codes of the row it is a copy of, numbered"
    )


def tree_of(fitted: Identifiers) -> Trie:
    """The trie of identifiers."""
    return trie.build(fitted.codes)
