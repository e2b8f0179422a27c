"""What a server is told when it is started, and what it takes of a request."""

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import TriescopeError

TOKEN = "TRIESCOPE_TOKEN"
# Letters that a token has at least: one that is shorter can be tried out.
LEAST_TOKEN = 16
# The path by which documents come and go.
DOCUMENTS = "/documents"
# Requests a second that one client may send where anybody can reach the server.
RATE = 50.0


@dataclass(frozen=True)
class Settings:
    """What may be asked of a server.

    Attributes
    ----------
    host, port : str, int
        Where it listens.
    token : str
        What every request but ``/health`` has to bring as ``Authorization: Bearer ...``; none on loopback unless given.
    rate : float
        Requests a second that one address may send on average, twice as many at once; 0 is no limit.
    most_k, most_beams : int
        Longest list, widest beam.
    longest : int
        Letters of a query, of a filter, of any other parameter.
    together : int
        Searches that are answered at once, at most.
    waiting : int
        Requests that may wait; what comes beyond them is turned away with 503.
    most_address, most_bytes : int
        Bytes of a request's address, and of its body.
    writable : bool
        Whether documents can be added and removed; then :data:`DOCUMENTS` may have ``most_documents`` bytes.
    """

    host: str = "127.0.0.1"
    port: int = 8600
    token: str = field(default="", repr=False)
    rate: float = 0.0
    most_k: int = 1000
    most_beams: int = 2000
    longest: int = 1000
    together: int = 64
    waiting: int = 512
    most_address: int = 1 << 14
    most_bytes: int = 1 << 16
    writable: bool = False
    most_documents: int = 1 << 23

    def __post_init__(self) -> None:
        if self.token and (len(self.token) < LEAST_TOKEN or not self.token.isascii() or not self.token.isprintable()):
            raise TriescopeError(f"a token has {LEAST_TOKEN} letters, digits and signs at least, and no other characters")
        if not self.token and not is_loopback(self.host):
            raise TriescopeError(
                f"{self.host} can be reached by others: set {TOKEN}, or give --token-file, so that only those who have it can ask"
            )

    @property
    def alone(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "example.org")]
    [True, True, True, False, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def settings_of(host: str, port: int, token_file: Path | None, rate: float | None, writable: bool = False) -> Settings:
    """Settings as the shell is given them; the token is never an argument, which everybody on the machine can read.

    Raises
    ------
    TriescopeError
        A host that others can reach and no token, one that is too short, or a file that cannot be read.
    """
    token = os.environ.get(TOKEN, "")
    if token_file:
        try:
            token = token_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TriescopeError(f"{token_file}: the token cannot be read") from error
        if not token:
            raise TriescopeError(f"{token_file}: no token is in it")
    asked = rate if rate is not None else (0.0 if is_loopback(host) else RATE)
    return Settings(host=host, port=port, token=token, rate=asked, writable=writable)
