"""The report card of identifiers: how evenly codes are used, who collides, what codes say, each with a verdict."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.data.corpus import Document
from engine.health import cohesion
from engine.health.agreement import (
    entropy_bits,
    neighbour_overlap,
    node_paths,
    normalised_mutual_information,
    purity,
    shared_means,
)
from engine.health.card import Card, GivenPrefix, JudgedFigure, JudgedLevel, SharedPrefix
from engine.health.evenness import Evenness, Level, by_level
from engine.health.numbering import content_nodes, numbered_shares, numbering_nodes
from engine.health.rules import NO_CONTENT, judge, judge_level, worst
from engine.identifiers.base import Identifiers, lengths
from engine.trie import Trie

__all__ = ["choose_labels", "normalised_mutual_information", "reconstruction_cosine", "report"]

# Rows that are reconstructed at once.
BLOCK = 50_000
# Cosines closer to 1 than this are float32 noise.
NOISE = 1e-4


def report(
    fitted: Identifiers, trie: Trie, embeddings: np.ndarray, labels: Sequence[str | None] | None = None, seed: int = 0
) -> Card:
    """The report card of identifiers; its figures are rounded to six digits, verdicts are on what they were before.

    Parameters
    ----------
    fitted : Identifiers
        What a scheme returned, collisions resolved or not.
    trie : Trie
        The trie of ``fitted.codes``.
    embeddings : np.ndarray
        Float32 ``(documents, d)``; need not have unit length.
    labels : sequence, optional
        A category for each document, None where it has none.
    seed : int
        Draws the documents whose neighbours are looked up, where there are many.
    """
    units = _unit(embeddings)
    levels, numbering = by_level(trie, fitted.vocabulary), numbering_nodes(fitted.content, trie)
    numbered = numbered_shares(trie, numbering)
    leaves, content = (content_nodes(codes, trie) for codes in (lengths(fitted.codes), fitted.content))
    whole = _sharing(leaves, len(units), levels)
    without = _sharing(content, len(units), [row for row, share in zip(levels, numbered, strict=True) if share < 1])
    paths = node_paths(trie, len(fitted.codes))
    pairs = {row.depth: row for row in cohesion.by_depth(trie, shared_means(trie, units))}
    judged = tuple(_level(row, share, bool(fitted.words), len(units)) for row, share in zip(levels, numbered, strict=True))
    card = Card(
        documents=len(fitted.codes),
        without_identifier=len(fitted.codes) - len(trie.documents),
        levels=judged,
        unique_rate=whole.unique_rate,
        collision_rate=whole.collision_rate,
        largest_leaf=whole.largest_leaf,
        bits=whole.bits,
        bits_raw=whole.bits_raw,
        content_unique_rate=without.unique_rate,
        content_collision_rate=without.collision_rate,
        content_largest_leaf=without.largest_leaf,
        content_bits=without.bits,
        content_bits_raw=without.bits_raw,
        reconstruction_cosine=reconstruction_cosine(fitted, units),
        mean_vector_cosine=_clip(float((units @ _unit(units.mean(axis=0, keepdims=True))[0]).mean())),
        random_pair_cosine=_clip(pairs[0].mean_cosine) if 0 in pairs else None,
        prefix_cosine=tuple(
            SharedPrefix(shared=depth, pairs=row.pairs, mean_cosine=_clip(row.mean_cosine))
            for depth, row in pairs.items()
            if depth
        ),
        neighbour_overlap=tuple(neighbour_overlap(paths, units, seed)),
        purity=None if labels is None else tuple(purity(paths, labels)),
        verdicts=(),
        verdict=worst(row.verdict for row in judged),
    )
    verdicts = tuple(_judge(card, bool(fitted.words)))
    card = card.model_copy(update={"verdicts": verdicts, "verdict": worst([card.verdict, *(row.verdict for row in verdicts)])})
    return Card.model_validate(_rounded(card.as_json()))


def reconstruction_cosine(fitted: Identifiers, units: np.ndarray) -> float | None:
    """Mean cosine between a document and the sum of its codes' codebook rows; None without codebooks.

    ``units`` is float32 ``(documents, d)`` of unit length. A document without any code counts as 0.
    """
    if not fitted.codebooks:
        return None
    total = 0.0
    for start in range(0, len(units), BLOCK):
        rows = slice(start, start + BLOCK)
        rebuilt = np.zeros_like(units[rows])
        for column, book in zip(fitted.codes[rows].T, fitted.codebooks, strict=False):
            rebuilt += np.vstack([book, np.zeros_like(book[:1])])[column]  # -1 takes the row of zeros
        total += float(np.einsum("nd,nd->n", _unit(rebuilt), units[rows]).sum(dtype=np.float64))
    return _clip(total / len(units))


def choose_labels(documents: Sequence[Document]) -> list[str | None] | None:
    """A category for each document, to measure purity against; None when there is no column of them.

    From the column called genre or category, else from the first column of lists. A list counts by its first entry. A column in
    which hardly a value repeats is passed over.

    >>> films = [Document("a", "A", "", {"cast": ["X"], "Genre": ["War", "Epic"]}), Document("b", "B", "", {"Genre": ["War"]})]
    >>> choose_labels(films), choose_labels([Document("c", "C", "", {"year": 1999})])
    (['War', 'War'], None)
    """
    columns = list(dict.fromkeys(column for document in documents for column in document.metadata))
    named = [column for column in columns if column.lower() in ("genre", "category", "genres", "categories")]
    listed = [column for column in columns if any(isinstance(document.metadata.get(column), list) for document in documents)]
    for column in named + listed:
        values = [document.metadata.get(column) for document in documents]
        firsts = [(value[0] if value else None) if isinstance(value, list) else value for value in values]
        labels = [None if value in (None, "") else str(value) for value in firsts]
        given = [label for label in labels if label is not None]
        if given and 2 * len(set(given)) <= len(given):
            return labels
    return None


def _level(row: Level, numbered: float, words: bool, n: int) -> JudgedLevel:
    overall, means, given_prefix = row.overall, _means(row.overall, row.codes), _means(row.given_prefix, row.codes)
    documents, entropy = int(overall.documents[0]), float(overall.entropy[0])
    judged = judge_level(row.level, row.codes, row.used, documents, documents / n, entropy, means.largest_share, words, numbered)
    return JudgedLevel(
        level=row.level,
        codes=row.codes,
        used=row.used,
        dead=row.codes - row.used,
        documents=documents,
        counts=numbered == 1,
        numbered=numbered,
        perplexity=means.perplexity,
        entropy_ratio=means.entropy_ratio,
        gini=means.gini,
        largest_share=means.largest_share,
        given_prefix=GivenPrefix(prefixes=len(row.given_prefix.documents), **given_prefix._asdict()),
        verdict=judged.verdict,
        rule=judged.rule,
        remedy=judged.remedy,
    )


class _Means(NamedTuple):
    perplexity: float
    entropy_ratio: float
    gini: float
    largest_share: float


def _means(found: Evenness, codes: int) -> _Means:
    """Means over the groups, weighted by their documents; one code can say nothing, so its entropy ratio is 0."""
    weight = found.documents / found.documents.sum()
    return _Means(
        perplexity=float(weight @ np.exp(found.entropy)),
        entropy_ratio=float(weight @ (found.entropy / np.log(codes))) if codes > 1 else 0.0,
        gini=float(weight @ found.gini),
        largest_share=float(weight @ found.largest_share),
    )


class _Sharing(NamedTuple):
    unique_rate: float
    collision_rate: float
    largest_leaf: int
    bits: float
    bits_raw: float


def _sharing(node: np.ndarray, n: int, levels: Sequence[Level]) -> _Sharing:
    """Who shares an identifier with whom, and bits; ``node`` is where each document's identifier leads, through ``levels``."""
    sizes = np.unique(node, return_counts=True)[1]
    return _Sharing(
        unique_rate=float((sizes == 1).sum() / n),
        collision_rate=float(1 - len(sizes) / len(node)),
        largest_leaf=int(sizes.max()),
        # By the chain rule the entropies of the codes given their prefixes add up to that of the whole identifier.
        bits=entropy_bits(sizes),
        bits_raw=sum(float(np.log2(row.codes) * row.overall.documents[0]) for row in levels) / len(node),
    )


