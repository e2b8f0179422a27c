"""Pairs of a query and a document that a model is trained to bring together.

Judged and generated queries are the retrieval task of DSI (Tay et al. 2022), which learns what people ask for; titles,
sentences, spans and templates are its indexing task, which learns where a document's own words lead. DSI-QG (Zhuang et al. 2022)
indexes documents by generated queries instead, so that training sees what searching will. Where people took documents, one is
found by the titles of those that were taken together with it too (ColaRec, Wang et al. 2024). How often each kind is drawn is a
mix of shares that a person sets.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.training.pairs import pseudo_queries
from engine.training.source import Source

SOURCES = ("judged", "title", "sentence", "span", "template", "generated", "together")
MAKERS = {"sentence": pseudo_queries.sentences, "span": pseudo_queries.spans, "template": pseudo_queries.templates}

Progress = Callable[[str, int, int], None]  # (stage, done, in all)
Generator = Callable[[list[str]], Sequence[Sequence[str]]]  # texts of documents -> queries of each


class Pairs(NamedTuple):
    """Queries and the documents they belong to.

    Attributes
    ----------
    texts : list of str
        Different query texts (:func:`same`), in the spelling that came first.
    query : np.ndarray
        Int64 ``(p,)``: place in ``texts``.
    row : np.ndarray
        Int64 ``(p,)``: document row.
    source : np.ndarray
        Int8 ``(p,)``: place in :data:`SOURCES`.
    grade : np.ndarray
        Float32 ``(p,)``: the grade of a judged pair, 1 for all others.
    """

    texts: list[str]
    query: np.ndarray
    row: np.ndarray
    source: np.ndarray
    grade: np.ndarray

    def counts(self) -> dict[str, int]:
        """Pairs of each source that has any."""
        found = np.bincount(self.source, minlength=len(SOURCES))
        return {name: int(count) for name, count in zip(SOURCES, found, strict=True) if count}


def same(text: str) -> str:
    """What all spellings of one query have in common: white space, case and Unicode forms make no other query.

    Whoever compares queries compares this: one that is watched must not be learned because of a blank behind it, nor the document
    of one spelling be a negative of another.

    >>> same(" Birds  of\\tPrey ") == same("birds of prey\\u00a0")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def check_mix(mix: Mapping[str, float]) -> None:
    """Refuse a mix with an unknown source, a share below 0, or no share above 0.

    Raises
    ------
    TriescopeError
        It says what is wrong.
    """
    for name, share in mix.items():
        if name not in SOURCES:
            raise TriescopeError(f"unknown source of training pairs {name!r}; there are {', '.join(SOURCES)}")
        if not 0 <= share < float("inf"):
            raise TriescopeError(f"the share of {name} pairs is {share}; it must be a number from 0")
    if not any(mix.values()):
        raise TriescopeError(f"the mix has no share above 0; give one to any of {', '.join(SOURCES)}")


