"""Queries made from titles and keyphrases, for sets in which nobody searched: some of what an item's text says, and nothing else.

A made query finds its own item and no other counts, so figures by them say whether a model knows its catalogue, not how people
search.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

# Words, pairs of words and values of metadata that a query has, at most.
TERMS = 3
# Queries that choose and are not learned from.
CHOOSING = 1000
Encode = Callable[[list[str]], np.ndarray]


class Asked(NamedTuple):
    """Queries as unit vectors, float32 ``(n, d)``, and the item that each was made from, int64 ``(n,)``."""

    vectors: np.ndarray
    items: np.ndarray


class Queries(NamedTuple):
    """What is learned from and what chooses."""

    train: Asked
    dev: Asked


def keyphrase(said: Sequence[str], seed: Sequence[int]) -> str:
    """A query: up to :data:`TERMS` of what is said of an item, drawn by the seed, in the order in which they are said; empty
    where nothing is said.

    >>> keyphrase(["red", "nail", "red nail", "brand=opi"], [0, 7])
    'red red nail opi'
    """
    terms = list(dict.fromkeys(term.partition("=")[2] or term for term in said))
    drawn = np.random.default_rng(list(seed)).permutation(len(terms))[:TERMS]
    return " ".join(terms[place] for place in sorted(drawn.tolist()))


def made(said: Sequence[Sequence[str]], items: np.ndarray, encode: Encode, seed: int) -> Asked:
    """A query for each of some items; one of which nothing is said is left out."""
    texts = {int(item): keyphrase(said[item], [seed, int(item)]) for item in items}
    known = [item for item, text in texts.items() if text]
    vectors = encode([texts[item] for item in known])
    return Asked(np.asarray(vectors, np.float32), np.array(known, np.int64))


def of_catalogue(said: Sequence[Sequence[str]], embeddings: np.ndarray, encode: Encode, seed: int = 0) -> Queries:
    """Queries of all items to learn from, their own whole texts among them, and others, of some items, to choose by."""
    items = np.arange(len(said))
    drawn = made(said, items, encode, 2 * seed)
    whole = Asked(np.asarray(embeddings, np.float32), items)
    train = Asked(np.concatenate([whole.vectors, drawn.vectors]), np.concatenate([whole.items, drawn.items]))
    some = np.sort(np.random.default_rng([seed, 29]).permutation(len(said))[:CHOOSING])
    return Queries(train, made(said, some, encode, 2 * seed + 1))
