"""What an answer is: sentences, each with the hits that it rests on, and how much of it each hit carries."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.text import embed
from engine.text.sentences import sentences

# Sentences of a document that are looked at.
LOOKED_AT = 40


class Sentence(NamedTuple):
    """A sentence of an answer.

    Attributes
    ----------
    text : str
        The words, without marks of citations.
    cited : tuple of int
        Ranks of the hits that it names itself, ascending; of an extract the one it is from.
    nearest : int
        Rank of the hit whose text is nearest to it; 0 where none is.
    cosine : float
        How near that is.
    """

    text: str
    cited: tuple[int, ...]
    nearest: int
    cosine: float


class Answer(NamedTuple):
    """An answer to a query.

    Attributes
    ----------
    kind : str
        ``extract``: sentences of documents, or ``written``: by a language model.
    sentences : list of Sentence
        In their order.
    hits : list of Hit
        What it rests on.
    notes : tuple of str
        What a person should know of it.
    """

    kind: str
    sentences: list[Sentence]
    hits: list[Hit]
    notes: tuple[str, ...] = ()

    def shares(self) -> dict[int, float]:
        """Rank of each hit -> its share of the answer: letters of sentences that cite it, split among those cited; of one that
        cites none, of the hit that is nearest. They sum to 1, unless nothing is near."""
        found = {hit.rank: 0.0 for hit in self.hits}
        for sentence in self.sentences:
            of = sentence.cited or ((sentence.nearest,) if sentence.nearest else ())
            for rank in of:
                found[rank] += len(sentence.text) / len(of)
        total = sum(found.values())
        return {rank: letters / total if total else 0.0 for rank, letters in found.items()}

    def json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "kind": self.kind,
            "sentences": [one._asdict() | {"cosine": round(one.cosine, 4)} for one in self.sentences],
            "hits": [hit._asdict() for hit in self.hits],
            "shares": {str(rank): round(share, 4) for rank, share in self.shares().items()},
            "notes": list(self.notes),
        }


class Source(NamedTuple):
    """A sentence of a hit, with the hit's rank and the sentence's vector, float32 ``(d,)``."""

    rank: int
    text: str
    vector: np.ndarray


def sources(build: Build, hits: Sequence[Hit]) -> list[Source]:
    """Sentences of the hits' texts, embedded through the cache; of a long text the first of them."""
    pairs = [(hit.rank, text) for hit in hits for text in sentences(build.documents[build.row_of[hit.id]].text)[:LOOKED_AT]]
    vectors = list(embed.embed([text for _, text in pairs], build.model)) if pairs else []
    return [Source(rank, text, vector) for (rank, text), vector in zip(pairs, vectors, strict=True)]


def nearest(vector: np.ndarray, among: Sequence[Source]) -> tuple[int, float]:
    """Rank of the hit with the sentence nearest to a vector, and the cosine; (0, 0) among none."""
    if not among:
        return 0, 0.0
    cosines = np.array([source.vector @ vector for source in among])
    best = int(cosines.argmax())
    return among[best].rank, float(cosines[best])
