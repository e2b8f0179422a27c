"""Weights of n-grams learned to rank (LTRGR, Li et al. 2024), on top of the views of MINDER.

MINDER adds up what the n-grams of a query weigh, whatever they are. LTRGR goes on training until the sum ranks: the best relevant
document above the best of the others by a margin, and a relevant one drawn at random above another one drawn at random. It trains
the language model that weighs the n-grams; here nobody does, so the weights themselves learn. An n-gram weighs what it did, times

    exp(trust(view, words) + mean of trust(word))

with a number for each view and length and one for each word, zero before training. They learn from :data:`QUERIES` train queries
when the retriever is first opened; the other train queries are the view of what people ask meanwhile, so that none finds itself
there. After how many steps, none at all among them, the choosing half of the development queries says by their nDCG@10 among the
candidates; where there is none, a fifth of those learned from, which then teaches nothing.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.data import tables
from engine.data.halves import halves
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.retrievers import ngrams
from engine.retrievers.base import Method, Named
from engine.retrievers.moved import DEV, TRAIN, gains_of, labels_of
from engine.retrievers.ngrams import BEAMS, LONGEST, OPTIONS, NgramRetriever, Written
from engine.retrievers.opened import Opened
from engine.retrievers.views import ASKED, ViewsRetriever, evidence_of, of_owners, views_of
from engine.text import embed
from engine.text.ngrams import DEPTH, Ngrams

if TYPE_CHECKING:
    from torch import Tensor

# Train queries that are learned from, at most, and other documents that each is held against.
QUERIES, OTHERS = 300, 50
# Of the scores, each query's best one being 1 before training.
MARGIN = 0.1
STEPS, EVERY, RATE, DECAY, CUT = 200, 20, 0.01, 1e-3, 10


class Trust(NamedTuple):
    """What was learned: float64 ``(views, longest)``, and a number for each word that was met."""

    shape: np.ndarray
    words: dict[str, float]


class Lesson(NamedTuple):
    """A train query.

    Attributes
    ----------
    adds : np.ndarray
        Float64 ``(n-grams, candidates)``: what each n-gram adds to each candidate, the relevant ones first, as parts of the best
        score that any document has.
    shape : np.ndarray
        Int64, an n-gram each: its view times the longest, and its length less 1.
    words : list of list of str
        The words of each.
    relevant : int
        How many candidates are relevant.
    """

    adds: np.ndarray
    shape: np.ndarray
    words: list[list[str]]
    relevant: int


class Learned(NamedTuple):
    """The trust, and how it came: queries learned from, those that said when to stop (0: a part of them), steps and seconds."""

    trust: Trust
    queries: int
    judging: int
    step: int
    seconds: float


class TrustedNgrams(NgramRetriever):
    """One view, its n-grams weighed by what was learned of them."""

    shape: np.ndarray = np.zeros(DEPTH)
    trusted: np.ndarray = np.zeros(0)

    def trust(self, of: Trust, view: int) -> None:
        """From here on weigh by this trust, as the view of that place."""
        self.shape, self.trusted = of.shape[view], np.array([of.words.get(word, 0.0) for word in self.index.vocabulary])

    def factor(self, low: int, length: int) -> float:
        """What an n-gram's weight is multiplied by."""
        return float(np.exp(self.shape[length - 1] + self.trusted[self.numbers(low, length)].mean()))

    def document_scores(self, written: Written) -> np.ndarray:
        """See :meth:`engine.retrievers.ngrams.NgramRetriever.document_scores`."""
        scores = np.zeros(len(self.index.lengths), np.float32)
        for place, (rows, value) in enumerate(self.parts(written)):
            scores[rows] += value * self.factor(int(written.low[place]), int(written.length[place]))
        return scores


class LearnedRetriever(ViewsRetriever):
    """The views together, and what was learned."""

    name = "ltrgr"

    def __init__(self, views: dict[str, TrustedNgrams], learned: Learned):
        super().__init__(views)
        self.learned = learned
        for place, view in enumerate(views.values()):
            view.trust(learned.trust, place)


