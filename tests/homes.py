"""Homes that all workers of a test run share, so that what takes long is made once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock


@contextmanager
def shared_home(tmp_path_factory, name: str) -> Iterator[Path]:
    """A TRIESCOPE_HOME that all workers of the run share; the first that comes fills it, the others wait."""
    shared = _of_the_run(tmp_path_factory) / name
    shared.mkdir(exist_ok=True)
    with FileLock(f"{shared}.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(shared))
        link_cache(known_home(tmp_path_factory), shared)
        yield shared


def known_home(tmp_path_factory) -> Path:
    """The home whose embeddings all homes of the run may use, so that each text meets the encoder once.

    ``TRIESCOPE_TEST_HOME`` names another one, which outlives the run.
    """
    return Path(os.environ.get("TRIESCOPE_TEST_HOME") or _of_the_run(tmp_path_factory) / "known-home")


def link_cache(known: Path, home: Path) -> None:
    """Let a home use the cache of another."""
    (known / "cache").mkdir(parents=True, exist_ok=True)
    if not (home / "cache").exists():
        (home / "cache").symlink_to((known / "cache").resolve())


def _of_the_run(tmp_path_factory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
