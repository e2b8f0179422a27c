"""What the tests of schemes made of words share: documents, fits, and identifiers spelled and checked."""

import numpy as np
from hypothesis import strategies as st

from engine import trie
from engine.data.corpus import Document
from engine.identifiers import atomic, attributes, category, keywords, random, title, url
from engine.identifiers.base import Material
from engine.identifiers.collisions import extra_code
from engine.identifiers.paths_of_words import DEEPEST, END, UNKNOWN

OF_WORDS = {scheme.name: scheme for scheme in (m.SCHEME for m in (category, attributes, title, keywords, url))}
ALL = OF_WORDS | {scheme.name: scheme for scheme in (atomic.SCHEME, random.SCHEME)}

few_words = st.lists(st.lists(st.sampled_from(["a", "b", "c", END, UNKNOWN]), max_size=4), min_size=1, max_size=15)
any_words = st.lists(st.lists(st.text(min_size=1, max_size=5), max_size=DEEPEST), min_size=1, max_size=8)
cells = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.lists(st.one_of(st.text(max_size=5), st.none())),
)


def document(text="", name="", **metadata):
    return Document("", name, text, metadata)


def fit(scheme, documents, seed=0, **settings):
    """What a scheme fits on documents and random vectors, every option given or None."""
    vectors = np.random.default_rng(1).normal(size=(len(documents), 8)).astype(np.float32)
    chosen = {option.name: settings.get(option.name) for option in scheme.options}
    assert not settings.keys() - chosen.keys()
    return scheme.fit(Material(vectors, documents), chosen, seed, lambda done, total: None)


def spelled(fitted):
    """Each identifier in its words."""
    return [[fitted.words[level][code] for level, code in enumerate(row) if code >= 0] for row in fitted.codes.tolist()]


def resolved(fitted):
    """The identifiers after the extra code, checked: each leaf of their trie is one document, and each document is one."""
    unique = extra_code(fitted, None, 0)
    tree = trie.build(unique.codes)
    leaves = np.flatnonzero(np.diff(tree.first_child) == 0)
    assert sorted(int(row) for leaf in leaves for row in tree.leaf_documents(leaf)) == list(range(len(fitted.codes)))
    assert (tree.counts[leaves] == 1).all()
    assert (unique.codes.max(axis=0) < unique.vocabulary).all()
    assert len(unique.vocabulary) == unique.codes.shape[1]
    if unique.words:
        assert [len(words) for words in unique.words] == list(unique.vocabulary)
    return unique