def learn(
    lessons: Sequence[Lesson], judging: Sequence[Lesson], shape: tuple[int, int], steps: int = STEPS, seed: int = 0
) -> tuple[Trust, int]:
    """The trust that ranks best, and the step at which it stood. Imports torch.

    Parameters
    ----------
    lessons, judging : sequence of Lesson
        What to learn from, and what says when to stop: every fifth lesson where that is empty.
    shape : tuple of int
        Views, and words of the longest n-gram.
    steps, seed : int
        Steps of 64 lessons, and the seed of their draws.
    """
    import torch

    if not judging and len(lessons) >= 5:
        lessons, judging = [one for place, one in enumerate(lessons) if place % 5], lessons[::5]
    known = sorted({word for lesson in lessons for words in lesson.words for word in words})
    number = {word: place for place, word in enumerate(known)}
    taught, held = ([_packed(one, number) for one in of] for of in (lessons, judging or lessons))
    of_shape = torch.zeros(shape[0] * shape[1], dtype=torch.float64, requires_grad=True)
    of_word = torch.zeros(len(known) + 1, dtype=torch.float64, requires_grad=True)  # the last: no lesson has it
    optimiser, rng = torch.optim.Adam([of_shape, of_word], RATE), np.random.default_rng(seed)
    best = (-1.0, 0, np.zeros(shape), np.zeros(len(known)))
    for step in range(steps + 1):
        if step % EVERY == 0:
            with torch.no_grad():
                value = float(np.mean([_ndcg(_scores(one, of_shape, of_word).numpy(), one[-1]) for one in held]))
            if value > best[0] + 1e-9:
                best = value, step, of_shape.detach().numpy().reshape(shape).copy(), of_word.detach().numpy()[:-1].copy()
        some = rng.choice(len(taught), min(64, len(taught)), replace=False)
        total = sum(_loss(taught[place], of_shape, of_word, rng) for place in some) / len(some)
        optimiser.zero_grad()
        (total + DECAY * (of_word.square().sum() + of_shape.square().sum())).backward()
        optimiser.step()
    return Trust(best[2], dict(zip(known, best[3].tolist(), strict=True))), best[1]


def _packed(lesson: Lesson, number: dict[str, int]) -> tuple:
    import torch

    spread = np.zeros((len(lesson.words), max(map(len, lesson.words))), np.int64)
    share = np.zeros(spread.shape)
    for place, words in enumerate(lesson.words):
        spread[place, : len(words)] = [number.get(word, len(number)) for word in words]
        share[place, : len(words)] = 1 / len(words)
    arrays = (lesson.adds, lesson.shape, spread, share)
    return *map(torch.from_numpy, arrays), lesson.relevant


def _scores(packed: tuple, of_shape: "Tensor", of_word: "Tensor") -> "Tensor":
    adds, shape, spread, share, _ = packed
    return (of_shape[shape] + (of_word[spread] * share).sum(dim=1)).exp() @ adds


def _loss(packed: tuple, of_shape: "Tensor", of_word: "Tensor", rng: np.random.Generator) -> "Tensor":
    """Both hinges of LTRGR for one query."""
    scores, relevant = _scores(packed, of_shape, of_word), packed[-1]
    yes, no = scores[:relevant], scores[relevant:]
    best, drawn = no.max() - yes.max(), no[int(rng.integers(len(no)))] - yes[int(rng.integers(len(yes)))]
    return (MARGIN + best).clamp(min=0) + (MARGIN + drawn).clamp(min=0)


def _ndcg(scores: np.ndarray, relevant: int) -> float:
    """nDCG@10 of candidates of which the first are relevant, all alike."""
    places = np.flatnonzero(np.argsort(-scores, kind="stable")[:CUT] < relevant)
    return float((1 / np.log2(places + 2)).sum() / (1 / np.log2(np.arange(min(relevant, CUT)) + 2)).sum())


