"""Another's candidates ranked by a cross-encoder, which reads query and document together (Nogueira and Cho 2019).

It finds nothing itself: a pass over all documents would take a second for every fifty or so.
"""

from collections.abc import Sequence

import numpy as np

from engine.retrievers.ordering import Ordering, Reader, method
from engine.text import cross_encoder

# Pairs that are read together.
BATCH = 16


class Cross(Ordering):
    """Logits of pairs."""

    name, model, depth = "cross", "cross", 50

    def reader(self) -> Reader:
        """The model of the folder."""
        model = cross_encoder.load(self.folder)

        def read(query: str, documents: Sequence[str]) -> np.ndarray:
            return model.predict([(query, document) for document in documents], batch_size=BATCH, show_progress_bar=False)

        return read


METHOD = method(
    Cross,
    summary="orders what another found, reading query and document together: bm25~cross:NAME",
    citation="Nogueira and Cho 2019, arXiv:1901.04085",
    color="#6F4E7C",
    evidence=lambda found: f"logit {found.score:.3f}",
)
