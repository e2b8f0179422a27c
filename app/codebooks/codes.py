"""What the Codebooks page knows of a build: usage of every code, words, and the tables that are shown and saved."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from app.charts import codebooks
from engine import identifiers
from engine.builds.opened import Build, parse_prefix
from engine.errors import TriescopeError
from engine.health import usage
from engine.health.evenness import Level, by_level
from engine.health.numbering import numbered_shares, numbering_nodes
from engine.trie.naming import Lexicon, lexicon, telling_words


class Facts(NamedTuple):
    """Read-only; lists have an entry a level. ``counting`` holds the levels, from 1, whose codes only number documents."""

    fitted: identifiers.Identifiers
    counts: list[np.ndarray]
    given: list[usage.GivenPrefix]
    levels: list[Level]
    counting: set[int]
    known: Lexicon
    cells: list[codebooks.Cell]

    def rows(self, level: int, code: int) -> np.ndarray:
        """Documents that have a code."""
        return usage.documents_of(self.fitted.codes[:, level - 1], [code])[0]

    def words(self, level: int, codes: list[int], limit: int = 3) -> list[str]:
        """What codes mean: the scheme's own word, else the most telling words of their documents; mere numbers mean nothing."""
        if level in self.counting:
            return [""] * len(codes)
        if self.fitted.words:
            known = self.fitted.words[level - 1] if level <= len(self.fitted.words) else []
            return [known[code] if code < len(known) else "" for code in codes]
        groups = usage.documents_of(self.fitted.codes[:, level - 1], codes)
        return [" · ".join(best) for best in telling_words(self.known, groups, limit)]


def facts(build: Build) -> Facts:
    """Facts of an opened build; made once."""
    return _facts(str(build.folder), build.version, build)


@st.cache_resource(max_entries=3, show_spinner="Counting codes and words")
def _facts(folder: str, created: str, _build: Build) -> Facts:
    fitted = _build.identifiers
    fields = _build.manifest.spec.fields
    known = lexicon([document._replace(title="").searched_text(fields) for document in _build.corpus.documents])
    trie = _build.trie
    columns, vocabulary = fitted.codes[:, : trie.levels], fitted.vocabulary[: trie.levels]
    counts = usage.usage(columns, vocabulary)
    given = usage.usage_given_prefix(columns, vocabulary)
    counting = {level for level, part in enumerate(numbered_shares(trie, numbering_nodes(fitted.content, trie)), 1) if part == 1}
    found = Facts(fitted, counts, given, by_level(trie, vocabulary), counting, known, [])
    words = []
    for level, codes in enumerate(codebooks.shown_codes(counts), 1):
        words.append(dict(zip(codes.tolist(), found.words(level, codes.tolist()), strict=True)))
    return found._replace(cells=codebooks.cells(counts, given, words))


def find_code(counts: Sequence[np.ndarray], text: str) -> tuple[int, int] | None:
    """Level and code of ``2-17``; None when it is not written so, or there is no such code.

    >>> [find_code([np.array([4, 0, 1])], text) for text in ("1-2", "1-3", "2-0", "1", "", "x")]
    [(1, 2), None, None, None, None, None]
    """
    try:
        numbers = parse_prefix(text)
    except TriescopeError:
        return None
    if len(numbers) != 2 or not 1 <= numbers[0] <= len(counts) or numbers[1] >= len(counts[numbers[0] - 1]):
        return None
    return numbers[0], numbers[1]


def neighbours_table(found: Facts, level: int, code: int, k: int) -> pd.DataFrame:
    """The codes nearest to one in code space, with their words."""
    near = usage.neighbours(found.fitted.codebooks[level - 1], code, k)
    words = found.words(level, [other.code for other in near])
    documents = found.counts[level - 1]
    return pd.DataFrame(
        [(n.code, said, int(documents[n.code]), n.cosine, n.distance) for n, said in zip(near, words, strict=True)],
        columns=["Code", "Words", "Documents", "Cosine", "Distance"],
    )


def steps_table(steps: list[usage.ResidualStep]) -> pd.DataFrame:
    """One row a level of quantizing a document."""
    names = ["Level", "Code", "Residual before", "Residual after", "Running cosine", "Second nearest", "Its distance"]
    return pd.DataFrame(steps, columns=names)


def level_figures(found: Facts) -> list[dict[str, Any]]:
    """One row a level: codes, used and dead ones, perplexity, Gini, largest share."""
    return [
        {
            "level": row.level,
            "codes": row.codes,
            "used": row.used,
            "dead": row.codes - row.used,
            "perplexity": float(np.exp(row.overall.entropy[0])),
            "gini": max(float(row.overall.gini[0]), 0.0),
            "largest_share": float(row.overall.largest_share[0]),
            "counts_only": row.level in found.counting,
        }
        for row in found.levels
    ]


def export(found: Facts) -> list[dict[str, Any]]:
    """Every level as plain values, with the counts of all codes in code order."""
    return [
        figures | {"documents": counts.tolist(), "prefixes": given.prefixes.tolist()}
        for figures, counts, given in zip(level_figures(found), found.counts, found.given, strict=True)
    ]
