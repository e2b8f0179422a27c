"""Words that name a node: class TF-IDF, the documents under a node being the class (as in BERTopic, Grootendorst 2022).

A word's weight is the share of the node's documents that use it, times the logarithm of that share over the share in
the whole catalogue: the word's part in the Kullback-Leibler divergence between the two. (With counts in place of
shares, words used once or twice in all win.)
"""

from collections.abc import Sequence

import bm25s
import numpy as np
from scipy import sparse

from engine.trie import Trie

WORDS = 3


def name_nodes(trie: Trie, titles: Sequence[str], texts: Sequence[str], code_words: Sequence[Sequence[str]] = ()) -> list[str]:
    """One name a node: the word its code means, where the scheme has words; else its most telling words, or the document's
    title when it holds a single one.

    >>> from engine.trie import build
    >>> trie = build(np.array([[0, 0], [0, 1], [1, 0]], np.int32))
    >>> names = name_nodes(trie, ["A", "B", "C"], ["ship storm", "ship island", "dance hall"])
    >>> names[1].split(" · ")[0], names[2]
    ('ship', 'C')
    """
    tokenized = bm25s.tokenize(list(texts), stopwords="en_plus", token_pattern=r"(?u)\b[^\W\d_]{3,}\b", show_progress=False)
    vocabulary = np.array([word for word, _ in sorted(tokenized.vocab.items(), key=lambda item: item[1])])
    lengths = [len(set(ids)) for ids in tokenized.ids]
    columns = np.concatenate([np.unique(ids) for ids in tokenized.ids] or [np.empty(0)]).astype(np.int64)
    uses = sparse.csr_matrix(
        (np.ones(len(columns), np.float32), columns, np.append(0, np.cumsum(lengths))), (len(texts), len(vocabulary))
    )[trie.documents]
    in_all = np.asarray(uses.sum(axis=0)).ravel() / uses.shape[0]
    counts = trie.counts
    names = ["all"] + [""] * (len(trie.code) - 1)
    for level in range(1, len(trie.level_start) - 1):
        nodes = np.arange(trie.level_start[level], trie.level_start[level + 1])
        several = nodes[counts[nodes] > 1]
        below = _slices(trie.doc_start[several], counts[several], uses.shape[0]) @ uses
        for row, node in enumerate(several):
            low, high = below.indptr[row], below.indptr[row + 1]
            words = below.indices[low:high]
            share = below.data[low:high] / counts[node]
            weight = share * np.log(share / in_all[words])
            best = words[np.lexsort((words, -weight))[:WORDS]]
            names[node] = " · ".join(vocabulary[best]) or f"{counts[node]} documents"
        for node in nodes[counts[nodes] == 1]:
            row = trie.documents[trie.doc_start[node]]
            names[node] = titles[row] or texts[row][:60]
    for level, words in enumerate(code_words, 1):
        if level < len(trie.level_start) - 1:
            for node in range(trie.level_start[level], trie.level_start[level + 1]):
                if counts[node] > 1 and trie.code[node] < len(words):
                    names[node] = words[trie.code[node]]
    return names


def _slices(start: np.ndarray, size: np.ndarray, columns: int) -> sparse.csr_matrix:
    """Indicator matrix whose row ``i`` is 1 on ``start[i] .. start[i] + size[i] - 1``."""
    ends = np.cumsum(size)
    indices = np.arange(ends[-1] if len(ends) else 0) + np.repeat(start - (ends - size), size)
    return sparse.csr_matrix((np.ones(len(indices), np.float32), indices, np.append(0, ends)), (len(start), columns))
