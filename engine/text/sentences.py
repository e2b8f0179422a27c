"""Sentences of a text, plainly: an end is a sign of an end with a blank behind it, or a line's."""

import re

# Letters of a sentence, at most; what is longer is cut at a blank.
LONGEST = 400
_ONE = re.compile(r"""[^\n]+?(?:[.!?…]+["'”’)\]]*(?=\s|\Z)|[。！？]+["'”’)\]]*|(?=\n)|\Z)""")


def sentences(text: str) -> list[str]:
    """Sentences of a text, in order.

    >>> sentences("A heist. Inside dreams!  And then?\\nA top spins")
    ['A heist.', 'Inside dreams!', 'And then?', 'A top spins']
    """
    return [part for piece in _ONE.findall(text) if piece.strip() for part in _cut(piece.strip())]


def _cut(sentence: str) -> list[str]:
    parts = []
    while len(sentence) > LONGEST:
        at = sentence.rfind(" ", 1, LONGEST)
        at = at if at > 0 else LONGEST
        parts.append(sentence[:at].strip())
        sentence = sentence[at:].strip()
    return [*parts, sentence] if sentence else parts
