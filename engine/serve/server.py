"""Starting a server: uvicorn around the application, and nothing of a request in a log."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn
from threadpoolctl import threadpool_limits

from engine.errors import TriescopeError
from engine.serve.application import application
from engine.serve.settings import Settings
from engine.serve.shelf import Shelf

# Connections beyond those that may wait: some are between two requests.
SPARE = 256
# Seconds that a connection may be silent, and that requests get to end when the server is stopped.
SILENT_S, GRACE_S = 10, 10


def server(shelf: Shelf, settings: Settings) -> uvicorn.Server:
    """A server that is not started yet."""
    return uvicorn.Server(
        uvicorn.Config(
            application(shelf, settings),
            host=settings.host,
            port=settings.port,
            loop="asyncio",
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            log_level="warning",
            proxy_headers=False,  # anybody can write them
            server_header=False,
            limit_concurrency=settings.waiting + SPARE,
            timeout_keep_alive=SILENT_S,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


def listen(settings: Settings) -> socket.socket:
    """A socket at the server's address; port 0 takes a free one.

    Raises
    ------
    TriescopeError
        The port is taken, or the host is none of this machine's.
    """
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise TriescopeError(f"{settings.host}:{settings.port}: {(error.strerror or str(error)).lower()}") from error
    # Inherited by every connection: an answer of two parts would else wait 40 ms for the client to say that the first arrived.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def serve(folders: Sequence[Path], settings: Settings, ready: Callable[[Shelf, int], None]) -> None:
    """Open builds and answer until the process is told to end; ``ready`` hears of the builds and the port.

    Raises
    ------
    TriescopeError
        A build cannot be opened, or the address cannot be had.
    """
    with listen(settings) as bound:
        shelf = Shelf(folders)
        ready(shelf, bound.getsockname()[1])
        # Searches are small and many: cores that share one of them wait for each other longer than they work.
        with threadpool_limits(1):
            server(shelf, settings).run(sockets=[bound])
