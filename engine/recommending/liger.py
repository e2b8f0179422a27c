"""Generate, then rank by dense (LIGER, Yang et al. 2024), and what nobody took yet from semantic kNN.

The generator writes candidates; they are ranked by its own odds and by how near they read to the history, as development has it.
A generator cannot write what it never saw, so the last places of each ten are for such items: as many as development found best,
and only those that read near enough. Development has no such items either: some are taken out of training for the while, as if
nobody had taken them yet, and asked for.
"""

from typing import Any, NamedTuple

import numpy as np

from engine.data.histories import Held, Histories, asked_without, cleaned
from engine.kernels.top_k import top_k
from engine.recommending import item_item, matrix
from engine.recommending.base import TOGETHER, Material, Model, Ranked, Recommender, Tell
from engine.recommending.counting import Counting
from engine.recommending.hybrid import against_best
from engine.recommending.item_item import ItemItem
from engine.recommending.judging import measured, ranks
from engine.recommending.matrix import Recency
from engine.recommending.plain import Semantic
from engine.retrievers.ranking import Ranking

# Candidates that are written, and places that a page of the list has.
WRITTEN, PAGE = 50, 10
# Items that are taken out of training to choose by, and development questions that choose.
TAKEN_OUT, CHOOSING = 0.05, 10_000
# What development chooses from: how much the dense rank counts; places of ten; cosines, as shares of the nearest new ones.
SHARES = tuple(tenth / 10 for tenth in range(11))
PLACES, NEAREST = (1, 2, 3, 4, 5), (1.0, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1)


class Setting(NamedTuple):
    """How a list is put together: how much the dense rank counts beside the generator's odds; at most so many places of ten for
    new items, and the cosine that they need."""

    share: float = 0.0
    places: int = 0
    least: float = -1.0


class Candidates(NamedTuple):
    """Of each history: what was written, int64 ``(n, WRITTEN)`` rows, -1 for none, best first; its odds and its cosine against
    the best ones, float32; and the nearest new items with their cosines, ``(n, PAGE)``."""

    rows: np.ndarray
    odds: np.ndarray
    near: np.ndarray
    new: np.ndarray
    cosine: np.ndarray


def candidates(of: Recommender, by: Semantic, new: np.ndarray, histories: Histories, seen: bool = False) -> Candidates:
    """What a generator writes and what lies near; ``new`` is bool, an entry an item: those come from kNN alone."""
    fresh, parts = np.flatnonzero(new), list[tuple[np.ndarray, ...]]()
    for start in range(0, histories.people, TOGETHER):
        group = histories.pick(slice(start, start + TOGETHER))
        found, cosines = of.recommend(group, WRITTEN, seen), by.scores(group)
        rows = np.full((group.people, WRITTEN), -1, np.int64)
        width = min(WRITTEN, found.rows.shape[1])
        rows[:, :width] = found.rows[:, :width]
        rows[(rows >= 0) & new[rows]] = -1
        scores = np.full(rows.shape, -np.inf, np.float32)
        scores[:, :width] = np.where(rows[:, :width] >= 0, found.scores[:, :width], -np.inf)
        odds = against_best(np.where(np.isfinite(scores).any(1, keepdims=True), scores, 0.0), _logits(of))
        near = np.where(rows >= 0, np.take_along_axis(cosines, np.maximum(rows, 0), 1), 0.0)
        if not seen:
            cosines[group.person, group.items] = -np.inf
        shown = np.full((group.people, PAGE), -1, np.int64)
        for row, values in enumerate(cosines[:, fresh]):
            nearest = top_k(values, min(PAGE, len(fresh)))
            shown[row, : len(nearest)] = fresh[nearest]
        cosine = np.where(shown >= 0, np.take_along_axis(cosines, np.maximum(shown, 0), 1), -np.inf)
        parts.append((rows, odds, against_best(near, False), shown, cosine))
    return Candidates(*(np.concatenate(of_groups) for of_groups in zip(*parts, strict=True)))


def _logits(of: Recommender) -> bool:
    return hasattr(of, "trace")  # whoever writes gives logarithms


def lists(found: Candidates, setting: Setting) -> np.ndarray:
    """The first ten of each history, int64 ``(n, PAGE)``, -1 for none."""
    scores = (1 - setting.share) * found.odds + setting.share * found.near
    order = np.argsort(np.where(found.rows >= 0, -scores, np.inf), axis=1, kind="stable")
    written = np.take_along_axis(found.rows, order, 1)[:, :PAGE]
    enough = ((found.cosine >= setting.least) & (found.new >= 0)).sum(1)
    places = np.minimum(enough, setting.places)
    at, first = np.arange(PAGE), PAGE - places[:, None]
    fresh = np.take_along_axis(found.new, np.clip(at - first, 0, PAGE - 1), 1)
    return np.where(at >= first, fresh, written)


