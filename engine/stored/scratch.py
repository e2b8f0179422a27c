"""Large arrays that are made for a while: in a file without a name, so that they weigh as little in memory as a mapped file."""

import tempfile

import numpy as np

from engine import paths

# Below so many bytes memory is simpler.
SMALL = 32 << 20


def empty(shape: tuple[int, ...], dtype: type = np.float32) -> np.ndarray:
    """An array to be filled; its file goes with it, however the process ends.

    Raises
    ------
    OSError
        The disk takes no more.
    """
    if np.dtype(dtype).itemsize * int(np.prod(shape)) <= SMALL:
        return np.empty(shape, dtype)
    paths.cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=paths.cache()) as file:
        return np.memmap(file, dtype, "w+", shape=shape)
