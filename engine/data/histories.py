"""Histories: what several people took, oldest first, as flat arrays; and how they are split into training, development and
test."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from engine.errors import TriescopeError

# A person needs one interaction to learn from, one to choose by, one to judge by.
SHORTEST = 3
SPLITS = ("last", "time")


class Histories(NamedTuple):
    """Histories of several people, ragged.

    Attributes
    ----------
    starts : np.ndarray
        Int64 ``(people + 1,)``: the items of person ``i`` are ``items[starts[i]:starts[i + 1]]``.
    items : np.ndarray
        Int32: item rows, oldest first.
    """

    starts: np.ndarray
    items: np.ndarray

    @classmethod
    def of(cls, lists: Iterable[Sequence[int] | np.ndarray]) -> "Histories":
        """Histories from one list of item rows a person.

        >>> Histories.of([[4, 2], [], [7]]).starts.tolist()
        [0, 2, 2, 3]
        """
        arrays = [np.asarray(rows, np.int32) for rows in lists]
        starts = np.concatenate([[0], np.cumsum([len(rows) for rows in arrays])]).astype(np.int64)
        return cls(starts, np.concatenate([*arrays, np.empty(0, np.int32)]))

    @property
    def people(self) -> int:
        """How many."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Items of each person, int64."""
        return np.diff(self.starts)

    @property
    def person(self) -> np.ndarray:
        """Whose each item is, int64, parallel to ``items``."""
        return np.repeat(np.arange(self.people), self.lengths)

    @property
    def age(self) -> np.ndarray:
        """How many items of the same person came after each one, int64, parallel to ``items``.

        >>> Histories.of([[4, 2, 9], [7]]).age.tolist()
        [2, 1, 0, 0]
        """
        return np.repeat(self.starts[1:], self.lengths) - 1 - np.arange(len(self.items))

    def one(self, person: int) -> np.ndarray:
        """Items of a person: a slice, not a copy."""
        return self.items[self.starts[person] : self.starts[person + 1]]

    def pick(self, people: np.ndarray | slice) -> "Histories":
        """Histories of some of the people, in the order asked for."""
        chosen = np.arange(self.people)[people]
        sizes = self.lengths[chosen]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        places = np.arange(starts[-1]) + np.repeat(self.starts[chosen] - starts[:-1], sizes)
        return Histories(starts, self.items[places])

    def kept(self, keep: np.ndarray) -> "Histories":
        """The same people with some of their items: ``keep`` is bool, parallel to ``items``."""
        sizes = np.bincount(self.person[keep], minlength=self.people)
        return Histories(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), self.items[keep])

    def last(self, count: int) -> "Histories":
        """The last ``count`` items of each person.

        >>> Histories.of([[4, 2, 9], [7]]).last(2).items.tolist()
        [2, 9, 7]
        """
        return self.kept(self.age < count)

    def before(self, count: int) -> "Histories":
        """All but the last ``count`` items of each person."""
        return self.kept(self.age >= count)

    def padded(self, width: int, fill: int = -1) -> np.ndarray:
        """The last ``width`` items of each person as int64 ``(people, width)``, filled up on the left.

        >>> Histories.of([[4, 2, 9], [7]]).padded(2).tolist()
        [[2, 9], [-1, 7]]
        """
        table = np.full((self.people, width), fill, np.int64)
        near = self.age < width
        table[self.person[near], width - 1 - self.age[near]] = self.items[near]
        return table


class Held(NamedTuple):
    """What is kept back and asked for: one item a person, and all that this person took before.

    ``people`` is int32, rows of the log's users; ``targets`` int32, item rows; ``histories`` has a row each.
    """

    people: np.ndarray
    histories: Histories
    targets: np.ndarray

    def pick(self, places: np.ndarray | slice) -> "Held":
        """Some of the questions."""
        return Held(self.people[places], self.histories.pick(places), self.targets[places])


class Split(NamedTuple):
    """Interactions in three parts.

    ``train`` has one history a user, which may be empty; ``dev`` chooses, ``test`` judges. A test history holds what was kept
    back for development: it has happened by then.
    """

    train: Histories
    dev: Held
    test: Held


def leave_last_out(log: Histories) -> Split:
    """The last item of each person is the test, the one before it development, the rest training. Who has fewer than three is
    only learned from.

    >>> split = leave_last_out(Histories.of([[1, 2, 3, 4], [5, 6]]))
    >>> split.train.items.tolist(), split.dev.targets.tolist(), split.test.targets.tolist(), split.test.histories.items.tolist()
    ([1, 2, 5, 6], [3], [4], [1, 2, 3])

    Raises
    ------
    TriescopeError
        Nobody has three.
    """
    long = log.lengths >= SHORTEST
    if not long.any():
        raise TriescopeError(f"nobody has {SHORTEST} interactions: one to learn from, one to choose by, one to judge by")
    train = log.kept((log.age >= 2) | ~long[log.person])
    chosen, people = log.pick(long), np.flatnonzero(long).astype(np.int32)
    dev, test = (chosen.items[chosen.starts[1:] - back] for back in (2, 1))
    return Split(train, Held(people, chosen.before(2), dev), Held(people, chosen.before(1), test))


def by_time(log: Histories, times: np.ndarray, dev_from: float, test_from: float) -> Split:
    """What came before ``dev_from`` is training; each person's first item from then on, and before ``test_from``, is development,
    the first from ``test_from`` on is the test. A person without anything before is not asked.

    Parameters
    ----------
    log : Histories
        Everything, in order of time.
    times : np.ndarray
        Float64 seconds, parallel to ``log.items``, rising within a person.
    dev_from, test_from : float
        Seconds.

    Raises
    ------
    TriescopeError
        The dates stand the wrong way round, or leave nothing to learn from or to judge by.
    """
    if not dev_from < test_from:
        raise TriescopeError("the split by time: development must begin before the test does")
    parts = []
    for first, end in ((dev_from, test_from), (test_from, np.inf)):
        earlier = log.kept(times < first)
        within = np.flatnonzero((times >= first) & (times < end))
        people, place = np.unique(log.person[within], return_index=True)
        asked = earlier.lengths[people] > 0
        people, place = people[asked], place[asked]
        parts.append(Held(people.astype(np.int32), earlier.pick(people), log.items[within[place]]))
    train = log.kept(times < dev_from)
    if not len(train.items) or not len(parts[1].targets):
        raise TriescopeError("the split by time: nothing is left to learn from, or nobody to judge by, with these dates")
    return Split(train, *parts)


def without(split: Split, items: np.ndarray) -> Split:
    """The split as if some items did not exist yet: they are in no training and no development, and in no history; the test asks
    for them alone. ``items`` is bool, an entry an item row."""
    dev = split.dev.pick(~items[split.dev.targets])
    test = split.test.pick(items[split.test.targets])
    return Split(cleaned(split.train, items), asked_without(dev, items), asked_without(test, items))


def asked_without(held: Held, items: np.ndarray) -> Held:
    """Questions whose histories lack some items; those that have nothing left are not asked."""
    left = held._replace(histories=cleaned(held.histories, items))
    return left.pick(left.histories.lengths > 0)


def cleaned(histories: Histories, items: np.ndarray) -> Histories:
    """The same people without some items: ``items`` is bool, an entry an item row."""
    return histories.kept(~items[histories.items])
