"""Arrays from ``.npy`` and ``.npz`` files. A header is only a claim: type and shape are held to the file's size before a byte is
set aside, and nothing but plain numbers of the kinds asked for is taken, so no pickle and no foreign byte order."""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.stored.content import opened
from engine.stored.zipped import UNREADABLE

NUMBERS = ("float32", "float64", "int32", "int64", "uint8", "uint16", "bool")


class _Header(NamedTuple):
    dtype: np.dtype
    shape: tuple[int, ...]
    bytes: int


def mapped(path: Path, *kinds: str, axes: int = 1) -> np.ndarray:
    """An array of a ``.npy`` file, mapped; nothing of it is read until it is touched.

    Parameters
    ----------
    path : Path
        The file.
    kinds : str
        Types that are taken, like ``int32``.
    axes : int
        How many.

    Raises
    ------
    TriescopeError
        The file cannot be read, is no such array, or is longer or shorter than its header says.
    """
    with opened(path) as file:
        found = _header(file, path, kinds, axes)
        start = file.tell()
        if start + found.bytes != os.fstat(file.fileno()).st_size:
            raise TriescopeError(f"{path}: its header says {_told(found)}, and the file has another size")
        try:
            # As a plain array: np.memmap's own class takes a microsecond more at every slice, some hundred times a search.
            return np.asarray(np.memmap(file, found.dtype, "r", start, found.shape))
        except (OSError, ValueError, OverflowError) as error:
            raise TriescopeError(f"{path}: cannot be mapped ({error})") from error


def members(path: Path, kinds: tuple[str, ...] = NUMBERS, axes: int | None = None) -> Mapping[str, np.ndarray]:
    """All arrays of a ``.npz`` file, read. Compressed ones are refused: a few bytes of them can stand for gigabytes.

    Raises
    ------
    TriescopeError
        The file cannot be read, or a member is no plain array.
    """
    found = {}
    with opened(path) as file:
        try:
            with zipfile.ZipFile(file) as packed:
                infos = packed.infolist()
                for info in infos:
                    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
                        raise TriescopeError(f"{path}: {info.filename!r} is compressed or encrypted")
                if sum(info.file_size for info in infos) > path.stat().st_size:
                    raise TriescopeError(f"{path}: it claims to hold more than the file does")
                for info in infos:
                    with packed.open(info) as member:
                        found[info.filename.removesuffix(".npy")] = _read(member, path, info, kinds, axes)
        except (OSError, ValueError, *UNREADABLE) as error:
            raise TriescopeError(f"{path}: not a file of arrays ({_first_line(error)})") from error
    return found


def _read(member: IO[bytes], path: Path, info: zipfile.ZipInfo, kinds: tuple[str, ...], axes: int | None) -> np.ndarray:
    where = Path(f"{path}/{info.filename}")
    found = _header(member, where, kinds, axes)
    content = bytearray(member.read())
    if len(content) != found.bytes:
        raise TriescopeError(f"{where}: its header says {_told(found)}, and it has another size")
    return np.frombuffer(content, found.dtype).reshape(found.shape)


def _header(file: IO[bytes], path: Path, kinds: tuple[str, ...], axes: int | None) -> _Header:
    lib = np.lib.format
    try:
        version = lib.read_magic(file)
        read = {(1, 0): lib.read_array_header_1_0, (2, 0): lib.read_array_header_2_0}[version]
        shape, fortran, dtype = read(file)
    except Exception as error:  # whatever a header of garbage makes NumPy's parser say
        raise TriescopeError(f"{path}: not an array ({_first_line(error)})") from error
    # By name: ">f4" is another type on this machine, and what holds Python objects is none of these.
    if dtype not in [np.dtype(kind) for kind in kinds]:
        raise TriescopeError(f"{path}: an array of {dtype} where {' or '.join(kinds)} is meant")
    if (axes is not None and len(shape) != axes) or any(size < 0 for size in shape) or (fortran and len(shape) > 1):
        raise TriescopeError(f"{path}: an array of shape {shape}, which is not meant here")
    count = 1
    for size in shape:
        count *= size
    return _Header(dtype, shape, count * dtype.itemsize)


def _told(found: _Header) -> str:
    return f"{' x '.join(map(str, found.shape)) or 'one'} of {found.dtype}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
