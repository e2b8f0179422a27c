"""A query read again before it is decoded: what is misspelled, and what only asks.

A word is misspelled where nobody knows it, in any form: not the catalogue, not those who asked it before, not the encoder, nor a
dictionary of its language where the extra ``spelling`` is installed. It becomes the word of the catalogue that one error of
typing makes it of: with the same first letter where there is one, for that is rarely missed, and among those the commonest
(Norvig 2007, with the catalogue as the language model). Where the catalogue has none, one that the others know. Nothing else of
the query changes, and every change is told.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import regex

from engine.text.languages import ENGLISH, stems_of
from engine.text.words import alike, pieces

# Letters of shorter words are left alone: an edit makes another word of most of them.
SHORTEST = 4
# Of the other words, those whose further forms count as known too; a dictionary behind them lists its forms itself.
FORMS = 40_000
WORD = regex.compile(r"(?<![\p{L}\p{N}'’_])\p{L}{4,}(?![\p{L}\p{N}'’_])")
# What asks for something and says nothing of it, at the beginning of a query in English.
ASKS = regex.compile(
    r"^\s*(?:please\s+|hi,?\s+|hello,?\s+)?"
    r"(?:(?:i\s*(?:'m|am|m)\s+(?:looking|searching)\s+for|i\s+(?:want|need)(?:\s+to\s+(?:find|see|watch))?|can\s+you\s+find(?:\s+me)?|"
    r"(?:find|show|give|recommend)\s+me|do\s+you\s+know|what(?:'s|\s+is|\s+was)\s+(?:that|the\s+name\s+of)|help\s+me\s+find)\s+)+"
    r"(?:(?:a|an|the|some|that|one)\s+)?",
    regex.IGNORECASE,
)


class Change(NamedTuple):
    """One change: its kind (``spelling`` or ``request``), what stood there and what stands there now."""

    kind: str
    before: str
    after: str

    def told(self) -> str:
        """In words.

        >>> Change("spelling", "heizt", "heist").told(), Change("request", "show me a ", "").told()
        ('heizt → heist', '"show me a" left out')
        """
        return f"{self.before} → {self.after}" if self.after else f'"{self.before.strip()}" left out'


class Rewritten(NamedTuple):
    """A query as it is searched, and what was changed of it."""

    text: str
    changes: tuple[Change, ...] = ()


class Vocabulary:
    """The words of a catalogue with the number of its documents that have each, and what else counts as a word.

    Parameters
    ----------
    texts : iterable of str
        Of the documents, as they are searched.
    others : collection of str
        Words that are none of the catalogue's and no mistakes, the commonest first: those of queries, and those that an encoder
        knows whole.
    language : str
        Whose stems are compared.
    """

    def __init__(self, texts: Iterable[str], others: Collection[str] = (), language: str = ENGLISH):
        self.counts: Counter[str] = Counter()
        for text in texts:
            self.counts.update({word for word in pieces(text) if word.isalpha()})
        self.others = {word: -place for place, word in enumerate(others)}
        self.language = language
        self.stems = set(stems_of([[*self.counts, *list(self.others)[:FORMS]]], language)[0])
        self.letters = "".join(sorted({letter for word in self.counts for letter in word}))[:64]

    def knows(self, word: str) -> bool:
        """Whether a word, in small letters, is one, in any form."""
        if word in self.counts or word in self.others:
            return True
        return bool(self.stems.intersection(stems_of([[word]], self.language)[0]))

    def meant(self, word: str) -> str:
        """The word that one error of typing makes this one of; empty where there is none.

        >>> vocabulary = Vocabulary(["a heist in a dream", "a heist", "moist"])
        >>> vocabulary.meant("heizt"), vocabulary.meant("hiest"), vocabulary.meant("robot")
        ('heist', 'heist', '')
        """
        near = set(edits(word, self.letters))
        for known in (self.counts, self.others):
            if found := [one for one in near if one in known and len(one) >= SHORTEST - 1]:
                return max(sorted(found), key=lambda one: (one[0] == word[0], known[one]))
        return ""


def edits(word: str, letters: str) -> Iterator[str]:
    """Everything that is one error away: a letter dropped, put in or another, or two beside each other swapped."""
    for place in range(len(word) + 1):
        head, tail = word[:place], word[place:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in letters:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]


def rewritten(query: str, vocabulary: Vocabulary) -> Rewritten:
    """A query as it should be searched.

    >>> found = rewritten("show me a heizt in space", Vocabulary(["a heist", "space"]))
    >>> found.text, [change.told() for change in found.changes]
    ('heist in space', ['"show me a" left out', 'heizt → heist'])
    """
    changes: list[Change] = []
    if vocabulary.language == ENGLISH and (match := ASKS.match(query)) and WORD.search(query, match.end()):
        changes.append(Change("request", match[0], ""))
        query = query[match.end() :]
    parts, at = [], 0
    for match in WORD.finditer(query):
        word = alike(match[0])
        if len(word) < SHORTEST or vocabulary.knows(word):
            continue
        if not (meant := vocabulary.meant(word)):
            continue
        changes.append(Change("spelling", match[0], meant))
        parts += [query[at : match.start()], meant]
        at = match.end()
    return Rewritten("".join([*parts, query[at:]]), tuple(changes))


def whole_words(model: str) -> Sequence[str]:
    """Words of letters that an encoder's tokenizer knows whole, the commonest first; none where it has no tokenizer of its own.

    Word pieces stand in the order in which they were learned, so the earlier ones are commoner.
    """
    from engine.errors import TriescopeError
    from engine.text import hub
    from engine.text.lengths import tokenizer_of

    try:
        found = tokenizer_of(hub.locate(model))
    except TriescopeError:
        return ()
    if found is None:
        return ()
    known = found[0].get_vocab()
    return [word for word in sorted(known, key=known.__getitem__) if len(word) >= SHORTEST - 1 and word.isalpha()]


# What the dictionaries of pyspellchecker are called.
DICTIONARIES = {
    "english": "en",
    "spanish": "es",
    "french": "fr",
    "italian": "it",
    "portuguese": "pt",
    "german": "de",
    "russian": "ru",
    "arabic": "ar",
    "dutch": "nl",
    "basque": "eu",
}


@lru_cache(maxsize=2)
def dictionary(language: str) -> tuple[str, ...]:
    """Words of a language, the commonest first; none where there is no dictionary of it, or the extra ``spelling`` is missing."""
    try:
        from spellchecker import SpellChecker
    except ImportError:
        return ()
    if language not in DICTIONARIES:
        return ()
    counts = SpellChecker(DICTIONARIES[language]).word_frequency.dictionary
    return tuple(sorted((word for word in counts if word.isalpha()), key=lambda word: (-counts[word], word)))
