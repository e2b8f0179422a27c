"""Beam search with a width of its own at every level, and nothing that lies far below the best path.

What a fixed beam spends on levels where nobody is in doubt is saved (:mod:`engine.decoding.plan`); ``python -m engine widths``
chooses widths and thresholds for a recall.
"""

from engine.decoding.plan import Plan
from engine.decoding.search import decode
from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.trace import Trace
from engine.errors import TriescopeError
from engine.options import Option


def run(search: Search) -> Trace:
    """:func:`engine.decoding.decode` by a plan, with what was pruned."""
    plan = Plan(
        tuple(int(one) for one in _numbers("widths", search.settings["widths"])), _numbers("below", search.settings["below"])
    )
    if min(plan.widths, default=1) < 1 or min(plan.below, default=0.0) < 0:
        raise TriescopeError("narrowed: widths must be at least 1, and nats below the best at least 0")
    return decode(
        search.tree,
        search.scorer,
        [search.query],
        search.beams,
        explain=True,
        temperature=search.temperature,
        narrow=plan.widths,
        below=plan.below,
    )[0]


def written(plan: Plan) -> dict[str, str]:
    """A plan as options of this strategy.

    >>> written(Plan((4, 60), (3.25, 9.0)))
    {'widths': '4 60', 'below': '3.25 9'}
    """
    return {"widths": " ".join(map(str, plan.widths)), "below": " ".join(f"{nats:g}" for nats in plan.below)}


def _numbers(name: str, typed: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in str(typed or "").replace(",", " ").split())
    except ValueError as error:
        raise TriescopeError(f"narrowed: {name} are numbers, a level each, like '4 60', not {typed!r}") from error


STRATEGY = Strategy(
    name="narrowed",
    summary="A width of its own at each of the first levels, and nothing far below the best path.",
    citation="Freitag and Al-Onaizan 2017, arXiv:1702.01806 (relative threshold pruning)",
    options=(
        Option(name="widths", type=str, default="", help="Beams kept after the first levels, a number each: 4 60."),
        Option(
            name="below",
            type=str,
            default="",
            help="After the first levels nothing is kept that lies more nats below the best: 3.2 9.",
        ),
    ),
    run=run,
)
