"""Filters over columns, as text like ``year > 1990 and genre has Drama``: how they are written, what they mean."""

from engine.filters.columns import Columns, columns_of
from engine.filters.meaning import allowed, evaluate, left_aside

__all__ = ["Columns", "allowed", "columns_of", "evaluate", "left_aside"]
