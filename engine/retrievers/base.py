"""What every retriever takes and returns, and the record that says all there is to know of one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from engine.options import Option
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking

if TYPE_CHECKING:
    from engine.retrievers.lost import Lack, Loss


class Retriever(Protocol):
    """Anything that ranks documents for queries."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def needs_vectors(self) -> bool:
        """Whether it needs the queries' embeddings."""
        ...

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """The best ``k`` documents of each query; no document twice, equal scores in document order.

        ``allowed`` is bool, an entry a document row: others are not results, and take no place of those that are. What a filter
        lets through is chosen before the best ``k`` are, so ``k`` come back where as many can be found.
        """
        ...


@runtime_checkable
class Scoring(Retriever, Protocol):
    """A retriever that can say what it thinks of any document, found or not; one that cannot is fused by ranks alone."""

    floor: float
    """The least score that there can be: 0 for shared words, -1 for a cosine; -inf where there is no least one."""

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """Score of each of ``rows``, int64 ``(n,)`` a query, on the scale of a :meth:`search` under the same filter: float,
        parallel; -inf where a document can have none."""
        ...


class Named(NamedTuple):
    """What the rest of a retriever's name says: a scorer's name, empty for the default one; members that are fused, by name,
    their weights, none where they weigh the same, and by which method, empty for the usual one; settings of its own; the name of
    a model (:mod:`engine.text.models`)."""

    scorer: str = ""
    members: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    method: str = ""
    settings: tuple[tuple[str, Any], ...] = ()
    model: str = ""


class Found(NamedTuple):
    """A hit and what was asked: the text that was searched, the score, the identifier, and who brought it; its row, and the
    retriever that was asked."""

    query: str
    text: str
    score: float
    identifier: str
    source: str
    row: int
    by: Retriever


class Index(NamedTuple):
    """What a retriever has written when a build is made.

    Attributes
    ----------
    stage : str
        Name of the stage.
    build : callable, optional
        ``(texts, embeddings, folder)``: writes what :attr:`Method.open` reads, into the folder of the build. ``texts`` are those
        that are searched, a document each; ``embeddings`` is float32 ``(documents, d)``, unit rows.
    build_of : callable, optional
        ``(texts, embeddings, folder, language)``: in its place, where the language matters (:mod:`engine.text.languages`).
    """

    stage: str
    build: Callable[[Sequence[str], np.ndarray, Path], None] | None = None
    build_of: Callable[[Sequence[str], np.ndarray, Path, str], None] | None = None

    def make(self, texts: Sequence[str], embeddings: np.ndarray, folder: Path, language: str) -> None:
        """Write it."""
        if self.build_of:
            self.build_of(texts, embeddings, folder, language)
        elif self.build:
            self.build(texts, embeddings, folder)


class Method(NamedTuple):
    """One way to retrieve: all that the shell, the evaluation, the fusion and the pages know of it.

    Attributes
    ----------
    name, summary, citation : str
        What it is called, what it does in a few words, where it comes from.
    color : str
        Its colour in charts, ``#RRGGBB``.
    open : callable
        ``(opened, beams, named) -> Retriever``. What it reads from files is kept open by whoever asks, unless it decodes; then
        ``opened`` keeps the scorer, and a retriever of another width is only another argument.
    evidence : callable
        What speaks for a hit, in a few words.
    decodes : bool
        Whether it runs a beam search: then the width matters, and a scorer can be named behind it, ``generative:NAME``, unless
        it has one of its ``own``.
    usual : bool
        Whether it is compared and evaluated where nobody says which ones are wanted.
    needs : Index or None
        What it needs beside the embeddings, the trie and the scorers.
    splits : tuple of str
        Splits whose judged queries it needs; a build without them cannot open it.
    empty : str
        What it means that nothing was found.
    there : callable
        ``(folder) -> bool``: whether a build has what it reads beside its splits and its :attr:`needs`; else it is not offered.
    stamp : callable
        ``(folder) -> str``: what changes when that is made anew; then it is opened again.
    told : callable
        ``(opened, named) -> str``: what is to be said of it in this build, else an empty string.
    reads : callable, optional
        ``(opened, named, query, allowed) -> list of str``: what it reads from a query among the documents ``allowed`` (None for
        all), in sentences; None where it reads nothing but words or a vector.
    lost : callable, optional
        Why a list of it lacks some documents (:mod:`engine.retrievers.lost`); their rank among all unless given.
    options : tuple of Option
        Settings that its name can give: ``bm25:k1=0.9,b=0.4``.
    model : str
        The kind of model that is named behind it, ``cross:NAME``, of :data:`engine.text.models.KINDS`; empty where none is.
    follows : bool
        Whether it follows documents that came or went since what it :attr:`needs`, or looks for :attr:`there`, was written; one
        that reads nothing of its own does.
    """

    name: str
    summary: str
    citation: str
    color: str
    open: Callable[[Opened, int, Named], Retriever]
    evidence: Callable[[Found], str]
    decodes: bool = False
    usual: bool = False
    needs: Index | None = None
    splits: tuple[str, ...] = ()
    empty: str = "Nothing was found."
    there: Callable[[Path], bool] = lambda folder: True
    stamp: Callable[[Path], str] = lambda folder: ""
    told: Callable[[Opened, Named], str] = lambda opened, named: ""
    reads: Callable[[Opened, Named, str, np.ndarray | None], list[str]] | None = None
    lost: "Callable[[Lack], list[Loss]] | None" = None
    options: tuple[Option, ...] = ()
    model: str = ""
    follows: bool = False
    own: bool = False

    @property
    def takes_scorer(self) -> bool:
        """Whether a scorer can be named behind it."""
        return self.decodes and not self.own

    @property
    def left_behind(self) -> bool:
        """Whether it cannot be asked once documents came or went."""
        own = self.needs is not None or self.there is not Method._field_defaults["there"]
        return own and not self.follows


def of_means(opened: Opened) -> str:
    """What is to be said where a build has passages and a retriever one vector a document; else an empty string."""
    return "a document's vector is the mean of its passages" if opened.passages else ""


def cosine(found: Found) -> str:
    """Evidence of a hit whose score is a cosine."""
    return f"cosine {found.score:.3f}"
