"""A history as a person gives it, and the list that answers it, in words."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.builds.opened import Build
from engine.data.histories import Histories
from engine.errors import TriescopeError
from engine.recommending import joined
from engine.recommending.counting import Counting, shares
from engine.recommending.kinds import Opened

# Items of a history that may be given; a network says itself how many it reads.
LONGEST = 1000
# Items of the history that are named as reasons of one hit, and the least share that counts as one.
REASONS, LEAST = 2, 0.15


class Next(NamedTuple):
    """One recommended item. ``because``: the items of the history that pay for it, with their shares, where the model can say."""

    rank: int
    id: str
    title: str
    score: float
    identifier: str
    taken: int | None
    because: str


def default(build: Build) -> str:
    """Who is asked unless somebody is named: the counting scorer where there are interactions, else content."""
    return "counting" if joined.is_there(build.folder) else "content"


def title(build: Build, row: int) -> str:
    """Title of an item, its id where it has none."""
    return build.documents[row].title or build.documents[row].id


def of_text(build: Build, text: str) -> np.ndarray:
    """Item rows of ids with commas between, oldest first, int32.

    Raises
    ------
    TriescopeError
        It is empty or too long, or names an item that the catalogue lacks (all of those are named).
    """
    ids = [one.strip() for one in text.split(",") if one.strip()]
    if not ids:
        raise TriescopeError("a history needs an item: ids with commas between, oldest first")
    if len(ids) > LONGEST:
        raise TriescopeError(f"a history of {len(ids):,} items; at most {LONGEST:,} are read")
    if missing := [one for one in ids if one not in build.row_of]:
        raise TriescopeError(f"{build.name} has no item {', '.join(map(repr, missing[:5]))}{', ...' if len(missing) > 5 else ''}")
    return np.array([build.row_of[one] for one in ids], np.int32)


def of_user(opened: Opened, user: str) -> np.ndarray:
    """All that a person of the interactions took before the test, int32 rows.

    Raises
    ------
    TriescopeError
        Nobody is called so, or this person is asked for nothing.
    """
    known = opened.known
    if user not in known.users:
        raise TriescopeError(f"{known.build.name} has nobody called {user!r} among {len(known.users):,} people")
    place = np.flatnonzero(known.test.people == known.users.index(user))
    if not len(place):
        raise TriescopeError(f"{user!r} took too little to be asked for something")
    return known.test.histories.one(int(place[0]))


def recommended(opened: Opened, name: str, history: Sequence[int] | np.ndarray, k: int, seen: bool = False) -> list[Next]:
    """The list of one recommender for one history."""
    build, rows = opened.build, np.asarray(history, np.int32)
    recommender = opened.get(name)
    found = recommender.recommend(Histories.of([rows]), k, seen)
    taken = opened.interactions.popularity if opened.interactions else None
    hits = found.rows[0][found.rows[0] >= 0]
    reasons = _reasons(opened, recommender, rows, hits) if len(hits) else []
    return [
        Next(
            rank=place + 1,
            id=build.documents[row].id,
            title=title(build, row),
            score=float(found.scores[0][place]),
            identifier=build.identifier(int(row)),
            taken=None if taken is None else int(taken[row]),
            because=reasons[place],
        )
        for place, row in enumerate(hits.tolist())
    ]


def _reasons(opened: Opened, recommender: object, history: np.ndarray, hits: np.ndarray) -> list[str]:
    """Who pays for each hit, in words; empty where the model cannot say."""
    if not (isinstance(recommender, Counting) or getattr(recommender, "name", "") == "item-item"):
        return [""] * len(hits)
    of = opened.known.matrix
    leaves = opened.build.trie.leaves_of(hits)
    paid = shares(of, opened.build.trie, history, np.maximum(leaves, 0))
    told = []
    for place in range(len(hits)):
        best = np.argsort(-paid[:, place], kind="stable")[:REASONS]
        named = [
            f"{title(opened.build, int(history[one]))} ({paid[one, place]:.0%})" for one in best if paid[one, place] >= LEAST
        ]
        told.append(", ".join(named) if leaves[place] >= 0 else "")
    return told
