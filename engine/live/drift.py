"""How far a catalogue has moved away from the documents that its identifiers were fitted on.

Codes are chosen for the documents that there were. Those that come later get the nearest codes there are, and lie further from
their sum; the more of them and the further, the less the identifiers say. Some distance is no drift: a fit suits the documents it
saw better than others of the same kind.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from engine.identifiers.base import Identifiers
from engine.identifiers.distortion import distortion

# Rules of thumb: a fit anew is due where so large a share came later, or where those that came lose so much of what the
# identifiers keep of the fitted ones (squared length), as soon as they are more than a few.
MUCH, FAR, FEW = 0.25, 0.25, 0.05


class Drift(NamedTuple):
    """How a catalogue stands.

    Attributes
    ----------
    fitted, later : int
        Documents that the identifiers were fitted on and are still there, and those placed since.
    unplaced : int
        Of ``later``, those without an identifier.
    kept, kept_later : float or None
        Share of a document's squared length that the sum of its codes keeps, on average, of either kind; None where the scheme
        has no vectors, or there are none.
    """

    fitted: int
    later: int
    unplaced: int
    kept: float | None
    kept_later: float | None

    @property
    def share(self) -> float:
        """Of all documents, those placed since."""
        return self.later / max(1, self.fitted + self.later)

    @property
    def lost(self) -> float | None:
        """Share of what identifiers keep of the fitted documents that they do not keep of the later ones."""
        if self.kept is None or self.kept_later is None or self.kept <= 0:
            return None
        return 1 - self.kept_later / self.kept

    @property
    def due(self) -> bool:
        """Whether it is time to fit anew, by the rules of thumb."""
        return self.share > MUCH or (self.share > FEW and (self.lost or 0.0) > FAR) or self.unplaced > 0

    def told(self) -> str:
        """In a sentence.

        >>> Drift(90, 10, 0, 0.5, 0.45).told()
        '10% of 100 documents came after the fit; identifiers keep .50 of the fitted ones and .45 of the later ones'
        """
        if not self.later:
            return f"the identifiers were fitted on all {self.fitted:,} documents"
        share = f"{self.share:.0%}" if self.share >= 0.01 else "under 1%"
        told = f"{share} of {self.fitted + self.later:,} documents came after the fit"
        if self.kept is not None and self.kept_later is not None:
            told += f"; identifiers keep {_two(self.kept)} of the fitted ones and {_two(self.kept_later)} of the later ones"
        if self.unplaced:
            told += f"; {self.unplaced:,} have no identifier: keyword and vector search find them, generation does not"
        return f"{told}: fit anew" if self.due else told


def _two(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


def drift(fitted: Identifiers, embeddings: np.ndarray, first: int) -> Drift:
    """Drift of float32 ``(n, d)`` embeddings under their identifiers, of which the ``first`` were fitted."""
    there = fitted.codes[:, 0] >= 0
    rows = np.arange(len(embeddings))
    old, new = rows[(rows < first) & there], rows[(rows >= first) & there]
    later = len(embeddings) - first
    return Drift(first, later, later - len(new), _kept(fitted, embeddings, old), _kept(fitted, embeddings, new))


def _kept(fitted: Identifiers, embeddings: np.ndarray, rows: np.ndarray) -> float | None:
    if not fitted.codebooks or not len(rows):
        return None
    found = distortion(replace(fitted, codes=fitted.codes[rows], content=fitted.content[rows]), embeddings[rows])
    return 1 - found.squared_error if found else None
