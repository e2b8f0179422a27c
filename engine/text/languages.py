"""What keyword search takes off a word, and which words it passes over, by the language of a catalogue.

Stems are Snowball's, stop words those that come with bm25s, where it has some. A stemmer of one language spoils the words of
another that is written in the same script ("Haus" and "Hause" stay two words in English, "des" is one that says something), and
leaves alone what is written in another script.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import regex

from engine.errors import TriescopeError

ENGLISH, NONE = "english", "none"
# Lucene's, as in bm25s.
STOP = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was "
    "will with".split()
)


class Language(NamedTuple):
    """How words of a language are taken: the Snowball stemmer and bm25s' list of stop words by name, and the script it is written
    in; an empty name where there is none."""

    stemmer: str
    stops: str
    script: str


def _all() -> dict[str, Language]:
    listed = "danish dutch french german italian norwegian portuguese russian spanish swedish turkish".split()
    stems = (
        "arabic armenian basque catalan czech estonian finnish greek hindi hungarian indonesian irish lithuanian nepali".split()
    )
    stems += "persian polish romanian serbian tamil".split()
    scripts = dict.fromkeys(("arabic", "persian"), "Arabic") | dict.fromkeys(("hindi", "nepali"), "Devanagari")
    scripts |= {"russian": "Cyrillic", "armenian": "Armenian", "greek": "Greek", "tamil": "Tamil", "serbian": ""}
    known = {ENGLISH: Language("english", "", "Latin"), NONE: Language("", "", "")}
    return known | {
        name: Language(name, f"STOPWORDS_{name.upper()}" if name in listed else "", scripts.get(name, "Latin"))
        for name in sorted([*listed, *stems])
    }


LANGUAGES = _all()
# Letters looked at in each of so many documents, and the share in another script from which on a warning is due.
LOOKED, LETTERS, MUCH = 1000, 500, 0.2
SCRIPTS = "Latin Cyrillic Greek Arabic Hebrew Devanagari Armenian Georgian Tamil Thai Han Hiragana Katakana Hangul".split()


def check_language(name: str) -> str:
    """The name of a language that is known.

    Raises
    ------
    TriescopeError
        It is none.
    """
    if name not in LANGUAGES:
        raise TriescopeError(f"language {name!r} is not known; there are {', '.join(LANGUAGES)}")
    return name


def stemming(language: str) -> Callable[[list[str]], list[str]]:
    """What makes stems of words; a stemmer is not to be shared by threads, so it is made anew."""
    known = LANGUAGES[check_language(language)].stemmer
    if not known:
        return lambda words: words
    import Stemmer

    stem: Callable[[list[str]], list[str]] = Stemmer.Stemmer(known).stemWords
    return stem


@lru_cache(maxsize=8)
def stop_words(language: str) -> frozenset[str]:
    """Words that say nothing."""
    if language == ENGLISH:
        return STOP
    known = LANGUAGES[check_language(language)].stops
    if not known:
        return frozenset()
    from bm25s import stopwords

    return frozenset(getattr(stopwords, known))


def other_script(texts: Iterable[str], language: str) -> str:
    """A warning, in a sentence, where much of some texts is written in another script than their language; else empty.

    >>> other_script(["Война и мир"], "english").split(":")[0]
    '100% of the letters are Cyrillic, and keyword search takes stems and stop words of english'
    >>> other_script(["Война и мир"], "russian"), other_script(["Война и мир"], "none"), other_script(["War"], "english")
    ('', '', '')
    """
    own = LANGUAGES[check_language(language)].script
    if not own:
        return ""
    letters = "".join("".join(regex.findall(r"\p{L}", text[: 4 * LETTERS]))[:LETTERS] for text in islice(texts, LOOKED))
    counts = {script: len(regex.findall(rf"\p{{{script}}}", letters)) for script in SCRIPTS}
    share = 1 - counts.get(own, 0) / max(1, len(letters))
    if not letters or share < MUCH:
        return ""
    most = max((script for script in SCRIPTS if script != own), key=counts.__getitem__)
    return (
        f"{share:.0%} of the letters are {most if counts[most] > len(letters) * share / 2 else f'not {own}'}, and keyword search "
        f"takes stems and stop words of {language}: name the language (--language), or none"
    )


def stems_of(found: Sequence[list[str]], language: str) -> list[list[str]]:
    """Stems of the words of each text, stop words left out."""
    stem, stops = stemming(language), stop_words(language)
    return [stem([word for word in words if word not in stops]) for words in found]
