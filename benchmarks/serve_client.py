"""Clients of an HTTP service, as light as they come: connections that stay open, each asking as soon as it was answered."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

# A request that takes longer is a fault.
PATIENCE_S = 30.0


class Asked(NamedTuple):
    """What clients saw: milliseconds of each request, what was no answer, seconds in all."""

    ms: list[float]
    faults: list[str]
    seconds: float


async def load(port: int, clients: int, next_path: Callable[[], str | None], seconds: float) -> Asked:
    """Let clients ask until a time is over or there is nothing more to ask."""
    ms: list[float] = []
    faults: list[str] = []
    start = time.perf_counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() - start < seconds and (path := next_path()) is not None:
            began = time.perf_counter()
            try:
                status = await asyncio.wait_for(_get(reader, writer, path), PATIENCE_S)
            except (OSError, EOFError, TimeoutError) as error:
                faults.append(type(error).__name__)
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                continue
            ms.append((time.perf_counter() - began) * 1e3)
            if status != 200:
                faults.append(str(status))
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return Asked(ms, faults, time.perf_counter() - start)


async def _get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> int:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
