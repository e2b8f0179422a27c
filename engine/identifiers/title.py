"""Titles: the words of the title, then an end code (GENRE, De Cao et al. 2021).

GENRE generates the names of Wikipedia pages word piece by word piece, kept to existing names by a trie; whole words are
used here, so that every node can be read.
"""

import string
from typing import Any

from engine.data.corpus import Document
from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme
from engine.identifiers.paths_of_words import identifiers_of

LENGTH = 12
_PUNCTUATION = string.punctuation + "“”„‘’‚«»‹›…–—¡¿·•、。「」『』（）！？：；，"


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Number the words of each title; see :class:`engine.identifiers.base.Scheme`."""
    length = settings.get("length") or LENGTH
    # Every title ends in the end code, so "Alien" is not the beginning of "Alien Resurrection".
    return identifiers_of([title_words(document, length) for document in material.documents], always_end=True)


def title_words(document: Document, length: int) -> list[str]:
    """The first ``length`` words of the title, or of the text where there is no title, in lower case.

    >>> title_words(Document("a", "“Alien” - Director's Cut!", "A ship.", {}), 12)
    ['alien', "director's", 'cut']
    >>> title_words(Document("a", "", "A ship lands on ...", {}), 3), title_words(Document("a", "?!", "", {}), 3)
    (['a', 'ship', 'lands'], ['?!'])
    """
    tokens = (document.title.strip() or document.text).lower().split(maxsplit=4 * length)[: 4 * length]
    stripped = [word for token in tokens if (word := token.strip(_PUNCTUATION))]
    # A title may be made of signs alone.
    return (stripped or tokens)[:length]


SCHEME = Scheme(
    name="title",
    summary="The words of the title, then an end code; the first words of the text where there is no title.",
    citation="De Cao et al. 2021 (GENRE)",
    options=(Option(name="length", type=int, default=LENGTH, low=1, high=32, help="Words of the title that are used."),),
    fit=fit,
)
