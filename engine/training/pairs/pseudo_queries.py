"""Queries made from a document's own words, where nobody has asked for it.

Titles, sentences and spans are the document itself in other lengths, as in DSI's indexing task (Tay et al. 2022) and the
inverse cloze task (Lee et al. 2019); templates put its keywords into a sentence that was written once for all documents. None
of them is a question that anybody asked, and what is trained on them alone must not be expected to know how people ask.

Every function takes documents and gives one list a document, with at most ``per_document`` different queries, each of at most
:data:`LONGEST` words; a document without the words it takes has an empty list. The choice is drawn from ``seed``.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import regex

from engine.data.corpus import Document
from engine.text.words import UNSPACED, cut, telling

# Words of the longest query, of the shortest sentence, of the shortest and the longest span.
LONGEST, SENTENCE, SPAN = 64, 4, (4, 10)
# Keywords a document from which templates draw, and how many a template takes at most.
KEYWORDS, IN_TEMPLATE = 8, 3
TEMPLATES = (
    "what is known about {keywords}",
    "information about {keywords}",
    "looking for something on {keywords}",
    "which document is about {keywords}",
    "tell me more about {keywords}",
    "{keywords} explained",
)
# What counts as a word otherwise: anything between spaces that has a letter or a digit; two characters where there are none.
_WORDS = regex.compile(
    rf"(?V1){UNSPACED}{{1,2}}|(?<![\S--{UNSPACED}])(?:[^\w\s]|_)*+[[\p{{L}}\p{{N}}]--{UNSPACED}][\S--{UNSPACED}]*"
)
# A full stop behind one of these ends no sentence; nor behind a single letter, which is an initial.
_ABBREVIATIONS = frozenset(
    "e.g i.e cf vs al approx ca dr mr mrs ms prof sr jr st no nos fig figs eq eqs ref refs vol pp ed eds inc ltd co corp dept"
    " jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k a.m p.m".split()
)
_STOP = re.compile(r"""[.!?]+["'”’)\]]*\s+|[。｡！？]+[」』”’）]*\s*""")
_PARAGRAPH = re.compile(r"\n\s*\n")


def titles(documents: Sequence[Document]) -> list[list[str]]:
    """The title of each document.

    >>> titles([Document("a", " Kites ", "", {}), Document("b", "", "No title.", {})])
    [['Kites'], []]
    """
    return [[title] if (title := clip(document.title)) else [] for document in documents]


def sentences(documents: Sequence[Document], per_document: int, seed: int) -> list[list[str]]:
    """Whole sentences of each text of at least :data:`SENTENCE` words, in the order of the text.

    >>> sentences([Document("a", "", "Kites fly in wind. Short one. They need a long tail.", {})], 4, 0)
    [['Kites fly in wind.', 'They need a long tail.']]
    """
    made = []
    for place, document in enumerate(documents):
        known = dict.fromkeys(clip(one) for one in split_sentences(document.text) if len(_WORDS.findall(one)) >= SENTENCE)
        made.append(_draw(list(known), per_document, np.random.default_rng([seed, place])))
    return made


def spans(documents: Sequence[Document], per_document: int, seed: int) -> list[list[str]]:
    """Runs of 4 to 10 words within a sentence of each text, each around one of its keywords: the most telling words first.

    >>> made = spans([Document("a", "", "One day the tall kites flew over us. They were gone.", {})], 1, 0)[0]
    >>> made[0] in "One day the tall kites flew over us", 4 <= len(made[0].split()) <= 10
    (True, True)
    """
    telling_of = keywords([document.text for document in documents], per_document)
    made = []
    for place, (document, chosen) in enumerate(zip(documents, telling_of, strict=True)):
        rng, found = np.random.default_rng([seed, place]), dict[str, None]()
        where: dict[str, list[tuple[list[regex.Match], int]]] = {word: [] for word in chosen}
        for sentence in split_sentences(document.text):
            words = [*_WORDS.finditer(sentence)]
            for position, word in enumerate(words if len(words) >= SPAN[0] else []):
                # Where there are no spaces, a keyword can begin in one word and end in the next.
                beside = position + 1 < len(words) and words[position + 1].start() == word.end()
                for part in telling(sentence[word.start() : words[position + beside].end()]):
                    if part in where:
                        where[part].append((words, position))
        for positions in where.values():
            if positions:
                words, centre = positions[rng.integers(len(positions))]
                length = min(int(rng.integers(SPAN[0], SPAN[1] + 1)), len(words))
                first = int(rng.integers(max(centre - length + 1, 0), min(centre, len(words) - length) + 1))
                found[_joined(words[first : first + length]).strip(" .,;:!?。、，；：！？")] = None
        made.append(list(found))
    return made


