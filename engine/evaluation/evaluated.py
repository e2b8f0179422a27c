"""What an evaluation says: retrievers, and runs of other systems, on the judged queries of one split."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.data.coverage import Coverage
from engine.data.figures import Difference, Interval
from engine.evaluation.exposure import Exposure
from engine.evaluation.filtered import Filtered
from engine.evaluation.pairs import Pair
from engine.evaluation.trec import Run
from engine.evaluation.widths import Width

# What is told query by query, or only where there is one.
BY_QUERY = ("filtered", "runs", "qrels", "values", "features", "confidence")


class Latency(NamedTuple):
    """Milliseconds: median, and what 95% of the queries stay below."""

    p50: float
    p95: float


class Measured(NamedTuple):
    """One retriever: measure -> mean with its interval, its latency, and on how many queries its list ends before the deepest
    measure does. A run that was read from a file has no latency."""

    measures: dict[str, Interval]
    latency_ms: Latency | None
    shorter: int = 0


class Evaluation(NamedTuple):
    """Retrievers on the judged queries of one split.

    Attributes
    ----------
    corpus, split : str
        Names.
    queries : int
        Judged queries.
    coverage : Coverage
        What the judgements have of the corpus.
    left_out : int
        Queries that are a document of the corpus; each one's own document was left out of what was found for it.
    beams : int
        Beam width of those that decode.
    timed : int
        Queries that latencies were measured on, one at a time, warm, spread evenly over the split.
    encoding_ms : Latency
        Encoding a query anew, apart; a retriever's latency starts with the encoded query.
    device : str
        Where it was measured.
    retrievers : dict
        Name -> what was measured.
    against : str
        The retriever that the others are compared with.
    differences : dict
        Name of every other -> measure -> difference to that one; corrected among the retrievers, measure by measure.
    pairs : dict
        Measure -> every pair of retrievers (:mod:`engine.evaluation.pairs`); corrected among all of them.
    deepest : int
        How far down the measures look.
    runs : dict
        Name -> query -> ids of the documents found, best first.
    qrels : dict
        Query -> document -> grade: the judgements that counted.
    values : dict
        Name -> measure -> float64 ``(queries,)``, in the order of the queries of ``runs``.
    judged : dict
        Name -> share of its first ten documents that have a judgement (:func:`engine.evaluation.measures.judged_share`).
    encode : list of str
        Those that need the query encoded.
    exposure : dict
        Name -> which documents it shows at all (:mod:`engine.evaluation.exposure`).
    widths : dict
        Name -> quality and time at several beam widths (:mod:`engine.evaluation.widths`); empty unless that was asked for.
    features : dict
        Kind -> its value of every query (:mod:`engine.evaluation.groups`).
    confidence : dict
        Name of a retriever that decodes -> how sure it was of each query, float64 ``(queries,)``, in the order of ``values``.
    filtered : Filtered or None
        What a filter left; None where there was none. The counts above are of what was left.
    """

    corpus: str
    split: str
    queries: int
    coverage: Coverage
    left_out: int
    beams: int
    timed: int
    encoding_ms: Latency
    device: str
    retrievers: dict[str, Measured]
    against: str
    differences: dict[str, dict[str, Difference]]
    pairs: dict[str, list[Pair]]
    deepest: int
    runs: dict[str, Run]
    qrels: Mapping[str, Mapping[str, int]]
    values: dict[str, dict[str, np.ndarray]]
    judged: Mapping[str, float | None]
    encode: Sequence[str]
    exposure: Mapping[str, Exposure]
    widths: Mapping[str, Sequence[Width]]
    features: Mapping[str, Sequence[Any]]
    confidence: Mapping[str, np.ndarray]
    filtered: Filtered | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values. A retriever's measures and its ``latency_ms`` stand side by side (that of a run from a file is empty);
        ``filtered`` only under a filter; what was found and what it is worth, query by query, are left out."""
        known = {name: value for name, value in self._asdict().items() if name not in BY_QUERY}
        known |= {"filtered": self.filtered._asdict()} if self.filtered else {}
        return known | {
            "coverage": self.coverage._asdict(),
            "encoding_ms": self.encoding_ms._asdict(),
            "retrievers": {
                name: {m: found._asdict() for m, found in row.measures.items()}
                | {"latency_ms": row.latency_ms._asdict() if row.latency_ms else {}}
                for name, row in self.retrievers.items()
            },
            "exposure": {name: of.as_json() for name, of in self.exposure.items()},
            "widths": {name: [one.as_json() for one in of] for name, of in self.widths.items()},
            "shorter": {name: row.shorter for name, row in self.retrievers.items()},
            "pairs": {m: [pair.as_json() for pair in of] for m, of in self.pairs.items()},
            "differences": {name: {m: found._asdict() for m, found in row.items()} for name, row in self.differences.items()},
        }

    def by_query(self) -> dict[str, Any]:
        """Plain values, query by query: ``ids``, and in their order name -> measure -> values, kind -> values, and name -> how
        sure it was."""
        ids = list(next(iter(self.runs.values())))
        rounded = {name: {m: np.round(of, 6).tolist() for m, of in row.items()} for name, row in self.values.items()}
        features = {kind: list(of) for kind, of in self.features.items()}
        sure = {name: np.round(of, 6).tolist() for name, of in self.confidence.items()}
        return {"ids": ids, "values": rounded, "features": features, "confidence": sure}
