"""Decodes of made-up trees as pictures take them, and texts that are meant to do harm."""

from collections.abc import Sequence

import numpy as np

from engine import trie
from engine.pictures.shown import Shown
from tests.engine.oracles import Word, beam_search, padded, random_sums

QUERY = np.zeros(2, np.float32)
WILD = (
    "</script><script>alert(1)</script> </style> ]]> --> <img src=x onerror=alert(1)> <a href='javascript:alert(1)'>a</a> "
    "&lt; &#0; \x00\x1b \ud800 \udfff \u202eevil\u2066 שלום عالم {{b}} `${b}` \" ' url(http://outside.invalid/a)"
)


def shown_of(words: Sequence[Word], seed: int = 0, beams: int = 3, name: str = "words", told: str = "beam") -> Shown:
    built = trie.build(padded(words))
    trace = beam_search(built, random_sums(built, seed, masked=True), QUERY, beams)
    names = [f"{name} {node}" for node in range(len(built.code))]
    return Shown(trace, built, built, names, lambda row: f"{name} of {row}", told)
