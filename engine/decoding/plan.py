"""A beam search that is narrower where it can be.

A beam of one width spends most of its time where nobody is in doubt: upper levels have the widest nodes, and an easy query needs
a few of them, a hard one many. So each of the first levels may have a width of its own, and keep only what lies at most so many
nats below its best path. :mod:`engine.decoding.widths` chooses both for a recall.
"""

from typing import NamedTuple


class Plan(NamedTuple):
    """Widths, and nats below the best, of the first levels; at the others as many beams as are asked for, and no threshold."""

    widths: tuple[int, ...] = ()
    below: tuple[float, ...] = ()
