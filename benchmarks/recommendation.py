"""What comes next on Amazon Beauty: every recommender on the same questions, the whole catalogue ranked.

    python -m benchmarks.recommendation FOLDER [--models a,b] [--json FILE]

``FOLDER`` holds ``items.jsonl`` and ``sequences.txt``. Writes ``benchmarks/results/recommendation.md`` where item-item and
counting are among the models. Development chooses (the share of text, identifiers, weights, when to stop); test judges, once.
Trained models are kept in the home's cache and taken from there: remove them to train anew. ``--rows`` puts the rows of the
models asked for into the tables that are there, ``--section HEAD``, once or more, makes sections of the file anew.
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import recommendation_report as report
from engine import paths
from engine.data.corpus import Document
from engine.data.histories import Held, leave_last_out
from engine.data.interactions import read_interactions
from engine.data.records import records
from engine.identifiers import imported, rq_kmeans
from engine.identifiers.base import Material as Items
from engine.identifiers.collisions import extra_code
from engine.recommending import evaluated, factors, hybrid, item_item, item_text, matrix
from engine.recommending.base import Material, Ranked, Recommender
from engine.recommending.counting import Counting
from engine.recommending.item_item import ItemItem, Parts
from engine.recommending.judging import judge
from engine.recommending.kinds import MODELS
from engine.recommending.models import kept, networks, train
from engine.recommending.models.spec import SequenceSpec
from engine.text import embed
from engine.trie import Trie, build

FIELDS = ("brand", "categories")
# Identifiers that development chooses among for the counting scorer at the narrow beam: what they are fitted on, levels, codes.
SHAPES = (("text", 3, 256), ("text", 3, 32), ("behaviour", 2, 32), ("behaviour", 2, 64), ("behaviour", 3, 32))
NARROW, BEAMS, CHOOSING, RANK = 10, 50, 4000, 128
# What makes most of few passes: a high rate that falls at the end.
COOLED: dict[str, Any] = {"learning_rate": 3e-3, "dropout": 0.2, "patience": 8}
# Share of the passes in which the rate falls.
COOLING = 0.5
SPECS = {
    "sasrec": SequenceSpec(model="sasrec", epochs=68, patience=8),
    "bert4rec": SequenceSpec(model="bert4rec", epochs=60, learning_rate=3e-3, dropout=0.3, patience=20, cooling=COOLING),
    "tree": SequenceSpec(model="tree", epochs=12, **COOLED, cooling=COOLING),
    "tree-distilled": SequenceSpec(model="tree", distill=0.5, epochs=38, **COOLED, cooling=0.2632),
    "one-pass": SequenceSpec(model="one-pass", learning_rate=3e-3, dropout=0.3, epochs=16, patience=8),
    "mult-vae": SequenceSpec(model="mult-vae", batch=256, epochs=14, learning_rate=3e-3, patience=8),
    "diffrec": SequenceSpec(model="diffrec", width=32, batch=256, epochs=8, learning_rate=2e-3, cooling=0.5, patience=8),
    "irgan": SequenceSpec(model="irgan", dropout=0.2, batch=256, epochs=16, learning_rate=3e-3, patience=8),
    "tiger": SequenceSpec(model="tiger", minutes=30, patience=8),
    "tiger-distilled": SequenceSpec(model="tiger", distill=0.5, minutes=30, patience=8),
}
NAMES = (
    "popularity", "knn", "ease", "item-item", "counting", "counting-10", "counting-random", "sasrec", "bert4rec", "tree",
    "tree-distilled", "one-pass", "mult-vae", "diffrec", "irgan", "tiger", "tiger-distilled", "hybrid",
)  # fmt: skip
HYBRID = ("item-item", "sasrec")
# Those of the main table, the honest baseline first: the others are held against it.
MAIN = tuple(sorted((name for name in NAMES if name not in report.NOT_REPRODUCED), key=lambda name: name != "item-item"))


class Bench:
    """The data, and recommenders made when they are first asked for."""

    main = MAIN

    def __init__(self, folder: Path, seed: int = 0):
        self.seed, self.folder = seed, folder
        self.rows = [record for _, record in records(folder / "items.jsonl")]
        row_of = {str(record["item_id"]): row for row, record in enumerate(self.rows)}
        self.log = read_interactions(folder / "sequences.txt", row_of)
        self.split = leave_last_out(self.log.histories)
        self.kept, self.minutes = dict[str, Recommender](), dict[str, float]()

    @cached_property
    def documents(self) -> list[Document]:
        """All items, those without a title too."""
        return [Document(str(one["item_id"]), one["title"] or "", "", {name: one[name] for name in FIELDS}) for one in self.rows]

    @cached_property
    def material(self) -> Material:
        """What all are made from: the test is not in it."""
        texts = [document.searched_text(FIELDS) for document in self.documents]
        vectors = np.asarray(embed.embed(texts, embed.DEFAULT_MODEL))
        said = [item_text.said_of(document, FIELDS) for document in self.documents]
        unread = self.split._replace(test=self.split.test.pick(slice(0, 0)))
        return Material(unread, said, vectors, self.trie("text", 3, 256, vectors), seed=self.seed)

    @cached_property
    def parts(self) -> Parts:
        """The two matrices."""
        return item_item.parts_of(self.material, lambda stage, done, total: None)

    @cached_property
    def matrix(self) -> ItemItem:
        """The item-item matrix, its share of text chosen on development, seen items left out."""
        return self.matrix_for(seen=False)

    def matrix_for(self, seen: bool) -> ItemItem:
        """The same, chosen with or without the items of the history."""
        start = time.monotonic()
        share = item_item.chosen(self.material, self.parts, matrix.Recency(), seen)
        made = ItemItem(matrix.mixed(self.parts.behaviour, self.parts.text, share), matrix.Recency(), share)
        self.minutes["item-item"] = (time.monotonic() - start) / 60
        return made

    @cached_property
    def popularity(self) -> np.ndarray:
        """How often each item was taken in training."""
        return np.bincount(self.split.train.items, minlength=len(self.rows))

    def trie(self, fitted_on: str, levels: int, codes: int, vectors: np.ndarray | None = None, **more: int) -> Trie:
        """Identifiers by residual k-means over text or behaviour, or dealt out at random in the same shape."""
        if fitted_on == "behaviour":
            both = factors.factors(self.matrix.weights, RANK, self.seed)
            vectors = (both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-12)).astype(np.float32)
        points = vectors if vectors is not None else self.material.embeddings
        fitted = extra_code(
            rq_kmeans.fit(Items(points, []), {"levels": levels, "codes": codes} | more, self.seed, lambda done, total: None),
            Items(points, []),
            self.seed,
        )
        return build(fitted.codes)

    @cached_property
    def published(self) -> Trie:
        """Those that came with the set, LETTER's; items that share theirs get a code more."""
        found = imported.identifiers_of([imported.tokens_of(row["letter_sid"]) or [] for row in self.rows], "letter_sid")
        return build(extra_code(found, Items(self.material.embeddings, []), self.seed).codes)

    def dealt(self, like: Trie) -> Trie:
        """The identifiers of a trie, dealt out to other items by the seed: the control."""
        codes = np.full((len(self.rows), like.levels), -1, np.int32)
        order = np.random.default_rng(self.seed).permutation(len(self.rows))
        for leaf, row in zip(like.leaves_of(np.arange(len(self.rows))), order, strict=True):
            path = like.prefix(int(leaf))
            codes[row, : len(path)] = path
        return build(codes)

    @cached_property
    def identifiers(self) -> tuple[tuple[str, int, int], Trie]:
        """Those that are best at the narrow beam, on development."""
        places = np.sort(np.random.default_rng([self.seed, 3]).permutation(len(self.split.dev.targets))[:CHOOSING])
        dev, reached = self.split.dev.pick(places), {}
        for shape in SHAPES:
            trie = self.trie(*shape)
            reached[shape] = (judge(self.counting(trie, NARROW), dev).values["NDCG@10"].mean(), trie)
        best = max(reached, key=lambda shape: reached[shape][0])
        return best, reached[best][1]

    def counting(self, trie: Trie, beams: int) -> Counting:
        """The counting scorer on some identifiers."""
        return Counting(self.matrix, trie, self.popularity, beams)

    def get(self, name: str) -> Recommender:
        """A recommender by its name."""
        if name not in self.kept:
            self.kept[name] = self._make(name)
        return self.kept[name]

    def _make(self, name: str) -> Recommender:
        makers: dict[str, Callable[[], Recommender]] = {
            "item-item": lambda: Ranked(self.matrix),
            "counting": lambda: self.counting(self.identifiers[1], BEAMS),
            "counting-10": lambda: self.counting(self.identifiers[1], NARROW),
            "counting-random": lambda: self.counting(self.dealt(self.identifiers[1]), BEAMS),
            "hybrid": self._hybrid,
        }
        if name in makers:
            return makers[name]()
        if name in SPECS:
            return self.trained(name, self.seed)
        start = time.monotonic()
        made = MODELS[name].make(self.material, {}, lambda stage, done, total: None)
        self.minutes[name] = (time.monotonic() - start) / 60
        return made

    def trained(self, name: str, seed: int, passes: int = 0, others: tuple[str, Trie] | None = None) -> Recommender:
        """A trained model of a seed, after its own passes or after so many; what it writes are the bench's own identifiers, or
        others under a name of theirs."""
        spec = SPECS[name].model_copy(update={"seed": seed})
        if passes:
            spec, name = spec.model_copy(update={"epochs": passes, "cooling": COOLING}), f"{name}-{passes}"
        if others:
            name = f"{name}-{others[0]}"
        folder = paths.cache() / "recommendation" / f"{name}-{seed}"
        writes = spec.model in ("tree", "one-pass", "tiger")
        written = others[1] if others else self.trie("behaviour", 3, 32) if writes else self.material.trie
        material = self.material._replace(trie=written)
        if not (kept.is_there(folder) and kept.read(folder).digest == spec.digest()):
            train.train(material, spec, folder, report.tell(name))
        self.minutes[name] = kept.read(folder).seconds / 60
        return networks.opened(material, folder, BEAMS)

    def _hybrid(self) -> Recommender:
        members = [self.get(name) for name in HYBRID]
        found = [member.of for member in members if isinstance(member, Ranked)]
        weighed = hybrid.weigh(found, self.split.dev, self.seed)
        report.say(
            f"hybrid of {', '.join(HYBRID)}: weights {weighed.weights}, chosen on {weighed.questions:,} development questions"
        )
        return Ranked(hybrid.Fused(found, weighed.weights))


