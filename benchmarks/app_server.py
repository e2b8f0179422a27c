"""The app's own server on a free port of loopback, for as long as a benchmark lasts."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import NamedTuple

from engine import paths

STARTS_S = 120
NOT_SET_ASIDE = "import gc, runpy; gc.freeze = lambda: None; runpy.run_module('streamlit', run_name='__main__')"


class Server(NamedTuple):
    """Address and process of a running server."""

    url: str
    pid: int

    def memory_mb(self, kind: str = "VmRSS") -> int:
        """Resident memory of the server's process, or another ``kind`` of the system's."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith(kind))) // 1024

    def processor_s(self) -> float:
        """Seconds that a processor worked for it."""
        user, system = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(forced: bool) -> Iterator[Server]:
    """Start the app, wait until it answers, end it afterwards.

    Parameters
    ----------
    forced : bool
        Whether Streamlit collects all garbage after every run and nothing is set aside (`app/common/heap.py`), as if the app
        did nothing about it: `gc.freeze` then does nothing in that process.

    Raises
    ------
    RuntimeError
        It did not start; with the end of what it said.
    """
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = ["-c", NOT_SET_ASIDE, "run", "app/main.py"] if forced else ["-m", "app.serve"]
    options = [f"--server.port={port}", f"--runner.postScriptGC={str(forced).lower()}"]
    command = [sys.executable, *start, *options]
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(command, cwd=paths.ROOT, env=os.environ | {"HF_HUB_OFFLINE": "1"}, stdout=told, stderr=told)
        try:
            url = f"http://127.0.0.1:{port}"
            if not _answers(url, process):
                told.seek(0)
                raise RuntimeError(f"the app did not start: {told.read()[-2000:]}")
            yield Server(url, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(url: str, process: subprocess.Popen) -> bool:
    end = time.monotonic() + STARTS_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False
