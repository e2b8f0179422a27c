"""Collapse, detected: what a broken training looks like in the answers, before anyone wonders about a low score.

Each detector gives a figure, a verdict and a sentence. The figures are judged against what the catalogue and the number of
queries allow, so that a few queries, or a level that hardly tells documents apart, do not look like a collapse. The limits were
set on what exact dense search shows on development and training queries of NFCorpus, SciFact and the films, whole and in
samples of 5 and more.
"""

from collections.abc import Sequence

import numpy as np

from engine.builds.history import Finding
from engine.health.card import Verdict

# Hits of a query that are looked at.
DEPTH = 10
# With fewer queries any answer may be chance.
FEW_QUERIES = 5
# Codes that a level must lead us to expect before it is judged: a level of 2 or 3 varies by its half from chance alone.
FEW_CODES = 4.0
# Share of the expected codes, and of the expected perplexity. Dense search never showed less than .88. One list of ten for all
# has at most ten codes, and where neighbours share codes far fewer.
CODES_WATCH, CODES_BROKEN = 0.5, 0.2
# Share of the expected distinct documents beyond one list of ten. Dense search showed .81 and more from 5 queries on.
ITEMS_WATCH, ITEMS_BROKEN = 1 / 3, 0.1
# Enough distinct documents not to be called broken, however many queries there are: a collapsed TIGER showed 15.
ITEMS_ENOUGH = 100
# Share of the unigram baseline that the first code may cost. The untrained centroid scorer shows .47 to .88 on each query's
# best judged documents; a scorer that ignores its query cannot get below 1 but by luck.
NLL_WATCH = 0.95
# Share of queries that keep their first hit when queries are exchanged. Dense search showed at most .1.
SAME_WATCH, SAME_BROKEN = 0.2, 0.5
# Nats of the baseline below which nearly all documents share their first code.
NO_CHOICE = 0.1
# Samples that the expected figures are a mean of, drawn from one fixed seed.
SAMPLES = 32

REMEDY = "lower the learning rate, or give soft more weight"


def detect(
    rows: Sequence[np.ndarray],
    exchanged_rows: Sequence[np.ndarray] | None,
    codes: np.ndarray,
    first_code_nll: float | None,
    baseline_nats: float | None,
) -> list[Finding]:
    """Run every detector that has what it needs.

    Parameters
    ----------
    rows : sequence of np.ndarray
        Int ``(hits,)`` a query: document rows, best first; the first :data:`DEPTH` count.
    exchanged_rows : sequence of np.ndarray, optional
        The same for the same places when each query was replaced by another one, or by nothing.
    codes : np.ndarray
        Int ``(documents, levels)``, -1 padded.
    first_code_nll, baseline_nats : float, optional
        Nats: mean of -log p(first code | query) over the queries, for documents judged relevant to them, and :func:`baseline`.
        Take each query's best judged documents, and queries with the same weight: where a query has dozens of vaguely relevant
        documents, no first code can be likely for all of them.

    Returns
    -------
    list of Finding
        Codes used and perplexity of each level, distinct documents, first code, exchanged queries.
    """
    found: list[Finding] = []
    if len(rows):
        tops = [np.asarray(row[:DEPTH], np.int64) for row in rows]
        for level in range(codes.shape[1]):
            found += _codes_of_level(tops, codes, level)
        found.append(_distinct(tops, codes))
    if first_code_nll is not None and baseline_nats is not None:
        found.append(_first_code(first_code_nll, baseline_nats))
    if exchanged_rows is not None and len(rows):
        found.append(_exchanged(rows, exchanged_rows))
    return found


def baseline(codes: np.ndarray) -> float:
    """Entropy of the documents' first codes, in nats: the cost of a first code for who does not read the query.

    >>> round(baseline(np.array([[0, 1], [0, 0], [3, 1], [-1, -1], [3, 2]])), 4)
    0.6931
    """
    return float(np.log(_perplexity(codes[codes[:, 0] >= 0, 0])))


def _codes_of_level(tops: Sequence[np.ndarray], codes: np.ndarray, level: int) -> list[Finding]:
    shown = codes[np.concatenate(tops), level]
    shown = shown[shown >= 0]
    used, perplexity = len(np.unique(shown)), _perplexity(shown)
    expected = _expected(codes, level, len(tops))
    words = (
        ("codes used", float(used), f"the answers use {used} code{'s' * (used != 1)}"),
        ("perplexity", perplexity, f"the codes of the answers are as varied as {perplexity:.1f} even codes"),
    )
    found = []
    for (name, value, says), norm in zip(words, expected, strict=True):
        verdict: Verdict
        says = f"Level {level + 1}: {says}; one random document a query would give {norm:.1f}"
        if len(tops) < FEW_QUERIES or norm < FEW_CODES:
            verdict, says = "healthy", f"{says}, too few to tell a collapse."
        else:
            verdict = _verdict(value / norm, CODES_WATCH, CODES_BROKEN)
            says += "." if verdict == "healthy" else f": the decoder keeps to a part of the tree; {REMEDY}."
        found.append(Finding(f"{name}, level {level + 1}", value, verdict, says))
    return found


