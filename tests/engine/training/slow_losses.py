"""Losses as loops over pairs and levels, and levels by hand, for the tests of those that are one pass."""

from math import exp, log

import numpy as np
import torch

from engine.training.losses import OPTIONS
from engine.training.losses.base import Inputs
from engine.training.models.base import Candidates
from tests.engine.training.ragged import log_probs, true_entry

DEFAULTS = {option.name: option.default for option in OPTIONS}

DEFAULTS = {option.name: option.default for option in OPTIONS}


def level_of(probabilities, target, node=None, rows=None):
    """A level by hand: the probabilities of each pair's entries, and where its own stands."""
    rows = list(range(len(probabilities))) if rows is None else rows
    score = torch.tensor([log(p) for row in probabilities for p in row], dtype=torch.float64)
    pair = torch.tensor([row for row, ps in zip(rows, probabilities, strict=True) for _ in ps])
    node = torch.arange(1, len(score) + 1) if node is None else torch.tensor(node)
    return Candidates(score, pair, node, torch.tensor(rows), torch.tensor(target))


def inputs_of(levels, pairs, **more):
    empty = dict.fromkeys(("negative_levels", "soft", "teacher_margin", "represented"))
    return Inputs(levels=levels, pairs=pairs, **(empty | {"leaf": torch.arange(pairs), "progress": 1.0} | more))


def path_logs(levels, pair):
    """log p of the pair's own code at each level it has."""
    entries = [(level, true_entry(level, pair)) for level in levels]
    return [log_probs(level, pair)[entry] for level, entry in entries if entry is not None]


def slow_next_code(levels, pairs, smoothing):
    means = []
    for pair in range(pairs):
        costs = []
        for level in levels:
            entry = true_entry(level, pair)
            if entry is not None:
                logs = log_probs(level, pair)
                real = [value for i, value in logs.items() if level.node[i] >= 0]
                costs.append(-(1 - smoothing) * logs[entry] - smoothing * sum(real) / len(real))
        if costs:
            means.append(np.mean(costs))
    return np.mean(means)


def slow_soft(levels, targets, pairs):
    means = []
    for pair in range(pairs):
        costs = []
        for level, target in zip(levels, targets, strict=True):
            logs = log_probs(level, pair) if true_entry(level, pair) is not None else {}
            if sum(float(target[i]) for i in logs) > 0:
                costs.append(-sum(float(target[i]) * value for i, value in logs.items()))
        if costs:
            means.append(np.mean(costs))
    return np.mean(means) if means else 0.0


def slow_margin(levels, negatives, pairs, size):
    costs = []
    for pair in range(pairs):
        own, other = path_logs(levels, pair), path_logs(negatives, pair)
        if own and other:
            costs.append(max(0.0, size - sum(own) + sum(other)))
    return np.mean(costs) if costs else 0.0


def slow_prefix(levels, negatives, teacher, words, others, progress):
    depth = max(len(levels), len(negatives))
    costs = []
    for pair, (word, other) in enumerate(zip(words, others, strict=True)):
        if not word or not other or not np.isfinite(teacher[pair]):
            continue
        summed = weights = 0.0
        for length in range(1, max(len(word), len(other)) + 1):
            # Length 1 counts always; length l fades in while training goes from (l - 2) / depth to (l - 1) / depth.
            weight = min(1.0, max(0.0, progress * depth - (length - 2)))
            weights += weight
            if word[:length] != other[:length]:
                ahead = sum(path_logs(levels, pair)[:length]) - sum(path_logs(negatives, pair)[:length])
                summed += weight * (ahead - teacher[pair]) ** 2
        costs.append(summed / weights)
    return np.mean(costs) if costs else 0.0


def slow_contrastive(queries, documents, leaf, temperature, query):
    costs = []
    for i, q in enumerate(queries):
        cosine = [q @ d / np.linalg.norm(q) / np.linalg.norm(d) / temperature for d in documents]
        among = [j for j in range(len(leaf)) if j == i or (leaf[j] != leaf[i] and query[j] != query[i])]
        costs.append(log(sum(exp(cosine[j]) for j in among)) - cosine[i])
    return np.mean(costs)
