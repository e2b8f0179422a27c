"""What is kept of a word, and the pages that words stand on."""

from typing import NamedTuple

START, DECODE, TRIE, MAP, COMPARE, EVALUATE, VERDICT = "", "decode", "trie", "map", "compare", "evaluate", "verdict"
IDENTIFIERS, CODEBOOKS, TRAIN, SESSIONS = "identifiers", "codebooks", "train", "sessions"
TITLES = {
    START: "Start",
    DECODE: "Decode",
    TRIE: "Trie",
    MAP: "Map",
    SESSIONS: "Sessions",
    COMPARE: "Compare",
    EVALUATE: "Evaluate",
    VERDICT: "Verdict",
    IDENTIFIERS: "Identifiers",
    CODEBOOKS: "Codebooks",
    TRAIN: "Train",
}

PAGES = {page: f"../pages/{page or 'start'}.py" for page in TITLES}


class Word(NamedTuple):
    """A word: what it means in a sentence or two, the pages that use it, the first of which shows it best, and what there to
    look at. ``forms`` are other spellings of it on the pages."""

    name: str
    means: str
    pages: tuple[str, ...]
    look: str
    forms: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The word in an address.

        >>> Word("beam width", "", (), "").slug
        'beam-width'
        """
        return self.name.replace(" ", "-")
