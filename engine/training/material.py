"""Before the first step: pairs, development queries, embeddings, teacher and negatives, all from the readable part of a build."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from engine.scorers.kinds import kind
from engine.text import embed
from engine.training.batches import Material
from engine.training.dev import Dev
from engine.training.losses import needed
from engine.training.losses.base import TAUGHT
from engine.training.pairs.sources import SOURCES, Pairs, collect, held_out, of_queries, same
from engine.training.source import Source
from engine.training.spec import TrainSpec
from engine.training.teachers import negatives, teacher

Tell = Callable[[str, int, int], None]
# Where a build has no development split, this share of the training queries is held out, and at most this many are searched.
HELD_OUT = 0.1
DEV_QUERIES = 400


class Prepared(NamedTuple):
    """All that a training needs beside its model.

    Attributes
    ----------
    material : Material
        What batches are drawn from.
    dev, watch : Dev
        Development queries, and the ones that are decoded for people to see.
    dev_queries, watch_queries : list of np.ndarray
        The same as the scorer takes them.
    cold : frozenset of int
        Document rows kept out of the training.
    counts : dict
        Pairs of each source.
    labelled : bool
        Whether the development queries are judged ones.
    """

    material: Material
    dev: Dev
    watch: Dev
    dev_queries: list[np.ndarray]
    watch_queries: list[np.ndarray]
    cold: frozenset[int]
    counts: dict[str, int]
    labelled: bool


def cold_rows(source: Source, share: float, seed: int) -> frozenset[int]:
    """Documents kept out of the training: a share of all, drawn by the seed."""
    count = round(share * len(source.documents))
    return frozenset(np.random.default_rng([seed, 7]).choice(len(source.documents), count, replace=False).tolist())


def choose(source: Source, spec: TrainSpec, tell: Tell) -> tuple[Pairs, list[str], list[dict[str, int]], str, bool]:
    """Pairs to learn from; texts and judgements of the development queries, where they are from, whether people judged them."""
    cold = cold_rows(source, spec.cold, spec.seed)
    pairs = collect(source, spec.train, spec.mix, spec.seed, cold, spec.per_document, _generator(spec), tell)
    labelled = bool(spec.dev and source.splits.get(spec.dev))
    if labelled:
        judged = source.judged(spec.dev)
        asked = {query: grades for query, grades in judged.qrels.items() if any(grade > 0 for grade in grades.values())}
        texts, qrels, told = [judged.queries[query] for query in asked], list(asked.values()), f"split {spec.dev}"
        # No query is learned from and watched as well.
        pairs = _without(pairs, set(texts))
    else:
        named = SOURCES.index("judged")
        labelled = bool((pairs.source == named).any())
        pool = _only(pairs, pairs.source == named) if labelled else pairs
        pool = of_queries(pool, np.isin(np.arange(len(pool.texts)), pool.query))
        apart = held_out(pool, HELD_OUT, spec.seed)[1]
        pairs = _without(pairs, {apart.texts[query] for query in np.unique(apart.query)})
        texts, qrels = _judgements(source, apart)
        told = f"{HELD_OUT:.0%} of the {'judged' if labelled else 'pseudo-'}{' ' * labelled}queries, held out"
    if len(texts) > DEV_QUERIES:
        kept = np.sort(np.random.default_rng([spec.seed, 8]).choice(len(texts), DEV_QUERIES, replace=False))
        texts, qrels = [texts[i] for i in kept], [qrels[i] for i in kept]
        told += f", {DEV_QUERIES} of them"
    return pairs, texts, qrels, told, labelled


def prepare(source: Source, spec: TrainSpec, tell: Tell) -> Prepared:
    """Everything, embedded; texts that were embedded before come from the cache."""
    pairs, texts, qrels, told, labelled = choose(source, spec, tell)
    encoder, way = source.parts.encoder, kind(spec.scorer)
    watch = list(spec.watch) or texts[:3]
    known = dict(zip(map(same, texts), qrels, strict=True))
    everything = [*pairs.texts, *texts, *watch]
    vectors = embed.embed(everything, encoder, lambda done, total: tell("queries", done, total), role="query")
    cut, end = len(pairs.texts), len(pairs.texts) + len(texts)
    queries = way.encode(everything, vectors, source.parts, spec.settings)
    cold = cold_rows(source, spec.cold, spec.seed)
    left_out = np.zeros(len(source.documents), bool)
    left_out[sorted(cold)] = True
    needs, taught = needed(spec.losses), None
    if needs & TAUGHT:
        tell("teacher", 0, 0)
        taught = teacher.rank(spec.teacher, pairs.texts, vectors[:cut], source, left_out, partial(tell, "teacher"))
    others = None
    if "negatives" in needs:
        tell("negatives", 0, 0)
        positives: list[set[int]] = [set() for _ in pairs.texts]
        for query, row in zip(pairs.query.tolist(), pairs.row.tolist(), strict=True):
            positives[query].add(row)
        others = negatives.mine(pairs.texts, vectors[:cut], positives, source, left_out=left_out)
    return Prepared(
        Material(pairs, queries[:cut], others, taught),
        Dev(texts, vectors[cut:end], qrels, told),
        Dev(watch, vectors[end:], [known.get(same(text), {}) for text in watch], ""),
        list(queries[cut:end]),
        list(queries[end:]),
        cold,
        pairs.counts(),
        labelled,
    )


def _generator(spec: TrainSpec):
    """What makes generated queries, where the mix asks for them."""
    if not spec.mix.get("generated"):
        return None
    from engine.errors import TriescopeError
    from engine.training.pairs import generator

    if not spec.generator:
        raise TriescopeError("generated queries need a query generator: name a local folder or a hub model")
    return partial(generator.generate, spec.generator)


def _only(pairs: Pairs, kept: np.ndarray) -> Pairs:
    return pairs._replace(query=pairs.query[kept], row=pairs.row[kept], source=pairs.source[kept], grade=pairs.grade[kept])


def _without(pairs: Pairs, texts: set[str]) -> Pairs:
    """Pairs whose query is none of ``texts``, however it is spelled."""
    taken = {same(text) for text in texts}
    return of_queries(pairs, np.array([same(text) not in taken for text in pairs.texts], bool))


def _judgements(source: Source, pairs: Pairs) -> tuple[list[str], list[dict[str, int]]]:
    """Texts and judgements of pairs, a query each."""
    grades: dict[int, dict[str, int]] = {}
    for query, row, grade in zip(pairs.query.tolist(), pairs.row.tolist(), pairs.grade.tolist(), strict=True):
        grades.setdefault(query, {})[source.documents[row].id] = max(1, int(grade))
    return [pairs.texts[query] for query in grades], list(grades.values())