class Chosen(NamedTuple):
    """A setting, and what it reaches on the questions that chose it: R@10 of all and of the ``asked`` that ask for a new item,
    and that of semantic kNN there."""

    setting: Setting
    reached: float
    asked: int
    new: float
    knn: float


def choose(of: Recommender, by: Semantic, new: np.ndarray, held: Held) -> Chosen:
    """The setting that is best on all questions among those which find new items at least as often as semantic kNN does (where
    none does, the one that finds most of them).

    First how much the dense rank counts, by NDCG@10; then places and cosine, by R@10.
    """
    found, asked = candidates(of, by, new, held.histories), new[held.targets]
    gained = {share: _measured(found, Setting(share), held)["NDCG@10"].mean() for share in SHARES}
    share = max(SHARES, key=lambda one: gained[one])
    nearest = found.cosine[:, 0][np.isfinite(found.cosine[:, 0])]
    least = sorted({float(np.quantile(nearest, 1 - part)) for part in NEAREST}) if len(nearest) else [-1.0]
    knn = measured(ranks(Ranked(by).recommend(held.histories.pick(asked), PAGE).rows, held.targets[asked]))["R@10"]
    floor = float(knn.mean()) if asked.any() else 0.0
    tried = []
    for places in PLACES:
        for cosine in least:
            hit = _measured(found, Setting(share, places, cosine), held)["R@10"]
            of_new = float(hit[asked].mean()) if asked.any() else 0.0
            tried.append(Chosen(Setting(share, places, cosine), float(hit.mean()), int(asked.sum()), of_new, floor))
    good = [one for one in tried if one.new >= floor]
    return max(good, key=lambda one: one.reached) if good else max(tried, key=lambda one: one.new)


def _measured(found: Candidates, setting: Setting, held: Held) -> dict[str, np.ndarray]:
    return measured(ranks(lists(found, setting), held.targets))


class Liger:
    """A recommender of all that.

    Parameters
    ----------
    of : Recommender
        Who writes.
    by : Semantic
        Who ranks by text.
    new : np.ndarray
        Bool, an entry an item: which ones come from ``by`` alone.
    chosen : Chosen
        How lists are put together.
    """

    name = "liger"

    def __init__(self, of: Recommender, by: Semantic, new: np.ndarray, chosen: Chosen):
        self.of, self.by, self.new, self.chosen = of, by, new, chosen

    def recommend(self, histories: Histories, k: int, seen: bool = False) -> Ranking:
        """See :class:`engine.recommending.base.Recommender`; a list has ten at most, and scores are one over the place, for two
        kinds cannot be compared."""
        rows = lists(candidates(self.of, self.by, self.new, histories, seen), self.chosen.setting)[:, :k]
        scores = np.where(rows >= 0, 1 / np.arange(1, rows.shape[1] + 1), -np.inf).astype(np.float32)
        return Ranking(rows, scores, [])


def taken_out(material: Material, drawn: np.ndarray, parts: item_item.Parts, share: float) -> tuple[ItemItem, Held]:
    """The matrix as if nobody had taken the ``drawn`` items yet, and development questions, those that ask for one among them."""
    train = cleaned(material.split.train, drawn)
    behaviour = matrix.evened(matrix.together(train, material.items))
    order = np.random.default_rng([material.seed, 23]).permutation(len(material.split.dev.targets))[:CHOOSING]
    dev = asked_without(material.split.dev.pick(np.sort(order)), drawn)
    return ItemItem(matrix.mixed(behaviour, parts.text, share), Recency(), share), dev


def made(material: Material, parts: item_item.Parts, of: ItemItem, tell: Tell) -> Liger:
    """Choose on development, and put together over the counting scorer; the matrix itself stands for its generator where the
    setting is chosen, for it writes the same list at that width."""
    tell("new items", 0, 0)
    taken = np.bincount(material.split.train.items, minlength=material.items)
    drawn = np.zeros(material.items, bool)
    some = np.flatnonzero(taken)
    drawn[np.random.default_rng([material.seed, 21]).permutation(some)[: round(TAKEN_OUT * len(some))]] = True
    without, dev = taken_out(material, drawn, parts, of.share)
    by, new = Semantic(material.embeddings, Recency()), taken == 0
    chosen = choose(Ranked(without), by, new | drawn, dev)
    return Liger(Counting(of, material.trie, taken, WRITTEN), by, new, chosen)


def _make(material: Material, settings: dict[str, Any], tell: Tell) -> Recommender:
    parts = item_item.parts_of(material, tell)
    share = item_item.chosen(material, parts, Recency())
    return made(material, parts, ItemItem(matrix.mixed(parts.behaviour, parts.text, share), Recency(), share), tell)


LIGER = Model(
    name="liger",
    summary="Written by the counting scorer, ranked by text too; the last places are for what nobody took yet, by text.",
    citation="Yang et al. 2024 (LIGER)",
    color="#edc948",
    make=_make,
    usual=False,
    long=True,
)
