"""What the engine's tests share."""

import pytest


@pytest.fixture(autouse=True)
def own_home(home, monkeypatch):
    """No test reads or writes the user's own home."""
    monkeypatch.setenv("TRIESCOPE_HOME", str(home))