def lessons_of(views: dict[str, TrustedNgrams], vectors: np.ndarray, gains: Sequence[dict[int, int]]) -> list[Lesson]:
    """What can be learned from queries, float32 ``(q, d)`` and document row -> grade each; without those for which nothing is
    written, no relevant document holds any of it, or no other one does."""
    found = []
    for vector, grades in zip(vectors, gains, strict=True):
        adds, shape, words = [], [], []
        for place, view in enumerate(views.values()):
            written = view.write(vector)
            for at, (rows, value) in enumerate(view.parts(written)):
                low, length = int(written.low[at]), int(written.length[at])
                adds.append((rows, value))
                shape.append(place * view.longest + length - 1)
                words.append([view.index.vocabulary[number] for number in view.numbers(low, length)])
        if not adds:
            continue
        scores = np.zeros(len(view.index.lengths))
        for rows, value in adds:
            scores[rows] += value
        relevant = np.array([row for row, grade in grades.items() if grade > 0 and scores[row] > 0], np.int64)
        others = scores.copy()
        others[[row for row, grade in grades.items() if grade > 0]] = 0
        worst = top_k(others.astype(np.float32), OTHERS)
        worst = worst[others[worst] > 0]
        if len(relevant) and len(worst):
            candidates = np.concatenate([relevant, worst])
            column = np.full(len(scores), -1)
            column[candidates] = np.arange(len(candidates))
            table = np.zeros((len(adds), len(candidates)))
            for at, (rows, value) in enumerate(adds):
                table[at, column[rows[column[rows] >= 0]]] = value[column[rows] >= 0]
            found.append(Lesson(table / scores.max(), np.array(shape), words, len(relevant)))
    return found


def _open(opened: Opened, beams: int, named: Named) -> LearnedRetriever:
    start, settings = time.perf_counter(), dict(named.settings)
    judged = tables.read_judged(opened.folder, TRAIN)
    gains = gains_of(opened, judged)
    if not gains:
        raise TriescopeError("ltrgr needs train queries with a relevant document, and this build has none")
    width, longest = settings.get("beams", BEAMS), settings.get("longest", LONGEST)
    vectors = np.asarray(opened.embeddings)

    def view(known: Ngrams) -> TrustedNgrams:
        return TrustedNgrams(known, vectors, width, longest)

    views = {name: view(known) for name, known in views_of(opened).items()}
    chosen = np.random.default_rng(0).permutation(len(gains))[: min(QUERIES, len(gains) // 2 or 1)]
    taught = [query for place, query in enumerate(gains) if place in set(chosen.tolist())]
    pairs = [
        (judged.queries[q], row) for q, of in gains.items() if q not in set(taught) for row, grade in of.items() if grade > 0
    ]
    apart = dict(views)
    if pairs:
        apart[ASKED] = view(of_owners([text for text, _ in pairs], [row for _, row in pairs], len(vectors)))
    else:
        apart.pop(ASKED)
    asked = embed.embed([judged.queries[query] for query in taught], opened.encoder, role="query")
    lessons = lessons_of(apart, asked, [gains[query] for query in taught])
    if not lessons:
        raise TriescopeError("ltrgr: no train query is answered by a document that holds an n-gram written for it")
    dev = labels_of(opened, DEV, sorted(halves(tables.read_judged(opened.folder, DEV).qrels).choosing)[:QUERIES])
    judging = lessons_of(views, dev.vectors, dev.gains)
    trust, step = learn(lessons, judging, (len(views), longest))
    return LearnedRetriever(views, Learned(trust, len(lessons), len(judging), step, time.perf_counter() - start))


def _told(opened: Opened, named: Named) -> str:
    found = opened.retriever("ltrgr")
    assert isinstance(found, LearnedRetriever)
    of = found.learned
    by = f"{of.judging:,} development queries" if of.judging else "a fifth of these"
    return (
        f"weights of n-grams learned on {of.queries:,} train queries in {of.seconds:.0f} s when it was opened, best after "
        f"{of.step} of {STEPS} steps by {by}; views {', '.join(found.views)}"
    )


METHOD = Method(
    name="ltrgr",
    summary="minder, its n-grams weighed as a margin loss learned to rank on train queries; an experiment",
    citation="Li et al. 2024 (LTRGR), arXiv:2306.15222",
    color="#37245E",
    open=_open,
    evidence=evidence_of,
    splits=(TRAIN,),
    empty=ngrams.METHOD.empty,
    told=_told,
    lost=ngrams.METHOD.lost,
    options=OPTIONS,
)