def _judge(card: Card, words: bool) -> list[JudgedFigure]:
    """Verdicts on the figures of the whole, as far as they apply."""
    n, missing, random = card.documents, card.without_identifier, card.random_pair_cosine
    found = [
        judge("without_identifier", missing, missing / n),
        judge("unique_rate", card.unique_rate),
        judge("largest_leaf", card.largest_leaf, largest=card.largest_leaf),
    ]
    if random is None:
        return found
    found.append(judge("random_pair_cosine", random))
    bits, needed, unique = card.content_bits, float(np.log2(n - missing)), card.content_unique_rate
    if all(row.counts for row in card.levels):
        return [*found, JudgedFigure(figure="content_bits", value=bits, **NO_CONTENT._asdict())]
    more = "add a column or more words" if words else "standardise inputs, add a level or raise K"
    found.append(judge("content_unique_rate", unique, numbered=1 - unique, more=more))
    found.append(judge("content_bits", bits, bits / needed, bits=bits, needed=needed, more=more))
    overlap = card.neighbour_overlap[0]
    gaps = [("neighbour_overlap", overlap.share, overlap.chance, overlap.possible)]
    if card.prefix_cosine:
        gaps.append(("prefix_cosine", card.prefix_cosine[0].mean_cosine, random, 1.0))
    if card.reconstruction_cosine is not None:
        gaps.append(("reconstruction_cosine", card.reconstruction_cosine, card.mean_vector_cosine, 1.0))
    # What counts is how much of the way from floor to ceiling is made; where there is no way, there is nothing to judge.
    for name, value, floor, ceiling in gaps:
        if ceiling - floor > NOISE:
            found.append(judge(name, value, (value - floor) / (ceiling - floor), words, more=more))
    return found


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1, float32; rows of zeros stay."""
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))[:, None]
    if np.allclose(lengths, 1, atol=1e-5, rtol=0):
        return np.ascontiguousarray(vectors, np.float32)
    return np.divide(vectors, lengths, out=np.zeros(vectors.shape, np.float32), where=lengths > 0, casting="same_kind")


def _clip(cosine: float) -> float:
    return min(1.0, max(-1.0, cosine))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return round(value, 6) if isinstance(value, float) else value