def templates(documents: Sequence[Document], per_document: int, seed: int) -> list[list[str]]:
    """Template queries: a sentence of :data:`TEMPLATES` with one to three keywords of the document's title and text.

    >>> templates([Document("a", "Kites", "", {}), Document("b", "The", "", {})], 1, 0)[1]
    []
    """
    telling_of = keywords([f"{document.title} {document.text}" for document in documents], KEYWORDS)
    made = []
    for place, known in enumerate(telling_of):
        rng, found = np.random.default_rng([seed, place]), dict[str, None]()
        order = rng.permutation(len(TEMPLATES))
        for turn in range(per_document if known else 0):
            size = int(rng.integers(1, min(IN_TEMPLATE, len(known)) + 1))
            words = [known[i] for i in sorted(rng.choice(len(known), size, replace=False))]
            told = " and ".join([", ".join(words[:-1]), words[-1]] if size > 1 else words)
            found[clip(TEMPLATES[order[turn % len(order)]].format(keywords=told))] = None
        made.append(list(found))
    return made


def keywords(texts: Sequence[str], limit: int) -> list[list[str]]:
    """The ``limit`` words of each text with the highest (1 + log count) * log(texts / texts with it), best first (Salton and
    Buckley 1988). Lower case, at least three letters, no English stop words; equal weights in the order of their first use.

    >>> keywords(["kites in the wind, kites", "wind and the sea"], 1)
    [['kites'], ['sea']]
    """
    numbers, spelling = cut(texts)
    counted = [np.unique(np.asarray(of_text, np.int64), return_index=True, return_counts=True) for of_text in numbers]
    every = np.concatenate([words for words, _, _ in counted] or [np.empty(0, np.int64)])
    # One text alone has no words that set it apart: 1 is added so that its counts still tell.
    rarity = np.log((1 + len(texts)) / np.maximum(np.bincount(every, minlength=len(spelling)), 1))
    best = []
    for words, first, count in counted:
        order = np.lexsort((first, -np.round((1 + np.log(count)) * rarity[words], 9)))[:limit]
        best.append([spelling[int(word)] for word in words[order]])
    return best


def split_sentences(text: str) -> list[str]:
    """Sentences of a text, by full stops, question and exclamation marks, and empty lines.

    A full stop ends nothing behind a common abbreviation or an initial, or, in a text with capitals, before a small letter.

    >>> split_sentences("J. Smith et al. (2004) saw it, e.g. in Fig. 2. It rained! Why? no one knew.")
    ['J. Smith et al. (2004) saw it, e.g. in Fig. 2.', 'It rained!', 'Why? no one knew.']
    >>> split_sentences("the wing was thin . it broke .")
    ['the wing was thin .', 'it broke .']
    """
    found, has_capitals = [], text != text.lower()
    for paragraph in _PARAGRAPH.split(text):
        start = 0
        for stop in _STOP.finditer(paragraph):
            before = paragraph[start : stop.start()].rsplit(maxsplit=1)
            last = before[-1].lstrip("([\"'“‘") if before and not paragraph[stop.start() - 1].isspace() else ""
            short = paragraph[stop.start()] == "." and (last.lower() in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()))
            if not short and not (has_capitals and paragraph[stop.end() : stop.end() + 1].islower()):
                found.append(paragraph[start : stop.end()])
                start = stop.end()
        found.append(paragraph[start:])
    return [tidy for one in found if (tidy := " ".join(one.split()))]


def clip(text: str) -> str:
    """The first :data:`LONGEST` words, single spaces between them; nothing where no word has a letter or a digit.

    >>> clip(" two   words "), clip("- -")
    ('two words', '')
    """
    told = " ".join(text.split()[:LONGEST])
    words = [*_WORDS.finditer(told)]
    return told[: words[LONGEST - 1].end() if len(words) > LONGEST else None] if words else ""


def _joined(words: Sequence[regex.Match]) -> str:
    """Words of one sentence as they stand in it: marks with spaces around them are left out, others stay."""
    told = words[0][0]
    for one, following in pairwise(words):
        between = following.string[one.end() : following.start()].split(" ")
        told += " ".join([between[0], between[-1]] if len(between) > 1 else between) + following[0]
    return told


def _draw(made: list[str], limit: int, rng: np.random.Generator) -> list[str]:
    """At most ``limit`` of them, in their order."""
    if len(made) <= limit:
        return made
    return [made[place] for place in np.sort(rng.choice(len(made), limit, replace=False))]
