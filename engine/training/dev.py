"""The development queries: searched with the weights of the moment, and judged. Which they are, ``dev_queries`` chooses."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from engine import evaluation
from engine.builds.history import Finding, Watched, WatchedBeam, WatchedHit, WatchedLevel
from engine.decoding import decode
from engine.decoding.trace import Trace
from engine.scorers.base import Scorer
from engine.training.detectors import baseline, detect
from engine.training.losses.codes import code_accuracy
from engine.training.models.base import Candidates, Model, log_softmax_within
from engine.training.source import Source
from engine.trie import Trie

MEASURE = "nDCG@10"
# Judged pairs on which the accuracy of the codes is taken at each evaluation.
ACCURACY_PAIRS = 512
SHOWN = 5


class Dev(NamedTuple):
    """Development queries.

    Attributes
    ----------
    ids, texts : list of str
        Queries; those that a person typed have no id.
    vectors : np.ndarray
        Their unit embeddings, float32 ``(q, d)``.
    queries : list of np.ndarray
        The same as the scorer takes them.
    qrels : list of dict
        Document id -> grade, a query each.
    told : str
        Where they come from, in words.
    """

    ids: list[str]
    texts: list[str]
    vectors: np.ndarray
    queries: list[np.ndarray]
    qrels: list[dict[str, int]]
    told: str


def ranked(source: Source, traces: Sequence[Trace]) -> list[np.ndarray]:
    """Document rows of each trace, best first: one more than is looked at, for a query's own document is left out."""
    return [trace.documents(source.parts.trie, evaluation.DEPTH + 1)[0] for trace in traces]


def judge(source: Source, dev: Dev, rows: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Values of every measure, a query each."""
    qrels = dict(zip(dev.ids, dev.qrels, strict=True))
    return evaluation.measure(qrels, evaluation.run_of(dev.ids, rows, [document.id for document in source.documents]))


def pairs_of(source: Source, dev: Dev, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Query places and leaves of each query's best-graded documents, at most :data:`ACCURACY_PAIRS` of them: int64 ``(pairs,)``
    each. Lower grades are left out: where a query has dozens of them, they say little about what it asks for."""
    pairs = []
    for place, judged in enumerate(dev.qrels):
        best = max(judged.values())
        rows = [source.row_of[document] for document, grade in judged.items() if grade == best > 0 and document in source.row_of]
        pairs += [(place, leaf) for leaf in source.leaf_of[rows] if leaf >= 0]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    if len(found) > ACCURACY_PAIRS:
        found = found[np.sort(np.random.default_rng(seed).choice(len(found), ACCURACY_PAIRS, replace=False))]
    return found[:, 0], found[:, 1]


class Codes(NamedTuple):
    """How well the codes of judged pairs are predicted given the true prefix: share right a level, nats for the first code."""

    accuracy: list[float]
    first_nll: float | None


def among_siblings(trie: Trie, level: Candidates, pairs: int) -> Candidates:
    """The candidates that share their parent with the pair's own node: all, but for models that let a whole level compete or
    list codes that no document has."""
    parent = torch.from_numpy(trie.parent(np.arange(len(trie.code))).astype(np.int64)).to(level.node.device)
    wanted = torch.full((pairs,), -1, device=level.node.device)
    wanted[level.rows] = parent[level.node[level.target]]
    kept = (level.node >= 0) & (parent[level.node.clamp(min=0)] == wanted[level.pair])
    place = torch.cumsum(kept, 0) - 1
    return Candidates(level.score[kept], level.pair[kept], level.node[kept], level.rows, place[level.target])


def judge_codes(
    trie: Trie, model: Model, queries: Sequence[np.ndarray], query: np.ndarray, leaf: np.ndarray, device: str
) -> Codes:
    """Accuracy of codes under teacher forcing, among siblings; see :func:`pairs_of`."""
    if not len(query):
        return Codes([], None)
    asked, place = np.unique(query, return_inverse=True)
    with torch.inference_mode():
        encoded = model.encode([queries[i] for i in asked])
        levels = model.candidates(encoded, torch.from_numpy(place).to(device), torch.from_numpy(leaf).to(device))
        levels = [among_siblings(trie, level, len(leaf)) for level in levels]
        first = levels[0]
        logs = log_softmax_within(first.score.float(), first.pair, len(leaf))[first.target].cpu().numpy()
        of_queries = np.bincount(place, -logs) / np.bincount(place)
        return Codes([round(value, 4) for value in code_accuracy(levels, len(leaf))], float(of_queries.mean()))


def findings(source: Source, rows: list[np.ndarray], codes: np.ndarray, first_nll: float | None) -> list[Finding]:
    """What the collapse detectors say. Handing each query the results of the next one exchanges the queries."""
    top = [found[:10] for found in rows]
    return detect(top, top[1:] + top[:1] if len(top) > 1 else None, codes, first_nll, baseline(codes))


def watched(
    source: Source, scorer: Scorer, texts: Sequence[str], queries: Sequence[np.ndarray], judged: Sequence[dict[str, int]]
) -> list[Watched]:
    """The chosen queries as they are decoded now: first hits, rank of the first judged document, best beams a level."""
    tree, shown = source.parts.trie, []
    for text, trace, grades in zip(texts, decode(tree, scorer, queries, 50), judged, strict=True):
        rows, scores = trace.documents(tree, evaluation.DEPTH)
        ids = [source.documents[row].id for row in rows]
        right = [rank for rank, i in enumerate(ids, 1) if grades.get(i)]
        levels = []
        for step in trace.steps:
            nodes, totals = step.kept.node, step.kept.total
            share = np.exp(totals - totals.max())
            share /= share.sum()
            kept = tuple(
                WatchedBeam(prefix=_codes(tree, node), total=round(float(total), 3), share=round(float(part), 4))
                for node, total, part in zip(nodes[:SHOWN], totals[:SHOWN], share[:SHOWN], strict=True)
            )
            levels.append(WatchedLevel(level=step.level, kept=kept))
        leaves = source.leaf_of[rows[:SHOWN]]
        hits = tuple(
            WatchedHit(id=i, title=source.documents[row].title, score=round(float(score), 3), identifier=_codes(tree, leaf))
            for i, row, score, leaf in zip(ids[:SHOWN], rows[:SHOWN], scores[:SHOWN], leaves, strict=True)
        )
        shown.append(Watched(query=text, hits=hits, judged_rank=right[0] if right else None, levels=tuple(levels)))
    return shown


def _codes(tree: Trie, node: int) -> str:
    return "-".join(map(str, tree.prefix(int(node))))
