"""What stands before every request: whom the server is addressed as, size, token, rate; and what became of it, counted."""

import asyncio
import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from engine.serve.metrics import Metrics
from engine.serve.settings import DOCUMENTS, Settings

# Clients whose rate is remembered; the one that was silent longest is forgotten first.
CLIENTS = 10_000
# Asked by whoever watches over the server, and says nothing of what is in it.
OPEN = "/health"
# Bytes and seconds that are given to a body before it is turned away.
READ_OFF, READ_OFF_S = 1 << 20, 2.0
LOCAL = ("127.0.0.1", "localhost", "[::1]")

Scope = dict[str, Any]


class Buckets:
    """A bucket of requests for each client, filled at a rate; twice the rate fits in.

    >>> buckets = Buckets(1.0)
    >>> [buckets.wait("a", now) for now in (0.0, 0.0, 0.0, 1.5)]
    [0.0, 0.0, 1.0, 0.0]
    """

    def __init__(self, rate: float):
        self.rate, self.left = rate, OrderedDict[str, tuple[float, float]]()

    def wait(self, client: str, now: float) -> float:
        """Seconds until the client may ask again; 0 where it may now, which is then counted."""
        if not self.rate:
            return 0.0
        most = max(1.0, 2 * self.rate)
        left, then = self.left.pop(client, (most, now))
        left = min(most, left + (now - then) * self.rate)
        allowed = left >= 1
        self.left[client] = (left - 1 if allowed else left, now)
        while len(self.left) > CLIENTS:
            self.left.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self.rate


class Guard:
    """An ASGI application before another one.

    Parameters
    ----------
    app : callable
        The one that answers.
    settings : Settings
        What may be asked.
    metrics : Metrics
        Where requests are counted.
    clock : callable
        Seconds, ascending.
    """

    def __init__(self, app: Any, settings: Settings, metrics: Metrics, clock: Callable[[], float] = time.monotonic):
        self.app, self.settings, self.metrics, self.clock = app, settings, metrics, clock
        self.buckets = Buckets(settings.rate)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer a request, or turn it away."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks over a socket that stays open
            await send({"type": "websocket.close", "code": 1003})
            return
        started, status = self.clock(), 500

        async def counted(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self.metrics.in_flight.track_inprogress():
            try:
                if refused := self._refusal(scope, started):
                    if refused[0] == 413:
                        await _read_off(receive)
                    await _refuse(counted, *refused)
                else:
                    await self.app(scope, receive, counted)
            finally:
                self.metrics.request(scope["path"], status, self.clock() - started)

    def _refusal(self, scope: Scope, now: float) -> tuple[int, str, dict[str, str]] | None:
        """Status, sentence and headers for a request that is turned away; None for one that is let through."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if len(scope["raw_path"] or b"") + len(scope["query_string"]) > self.settings.most_address:
            return 414, "the address is too long", {}
        length = headers.get("content-length", "0")
        documents = self.settings.writable and scope["path"] == DOCUMENTS
        most = self.settings.most_documents if documents else self.settings.most_bytes
        if "transfer-encoding" in headers or not length.isdecimal() or int(length) > most:
            return 413, f"a request has {most:,} bytes at most, and says how many", {}
        # A page of somebody else's can point a name of its own at this machine, and would read what is sent to that name.
        if self.settings.alone and not self.settings.token and _host(headers.get("host", "")) not in LOCAL:
            return 421, "this server answers on this machine alone, as 127.0.0.1 or localhost", {}
        if self.settings.token and scope["path"] != OPEN and not _knows(headers, self.settings.token):
            return 401, "this server asks for a token: Authorization: Bearer TOKEN", {"www-authenticate": "Bearer"}
        if wait := self.buckets.wait((scope.get("client") or ("",))[0], now):
            return 429, f"more than {self.settings.rate:g} requests a second", {"retry-after": str(int(wait) + 1)}
        return None


def _host(text: str) -> str:
    """A host without its port.

    >>> _host("localhost:8600"), _host("[::1]:8600"), _host("evil.example")
    ('localhost', '[::1]', 'evil.example')
    """
    end = text.find("]") + 1 if text.startswith("[") else text.find(":")
    return text[:end].lower() if end > 0 else text.lower()


def _knows(headers: dict[str, str], token: str) -> bool:
    kind, _, given = headers.get("authorization", "").partition(" ")
    # Compared in a time that says nothing of how much was right.
    return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


async def _read_off(receive: Any) -> None:
    """Take some of a body that nobody wants: a client that is still sending when the connection ends never reads why."""
    left, until = READ_OFF, asyncio.get_running_loop().time() + READ_OFF_S
    with suppress(TimeoutError):
        async with asyncio.timeout_at(until):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return


async def _refuse(send: Any, status: int, told: str, headers: dict[str, str]) -> None:
    body = json.dumps({"error": told}).encode()
    known = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"} | headers
    sent = [(name.encode(), value.encode()) for name, value in known.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})
