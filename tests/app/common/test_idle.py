"""Builds that nobody looks at are let go of, and opened again at the next look."""

import gc
import weakref

from app.common import resources


def test_a_build_that_is_idle_is_closed_and_the_one_that_is_looked_at_stays(with_films, small_build, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(small_build.parents[1]))
    other = small_build.parent / "linked"
    other.symlink_to(small_build)
    try:
        first = weakref.ref(resources.opened(small_build.name))
        resources.opened("linked")
        gc.collect()
        assert first() is resources.opened(small_build.name), "looked at a moment ago"
        monkeypatch.setattr(resources, "IDLE_S", -1.0)
        second = resources.opened("linked")
        gc.collect()
        assert first() is None
        assert resources.opened("linked") is second
    finally:
        other.unlink()
