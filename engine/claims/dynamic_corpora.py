"""On a corpus that grows, generative retrieval with numeric identifiers fails on what is new.

Half of the catalogue is there, the rest arrives in five slices (:mod:`engine.claims.arriving`). Every scheme's identifiers are
given to new documents by what was fitted on the first half where it can, and searched by the training-free scorer; a node scorer
that was trained on the first half learns what arrives in three ways (:mod:`engine.claims.learned_late`), over identifiers of
numbers and of words. BM25, dense search, and the same scorer trained on everything from the start stand beside them.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine import identifiers, trie
from engine.builds.opened import Build
from engine.claims import learned_late
from engine.claims.arriving import DEPTH, MEASURE, Search, Slices, Stood, dealt, stood
from engine.claims.base import Claim, Figures, Measured, Verdict, judging, needs_queries
from engine.claims.learned_late import Pairs, Taught
from engine.data.figures import told
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.evaluation import interval
from engine.evaluation.run import Tell
from engine.identifiers import SCHEMES, Identifiers
from engine.live.additions import identify
from engine.live.mapping import stack
from engine.live.overlay import Overlay
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.base import Scorer
from engine.scorers.centroid import CentroidScorer, node_means
from engine.trie import Trie
from engine.verdict.shown import Cell, Dot, Picture

NUMBERS, WORDS, TRAIN = "rq-kmeans", "title", "train"
# The control is there to be seen; the others have identifiers that somebody else brought, or that need what is taken together.
LEFT_OUT = ("imported", "rq-behaviour")
BM25, START = "BM25", "known from the start"
NEW, LATE, FORGOT = "new documents less BM25", "new documents less known from the start", "forgotten less BM25"


class Scheme(NamedTuple):
    """Identifiers of all documents, in the order of arrival, as they are known after each slice; and how they came about."""

    codes: Callable[[int], np.ndarray]
    how: str


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """F_n and GA_n of every scheme and way."""
    split = judging(opened)
    qrels = opened.corpus.qrels[split]
    texts = {query: opened.corpus.queries[query] for query in qrels}
    slices = dealt(opened, qrels, seed)
    vectors = np.ascontiguousarray(np.asarray(opened.embeddings)[slices.order], np.float32)
    systems: dict[tuple[str, str], Stood] = {}
    for name, retriever in ((BM25, "bm25"), ("dense", "dense")):
        systems[name, "index"] = stood(opened, slices, texts, _filtered(opened, slices, retriever))
    left, fitted = [], {}
    names = [name for name in SCHEMES if name not in LEFT_OUT]
    for place, name in enumerate(names):
        tell("claim", place, len(names) + 2)
        try:
            fitted[name] = scheme(opened, slices, vectors, name, seed)
        except TriescopeError as error:
            left.append(f"{name} ({error})")
            continue
        systems[name, f"untrained, {fitted[name].how}"] = stood(opened, slices, texts, _untrained(slices, vectors, fitted[name]))
    pairs = _pairs(opened, slices)
    for place, name in enumerate((NUMBERS, WORDS)):
        tell("claim", len(names) + place, len(names) + 2)
        if len(pairs.row) and name in fitted:
            for way, search in _trained(slices, vectors, fitted[name], pairs, seed).items():
                systems[name, way] = stood(opened, slices, texts, search)
    return _told(opened, split, slices, systems, left, len(pairs.row), seed)


def scheme(opened: Build, slices: Slices, vectors: np.ndarray, name: str, seed: int) -> Scheme:
    """Identifiers of a scheme: placed by what the first slice fitted where it can, else fitted anew after every slice.

    Raises
    ------
    TriescopeError
        It cannot be fitted on this catalogue.
    """
    documents = [opened.documents[row] for row in slices.order]
    first = slices.ends[0]

    def fit(rows: int) -> Identifiers:
        return identifiers.fit(name, vectors[:rows], {}, seed, documents[:rows])

    before = fit(first)
    if identifiers.unplaceable(name, before):
        # Words of a document are its own; they are numbered anew, which an untrained scorer does not notice.
        whole = fit(len(vectors)).codes if name == WORDS else None
        return Scheme(
            lambda step: whole[: slices.ends[step]] if whole is not None else fit(slices.ends[step]).codes, "fitted anew"
        )
    overlay, codes = Overlay.of(trie.build(before.codes), first), before.codes
    for low, high in zip(slices.ends, slices.ends[1:], strict=False):
        added = identify(name, before, overlay, vectors[low:high])
        overlay, codes = overlay.add(added), stack(codes, added)
    return Scheme(lambda step: codes[: slices.ends[step]], "placed")


def _filtered(opened: Build, slices: Slices, name: str) -> Search:
    """An index of everything, asked among what is there."""

    def search(step: int, queries: Queries) -> np.ndarray:
        allowed = np.zeros(len(opened.documents), bool)
        allowed[slices.order[: slices.ends[step]]] = True
        return opened.retriever(name).search(queries, DEPTH, allowed).rows

    return search


def _decoded(slices: Slices, tree: Trie, scorer: Scorer, queries: Queries) -> np.ndarray:
    """Rows of a beam search over documents in the order of arrival, as the build numbers them."""
    rows = GenerativeRetriever(tree, scorer, DEFAULT_BEAMS).search(queries, DEPTH).rows
    return np.where(rows >= 0, slices.order[rows], -1)


def _untrained(slices: Slices, vectors: np.ndarray, made: Scheme) -> Search:
    """The centroid scorer over whatever is there."""

    def search(step: int, queries: Queries) -> np.ndarray:
        tree = trie.build(made.codes(step))
        return _decoded(slices, tree, CentroidScorer(tree, node_means(tree, vectors), []), queries)

    return search


def _pairs(opened: Build, slices: Slices) -> Pairs:
    """Train queries and the rows, in the order of arrival, that they answer."""
    place = np.empty(len(slices.order), np.int64)
    place[slices.order] = np.arange(len(slices.order))
    found = [
        (query, place[opened.row_of[document]])
        for query, grades in opened.corpus.qrels.get(TRAIN, {}).items()
        for document, grade in grades.items()
        if grade > 0 and document in opened.row_of
    ]
    if not found:
        return Pairs(np.empty((0, opened.embeddings.shape[1]), np.float32), np.empty(0, np.int64))
    asked = list(dict.fromkeys(query for query, _ in found))
    of = dict(zip(asked, opened.embed_queries([opened.corpus.queries[query] for query in asked]), strict=True))
    return Pairs(np.stack([of[query] for query, _ in found]), np.array([row for _, row in found], np.int64))


def _trained(slices: Slices, vectors: np.ndarray, made: Scheme, pairs: Pairs, seed: int) -> dict[str, Search]:
    """The three ways, and knowing everything from the start: a search each, which is asked slice by slice."""
    ends, codes = slices.ends, made.codes(len(slices.ends) - 1)
    first = learned_late.begun(trie.build(codes[: ends[0]]), vectors[: ends[0]], pairs.among(0, ends[0]), seed)
    everything = learned_late.begun(trie.build(codes), vectors, pairs, seed)

    def grow(known: Taught, step: int, of: np.ndarray) -> Taught:
        return learned_late.grown(known, codes[ends[step - 1] : ends[step]], of[: ends[step]])

    def overlay(known: Taught, step: int) -> Taught:
        return grow(known, step, vectors)

    def editing(known: Taught, step: int) -> Taught:
        own = learned_late.drawn(vectors[: ends[step]], pairs.among(0, ends[step]))
        before = node_means(known.tree, own)
        return grow(known._replace(means=before), step, own)

    def tuning(known: Taught, step: int) -> Taught:
        some = pairs.among(ends[step - 1], ends[step])
        return learned_late.tuned(overlay(known, step), vectors, np.arange(ends[step - 1], ends[step]), some, seed + step)

    def by(way: Callable[[Taught, int], Taught]) -> Search:
        states = [first]

        def search(step: int, queries: Queries) -> np.ndarray:
            while len(states) <= step:
                states.append(way(states[-1], len(states)))
            return _decoded(slices, states[step].tree, states[step].scorer, queries)

        return search

    def start(step: int, queries: Queries) -> np.ndarray:
        there = learned_late.shrunk(everything, ends[step], vectors)
        return _decoded(slices, there.tree, there.scorer, queries)

    return dict(zip(learned_late.WAYS, map(by, (overlay, editing, tuning)), strict=True)) | {START: start}


def _told(
    opened: Build, split: str, slices: Slices, systems: dict[tuple[str, str], Stood], left: list[str], pairs: int, seed: int
) -> Measured:
    bm25, figures = systems[BM25, "index"], {}
    ways = [key for key in systems if key[1] in learned_late.WAYS] or [(NUMBERS, "untrained, placed")]
    for key in ways:
        of, name = systems[key], ", ".join(key)
        figures[f"{name}: {NEW}"] = interval(of.found - bm25.found)
        figures[f"{name}: {FORGOT}"] = interval(of.forgotten - bm25.forgotten)
        if known := systems.get((key[0], START)):
            figures[f"{name}: {LATE}"] = interval(of.found - known.found)
    rows: list[tuple[Cell, ...]] = []
    for (name, way), of in systems.items():
        new, forgotten = interval(of.found), interval(of.forgotten)
        rows.append((name, way, round(float(of.old[0].mean()), 4), *(round(v, 4) for v in (*forgotten, *new))))
    says = (
        f"While the catalogue doubles, BM25 has {told(interval(bm25.found))} {MEASURE} on new documents and loses "
        f"{told(interval(bm25.forgotten))} on old ones, as there is more to choose from. Less BM25's, on new ones and in what is "
        "lost on old ones: "
        + "; ".join(
            f"{name} by {way} {told(figures[f'{name}, {way}: {NEW}'], sign=True)} and "
            f"{told(figures[f'{name}, {way}: {FORGOT}'], sign=True)}"
            for name, way in ways
        )
        + "."
    )
    shown = [key for key in systems if key[1] in (*learned_late.WAYS, START, "index") or key == (NUMBERS, "untrained, placed")]
    return Measured(
        figures=figures,
        says=says,
        picture=Picture(
            kind="dots",
            x=f"GA_n: {MEASURE} of new documents right after they arrived, 95% interval",
            dots=tuple(
                Dot(name=", ".join(key), **interval(systems[key].found)._asdict(), strong=key[1] in learned_late.WAYS)
                for key in shown
            ),
            at=float(bm25.found.mean()),
            at_told=BM25,
        ),
        columns=("System", "How", "D0 after D0", "F_n", "Low", "High", "GA_n", "Low ", "High "),
        rows=tuple(rows),
        notes=(
            f"{len(slices.order):,} documents: {slices.ends[0]:,} of D0, then {len(slices.ends) - 1} slices; {split} queries, "
            f"{len(slices.qrels[0]):,} of D0 and {sum(map(len, slices.qrels[1:])):,} of the others (one with answers in several "
            f"slices is asked in each, for these). {DEFAULT_BEAMS} beams, seed {seed}.",
            "Untrained: the centroid scorer. Placed: new documents get the nearest codes of what D0 fitted; schemes that cannot "
            "do so are fitted anew after each slice, which moves old documents too and which nothing trained could follow.",
            f"Trained: a node scorer, {learned_late.STEPS} steps on {pairs:,} train pairs and documents of D0, none of which is "
            f"chosen on development queries; fine-tuning is {learned_late.MORE} steps a slice on its own pairs."
            if pairs
            else "There are no train queries, so nothing was trained: overlay of an untrained scorer alone.",
            "BM25 counts words in all documents, those that have not arrived among them, which moves its scores a little.",
            *([f"Left out: {'; '.join(left)}."] if left else []),
        ),
        queries=len({query for of_slice in slices.qrels for query in of_slice}),
    )


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    numbers = {name: of for name, of in figures.items() if name.startswith(f"{NUMBERS},")}
    new = [of for name, of in numbers.items() if name.endswith(NEW)]
    late = [of for name, of in numbers.items() if name.endswith(LATE)]
    forgot = [of for name, of in numbers.items() if name.endswith(FORGOT)]
    if all(of.high < 0 for of in new):
        return "holds"
    partly = any(of.high < 0 for of in new) or any(of.low > 0 for of in forgot) or (late and all(of.high < 0 for of in late))
    return "holds partly" if partly else "does not hold here"


CLAIM = Claim(
    number=3,
    key="dynamic-corpora",
    statement=(
        "On a corpus that grows, generative retrieval with numeric identifiers fails on new documents and forgets old ones."
    ),
    source="Replication and exploration of generative retrieval over dynamic corpora (SIGIR 2025); DSI++ (Mehta et al. 2023)",
    rule=(
        "It holds where numbers, whichever way new documents are learned, are certainly behind BM25 on these; partly where one "
        "way is, where one certainly forgets more than BM25, or where all are certainly behind a scorer that knew everything "
        "from the start."
    ),
    change="Codes that nothing like the new documents was fitted on, a generator that has no vectors, or many more slices.",
    seconds=90,
    refuses=needs_queries,
    measure=measure,
    judge=judge,
)
