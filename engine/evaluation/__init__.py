"""Quality and latency of retrievers on judged queries."""

from engine.evaluation.run import DEPTH, MEASURES, RESAMPLES, Interval, device, evaluate, interval, measure, paired_p

__all__ = ["DEPTH", "MEASURES", "RESAMPLES", "Interval", "device", "evaluate", "interval", "measure", "paired_p"]
