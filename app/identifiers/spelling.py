"""Identifiers in words under every scheme of a build's study: of a document that is there, and of a text typed just now."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from app.common import resources
from engine import identifiers, trie
from engine.builds.opened import Build
from engine.identifiers import SCHEMES, Identifiers
from engine.studies import schemes as study
from engine.trie import Trie
from engine.trie.naming import name_nodes


class Tree(NamedTuple):
    """A scheme of a study: what it fitted, its trie, and words for each node."""

    fitted: Identifiers
    trie: Trie
    names: list[str]


class Spelled(NamedTuple):
    """An identifier and the words of the nodes on its path, coarse to fine."""

    identifier: str
    words: str


def tree(build: Build, scheme: str) -> Tree:
    """A scheme of the build's study; made once."""
    path = study.study_folder(build) / f"{scheme}.npz"
    return _tree(str(path), path.stat().st_mtime_ns if path.exists() else 0, build, scheme)


@st.cache_resource(max_entries=24, show_spinner="Naming the nodes of the tree")
def _tree(path: str, version: int, _build: Build, scheme: str) -> Tree:
    fitted = study.read_identifiers(_build, scheme)
    built = trie.build(fitted.codes)
    documents, fields = _build.corpus.documents, _build.manifest.spec.fields
    texts = [document._replace(title="").searched_text(fields) for document in documents]
    return Tree(fitted, built, name_nodes(built, [document.title for document in documents], texts, fitted.words))


def spell(found: Tree, row: int) -> Spelled:
    """Of a document by its row."""
    path = found.trie.path(row)
    return Spelled("-".join(str(int(found.trie.code[node])) for node in path), "  >  ".join(found.names[node] for node in path))


def spell_new(found: Tree, scheme: str, vector: np.ndarray) -> Spelled:
    """Of a text that is not in the catalogue: its content codes from the fitted codebooks, the words as deep as the tree goes.

    ``vector`` is float32 ``(d,)``. A scheme whose codes are no vectors cannot place a text; the words then say so.
    """
    if SCHEMES[scheme].assign is None:
        return Spelled("", "none: these codes come from a document's columns or words, not from its embedding")
    if why := identifiers.unplaceable(scheme, found.fitted):
        return Spelled("", f"none: {why}")
    codes = [int(code) for code in identifiers.assign(scheme, found.fitted, vector[None])[0] if code >= 0]
    nodes = []
    for depth in range(1, len(codes) + 1):
        node = found.trie.find(tuple(codes[:depth]))
        if node is None:
            break
        nodes.append(node)
    words = [found.names[node] for node in nodes]
    if nodes:
        below = int(found.trie.counts[nodes[-1]])
        words[-1] += f" ({below:,} document{'s' if below > 1 else ''} there)"
    if len(nodes) < len(codes):
        words.append("none there yet")
    return Spelled("-".join(map(str, codes)), "  >  ".join(words))


def typed_vector(build: Build, text: str) -> np.ndarray:
    """Embedding of a typed text, by the build's own encoder."""
    return resources.query_vector(build, text)[0]
