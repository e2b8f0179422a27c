"""RQ-KMeans over what was taken with what, over what the texts say, or over both: identifiers from behaviour.

Each item is one vector: its text vector beside its factors of the item-item matrix, each of unit length and weighed by its
share, so that a cosine of two items is the mean of both cosines. Residual k-means does the rest. Items that are taken together
then stand below one prefix, and a beam keeps them together (the idea of the collaborative identifiers of Hua et al. 2023 and of
LETTER, Wang et al. 2024, without a network).
"""

from typing import Any

import numpy as np

from engine.errors import TriescopeError
from engine.identifiers import rq_kmeans
from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme

# Share of the texts, and factors of the matrix, where nobody says.
SHARE, FACTORS = 0.5, 128


def default_codes(documents: int) -> int:
    """Codes a level when the user does not say: fewer than by text alone, for a wide prefix is what a narrow beam forgives. On
    8,000 development questions of Amazon Beauty the counting scorer has R@10 .117 at 10 beams with 2 x 32, .108 with 2 x 64.

    >>> [default_codes(n) for n in (200, 1200, 12_000)]
    [16, 32, 32]
    """
    return min(32, rq_kmeans.default_codes(documents))


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Fit the codebooks on both; see :class:`engine.identifiers.base.Scheme`. Where texts alone are asked for the codebooks are
    kept, for then they can place a new document.

    Raises
    ------
    TriescopeError
        Behaviour is asked for and there is none.
    """
    share = SHARE if settings.get("share") is None else settings["share"]
    levels = settings["levels"] or LEVELS
    codes = settings["codes"] or default_codes(len(material.embeddings))
    points = mixed(material.embeddings, material.behaviour, share)
    fitted = rq_kmeans.fit(material._replace(embeddings=points), {"levels": levels, "codes": codes}, seed, progress)
    if share == 1 or material.behaviour is None:
        return fitted
    alone = int((~material.behaviour.any(axis=1)).sum())
    so = "are placed by their texts alone" if share else "share codes that say nothing"
    told = f"{alone:,} of {len(points):,} documents have nothing in the item-item matrix: they {so}"
    return Identifiers(fitted.codes, fitted.vocabulary, notes=(told,) if alone else ())


def mixed(texts: np.ndarray, behaviour: np.ndarray | None, share: float) -> np.ndarray:
    """Both vectors of each document side by side, float32 unit rows; a document that lacks one has the other alone.

    Parameters
    ----------
    texts : np.ndarray
        Float32 ``(n, d)``.
    behaviour : np.ndarray or None
        Float32 ``(n, r)``; not needed where ``share`` is 1.
    share : float
        Of the texts, from 0 (behaviour alone) to 1 (texts alone).

    Raises
    ------
    TriescopeError
        Behaviour is asked for and there is none.

    >>> mixed(np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 3.0], [0.0, 0.0]]), 0.5).astype(float).round(3).tolist()
    [[0.707, 0.0, 0.0, 0.707], [0.0, 1.0, 0.0, 0.0]]
    """
    if share == 1:
        return _unit(texts)
    if behaviour is None:
        raise TriescopeError(
            "rq-behaviour: nobody has taken anything of this catalogue yet; join interactions to a build of it (`python -m "
            "engine interactions BUILD FILE`) and build that again with these identifiers; or share=1 for its texts alone"
        )
    both = [np.sqrt(1 - share) * _unit(behaviour)]
    if share:
        both.insert(0, np.sqrt(share) * _unit(texts))
    return _unit(np.concatenate(both, axis=1))


def _unit(rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows, np.float32)
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)).astype(np.float32)


LEVELS = 2
SCHEME = Scheme(
    name="rq-behaviour",
    summary="Residual k-means over what is taken together, over the texts, or over both; needs interactions.",
    citation="Hua et al. 2023 (collaborative indexing); Wang et al. 2024 (LETTER); factors: truncated SVD",
    options=(
        Option("share", float, SHARE, "Of the texts: 0 is behaviour alone, 1 texts alone.", 0.0, 1.0),
        rq_kmeans.LEVELS._replace(default=LEVELS),
        rq_kmeans.CODES._replace(help="Codes a level. 16 below 500 documents, else 32."),
        Option("factors", int, FACTORS, "Factors of the item-item matrix, of its rows and of its columns.", 2, 1024),
    ),
    fit=fit,
    assign=rq_kmeans.assign,
    resolvers=("extra-code", "leave"),
    behaviour=lambda settings: settings.get("share") != 1,
)
