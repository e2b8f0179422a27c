"""The decorator of compiled loops; where numba cannot be imported their NumPy twins take the same names."""

from collections.abc import Callable
from typing import Any

import numpy as np

try:
    from numba import njit
except ImportError:
    njit = None

COMPILED = njit is not None


def compiled(twin: Callable[..., Any] | None = None, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the loop, compiled by numba when first called; where numba cannot be imported ``twin``, or the loop itself.

    The machine code is kept beside the file or in the user's cache; where neither can be written, each process makes it anew.
    """

    def choose(loop: Callable[..., Any]) -> Callable[..., Any]:
        if njit is None:
            return twin or loop
        try:
            return njit(cache=True, nogil=True, **options)(loop)
        except RuntimeError:  # numba's "no locator available": no folder for the cache
            return njit(nogil=True, **options)(loop)

    return choose


def fixed(array: np.ndarray) -> np.ndarray:
    """A contiguous read-only view, mapped or not: kernels are compiled for one kind of array."""
    view = np.ascontiguousarray(array).view(np.ndarray)[:]
    view.flags.writeable = False
    return view
