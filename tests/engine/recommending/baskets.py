"""A small world to recommend in: 24 items in 4 kinds, people who mostly stay within one."""

import numpy as np

from engine.data.histories import Histories, leave_last_out
from engine.identifiers import rq_kmeans
from engine.identifiers.base import Material as Items
from engine.identifiers.collisions import extra_code
from engine.recommending.base import Material
from engine.trie import build

ITEMS = 24


def embeddings(seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(4, 8))
    found = centres[np.arange(ITEMS) % 4] + 0.4 * rng.normal(size=(ITEMS, 8))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def lists(people=60, seed=0):
    """Everybody walks through the items of one kind, six steps at most, and strays now and then."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(people):
        kind, place = rng.integers(4), rng.integers(6)
        length = int(rng.integers(3, 8))
        steps = [int(kind + 4 * ((place + step) % 6)) for step in range(length)]
        found.append([int(rng.integers(ITEMS)) if rng.random() < 0.1 else step for step in steps])
    return found


def material(people=60, seed=0, folder=None):
    vectors = embeddings(seed)
    fitted = extra_code(rq_kmeans.fit(Items(vectors, []), {"levels": 2, "codes": 4}, 0, lambda done, total: None), None, 0)
    said = [[f"kind{row % 4}", f"number{row}"] for row in range(ITEMS)]
    return Material(leave_last_out(Histories.of(lists(people, seed))), said, vectors, build(fitted.codes), folder)
