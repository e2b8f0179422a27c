"""What a decoding strategy takes and returns."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from engine.decoding.trace import Trace
from engine.options import Option
from engine.scorers.base import Scorer
from engine.trie import Tree


class Search(NamedTuple):
    """One search, checked: what every strategy is given.

    Attributes
    ----------
    tree : Tree
        The legal identifiers.
    scorer : Scorer
        Gives log-probabilities and totals.
    query : np.ndarray
        Float32 ``(d,)``, unit length.
    beams : int
        Identifiers asked for, at least 1.
    settings : mapping
        A value for every option of the strategy.
    seed : int
        Of the random generator, for strategies that draw.
    temperature : float
        Above 0; above 1 evens the odds.
    """

    tree: Tree
    scorer: Scorer
    query: np.ndarray
    beams: int
    settings: Mapping[str, Any]
    seed: int
    temperature: float


class Strategy(NamedTuple):
    """A way to search the trie.

    Attributes
    ----------
    name, summary, citation : str
        Its name in the registry, one sentence for the form, and where it comes from.
    options : tuple of Option
        Its settings as data, the same records as the identifier schemes'.
    run : callable
        ``run(search)`` -> :class:`engine.decoding.trace.Trace`.
    """

    name: str
    summary: str
    citation: str
    options: tuple[Option, ...]
    run: Callable[[Search], Trace]