def collect(
    source: Source,
    split: str,
    mix: Mapping[str, float],
    seed: int,
    left_out: frozenset[int] = frozenset(),
    per_document: int = 4,
    generator: Generator | None = None,
    progress: Progress | None = None,
) -> Pairs:
    """All pairs of the sources that have a share in the mix.

    Parameters
    ----------
    source : Source
        What may be read of the build.
    split : str
        Whose judged queries are used; only grades above 0 make a pair.
    mix : mapping of str to float
        Source -> share; those of share 0 are not made.
    seed : int
        Draws sentences, spans and templates.
    left_out : frozenset of int
        Rows of documents that training must not know: they get no pair, and their words count for nothing.
        Documents without an identifier get none either.
    per_document : int
        Most sentences, spans, templates and titles of others a document, of each.
    generator : callable, optional
        Makes the ``generated`` queries of documents, given as search sees them.
    progress : callable, optional
        Told (stage, done, in all).

    Raises
    ------
    TriescopeError
        The mix is wrong, asks for generated queries without a generator, or yields no pair at all.
    """
    check_mix(mix)
    chosen = [name for name in SOURCES if mix.get(name, 0) > 0]
    if "generated" in chosen and generator is None:
        raise TriescopeError("generated queries need a generator; name one, or leave them out of the mix")
    allowed = (source.leaf_of >= 0) & ~np.isin(np.arange(len(source.leaf_of)), list(left_out))
    rows = np.flatnonzero(allowed)
    documents = [source.documents[row] for row in rows.tolist()]
    found: dict[tuple[str, int, str], float] = {}
    spelled: dict[str, str] = {}
    for name in chosen:
        stage = f"{name} queries"
        if progress:
            progress(stage, 0, len(rows))
        if name == "judged":
            for text, row, grade in _judged(source, split):
                if allowed[row]:
                    spelled.setdefault(key := same(text), text)
                    found[key, row, name] = max(grade, found.get((key, row, name), 0))
        else:
            if name == "title":
                made: Sequence[Sequence[str]] = pseudo_queries.titles(documents)
            elif name == "together":
                near = source.together(rows, per_document)
                made = [[source.documents[other].title for other in some] for some in near]
            elif name == "generated" and generator:
                made = generator([one.searched_text(source.fields) for one in documents])
            else:
                made = MAKERS[name](documents, per_document, seed)
            for row, some in zip(rows.tolist(), made, strict=True):
                for text in filter(None, map(pseudo_queries.clip, some)):
                    spelled.setdefault(key := same(text), text)
                    found[key, row, name] = 1.0
        if progress:
            progress(stage, len(rows), len(rows))
    if not found:
        raise TriescopeError(_nothing(source, split, chosen))
    place_of = {key: place for place, key in enumerate(spelled)}
    return Pairs(
        texts=list(spelled.values()),
        query=np.array([place_of[key] for key, _, _ in found], np.int64),
        row=np.array([row for _, row, _ in found], np.int64),
        source=np.array([SOURCES.index(name) for _, _, name in found], np.int8),
        grade=np.array(list(found.values()), np.float32),
    )


def held_out(pairs: Pairs, share: float, seed: int) -> tuple[Pairs, Pairs]:
    """Split into pairs to train on and a ``share`` of the query texts to choose by, rounded, at least one; no text is in both.

    >>> pairs = Pairs(["a", "b"], np.array([0, 1, 0]), np.array([5, 6, 7]), np.zeros(3, np.int8), np.ones(3, np.float32))
    >>> train, dev = held_out(pairs, 0.5, 0)
    >>> sorted([train.texts, dev.texts])
    [['a'], ['b']]
    """
    order = np.random.default_rng(seed).permutation(len(pairs.texts))
    held = np.zeros(len(pairs.texts), bool)
    held[order[: max(1, round(share * len(order)))]] = True
    return of_queries(pairs, ~held), of_queries(pairs, held)


def _judged(source: Source, split: str) -> list[tuple[str, int, float]]:
    """(query text, document row, grade) of what was judged relevant, where the catalogue has the document."""
    if not source.splits.get(split):
        return []
    queries, qrels = source.judged(split)
    return [
        (queries[query].strip(), source.row_of[document], float(grade))
        for query, grades in qrels.items()
        for document, grade in grades.items()
        if grade > 0 and document in source.row_of and queries[query].strip()
    ]


def of_queries(pairs: Pairs, chosen: np.ndarray) -> Pairs:
    """The pairs whose query is chosen (bool, one a text), with the texts that are left."""
    keep, place = chosen[pairs.query], np.cumsum(chosen) - 1
    texts = [text for text, one in zip(pairs.texts, chosen, strict=True) if one]
    return Pairs(texts, place[pairs.query[keep]], pairs.row[keep], pairs.source[keep], pairs.grade[keep])


def _nothing(source: Source, split: str, chosen: Sequence[str]) -> str:
    """Why a mix yields no pair, and what else there is."""
    reasons = {
        "judged": f"no judged queries in split {split!r}"
        if not source.splits.get(split)
        else f"no judged query in split {split!r} whose relevant documents may be trained on",
        "title": "no titles",
        "sentence": "no sentence of four words or more",
        "span": "no text to take spans from",
        "template": "no keywords to fill templates with",
        "generated": "no generated queries",
        "together": "nothing with a title that was taken together with another",
    }
    others = {"title": "titles", "sentence": "sentences", "span": "spans"}
    left = [plural for name, plural in others.items() if name not in chosen]
    advice = f"; choose {' or '.join([', '.join(left[:-1]), left[-1]] if len(left) > 1 else left)}" if left else ""
    return f"nothing to train on: {source.name} has {' and '.join(reasons[name] for name in chosen)}{advice}"
