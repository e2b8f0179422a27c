"""A real server on loopback, in a thread of the test's process, over builds of its own."""

import shutil
import threading
import time
from contextlib import contextmanager

import httpx
import pytest

from engine.serve.server import listen, server
from engine.serve.settings import Settings
from engine.serve.shelf import Shelf


@contextmanager
def running(shelf, settings):
    """A client of a server that runs while it is used."""
    with listen(settings) as bound:
        serving = server(shelf, settings)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            for _ in range(500):
                if serving.started:
                    break
                time.sleep(0.01)
            with httpx.Client(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}", timeout=30) as client:
                yield client
        finally:
            serving.should_exit = True
            thread.join(10)
            assert not thread.is_alive(), "a request was never answered"


@pytest.fixture(scope="module")
def folder(small_build, tmp_path_factory):
    """A copy of the small build, which nobody else replaces."""
    return shutil.copytree(small_build, tmp_path_factory.mktemp("served") / "sixty")


@pytest.fixture(scope="module")
def shelf(folder, home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(home))
        return Shelf([folder])


@pytest.fixture(scope="module")
def client(shelf):
    with running(shelf, Settings(port=0)) as client:
        yield client
