"""Clients of an HTTP service, as light as they come: connections that stay open, each asking as soon as it was answered.

What the clients of a machine take of its cores, the service beside them lacks: so what comes in is looked at where it lands, with
no stream, task or timer a request.
"""

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


class _Client(asyncio.Protocol):
    """One connection: the next request goes out in the moment in which an answer is whole."""

    def __init__(self, next_path: Callable[[], str | None], asked: Asked, until: float):
        self.next_path, self.asked, self.until = next_path, asked, until
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.heard, self.length, self.began = b"", -1, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if self.length < 0:
            end = self.heard.find(b"\r\n\r\n")
            if end < 0:
                return
            _, _, said = self.heard[:end].lower().partition(b"content-length:")
            self.length = end + 4 + int(said.partition(b"\r\n")[0])
        if len(self.heard) < self.length:
            return
        self.asked.ms.append((time.perf_counter() - self.began) * 1e3)
        if (status := self.heard.split(b" ", 2)[1]) != b"200":
            self.asked.faults.append(status.decode())
        self.heard, self.length = b"", -1
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(type(exc).__name__ if exc else "closed")

    def _ask(self) -> None:
        path = self.next_path() if time.perf_counter() < self.until else None
        if path is None:
            self.ended.set_result("")
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())


async def load(port: int, clients: int, next_path: Callable[[], str | None], seconds: float) -> Asked:
    """Let clients ask until a time is over or there is nothing more to ask."""
    start = time.perf_counter()
    asked, loop = Asked([], [], 0.0), asyncio.get_running_loop()

    async def client() -> None:
        while True:
            _, one = await loop.create_connection(lambda: _Client(next_path, asked, start + seconds), "127.0.0.1", port)
            while not one.ended.done() and time.perf_counter() - one.began < PATIENCE_S:
                await asyncio.wait([one.ended], timeout=1.0)
            why = one.ended.result() if one.ended.done() else "TimeoutError"
            if not why:
                return
            asked.faults.append(why)
            one.transport.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return asked._replace(seconds=time.perf_counter() - start)
