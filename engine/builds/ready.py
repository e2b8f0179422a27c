"""Vectors that somebody has made already, taken for a build's documents once they are seen to be of its encoder.

Queries are encoded by the encoder that is named. Where that is not here (``--model none``) nothing can be compared, and only
keyword search takes typed text; trees, maps and identifiers are made of the vectors all the same.
They stay in their build: the cache of vectors holds what this machine has embedded itself.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.builds.searched import texts_of
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus
from engine.errors import TriescopeError
from engine.stored import arrays
from engine.text import embed
from engine.text.hub import NONE

# Documents that are embedded anew to compare, and the least cosine of each: half precision and other batches stay above it.
CHECKED, ALIKE = 20, 0.99
ONLY_WORDS = "only keyword search takes typed text"


class Taken(NamedTuple):
    """Float32 ``(documents, d)``, unit rows; on how many documents they were held to the encoder, and the least cosine there."""

    vectors: np.ndarray
    checked: int
    least: float

    def told(self) -> str:
        """In a line.

        >>> print(Taken(np.zeros((1200, 4), np.float32), 20, 0.9998).told())
        1,200 vectors were taken as they are: 20 of them are the encoder's own (cosine at least 0.9998)
        """
        if not self.checked:
            return f"{len(self.vectors):,} vectors were taken as they are, of an encoder that is not here: {ONLY_WORDS}"
        return (
            f"{len(self.vectors):,} vectors were taken as they are: {self.checked} of them are the encoder's own "
            f"(cosine at least {self.least:.4f})"
        )


def take(path: Path, corpus: Corpus, spec: BuildSpec, seed: int = 0) -> Taken:
    """The vectors of a file, held to the encoder of a spec.

    Parameters
    ----------
    path : Path
        ``.npy``, float32 or float64 ``(documents, d)``: a row a document, in the order of the corpus.
    corpus : Corpus
        The documents.
    spec : BuildSpec
        What shall be built of them.
    seed : int
        Which documents are embedded anew.

    Raises
    ------
    TriescopeError
        They are not of so many documents or dimensions, a row is no direction, some are not what the encoder says of the
        documents, or documents are cut into passages, which have no vectors here.
    """
    vectors = arrays.mapped(path, "float32", "float64", axes=2)
    texts = texts_of(corpus.documents, spec)
    if len(vectors) != len(texts):
        left = f"; {len(corpus.left_out):,} with neither title nor text are none" if corpus.left_out else ""
        raise TriescopeError(f"{path}: {len(vectors):,} vectors for {len(texts):,} documents{left}")
    if any(len(of) > 1 for of in texts):
        raise TriescopeError(f"{path}: long documents are cut into passages, which have no vectors here; leave out --passages")
    flat = [of[0] for of in texts]
    lengths = np.linalg.norm(vectors, axis=1)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        row = int((~(np.isfinite(lengths) & (lengths > 0))).argmax()) + 1
        raise TriescopeError(f"{path}: row {row:,} is no direction")
    unit = (vectors / lengths[:, None]).astype(np.float32)
    if spec.model == NONE:
        return Taken(unit, 0, 0.0)
    encoder = embed.load(spec.model)
    if unit.shape[1] != encoder.dimensions:
        raise TriescopeError(f"{path}: vectors of {unit.shape[1]} dimensions; encoder {spec.model!r} has {encoder.dimensions}")
    some = np.sort(np.random.default_rng(seed).permutation(len(flat))[:CHECKED])
    cosines = np.einsum("nd,nd->n", encoder.encode([flat[row] for row in some]), unit[some])
    if (other := int((cosines < ALIKE).sum())) > 0:
        worst = int(some[cosines.argmin()])
        raise TriescopeError(
            f"{path}: {other} of {len(some)} vectors are not what encoder {spec.model!r} says of its documents ("
            f"{corpus.documents[worst].id!r}: cosine {cosines.min():.2f}); name theirs by --model, and look at order and --field"
        )
    return Taken(unit, len(some), float(cosines.min()))
