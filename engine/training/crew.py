"""Processes that train together, each on a device of its own: ``accelerate launch --num_processes 2 -m engine train BUILD``.

Each draws batches of its own, so a step learns from as many as there are processes; gradients are averaged after every step,
and so the weights stay the same in all. The first one's clock and figures decide for all when to look and when to stop, and it
alone writes. Whoever starts one process alone has a crew of one, which costs nothing and needs no library. Source: data-parallel
training, Li et al. 2020 (PyTorch Distributed).
"""

import atexit
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from engine.errors import TriescopeError

Tell = Callable[[str, int, int], None]


class Crew(NamedTuple):
    """One process among those that train together.

    Attributes
    ----------
    place, size : int
        Which one this is, from 0, and how many there are.
    device : str
        Where this one computes; empty where it has the choice.
    """

    place: int = 0
    size: int = 1
    device: str = ""

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and tells."""
        return not self.place

    def draw(self, step: int) -> int:
        """Which batch this process takes at a step: those of a step are taken by no other process and at no other step.

        >>> [Crew(place, 2).draw(step) for step in (0, 1) for place in (0, 1)]
        [0, 1, 2, 3]
        """
        return step * self.size + self.place

    def agreed(self, value: float) -> float:
        """The first one's value, in all of them."""
        return float(self._given([value])[0])

    def average(self, model: Any) -> None:
        """Put the mean over the processes in the place of each gradient."""
        if self.size == 1:
            return
        import torch
        from accelerate.utils import reduce

        learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
        # A parameter that this process's batch does not touch has none, and another process's has.
        grads = [torch.zeros_like(one) if one.grad is None else one.grad for one in learned]
        flat = reduce(torch.cat([grad.reshape(-1) for grad in grads]), "mean")
        for parameter, part in zip(learned, flat.split([grad.numel() for grad in grads]), strict=True):
            parameter.grad = part.view_as(parameter)

    def wait(self) -> None:
        """Until all have come here."""
        if self.size > 1:
            from accelerate.utils import wait_for_everyone

            wait_for_everyone()

    def follow(self, learn: Callable[[], object]) -> bool:
        """Learn beside the first process, before and after which that one reads and writes what is on disk; False in the first
        itself, which has to do all that."""
        if self.first:
            return False
        self.wait()
        learn()
        self.wait()
        return True

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """The first one's work, then the others', who find what it has put into caches."""
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()

    def only_first(self, tell: Tell | None) -> Tell:
        """Where progress is told: nowhere, but in the first process."""
        return tell if tell and self.first else lambda stage, done, total: None

    def told(self, device: str) -> str:
        """A device's name, and how many of them there were."""
        return device if self.size == 1 else f"{self.size} processes, {device}"

    def _given(self, value: list[float]) -> list[float]:
        if self.size > 1:
            from accelerate.utils import broadcast_object_list

            broadcast_object_list(value)
        return value


def beside_another() -> bool:
    """Whether this process was started to train beside a first one."""
    return _started() > 1 and os.environ.get("RANK", "0") != "0"


@cache
def crew() -> Crew:
    """The crew that this process was started in, by ``accelerate launch`` or ``torchrun``.

    Raises
    ------
    TriescopeError
        There is one, and the library is missing.
    """
    if _started() < 2:
        return Crew()
    try:
        from accelerate import PartialState
    except ImportError as error:
        raise TriescopeError("accelerate is missing; it needs the extra: pip install 'triescope[devices]'") from error
    import torch

    # Its functions take the group of all as a default when they are first read. Read only after there is a group (an optimiser
    # reads them), they would hold it for ever, and with it threads that outlive the interpreter: the process would be aborted.
    import torch.distributed.nn.functional

    state = PartialState(cpu=not torch.cuda.is_available())
    atexit.register(state.destroy_process_group)  # the last to leave would else find its threads torn away
    return Crew(state.process_index, state.num_processes, str(state.device))


def _started() -> int:
    count = os.environ.get("WORLD_SIZE", "")
    return int(count) if count.isdecimal() else 1
