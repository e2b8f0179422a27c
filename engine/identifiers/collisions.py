"""Two documents, one identifier: what to do about it.

Each resolver takes what a scheme fitted and returns it with fewer collisions (or none); :func:`resolve` picks one by name.
Those that need the codes' vectors are in :mod:`engine.identifiers.collision_vectors`; what each of them cannot separate is
numbered here, so that after every resolver but ``leave`` all identifiers differ. What they cost is
:func:`engine.identifiers.distortion.distortion` before and after.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.errors import TriescopeError
from engine.identifiers import collision_vectors
from engine.identifiers.base import Identifiers, Material, Scheme


def extra_code(fitted: Identifiers, material: Material, seed: int) -> Identifiers:
    """Number the documents that share an identifier, with one more code (TIGER, Rajput et al. 2023, section 3.1).

    The first document of each group, in document order, gets 0, the next 1, and so on. The number follows the last code of each
    identifier, in a column of its own. Nothing is added when all identifiers differ; costs no distortion.

    >>> fitted = Identifiers(np.array([[4, 1], [2, 0], [4, 1]], np.int32), (5, 2))
    >>> extra_code(fitted, None, 0).codes.tolist()
    [[4, 1, 0], [2, 0, 0], [4, 1, 1]]
    >>> extra_code(Identifiers(np.array([[4, -1], [2, 0], [4, -1]], np.int32), (5, 2)), None, 0).codes.tolist()
    [[4, 2, -1], [2, 0, 0], [4, 3, -1]]
    """
    codes = fitted.codes
    has_one = codes[:, 0] >= 0
    _, group, sizes = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    group = group.ravel()
    if sizes[group[has_one]].max(initial=1) == 1:
        return fitted
    order = np.argsort(group, kind="stable")
    first = np.cumsum(sizes) - sizes
    number = np.empty(len(codes), np.int32)
    number[order] = np.arange(len(codes)) - np.repeat(first, sizes)
    length = (codes >= 0).sum(axis=1)
    widened = np.column_stack([codes, np.full(len(codes), -1, np.int32)]).astype(np.int32)
    vocabulary = [*fitted.vocabulary, 0]
    words = [list(level) for level in fitted.words] + [[]] if fitted.words else []
    # Where identifiers end at different levels a number must not look like a code that goes on: it counts from behind the
    # level's own codes.
    for level in range(1, codes.shape[1] + 1):
        rows = has_one & (length == level)
        if rows.any():
            base = vocabulary[level]
            widened[rows, level] = base + number[rows]
            vocabulary[level] = base + int(number[rows].max()) + 1
            if words:
                words[level] += [str(n) for n in range(vocabulary[level] - len(words[level]))]
    # The content stays what it was: a number says nothing about its document.
    return replace(fitted, codes=widened, vocabulary=tuple(vocabulary), words=words)


def leave(fitted: Identifiers, material: Material, seed: int) -> Identifiers:
    """Do nothing: a leaf holds several documents, and a hit is each of them in document order."""
    return fitted


def reassign(fitted: Identifiers, material: Material, seed: int) -> Identifiers:
    """Give documents that collide the nearest free code of the last level; :func:`extra_code` where no code is free.

    See :func:`engine.identifiers.collision_vectors.reassign`. ``assign`` no longer equals the identifier of a moved document.
    """
    return extra_code(collision_vectors.reassign(fitted, material), material, seed)


def sinkhorn(fitted: Identifiers, material: Material, seed: int) -> Identifiers:
    """Balance the last level under each crowded prefix; :func:`extra_code` for what still collides.

    See :func:`engine.identifiers.collision_vectors.sinkhorn`. ``assign`` no longer equals the identifier of a moved document.
    """
    return extra_code(collision_vectors.sinkhorn(fitted, material), material, seed)


def one_more_level(fitted: Identifiers, material: Material, seed: int) -> Identifiers:
    """Quantize what is left over once more; :func:`extra_code` for what still collides.

    See :func:`engine.identifiers.collision_vectors.one_more_level`; only for schemes whose ``assign`` works on residuals.
    """
    return extra_code(collision_vectors.one_more_level(fitted, material, seed), material, seed)


RESOLVERS: dict[str, Callable[[Identifiers, Material, int], Identifiers]] = {
    "extra-code": extra_code,
    "reassign": reassign,
    "sinkhorn": sinkhorn,
    "one-more-level": one_more_level,
    "leave": leave,
}


def resolve(name: str | None, scheme: Scheme, fitted: Identifiers, material: Material, seed: int) -> Identifiers:
    """Resolve collisions by the resolver called ``name``; None means the scheme's own default."""
    chosen = name or scheme.resolvers[0]
    if chosen not in scheme.resolvers:
        raise TriescopeError(f"{scheme.name} has no resolver {chosen!r}; it has {', '.join(scheme.resolvers)}")
    return RESOLVERS[chosen](fitted, material, seed)
