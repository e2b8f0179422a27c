"""Texts of people's catalogues in a picture: cut to the room that there is, and made harmless for HTML, SVG and XML."""

import html
import re
import unicodedata

# What XML has no place for, and halves of characters: a file that holds one cannot be read, or not be written.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Invisible signs that turn the direction of whatever stands behind them, ours too.
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# A sign may carry others on top of it; a text is at most so many characters for each letter that there is room for.
STACKED = 4


def cut(text: str, letters: int) -> str:
    """A text that takes the room of so many letters; one that is longer ends with an ellipsis.

    >>> cut("Inception", 9), cut("The Matrix", 9), cut("七人の侍", 8), cut("七人の侍", 7)
    ('Inception', 'The Matr…', '七人の侍', '七人の…')
    """
    if text.isascii():
        return text if len(text) <= letters else f"{text[: letters - 1]}…"
    short = text[: STACKED * letters]
    ends = [0]
    for sign in short:
        ends.append(ends[-1] + _room(sign))
    if ends[-1] <= letters and len(short) == len(text):
        return text
    fitting = max(place for place, end in enumerate(ends) if end < letters)
    return f"{text[:fitting]}…"


def escaped(text: object) -> str:
    """Any text as HTML or XML that shows it letter by letter, in an element or in an attribute.

    Lines become one; signs that no file can hold become U+FFFD; those that only turn the direction of what follows are left out.

    >>> escaped("a </script> & 'b' \\ud800 ]]>")
    'a &lt;/script&gt; &amp; &#x27;b&#x27; \ufffd ]]&gt;'
    """
    return html.escape(TURNING.sub("", UNWRITABLE.sub("\ufffd", " ".join(str(text).split()))))


def _room(sign: str) -> int:
    return 0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
