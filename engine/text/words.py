"""What a word is, in any script: keyword search, names of nodes, keyword identifiers and pseudo-queries all cut texts here.

Words stand between spaces and marks. Some scripts put no spaces between them; there every pair of neighbouring characters is
taken for a word, as Lucene's CJKAnalyzer does, and in keyword search each Chinese character too, since many are words: the
two together find as much as a dictionary (Nie et al. 2000). Texts are first written alike, by NFKC and in small letters.
"""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import regex

# Characters of scripts without spaces: Chinese, Japanese and those of South East Asia (Unicode's line breaking class SA); of
# Korean too, which writes particles on to the word before them.
UNSPACED = r"[[\p{lb=SA}\p{Han}\p{scx=Hiragana}\p{scx=Katakana}\p{Bopomofo}\p{Yi}\p{Hangul}]&&[\p{L}\p{M}]]"
SPACED = rf"[\w--{UNSPACED}]"
_LETTER, _SIGN = rf"[\p{{L}}--{UNSPACED}]", rf"[[\p{{L}}\p{{N}}]--{UNSPACED}]"
# A single letter or digit is a word unless an apostrophe ties it to another: the s of "director's" is none.
PIECE = regex.compile(rf"(?V1){UNSPACED}+|[{_SIGN}_]{SPACED}+|{_SIGN}(?<!\w['’].)(?!['’]\w)")
# Three letters at least, and no digit.
_TELLING = regex.compile(rf"(?V1){UNSPACED}+|(?<!{SPACED}){_LETTER}[{_LETTER}\p{{M}}]{{2,}}+(?!{SPACED})")
_UNSPACED, _CHARACTER, _CHINESE = regex.compile(rf"(?V1){UNSPACED}"), regex.compile(r"\X"), regex.compile(r"\p{Han}")
_TRADE_MARKS = {ord("\u2122"): " ", ord("\u2120"): " "}  # NFKC would write them on to the word


class Words(NamedTuple):
    """``numbers`` holds the words of each text in its order, by their place in ``vocabulary``."""

    numbers: list[list[int]]
    vocabulary: list[str]


def alike(text: str) -> str:
    """A text in small letters and in one spelling of wide and narrow, ligatures and accents; a trade mark's TM is left out.

    >>> alike("Ｃafe\u0301\u2122") == "caf\u00e9 "
    True
    """
    return unicodedata.normalize("NFKC", text.translate(_TRADE_MARKS)).lower()


def pieces(text: str) -> list[str]:
    """Words that stand between spaces or marks, single letters and numbers too, and runs of characters without spaces, in order.

    >>> pieces("The director's Vitamin C"), pieces("北京烤鸭, 用Python写")
    (['the', 'director', 'vitamin', 'c'], ['北京烤鸭', '用', 'python', '写'])
    """
    return PIECE.findall(alike(text))


def words_of(piece: str, alone: bool = True) -> list[str]:
    """The words of one of :func:`pieces`: itself, or the pairs of its characters, with the Chinese ones ``alone`` among them.

    >>> words_of("dream"), words_of("烤鸭店"), words_of("ไทย"), words_of("鸭")
    (['dream'], ['烤', '烤鸭', '鸭', '鸭店', '店'], ['ไท', 'ทย'], ['鸭'])
    """
    if piece.isascii() or not _UNSPACED.match(piece):
        return [piece]
    characters = _CHARACTER.findall(piece)
    if len(characters) == 1:
        return characters
    found = []
    for one, following in zip(characters, [*characters[1:], ""], strict=True):
        found += [one] if alone and _CHINESE.match(one) else []
        found += [one + following] if following else []
    return found


def words(text: str) -> list[str]:
    """All words of a text, as keyword search knows them."""
    return [word for piece in pieces(text) for word in words_of(piece)]


def telling(text: str) -> list[str]:
    """The words of a text that can speak for it: of at least three letters and without digits, or pairs of characters.

    >>> telling("The 2 ships of R2D2"), telling("北京烤鸭")
    (['the', 'ships'], ['北京', '京烤', '烤鸭'])
    """
    return [word for piece in _TELLING.findall(alike(text)) for word in words_of(piece, alone=False)]


def cut(texts: Sequence[str]) -> Words:
    """Telling words of each text, without English stop words.

    >>> cut(["The ship, the Ship of 1912", "dance"])
    Words(numbers=[[0, 0], [1]], vocabulary=['ship', 'dance'])
    """

    import bm25s

    told = [" ".join(telling(text)) for text in texts]
    found = bm25s.tokenize(told, token_pattern=r"\S+", stopwords="en_plus", show_progress=False)
    return Words(found.ids, sorted(found.vocab, key=found.vocab.__getitem__))
