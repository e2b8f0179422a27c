"""The builds of a server by name, each followed: one that is put in its place takes over when it is open."""

import gc
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from engine.builds import in_use
from engine.errors import TriescopeError
from engine.serve.held import Held, MovedError

# A folder that is being replaced is empty for a moment; so long is waited for the build that comes.
PATIENCE_S = 10.0
STEP_S = 0.1

log = logging.getLogger(__name__)
T = TypeVar("T")


class Shelf:
    """Builds by name; the first is what is asked where no name is given.

    Parameters
    ----------
    folders : sequence of Path
        Their folders. A link to one may be set to another build, which then takes over.

    Raises
    ------
    TriescopeError
        There is none, two have one name, or one cannot be opened.
    """

    def __init__(self, folders: Sequence[Path]):
        self._folders = {folder.name: folder for folder in folders}
        if not folders or len(self._folders) < len(folders):
            raise TriescopeError("two of the builds have one name" if folders else "name a build")
        self._held = {name: Held(folder) for name, folder in self._folders.items()}
        self._refused: dict[str, tuple[in_use.Identity, str] | None] = {}
        self._turns = {name: threading.Lock() for name in self._folders}
        self.faults: dict[str, str] = {}
        self.switches = 0

    @property
    def names(self) -> list[str]:
        """Their names, the first one first."""
        return list(self._folders)

    def get(self, name: str = "") -> Held:
        """A build by its name, the first one unless named.

        Raises
        ------
        TriescopeError
            None has this name. It is looked up among those that are held and becomes no path.
        """
        name = name or self.names[0]
        if name not in self._held:
            raise TriescopeError(f"there is no build {name!r} here; there are {', '.join(self.names)}")
        return self._held[name]

    def answer(self, name: str, work: Callable[[Held], T]) -> T:
        """Do some work on a build. Where it would have to read from a folder that holds another build now, it is done anew on
        that one: an answer is all of one build.

        Raises
        ------
        TriescopeError
            Of the work; or the folder is gone, and no other build came in its place.
        """
        held, until = self.get(name), time.monotonic() + PATIENCE_S
        while True:
            try:
                return work(held)
            except MovedError:
                pass
            except Exception:  # a file that is gone shows as any fault of whoever reads; without a newer build it is raised
                if not held.moved():
                    raise
                log.warning("%s: a request is asked again of the build that came in its place", held.name)
            while (newer := self.follow(held.name)) is held:
                if time.monotonic() > until:
                    raise TriescopeError(f"the build {held.name!r} was removed, and what is asked was not read before") from None
                time.sleep(STEP_S)
            held = newer

    def follow(self, name: str) -> Held:
        """The build that lies in its folder now, opened if it is another one than was held, and held from here on. One that
        cannot be opened is told in :attr:`faults`, and the one before goes on answering."""
        with self._turns[name]:
            held, there = self._held[name], in_use.state(self._folders[name])
            if there == held.identity:
                self.faults.pop(name, None)
                return held
            if there is None:
                self.faults[name] = "its folder is gone; what was read of it goes on answering"
                return held
            if self._refused.get(name) == there:
                return held
            try:
                newer = Held(self._folders[name], held)
            except Exception as error:  # whatever is wrong with it, it is no reason to stop answering
                log.warning("%s: the build in its place cannot be opened: %s", name, error)
                self._refused[name] = there
                self.faults[name] = "another build lies in its place and cannot be opened; the one before goes on answering"
                return held
            self._held[name] = newer
            self.switches += 1
            self.faults.pop(name, None)
        log.warning("%s: a newer build took over, %s documents", name, f"{len(newer.build.documents):,}")
        gc.collect()  # the one before lives in cycles of its caches
        return newer

    def follow_all(self) -> None:
        """Look at every folder."""
        for name in self.names:
            self.follow(name)