def _expected(codes: np.ndarray, level: int, queries: int) -> tuple[float, float]:
    """Codes and perplexity that as many random documents as queries would show, a mean over samples.

    One document a query rather than ten: the hits of a query are alike, and a healthy scorer shows that few codes at least.
    """
    rng = np.random.default_rng(0)
    having = np.flatnonzero(codes[:, 0] >= 0)
    drawn = [codes[rng.choice(having, queries), level] for _ in range(SAMPLES)]
    samples = [column[column >= 0] for column in drawn]
    return float(np.mean([len(np.unique(s)) for s in samples])), float(np.mean([_perplexity(s) for s in samples]))


def _perplexity(shown: np.ndarray) -> float:
    """Exponential of the entropy: how many evenly used codes are as varied; 0 without any."""
    if not len(shown):
        return 0.0
    share = np.unique(shown, return_counts=True)[1] / len(shown)
    return float(np.exp(-(share * np.log(share)).sum()))


def _distinct(tops: Sequence[np.ndarray], codes: np.ndarray) -> Finding:
    hits = np.concatenate(tops)
    distinct, documents = len(np.unique(hits)), int((codes[:, 0] >= 0).sum())
    one_list = max(len(top) for top in tops)
    # Of as many random draws from the catalogue: documents * P(drawn at least once).
    expected = documents * (1 - (1 - 1 / documents) ** len(hits))
    says = f"All answers together hold {distinct} different documents; random ones would be about {expected:.0f}"
    if not len(hits):
        return Finding(
            "distinct documents", 0.0, "broken", "No query has an answer: check the beams and the filter of the search."
        )
    room = expected - one_list
    # Below FEW_QUERIES lists the same list twice may be right, and so it may when a list holds most of the catalogue.
    if len(tops) < FEW_QUERIES or room < one_list:
        return Finding("distinct documents", float(distinct), "healthy", f"{says}, too few to tell a collapse.")
    if distinct < min(ITEMS_ENOUGH, one_list + ITEMS_BROKEN * room):
        says = f"{says}: all queries get nearly the same answer; {REMEDY}, and start again."
        return Finding("distinct documents", float(distinct), "broken", says)
    if distinct < one_list + ITEMS_WATCH * room:
        says = f"{says}: a few documents answer most queries; {REMEDY}."
        return Finding("distinct documents", float(distinct), "watch", says)
    return Finding("distinct documents", float(distinct), "healthy", f"{says}.")


def _first_code(nll: float, blind: float) -> Finding:
    name = "first code"
    if not np.isfinite(nll):
        return Finding(
            name, nll, "broken", "The first code has no finite probability: the training diverged; lower the learning rate."
        )
    if blind < NO_CHOICE:
        return Finding(
            name, nll, "healthy", "Nearly all documents share their first code, so it says nothing about the training."
        )
    says = f"The first code of a relevant document costs {nll:.2f} nats; without reading the query it would cost {blind:.2f}"
    if nll >= blind:
        return Finding(name, nll, "broken", f"{says}: the query is ignored or misread; {REMEDY}, and check the training pairs.")
    if nll > NLL_WATCH * blind:
        return Finding(name, nll, "watch", f"{says}: the query hardly helps yet; train longer or give more pairs.")
    return Finding(name, nll, "healthy", f"{says}.")


def _exchanged(rows: Sequence[np.ndarray], exchanged: Sequence[np.ndarray]) -> Finding:
    name = "same answer to another query"
    firsts = [(own[0], other[0]) for own, other in zip(rows, exchanged, strict=True) if len(own) and len(other)]
    same = sum(bool(own == other) for own, other in firsts) / max(1, len(firsts))
    says = f"{same:.0%} of the queries keep their first answer when another query takes their place"
    if len(firsts) < FEW_QUERIES:
        return Finding(name, same, "healthy", f"{says}; {len(firsts)} queries are too few to tell a collapse.")
    if same >= SAME_BROKEN:
        return Finding(name, same, "broken", f"{says}: the scorer ignores its query; {REMEDY}, and start again.")
    if same > SAME_WATCH:
        return Finding(name, same, "watch", f"{says}: some answers do not depend on the query; {REMEDY}.")
    return Finding(name, same, "healthy", f"{says}.")


def _verdict(share: float, watch: float, broken: float) -> Verdict:
    return "broken" if share < broken else "watch" if share < watch else "healthy"