def main() -> None:
    """Judge what is asked for, print it, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", default=",".join(MAIN))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rows", action="store_true")
    parser.add_argument("--section", action="append", choices=list(report.SECTIONS))
    asked = parser.parse_args()
    if asked.section:
        bench = Bench(asked.folder)
        for head in asked.section:
            report.write_section(bench, head)
        return
    names = [name.strip() for name in asked.models.split(",") if name.strip()]
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"there is no model {unknown[0]!r}; there are {', '.join(NAMES)}")
    bench = Bench(asked.folder)
    test: Held = bench.split.test
    names.sort(key=lambda name: name != "item-item")  # the others are held against the honest baseline
    found = evaluated.evaluate(
        {name: bench.get(name) for name in names}, test, bench.popularity, bench.material.embeddings, tell=report.tell("test")
    )
    for line in evaluated.lines(found):
        print(line)
    if asked.json:
        models = {one.name: {"R@10": one.means["R@10"].mean, "N@10": one.means["NDCG@10"].mean} for one in found}
        asked.json.write_text(json.dumps({"models": models}, indent=1))
    if asked.rows:
        report.write_rows(bench, found)
    elif {"item-item", "counting"} <= set(names):
        report.write(bench, found, asked.folder.name, [name for name in NAMES if name not in names])


if __name__ == "__main__":
    main()
