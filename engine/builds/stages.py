"""The stages of a build, in their order: what each one reads of those before it, and the file that it leaves behind."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine import identifiers, trie
from engine.builds import layout
from engine.builds.parts import Parts
from engine.builds.searched import encoded
from engine.builds.spec import BuildSpec
from engine.data import tables
from engine.data.corpus import Corpus
from engine.data.halves import halves
from engine.files import replace_json
from engine.identifiers import SCHEMES
from engine.identifiers.base import Asked
from engine.retrievers import RETRIEVERS, Queries
from engine.retrievers.base import Index
from engine.retrievers.opened import Opened
from engine.retrievers.tuning import tune_hybrid
from engine.retrievers.weighting import UNTUNED, Tuning
from engine.scorers import centroid
from engine.stored import passages
from engine.text import embed
from engine.text.hub import NONE
from engine.trie.naming import name_nodes


def _corpus(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    tables.write_corpus(corpus, work)


def _embeddings(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    found = encoded(corpus.documents, spec, report)
    if spec.passages:
        passages.save(found, work)
    np.save(work / layout.EMBEDDINGS, found.means() if spec.passages else found.vectors, allow_pickle=False)


def _identifiers(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    embeddings = np.load(work / layout.EMBEDDINGS)
    known = work / layout.BEHAVIOUR
    behaviour = np.load(known) if known.is_file() else None
    asks = spec.scheme in SCHEMES and SCHEMES[spec.scheme].asks(dict(spec.settings))
    asked = asked_of(corpus, Parts(work, spec.model).encoder) if asks else None
    fitted = identifiers.fit(
        spec.scheme, embeddings, dict(spec.settings), spec.seed, corpus.documents, spec.resolver, report, behaviour, asked
    )
    identifiers.save(fitted, work / layout.IDENTIFIERS)


def asked_of(corpus: Corpus, model: str, split: str = "train") -> Asked | None:
    """What the train queries ask for, with a pair for each document that a query was judged relevant for; None without any."""
    row_of = {document.id: row for row, document in enumerate(corpus.documents)}
    judged = corpus.qrels.get(split) or {}
    pairs = [
        (place, row_of[document])
        for place, gains in enumerate(judged.values())
        for document, grade in gains.items()
        if grade > 0 and document in row_of
    ]
    if not pairs:
        return None
    text, row = np.array(pairs, np.int64).T
    said = [corpus.queries[query] for query in judged]
    return Asked(embed.embed(said, model, role="query"), text, row, said)


def _trie(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    trie.save(trie.build(identifiers.load(work / layout.IDENTIFIERS).codes), work / layout.TRIE)


def _scorer(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    embeddings = np.load(work / layout.EMBEDDINGS, mmap_mode="r")
    centroid.save(centroid.node_means(trie.load(work / layout.TRIE), embeddings), work / layout.SCORER)


def _index(index: Index, work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    texts = [document.searched_text(spec.fields) for document in corpus.documents]
    index.make(texts, np.load(work / layout.EMBEDDINGS, mmap_mode="r"), work, spec.language)


def _names(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    titles = [document.title for document in corpus.documents]
    texts = [document._replace(title="").searched_text(spec.fields) for document in corpus.documents]
    words = identifiers.load(work / layout.IDENTIFIERS).words
    names = name_nodes(trie.load(work / layout.TRIE), titles, texts, words)
    tables.write_names(names, work)


def _tuning(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    parts = Parts(work, spec.model)
    if parts.encoder == NONE:  # development queries have no vectors to choose by
        replace_json(work / layout.TUNING, UNTUNED.model_dump())
        return

    def encode(texts: list[str]) -> np.ndarray:
        return embed.embed(texts, parts.encoder, report, role="query")

    replace_json(work / layout.TUNING, tuned(parts, corpus, encode).model_dump())


# Train queries that choose beside the development queries, where they may.
TRAIN = 300


class Choosing(NamedTuple):
    """Queries that weights may be chosen on: their texts, and of each what it gains by document row; ``asked`` are
    those there are, answerable or not."""

    texts: list[str]
    gains: list[dict[int, int]]
    asked: int


def choosing(corpus: Corpus) -> Choosing:
    """The choosing half of the development queries (:mod:`engine.data.halves`), without those that no document answers: they say
    nothing. Test judgements are not looked at, nor is the half that judges."""
    return _answered(corpus, "dev", halves(corpus.qrels.get("dev") or {}).choosing)


def with_train(corpus: Corpus, chosen: Choosing) -> Choosing:
    """Those and at most :data:`TRAIN` train queries, drawn once for a catalogue: for a choice among what learned from none of
    them. On NFCorpus three members weighed by the choosing half alone come to .355 on test, with as many beside it to .364."""
    ids = sorted(corpus.qrels.get("train") or {})
    drawn = np.random.default_rng(0).permutation(len(ids))[:TRAIN]
    more = _answered(corpus, "train", [ids[place] for place in np.sort(drawn)])
    return Choosing([*chosen.texts, *more.texts], [*chosen.gains, *more.gains], chosen.asked + more.asked)


def _answered(corpus: Corpus, split: str, queries: Sequence[str]) -> Choosing:
    judged = corpus.qrels.get(split) or {}
    row_of = {document.id: row for row, document in enumerate(corpus.documents)}
    gains_of = {query: {row_of[d]: grade for d, grade in judged[query].items() if d in row_of} for query in queries}
    chosen = [query for query, gains in gains_of.items() if any(grade > 0 for grade in gains.values())]
    return Choosing([corpus.queries[query] for query in chosen], [gains_of[query] for query in chosen], len(gains_of))


def tuned(parts: Opened, corpus: Corpus, encode: Callable[[list[str]], np.ndarray]) -> Tuning:
    """Method and weights of the fusion, from development queries alone."""
    chosen = choosing(corpus)
    if not chosen.asked:
        return UNTUNED
    if not chosen.texts:
        told = f"none of {chosen.asked} development queries has a relevant document in the corpus: the weights are those of"
        return UNTUNED.model_copy(update={"chosen_on": f"{told} a set without any"})
    return tune_hybrid(parts, None, Queries(chosen.texts, encode(chosen.texts)), chosen.gains)


Stage = Callable[[Path, Corpus, BuildSpec, embed.Progress], None]  # the last, ``report(done, total)``, may be called meanwhile
_BEFORE: dict[str, Stage] = {
    "corpus": _corpus,
    "embeddings": _embeddings,
    "identifiers": _identifiers,
    "trie": _trie,
    "scorer": _scorer,
}
_AFTER: dict[str, Stage] = {"names": _names, "tuning": _tuning}


def stages() -> dict[str, Stage]:
    """All stages in order; what retrievers have to build for themselves stands behind the scorer."""
    indexes = {method.needs.stage: partial(_index, method.needs) for method in RETRIEVERS.values() if method.needs}
    return _BEFORE | indexes | _AFTER
