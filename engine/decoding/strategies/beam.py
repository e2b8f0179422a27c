"""Beam search and its narrowest case.

After each code the best ``beams`` prefixes stay (GENRE, De Cao et al. 2021); a beam of one is greedy decoding.
"""

from engine.decoding.search import decode
from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.trace import Trace


def run(search: Search) -> Trace:
    """:func:`engine.decoding.decode`, with what was pruned."""
    return decode(search.tree, search.scorer, [search.query], search.beams, explain=True, temperature=search.temperature)[0]


def run_greedy(search: Search) -> Trace:
    """A beam of one, whatever was asked for."""
    return run(search._replace(beams=1))


BEAM = Strategy(
    name="beam", summary="Keeps the best prefixes after each code.", citation="De Cao et al. 2021 (GENRE)", options=(), run=run
)
GREEDY = Strategy(
    name="greedy",
    summary="Takes the best code each time: a beam of one.",
    citation="De Cao et al. 2021 (GENRE)",
    options=(),
    run=run_greedy,
)
