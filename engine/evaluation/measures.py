"""What is measured: measures parsed from text, and their values for a run, a query each.

Computed by ir-measures at document level, but for RBP, for which that asks for another package. A query without results counts as
zero, never as missing. Our own order decides ties: the runs handed over carry ``-rank`` as score.
"""

from collections.abc import Iterable, Mapping, Sequence

import ir_measures
import numpy as np

from engine.errors import TriescopeError

MEASURES = ("nDCG@10", "Recall@10", "Recall@100", "MRR@10", "Hit@1")
# Documents of a query that are looked at; no measure looks deeper.
DEPTH = 100
# Documents of a query whose judgements are counted.
JUDGED_TO = 10
# Names that people use and ir-measures does not.
_ALSO = {"Hit": "Success"}


# Rank-biased precision needs no cut-off where all that lies below DEPTH could add no more than this.
NEGLIGIBLE = 0.001


def parse(text: str) -> ir_measures.Measure:
    """A measure of text like ``nDCG@10``; its parameters are data, as in ``MRR(rel=2)@10`` or ``RBP(p=0.8)``.

    Raises
    ------
    TriescopeError
        There is no such measure, it names no cut-off, looks deeper than :data:`DEPTH`, or cannot be computed here.

    >>> parse("Hit@1"), parse("Recall@100"), parse("MRR(rel=2)@10")
    (Success@1, R@100, RR(rel=2)@10)
    """
    head, at, tail = text.strip().partition("@")
    try:
        measure = ir_measures.parse_measure(f"{_ALSO.get(head, head)}{at}{tail}")
        cutoff = measure["cutoff"] if "cutoff" in measure.params else None
    except Exception as error:  # ir-measures lets whatever its own parts raise through
        raise TriescopeError(f"{text!r} is not a measure; write one like {', '.join(MEASURES)}") from error
    if measure.NAME == "RBP" and cutoff is None and 0 < measure["p"] < 1 and measure["p"] ** DEPTH < NEGLIGIBLE:
        return measure
    if cutoff is None or not 1 <= cutoff <= DEPTH:
        raise TriescopeError(f"{text!r}: name a cut-off from 1 to {DEPTH}, like nDCG@10")
    if measure.NAME != "RBP" and not ir_measures.DefaultPipeline.supports(measure):
        raise TriescopeError(f"{text!r} cannot be computed here: ir-measures asks for another package for it")
    return measure


def deepest(measures: Sequence[str]) -> int:
    """How far down the measures look.

    >>> deepest(["nDCG@10", "Recall@50"]), deepest(["RBP(p=0.8)"])
    (50, 100)
    """
    parsed = [parse(text) for text in measures]
    return max(one["cutoff"] if "cutoff" in one.params and one["cutoff"] else DEPTH for one in parsed)


def measure(
    qrels: Mapping[str, Mapping[str, int]], run: Mapping[str, Sequence[str]], measures: Sequence[str] = MEASURES
) -> dict[str, np.ndarray]:
    """Per-query values of measures.

    Parameters
    ----------
    qrels : mapping
        Query id -> document id -> grade.
    run : mapping
        Query id -> document ids, best first.
    measures : sequence of str
        As :func:`parse` reads them.

    Returns
    -------
    dict
        Measure, as it was written -> float64 ``(queries,)``, in the order of ``qrels``.

    >>> values = measure({"q": {"a": 1}, "r": {"b": 1}}, {"q": ["x", "a"]}, ["MRR@10", "Hit@1"])
    >>> values["MRR@10"].tolist(), values["Hit@1"].tolist()
    ([0.5, 0.0], [0.0, 0.0])
    """
    scored = {query: {doc: -float(rank) for rank, doc in enumerate(docs)} for query, docs in run.items() if len(docs)}
    place = {query: i for i, query in enumerate(qrels)}
    parsed = {name: parse(name) for name in measures}
    of_measure = {str(known): np.zeros(len(qrels)) for known in parsed.values()}
    if scored:
        theirs = [known for known in dict.fromkeys(parsed.values()) if known.NAME != "RBP"]
        for metric in ir_measures.iter_calc(theirs, qrels, scored) if theirs else ():
            of_measure[str(metric.measure)][place[metric.query_id]] = metric.value
    for known in dict.fromkeys(parsed.values()):
        if known.NAME == "RBP":
            of_measure[str(known)][:] = [_rbp(known, grades, run.get(query, ())) for query, grades in qrels.items()]
    return {name: of_measure[str(known)] for name, known in parsed.items()}


def judged_share(
    qrels: Mapping[str, Mapping[str, int]], run: Mapping[str, Sequence[str]], cutoff: int = JUDGED_TO
) -> float | None:
    """Of the documents that a run puts among its first ``cutoff``, the share that has a judgement, of whatever grade; None where
    it puts none. The others count as not relevant in every measure, though nobody has looked.

    >>> judged_share({"q": {"a": 1, "b": 0}, "r": {"c": 1}}, {"q": ["a", "b", "x"], "r": ["y"]})
    0.5
    """
    seen = [document in grades for query, grades in qrels.items() for document in run.get(query, ())[:cutoff]]
    return sum(seen) / len(seen) if seen else None


def _rbp(known: ir_measures.Measure, grades: Mapping[str, int], ranked: Sequence[str]) -> float:
    """Rank-biased precision (Moffat and Zobel 2008): a reader goes on with probability p; relevant is a grade of ``rel``, 1."""
    p, least = known["p"], known["rel"] if "rel" in known.params and known["rel"] else 1
    seen = ranked[: known["cutoff"]] if "cutoff" in known.params and known["cutoff"] else ranked
    return (1 - p) * sum(p**place for place, document in enumerate(seen) if grades.get(document, 0) >= least)


def run_of(queries: Iterable[str], rows: Iterable[np.ndarray], ids: Sequence[str]) -> dict[str, list[str]]:
    """A run: query id -> ids of the documents found, best first, at most :data:`DEPTH`.

    The document that has the query's own id is left out, as BEIR does (``ignore_identical_ids``, Thakur et al. 2021): where
    queries are documents of the corpus, as in ArguAna and Quora, each would find itself.

    Parameters
    ----------
    queries : iterable of str
        Query ids.
    rows : iterable of np.ndarray
        Document rows of each query, best first, -1 for none.
    ids : sequence of str
        Document id of each row.

    >>> run_of(["a", "q"], [np.array([1, 0, -1]), np.array([0])], ["a", "b"])
    {'a': ['b'], 'q': ['a']}
    """
    found = {}
    for query, of_query in zip(queries, rows, strict=True):
        known = (ids[row] for row in of_query if row >= 0)
        found[query] = [document for document in known if document != query][:DEPTH]
    return found


def depth_for(queries: Iterable[str], documents: Iterable[str]) -> int:
    """How many documents a query must be searched for, so that :data:`DEPTH` are left when its own has been left out."""
    return DEPTH + (not set(documents).isdisjoint(queries))
