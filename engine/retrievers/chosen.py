"""Method and weights of any members, chosen on a build's own development queries: ``bm25+late+tuned@dev``.

On the choosing half alone (:mod:`engine.data.halves`), once for an opened build, at the usual width; a fusion tells what came
out where it tells its weights.
"""

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from engine.data import tables
from engine.data.halves import halves
from engine.errors import TriescopeError
from engine.retrievers.moved import DEV, gains_of
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries
from engine.retrievers.tuning import tune
from engine.retrievers.weighting import Tuning
from engine.text import embed

# A grid of tenths over more of them has thousands of ways, and some fifty queries cannot tell those apart.
MOST = 5
_KNOWN: WeakKeyDictionary[Opened, dict[tuple[str, ...], Tuning]] = WeakKeyDictionary()


def chosen(opened: Opened, members: Sequence[str]) -> Tuning:
    """The tuning of members by their names.

    Raises
    ------
    TriescopeError
        There are too many, or no development query that a document answers; or as the members when they are opened.
    """
    known, name = _KNOWN.setdefault(opened, {}), tuple(members)
    if name in known:
        return known[name]
    if len(members) > MOST:
        raise TriescopeError(f"{len(members)} members: weights are chosen for {MOST} at most; name them, or leave some out")
    judged = tables.read_judged(opened.folder, DEV)
    gains = gains_of(opened, judged, halves(judged.qrels).choosing)
    if not gains:
        raise TriescopeError("@dev chooses weights on development queries, and this build has none that a document answers")
    texts = [judged.queries[query] for query in gains]
    queries = Queries(texts, embed.embed(texts, opened.encoder, role="query"))
    known[name] = tune({member: opened.retriever(member) for member in members}, queries, list(gains.values()))
    return known[name]
