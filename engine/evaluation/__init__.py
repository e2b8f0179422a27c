"""Quality and latency of retrievers on judged queries: what is measured, how sure it is, and who ran it."""

from engine.data.figures import CERTAIN, FLOOR, Difference, Interval, better, told, told_p
from engine.evaluation.evaluated import Evaluation, Latency, Measured
from engine.evaluation.filtered import Filtered
from engine.evaluation.groups import KINDS, Group, groups
from engine.evaluation.measures import DEPTH, MEASURES, depth_for, measure, parse, run_of
from engine.evaluation.pairs import Pair, pairs
from engine.evaluation.run import Asked, device, differences, evaluate
from engine.evaluation.significance import RESAMPLES, difference, holm, interval, paired_p, together

__all__ = [
    "CERTAIN",
    "DEPTH",
    "FLOOR",
    "KINDS",
    "MEASURES",
    "RESAMPLES",
    "Asked",
    "Difference",
    "Evaluation",
    "Filtered",
    "Group",
    "Interval",
    "Latency",
    "Measured",
    "Pair",
    "better",
    "depth_for",
    "device",
    "difference",
    "differences",
    "evaluate",
    "groups",
    "holm",
    "interval",
    "measure",
    "paired_p",
    "pairs",
    "parse",
    "run_of",
    "together",
    "told",
    "told_p",
]
