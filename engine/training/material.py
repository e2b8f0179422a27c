"""Before the first step: pairs, development queries, embeddings, teacher and negatives, all from the readable part of a build."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from engine.scorers.kinds import kind
from engine.text import embed
from engine.training import dev_queries
from engine.training.batches import Material
from engine.training.dev import Dev
from engine.training.dev_queries import Asked
from engine.training.losses import needed
from engine.training.losses.base import TAUGHT
from engine.training.pairs.sources import Pairs, collect, same
from engine.training.source import Source
from engine.training.spec import TrainSpec
from engine.training.teachers import negatives, teacher

Tell = Callable[[str, int, int], None]


class Prepared(NamedTuple):
    """All that a training needs beside its model.

    Attributes
    ----------
    material : Material
        What batches are drawn from.
    dev, judging, watch : Dev
        Development queries to choose by, those to judge by (none where they are too few to halve), and the ones that are decoded
        for people to see.
    cold : frozenset of int
        Document rows kept out of the training.
    counts : dict
        Pairs of each source.
    labelled : bool
        Whether the development queries are judged ones.
    """

    material: Material
    dev: Dev
    judging: Dev
    watch: Dev
    cold: frozenset[int]
    counts: dict[str, int]
    labelled: bool


def cold_rows(source: Source, share: float, seed: int) -> frozenset[int]:
    """Documents kept out of the training: a share of all, drawn by the seed."""
    count = round(share * len(source.documents))
    return frozenset(np.random.default_rng([seed, 7]).choice(len(source.documents), count, replace=False).tolist())


def choose(source: Source, spec: TrainSpec, tell: Tell) -> tuple[Pairs, Asked]:
    """Pairs to learn from, and the development queries, which are in none of them."""
    cold = cold_rows(source, spec.cold, spec.seed)
    pairs = collect(source, spec.train, spec.mix, spec.seed, cold, spec.per_document, _generator(spec), tell)
    return dev_queries.choose(source, spec, pairs)


def prepare(source: Source, spec: TrainSpec, tell: Tell) -> Prepared:
    """Everything, embedded; texts that were embedded before come from the cache."""
    pairs, asked = choose(source, spec, tell)
    texts = asked.texts
    encoder, way = source.parts.encoder, kind(spec.scorer)
    # Those that are looked at while it trains are none of the judging half.
    watch = list(spec.watch) or [text for text, apart in zip(texts, asked.judging, strict=True) if not apart][:3]
    known = dict(zip(map(same, texts), asked.qrels, strict=True))
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
    choosing, judging = np.flatnonzero(~asked.judging), np.flatnonzero(asked.judging)

    def of(places: np.ndarray) -> Dev:
        """Some of the development queries."""
        ids, some, qrels = ([values[place] for place in places] for values in (asked.ids, texts, asked.qrels))
        return Dev(ids, some, vectors[cut + places], [queries[cut + place] for place in places], qrels, asked.told)

    return Prepared(
        material=Material(pairs, queries[:cut], others, taught),
        dev=of(choosing),
        judging=of(judging),
        watch=Dev([], watch, vectors[end:], list(queries[end:]), [known.get(same(text), {}) for text in watch], ""),
        cold=cold,
        counts=pairs.counts(),
        labelled=asked.labelled,
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
