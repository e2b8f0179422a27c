"""What the text of an item says, and which items say nearly the same: TF-IDF cosines, the nearest of each item kept."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from engine.data.corpus import Document, as_words
from engine.text.words import words

# Nearest items of each that are kept; rows whose cosines with all others are held at once.
NEAREST, TOGETHER = 300, 1024


def said_of(document: Document, fields: Sequence[str] = ()) -> list[str]:
    """Words and pairs of neighbouring words of the title, words of the text, and the values of metadata ``fields``, each as one.

    Lists, and lists of lists, are several values.

    >>> said_of(Document("a", "Red nail polish", "", {"brand": "OPI", "path": [["Makeup", "Nails"]]}), ("brand", "path"))
    ['red', 'nail', 'polish', 'red nail', 'nail polish', 'brand=opi', 'path=makeup', 'path=nails']
    """
    title, found = words(document.title), []
    found += title + [f"{one} {other}" for one, other in pairwise(title)]
    found += words(document.text)
    for field in fields:
        found += [f"{field}={value}" for value in _values(document.metadata.get(field))]
    return found


def _values(value: Any) -> list[str]:
    if isinstance(value, list):
        return list(dict.fromkeys(told for one in value for told in _values(one)))
    told = as_words(value).lower()
    return [told] if told else []


def neighbours(said: Sequence[Sequence[str]], nearest: int = NEAREST) -> sparse.csr_matrix:
    """TF-IDF cosine of every item with those nearest to it, itself left out: float32 ``(items, items)``, at most ``nearest`` a
    row.

    Parameters
    ----------
    said : sequence of sequence of str
        Of each item, as :func:`said_of` gives them.
    nearest : int
        Kept a row; of equal ones the first in the catalogue.

    >>> found = neighbours([["red", "nail"], ["red", "soap"], ["hat"]])
    >>> found.nonzero()[0].tolist(), found.nonzero()[1].tolist(), round(float(found[0, 1]), 2)
    ([0, 1], [1, 0], 0.37)
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    items = len(said)
    if not any(len(of) for of in said):
        return sparse.csr_matrix((items, items), dtype=np.float32)
    of_item = TfidfVectorizer(analyzer=list, sublinear_tf=True, dtype=np.float32).fit_transform(said)
    across, parts = of_item.T.tocsc(), []
    for start in range(0, items, TOGETHER):
        cosines = (of_item[start : start + TOGETHER] @ across).toarray()
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = 0
        best = np.broadcast_to(np.arange(items), cosines.shape) if items <= nearest else _best(cosines, nearest)
        values = np.take_along_axis(cosines, best, 1)
        part = sparse.csr_matrix((values.ravel(), (np.repeat(rows, best.shape[1]), best.ravel())), shape=(len(rows), items))
        part.eliminate_zeros()
        parts.append(part)
    return sparse.vstack(parts, format="csr").astype(np.float32)


def _best(cosines: np.ndarray, nearest: int) -> np.ndarray:
    """Columns of the highest values of each row; of those equal to the last one kept, the first ones."""
    least = -np.partition(-cosines, nearest - 1, axis=1)[:, nearest - 1 : nearest]
    above, level = cosines > least, cosines == least
    room = nearest - above.sum(1, keepdims=True)
    return np.nonzero(above | (level & (np.cumsum(level, axis=1) <= room)))[1].reshape(len(cosines), nearest)
