"""Trained tensors, taken by name and held to the shape that the build gives them."""

from collections.abc import Mapping

import numpy as np

from engine.errors import TriescopeError


def taken(tensors: Mapping[str, np.ndarray], name: str, *shape: int | None) -> np.ndarray:
    """A tensor of a name, float32.

    Parameters
    ----------
    tensors : mapping of str to np.ndarray
        What was saved.
    name : str
        Which one.
    shape : int or None
        What it must have on each axis; None where any size will do.

    Raises
    ------
    TriescopeError
        It is missing, or of another type or shape.

    >>> taken({"bias": np.zeros(3, np.float32)}, "bias", 4)
    Traceback (most recent call last):
    engine.errors.TriescopeError: weights of another tree or size: 'bias' is float32 of 3 where float32 of 4 is meant
    """
    if name not in tensors:
        raise TriescopeError(f"tensor {name!r} is missing: the weights were trained for another tree")
    found = tensors[name]
    fits = found.ndim == len(shape) and all(want in (None, size) for want, size in zip(shape, found.shape, strict=False))
    if found.dtype != np.float32 or not fits:
        meant, there = (" x ".join("any" if size is None else str(size) for size in sizes) for sizes in (shape, found.shape))
        told = f"{name!r} is {found.dtype} of {there} where float32 of {meant} is meant"
        raise TriescopeError(f"weights of another tree or size: {told}")
    return found


def check_numbers(tensors: Mapping[str, np.ndarray]) -> None:
    """Refuse weights that are not finite, and such as are no plain numbers.

    Raises
    ------
    TriescopeError
        Naming the tensor.
    """
    for name, tensor in tensors.items():
        if tensor.dtype not in (np.float32, np.int64, np.uint8):
            raise TriescopeError(f"tensor {name!r} is of {tensor.dtype}")
        if tensor.dtype == np.float32 and not np.isfinite(tensor.sum(dtype=np.float64)):
            raise TriescopeError(f"tensor {name!r} has a number that is not finite")
