"""Schemes, strategies, scorers and retrievers of other packages, found through entry points as pytest finds its plugins.

A package adds one by a line in its ``pyproject.toml``; the value names a record such as those that end our own files::

    [project.entry-points."triescope.schemes"]
    signs = "my_package.signs:SCHEME"

Nothing of another package is loaded before a registry is asked for more than a record of ours. A record that cannot be had (it
does not load, is of another kind, or has a name that is taken) is left aside with a warning, and ``python -m engine plugins``
says why; the rest works on.
"""

import importlib
import threading
import warnings
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, NamedTuple, TypeVar

Record = TypeVar("Record")

GROUPS = ("triescope.schemes", "triescope.strategies", "triescope.scorers", "triescope.retrievers")


class Plugin(NamedTuple):
    """One entry point: its group and name, ``module:RECORD``, and the package with its version that brings it."""

    group: str
    name: str
    value: str
    package: str


# Why a plugin is not there; filled as registries load them.
left_aside: dict[Plugin, str] = {}


class Registry(Mapping[str, Record], Generic[Record]):
    """Records by name: ours in the order given, then those of other packages by name. Read-only.

    Parameters
    ----------
    group : str
        Of :data:`GROUPS`.
    kind : type
        What every record is an instance of.
    ours : mapping
        Name -> record, or ``module:NAME`` of one that is loaded when it is looked up.
    """

    def __init__(self, group: str, kind: type[Record], ours: Mapping[str, Record | str]):
        self.group, self.kind, self.ours = group, kind, dict(ours)
        self._theirs: dict[str, Record] | None = None
        self._lock = threading.RLock()

    def __getitem__(self, name: str) -> Record:
        known = self.ours[name] if name in self.ours else self.theirs[name]
        return load(known) if isinstance(known, str) else known

    def __iter__(self) -> Iterator[str]:
        yield from self.ours
        yield from self.theirs

    def __len__(self) -> int:
        return len(self.ours) + len(self.theirs)

    @property
    def theirs(self) -> Mapping[str, Record]:
        """Records of other packages; loaded once, when first asked for."""
        with self._lock:
            if self._theirs is None:
                self._theirs = {}  # a package that asks for the registry while it is being loaded sees ours
                for plugin in found(self.group):
                    try:
                        self._theirs[plugin.name] = self._checked(plugin)
                    except Exception as error:  # another package's code: whatever it raises, ours goes on without it
                        leave_aside(plugin, str(error) or type(error).__name__)
        return self._theirs

    def _checked(self, plugin: Plugin) -> Record:
        if plugin.name in self.ours or plugin.name in self.theirs:
            raise ValueError("its name is taken")
        record = load(plugin.value)
        if not isinstance(record, self.kind) or getattr(record, "name", None) != plugin.name:
            raise TypeError(f"{plugin.value} is no {self.kind.__name__} named {plugin.name!r}")
        return record


def found(group: str) -> list[Plugin]:
    """What installed packages offer to a group, by name; nothing is loaded."""
    return sorted({_plugin(point) for point in entry_points(group=group)})


def load(value: str) -> Any:
    """What ``module:NAME`` names; raises whatever the import does.

    >>> load("engine.trie:ROOT")
    0
    """
    module, _, name = value.partition(":")
    return getattr(importlib.import_module(module), name)


def leave_aside(plugin: Plugin, why: str) -> None:
    """Say that a plugin is not used, and remember why."""
    left_aside[plugin] = why
    warnings.warn(f"{plugin.package}: {plugin.name!r} of {plugin.group} is left aside: {why}", RuntimeWarning, stacklevel=2)


def _plugin(point: EntryPoint) -> Plugin:
    package = f"{point.dist.name} {point.dist.version}" if point.dist else "an unnamed package"
    return Plugin(point.group, point.name, point.value, package)
