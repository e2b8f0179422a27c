"""Messages between processes: a line of JSON that names arrays, then their bytes. Nothing that is sent can be code."""

import json
import struct
from typing import IO, Any

import numpy as np

KINDS = ("int64", "float32")
# Bytes of a line, and of all arrays of a message, at most.
LINE, BODY = 1 << 16, 1 << 32


def send(stream: IO[bytes], name: str, *values: Any) -> None:
    """Send a message: its name, numbers and arrays."""
    arrays = [np.ascontiguousarray(value) for value in values if isinstance(value, np.ndarray)]
    plain = [{"array": [str(value.dtype), list(value.shape)]} if isinstance(value, np.ndarray) else value for value in values]
    head = json.dumps([name, plain]).encode()
    stream.write(struct.pack(">I", len(head)) + head)
    for array in arrays:
        stream.write(array.tobytes())
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[str, list[Any]]:
    """The next message.

    Raises
    ------
    EOFError
        There is none any more.
    ValueError
        It is none of :func:`send`'s.
    """
    (size,) = struct.unpack(">I", _exactly(stream, 4))
    if size > LINE:
        raise ValueError("a message without an end")
    name, plain = json.loads(_exactly(stream, size))
    values = []
    for value in plain:
        if isinstance(value, dict):
            kind, shape = value["array"]
            count = int(np.prod(shape, dtype=np.int64))
            if kind not in KINDS or count * 8 > BODY:
                raise ValueError(f"an array of {kind}")
            body = _exactly(stream, count * np.dtype(kind).itemsize)
            value = np.frombuffer(body, kind).reshape(shape).copy()
        values.append(value)
    return name, values


def _exactly(stream: IO[bytes], size: int) -> bytes:
    parts = []
    while size:
        part = stream.read(size)
        if not part:
            raise EOFError("the other process has ended")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
