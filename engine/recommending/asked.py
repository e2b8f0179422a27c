"""A history as a person gives it, and the list that answers it, in words."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.builds.opened import Build
from engine.data.histories import Histories
from engine.errors import TriescopeError
from engine.pictures.labels import cut
from engine.recommending import on_disk
from engine.recommending.base import unseen
from engine.recommending.content import Content
from engine.recommending.counting import Counting, shares
from engine.recommending.kinds import Opened
from engine.recommending.models.writing import Writing
from engine.recommending.slates import DEEP, PLAIN, Slate, arranged
from engine.retrievers.ranking import pack

# Items of a history that may be given; a network says itself how many it reads.
LONGEST = 1000
# Letters of a title in a list.
LETTERS = 90
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
    return "counting" if on_disk.is_there(build.folder) else "content"


def title(build: Build, row: int) -> str:
    """Title of an item, its id where it has none, cut to a line's room."""
    return cut(build.documents[row].title or build.documents[row].id, LETTERS)


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


def branch_of(build: Build, row: int) -> np.ndarray:
    """Rows of the items below the same parent as an item, itself among them: what is banned by "less like this"."""
    path = build.trie.path(row)
    depth = min(len(path), int(build.identifiers.content[row]))
    return np.array([row]) if depth < 2 else np.asarray(build.trie.leaf_documents(path[depth - 2]), np.int64)


def banned_for(build: Build, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Rows that may not come for items that were turned down: all of their branches."""
    return np.unique(np.concatenate([np.empty(0, np.int64), *(branch_of(build, int(row)) for row in rows)]))


def listed(
    opened: Opened,
    name: str,
    history: Sequence[int] | np.ndarray,
    k: int,
    seen: bool = False,
    banned: np.ndarray | None = None,
    slate: Slate = PLAIN,
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the list of one recommender for one history, best first, and their scores."""
    if not slate.plain:
        rows, scores = listed(opened, name, history, max(k, DEEP), seen, banned)
        build, popularity = opened.build, opened.interactions.popularity if opened.interactions else None
        found = arranged(slate, pack([(rows, scores)], len(rows)), build.trie, build.embeddings, popularity)
        return found.rows[0][:k], found.scores[0][:k]
    build, rows = opened.build, np.asarray(history, np.int32)
    recommender, banned = opened.get(name), np.empty(0, np.int64) if banned is None else banned
    if isinstance(recommender, Counting | Content | Writing):
        tree = unseen(build.trie, len(build.embeddings), rows, seen, banned)
        return recommender.trace(rows, max(opened.beams, k), seen, tree, explain=False).documents(tree, k)
    found = recommender.recommend(Histories.of([rows]), k + len(banned), seen)
    keep = (found.rows[0] >= 0) & ~np.isin(found.rows[0], banned)
    return found.rows[0][keep][:k], found.scores[0][keep][:k]


def recommended(
    opened: Opened,
    name: str,
    history: Sequence[int] | np.ndarray,
    k: int,
    seen: bool = False,
    banned: np.ndarray | None = None,
    slate: Slate = PLAIN,
) -> list[Next]:
    """The list of one recommender for one history, without the rows that are ``banned``, arranged as a ``slate`` has it."""
    build, rows = opened.build, np.asarray(history, np.int32)
    hits, scores = listed(opened, name, rows, k, seen, banned, slate)
    recommender = opened.get(name)
    taken = opened.interactions.popularity if opened.interactions else None
    reasons = _reasons(opened, recommender, rows, hits) if len(hits) else []
    return [
        Next(
            rank=place + 1,
            id=build.documents[row].id,
            title=title(build, row),
            score=float(scores[place]),
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
