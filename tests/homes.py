"""Homes that all workers of a test run share, so that what takes long is made once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock


@contextmanager
def shared_home(tmp_path_factory, name: str) -> Iterator[Path]:
    """A TRIESCOPE_HOME that all workers of the run share; the first that comes fills it, the others wait.

    ``TRIESCOPE_TEST_HOME`` names a home whose cache of embeddings is used, so that a build takes seconds.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    shared.mkdir(exist_ok=True)
    with FileLock(f"{shared}.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(shared))
        if known := os.environ.get("TRIESCOPE_TEST_HOME"):
            link_cache(Path(known), shared)
        yield shared


def link_cache(known: Path, home: Path) -> None:
    """Let a home use the cache of another."""
    (known / "cache").mkdir(parents=True, exist_ok=True)
    if not (home / "cache").exists():
        (home / "cache").symlink_to((known / "cache").resolve())
