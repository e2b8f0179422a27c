"""Which queries a training is watched and judged by: a development split, or a part of the training queries held out.

The weights that are kept, the moment to stop and the hybrid's weights are chosen on one half; the other is looked at once, at the
end (see :mod:`engine.data.halves`). The test split is never read.
"""

from typing import NamedTuple

import numpy as np

from engine.data.halves import halves
from engine.errors import TriescopeError
from engine.training.pairs.sources import SOURCES, Pairs, held_out, of_queries, same
from engine.training.source import Source
from engine.training.spec import TrainSpec

# Where a build has no development split, this share of the training queries is held out.
HELD_OUT = 0.1
# At most this many are searched, half of them at every evaluation.
MOST = 400


class Asked(NamedTuple):
    """Development queries, as text.

    Attributes
    ----------
    ids : list of str
        Their ids; those of pseudo-queries are made up, and are no document's.
    texts : list of str
        What is asked.
    qrels : list of dict
        Document id -> grade, a query each.
    told : str
        Where they come from, in words.
    labelled : bool
        Whether people judged them.
    judging : np.ndarray
        Bool ``(queries,)``: those of the judging half; none where they are too few to halve.
    """

    ids: list[str]
    texts: list[str]
    qrels: list[dict[str, int]]
    told: str
    labelled: bool
    judging: np.ndarray


def choose(source: Source, spec: TrainSpec, pairs: Pairs) -> tuple[Pairs, Asked]:
    """Development queries, and the pairs without them: no query is learned from and watched as well.

    Raises
    ------
    TriescopeError
        None can be had: the split has no query with a relevant document, or the only training query would be held out.
    """
    left, asked = _of_split(source, spec.dev, pairs) if source.splits.get(spec.dev) else _of_training(source, spec, pairs)
    judging = set(halves(asked.ids).judging)
    return left, _at_most(asked._replace(judging=np.array([query in judging for query in asked.ids], bool)), spec.seed)


def _of_split(source: Source, split: str, pairs: Pairs) -> tuple[Pairs, Asked]:
    judged = source.judged(split)
    kept = {
        query: grades
        for query, grades in judged.qrels.items()
        if any(grade > 0 and document in source.row_of for document, grade in grades.items())
    }
    if not kept:
        raise TriescopeError(
            f"none of the {len(judged.qrels):,} queries of split {split!r} has a relevant document in the catalogue; name "
            "another split to watch, or none, and a part of the training queries is held out"
        )
    aside = len(judged.qrels) - len(kept)
    told = f"split {split}" + (f", {aside:,} without a relevant document left aside" if aside else "")
    texts = [judged.queries[query] for query in kept]
    asked = Asked(list(kept), texts, list(kept.values()), told, labelled=True, judging=np.zeros(len(kept), bool))
    return _without(pairs, texts), asked


def _of_training(source: Source, spec: TrainSpec, pairs: Pairs) -> tuple[Pairs, Asked]:
    judged = pairs.source == SOURCES.index("judged")
    labelled = bool(judged.any())
    pool = _only(pairs, judged) if labelled else pairs
    pool = of_queries(pool, np.isin(np.arange(len(pool.texts)), pool.query))
    of_kind = "judged queries" if labelled else "pseudo-queries"
    apart = held_out(pool, HELD_OUT, spec.seed)[1]
    left = _without(pairs, apart.texts)
    if not len(apart.texts) or not len(left.texts):
        raise TriescopeError(f"too few {of_kind} to hold one out and learn from the others: {len(pool.texts)}")
    id_of = {same(text): query for query, text in source.judged(spec.train).queries.items()} if labelled else {}
    texts, qrels = _judgements(source, apart)
    ids = [id_of.get(same(text), f"pseudo-query: {text}") for text in texts]
    told = f"{HELD_OUT:.0%} of the {of_kind}, held out"
    return left, Asked(ids, texts, qrels, told, labelled, judging=np.zeros(len(ids), bool))


def _at_most(asked: Asked, seed: int) -> Asked:
    """Some of many, as many of either half."""
    if len(asked.ids) <= MOST:
        return asked
    rng = np.random.default_rng([seed, 8])
    halved = [np.flatnonzero(half) for half in (~asked.judging, asked.judging) if half.any()]
    kept = np.sort(np.concatenate([rng.choice(half, MOST // len(halved), replace=False) for half in halved]))
    ids, texts, qrels = ([of[place] for place in kept] for of in (asked.ids, asked.texts, asked.qrels))
    return asked._replace(ids=ids, texts=texts, qrels=qrels, told=f"{asked.told}, {MOST} of them", judging=asked.judging[kept])


def _only(pairs: Pairs, kept: np.ndarray) -> Pairs:
    return pairs._replace(query=pairs.query[kept], row=pairs.row[kept], source=pairs.source[kept], grade=pairs.grade[kept])


def _without(pairs: Pairs, texts: list[str]) -> Pairs:
    """Pairs whose query is none of ``texts``, however it is spelled."""
    taken = {same(text) for text in texts}
    return of_queries(pairs, np.array([same(text) not in taken for text in pairs.texts], bool))


def _judgements(source: Source, pairs: Pairs) -> tuple[list[str], list[dict[str, int]]]:
    """Texts and judgements of pairs, a query each."""
    grades: dict[int, dict[str, int]] = {}
    for query, row, grade in zip(pairs.query.tolist(), pairs.row.tolist(), pairs.grade.tolist(), strict=True):
        grades.setdefault(query, {})[source.documents[row].id] = max(1, int(grade))
    return [pairs.texts[query] for query in grades], list(grades.values())
