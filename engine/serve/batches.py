"""One queue for all searches. While some are answered the next ones gather, and those that ask for the same list of the same
retriever go together: under load a search shares what it costs beside its own scores.

Who is alone never waits for company. Where several were answered together, most of them will ask again at once, and the first
of them would go without the others, who then wait for it: so the next searches are given :data:`SHARE` of the time that the last
ones took to be as many again."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

# What is waited for company: a share of the time that the last searches took, and so many seconds at most.
SHARE, LONGEST_S = 0.3, 0.005


class Wanted(NamedTuple):
    """What searches have in common that are answered together."""

    build: str
    retriever: str
    k: int
    beams: int
    filter: str


Waiting = tuple[Wanted, str, asyncio.Future[Any]]


class BusyError(Exception):
    """More is waiting than a server takes."""


class Batches:
    """A queue and the one thread that empties it.

    Parameters
    ----------
    work : callable
        ``(wanted, texts) -> list``, one answer a text; called in the thread.
    together : int
        Texts of one call, at most.
    waiting : int
        Searches that may wait.
    told : callable
        Told of each call how many were together.
    """

    def __init__(
        self, work: Callable[[Wanted, list[str]], Sequence[Any]], together: int, waiting: int, told: Callable[[int], None]
    ):
        self.work, self.together, self.most, self.told = work, together, waiting, told
        self.queue: deque[Waiting] = deque()
        self._came = asyncio.Event()
        self._expected, self._took = 1, 0.0
        self._thread = ThreadPoolExecutor(1, "search")

    async def ask(self, wanted: Wanted, text: str) -> Any:
        """The answer to one search.

        Raises
        ------
        BusyError
            Too many wait already.
        Exception
            What the work raises, which is the same for all that were together.
        """
        if len(self.queue) >= self.most:
            raise BusyError
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.queue.append((wanted, text, future))
        self._came.set()
        return await future

    async def run(self) -> None:
        """Answer until cancelled; what is left then is answered first."""
        try:
            while True:
                await self._came.wait()
                await self._empty()
        finally:
            await self._empty()
            self._thread.shutdown(wait=False)

    async def _gather(self) -> None:
        """Wait for as many as the last were, for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(SHARE * self._took, LONGEST_S)):
                while len(self.queue) < self._expected:
                    self._came.clear()
                    await self._came.wait()
        self._came.clear()

    async def _empty(self) -> None:
        while self.queue:
            await self._gather()
            first = self.queue[0][0]
            taken: list[Waiting] = []
            left: deque[Waiting] = deque()
            while self.queue:
                one = self.queue.popleft()
                (taken if one[0] == first and len(taken) < self.together else left).append(one)
            self.queue = left
            taken = [one for one in taken if not one[2].done()]  # whoever went away is not searched for
            if taken:
                started = time.perf_counter()
                await self._answer(first, taken)
                self._took = time.perf_counter() - started
                self._expected = 1 if len(taken) == 1 else min(len(taken) + len(self.queue), self.together)

    async def _answer(self, wanted: Wanted, taken: list[Waiting]) -> None:
        self.told(len(taken))
        try:
            texts = [text for _, text, _ in taken]
            answers = await asyncio.get_running_loop().run_in_executor(self._thread, self.work, wanted, texts)
        except Exception as error:
            for _, _, future in taken:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, _, future), answer in zip(taken, answers, strict=True):
            if not future.done():
                future.set_result(answer)
