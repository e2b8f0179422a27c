"""The stages of a build, in their order: what each one reads of those before it, and the file that it leaves behind."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine import identifiers, trie
from engine.builds import layout
from engine.builds.spec import BuildSpec
from engine.data import tables
from engine.data.corpus import Corpus
from engine.files import replace_json
from engine.retrievers import Queries, dense, hybrid, open_members, sparse
from engine.scorers import centroid
from engine.text import embed
from engine.trie.naming import name_nodes


def _corpus(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    tables.write_corpus(corpus, work)


def _embeddings(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    texts = [document.searched_text(spec.fields) for document in corpus.documents]
    np.save(work / layout.EMBEDDINGS, embed.embed(texts, spec.model, report), allow_pickle=False)


def _identifiers(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    embeddings = np.load(work / layout.EMBEDDINGS)
    fitted = identifiers.fit(spec.scheme, embeddings, dict(spec.settings), spec.seed, corpus.documents, spec.resolver, report)
    identifiers.save(fitted, work / layout.IDENTIFIERS)


def _trie(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    trie.save(trie.build(identifiers.load(work / layout.IDENTIFIERS).codes), work / layout.TRIE)


def _scorer(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    embeddings = np.load(work / layout.EMBEDDINGS, mmap_mode="r")
    centroid.save(centroid.node_means(trie.load(work / layout.TRIE), embeddings), work / layout.SCORER)


def _sparse(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    sparse.build([document.searched_text(spec.fields) for document in corpus.documents], work / layout.SPARSE)


def _dense(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    dense.build_hnsw(np.load(work / layout.EMBEDDINGS), work / layout.HNSW)


def _names(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    titles = [document.title for document in corpus.documents]
    texts = [document._replace(title="").searched_text(spec.fields) for document in corpus.documents]
    words = identifiers.load(work / layout.IDENTIFIERS).words
    names = name_nodes(trie.load(work / layout.TRIE), titles, texts, words)
    tables.write_names(names, work)


def _tuning(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    """Fusion weights and fallback threshold, from development queries alone; test judgements are not looked at."""
    tuning = hybrid.Tuning()
    if dev := corpus.qrels.get("dev"):
        row_of = {document.id: row for row, document in enumerate(corpus.documents)}
        ids = list(dev)
        texts = [corpus.queries[query] for query in ids]
        gains = [{row_of[d]: grade for d, grade in dev[query].items() if d in row_of} for query in ids]
        tuning = hybrid.tune(*open_members(work), Queries(texts, embed.embed(texts, spec.model, report, role="query")), gains)
    replace_json(work / layout.TUNING, tuning._asdict())


# Every stage has ``(folder, corpus, spec, report)``; ``report(done, total)`` may be called while it runs.
STAGES: dict[str, Callable[[Path, Corpus, BuildSpec, embed.Progress], None]] = {
    "corpus": _corpus,
    "embeddings": _embeddings,
    "identifiers": _identifiers,
    "trie": _trie,
    "scorer": _scorer,
    "sparse": _sparse,
    "dense": _dense,
    "names": _names,
    "tuning": _tuning,
}
