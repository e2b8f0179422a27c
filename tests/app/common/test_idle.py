"""Builds that nobody looks at are let go of, and opened again at the next look."""

import gc
import weakref

import pytest

from app.common import resources


@pytest.fixture
def linked(with_films, small_build, monkeypatch):
    """The small build under two names more."""
    monkeypatch.setenv("TRIESCOPE_HOME", str(small_build.parents[1]))
    names = ["linked", "linked-too"]
    for name in names:
        (small_build.parent / name).symlink_to(small_build)
    yield [small_build.name, *names]
    gc.unfreeze()
    for name in names:
        (small_build.parent / name).unlink()


def test_a_build_that_is_idle_is_closed_and_the_one_that_is_looked_at_stays(linked, monkeypatch):
    first = weakref.ref(resources.opened(linked[0]))
    resources.opened("linked")
    gc.collect()
    gc.freeze()  # as the app does with what lives when modules were loaded
    assert first() is resources.opened(linked[0]), "looked at a moment ago"
    monkeypatch.setattr(resources, "IDLE_S", -1.0)
    second = resources.opened("linked")
    assert first() is None, "also where nobody collects, and of what was set aside"
    assert resources.opened("linked") is second


def test_of_many_builds_those_looked_at_last_stay(linked, monkeypatch):
    monkeypatch.setattr(resources, "MOST", 2)
    of = [weakref.ref(resources.opened(name)) for name in linked[:2]]
    assert of[0]() is resources.opened(linked[0])
    assert of[1]() is not None
    gc.freeze()
    resources.opened(linked[2])
    assert [one() is None for one in of] == [False, True]
