"""How good recommendations are: the rank of the one item that came next, over the whole catalogue, never a sample of it.

A sampled evaluation ranks models otherwise than the whole one does (Krichene and Rendle 2020).
"""

from typing import NamedTuple

import numpy as np

from engine.data.histories import Held
from engine.recommending.base import Recommender

MEASURES = ("R@5", "R@10", "NDCG@5", "NDCG@10", "MRR")
# A list of so many is made; an item behind it has no rank, and counts as missed. MRR looks no deeper.
DEPTH = 100


class Judged(NamedTuple):
    """A recommender on some questions: measure -> float64 ``(questions,)``, and the items it named first, int64 ``(questions,
    10)``, -1 for none."""

    values: dict[str, np.ndarray]
    first: np.ndarray


def ranks(rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Place of each target in its list, int64, from 1; 0 where it is not in it.

    >>> ranks(np.array([[7, 3], [1, -1]]), np.array([3, 2])).tolist()
    [2, 0]
    """
    hit = rows == targets[:, None]
    return np.where(hit.any(1), hit.argmax(1) + 1, 0)


def measured(rank: np.ndarray) -> dict[str, np.ndarray]:
    """Measures of ranks; one item is relevant, so recall is a hit and the ideal gain is 1.

    >>> {name: values.round(2).tolist() for name, values in measured(np.array([2, 0])).items()}
    {'R@5': [1.0, 0.0], 'R@10': [1.0, 0.0], 'NDCG@5': [0.63, 0.0], 'NDCG@10': [0.63, 0.0], 'MRR': [0.5, 0.0]}
    """
    found = rank > 0
    gain = np.where(found, 1 / np.log2(np.maximum(rank, 1) + 1), 0.0)
    values = {}
    for k in (5, 10):
        values[f"R@{k}"] = (found & (rank <= k)).astype(np.float64)
    for k in (5, 10):
        values[f"NDCG@{k}"] = np.where(rank <= k, gain, 0.0)
    return values | {"MRR": np.where(found, 1 / np.maximum(rank, 1), 0.0)}


def judge(recommender: Recommender, held: Held, seen: bool = False) -> Judged:
    """Ask a recommender for what was kept back.

    Parameters
    ----------
    recommender : Recommender
        Who is asked.
    held : Held
        Questions.
    seen : bool
        Whether items of the history may come again; else they are left out of the list.
    """
    # Who asks is told to those that can tell people apart.
    who = {"people": held.people} if getattr(recommender, "knows_people", False) else {}
    found = recommender.recommend(held.histories, DEPTH, seen, **who).rows
    return Judged(measured(ranks(found, held.targets)), found[:, :10])
