"""What every recommender takes and returns, what it is made from, and the record that says all there is to know of one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from engine.data.histories import Histories, Split
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.options import Option
from engine.retrievers.ranking import Ranking, pack
from engine.trie import Tree, Trie, restrict

# Histories whose scores of all items are held at once.
TOGETHER = 512
Tell = Callable[[str, int, int], None]


class Material(NamedTuple):
    """What a recommender is made from.

    Attributes
    ----------
    split : Split
        Interactions; only ``train`` is learned from, ``dev`` chooses. The test may be empty, and is where a model is trained.
    said : sequence of sequence of str
        What the text of each item says, as :func:`engine.recommending.item_text.said_of` has it.
    embeddings : np.ndarray
        Float32 ``(items, d)``, unit rows.
    trie : Trie
        Identifiers of the items.
    folder : Path, optional
        Where trained models are kept.
    seed : int
        Of everything random.
    matrix : ItemItem, optional
        The item-item matrix of the train interactions, where it has been made.
    queries : Queries, optional
        Made queries, where a model that answers them too is trained (:mod:`engine.recommending.queries`).
    """

    split: Split
    said: Sequence[Sequence[str]]
    embeddings: np.ndarray
    trie: Trie
    folder: Path | None = None
    seed: int = 0
    matrix: Any = None
    queries: Any = None

    @property
    def items(self) -> int:
        """How many there are."""
        return len(self.embeddings)


class Recommender(Protocol):
    """Anything that ranks items for histories."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def recommend(self, histories: Histories, k: int, seen: bool = False) -> Ranking:
        """The best ``k`` items of each history, best first, equal ones in the catalogue's order; those of the history are left
        out unless ``seen`` ones may come again."""
        ...


class Scores(Protocol):
    """A recommender that can say what it thinks of every item."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def scores(self, histories: Histories) -> np.ndarray:
        """Float32 ``(histories, items)``, higher is better."""
        ...


class Ranked:
    """A :class:`Recommender` of :class:`Scores`: all items are scored, and the best ones kept."""

    def __init__(self, of: Scores):
        self.of = of

    @property
    def name(self) -> str:
        """That of whoever scores."""
        return self.of.name

    def scores(self, histories: Histories) -> np.ndarray:
        """As they are scored."""
        return self.of.scores(histories)

    def recommend(self, histories: Histories, k: int, seen: bool = False) -> Ranking:
        """See :class:`Recommender`."""
        results = []
        for start in range(0, histories.people, TOGETHER):
            group = histories.pick(slice(start, start + TOGETHER))
            found = np.array(self.of.scores(group), np.float32)
            if not seen:
                found[group.person, group.items] = -np.inf
            for values in found:
                rows = top_k(values, k)
                rows = rows[np.isfinite(values[rows])]
                results.append((rows, values[rows]))
        return pack(results, k)


class Model(NamedTuple):
    """One way to recommend: all that the shell, the evaluation and the page know of it.

    Attributes
    ----------
    name, summary, citation : str
        What it is called, what it does in a few words, where it comes from.
    color : str
        Its colour in charts, ``#RRGGBB``.
    make : callable
        ``(material, settings, tell) -> Recommender``.
    options : tuple of Option
        Settings.
    long : bool
        Whether making it takes minutes on a large catalogue, each time: a page does not wait for that.
    behaviour : bool
        Whether it needs interactions; what does not works on any catalogue.
    usual : bool
        Whether it is shown and judged where nobody says which ones are wanted.
    """

    name: str
    summary: str
    citation: str
    color: str
    make: Callable[[Material, dict[str, Any], Tell], Recommender]
    options: tuple[Option, ...] = ()
    behaviour: bool = True
    usual: bool = True
    long: bool = False


def unseen(trie: Trie, items: int, history: np.ndarray, seen: bool = False, banned: np.ndarray | None = None) -> Tree:
    """What may be written after a history: all of ``items`` where ``seen`` ones may come again, else what is not in it; never the
    rows ``banned``; all again where nothing would be left."""
    banned = np.empty(0, np.int64) if banned is None else banned
    if (seen or not len(history)) and not len(banned):
        return trie
    allowed = np.ones(items, bool)
    allowed[banned] = False
    if not seen:
        allowed[history] = False
    return restrict(trie, allowed) if allowed[trie.documents].any() else trie


def check_histories(histories: Histories, items: int) -> None:
    """Refuse rows that are no item.

    Raises
    ------
    TriescopeError
        There is one.
    """
    if len(histories.items) and not 0 <= histories.items.min() <= histories.items.max() < items:
        raise TriescopeError(f"a history names an item that is not among the {items:,} of the catalogue")
