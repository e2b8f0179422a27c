"""What typing errors cost each family of retrieval: the same judged queries, misspelled by a seed, beside themselves.

Keyword search loses a word with each of its letters; an encoder reads word pieces, and a generative scorer what the encoder made
of them. Dense retrievers were found to lose much (Zhuang and Zuccon 2021). Edits are those of a keyboard: two letters swapped,
one dropped, one doubled, one hit beside the right one.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.builds.opened import Build
from engine.data.figures import Difference, Interval
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.evaluation import Asked, Evaluation, device, difference, evaluate, interval, together
from engine.evaluation.groups import Group, groups
from engine.evaluation.run import Tell, _silent

# Letters of shorter words are left alone: an edit makes another word of most of them.
SHORTEST = 4
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
EDITS = ("swap", "drop", "double", "beside")
# Kinds of queries that rewriting is told by: their words, and those that no document has.
KINDS = ("length", "unknown")


class Loss(NamedTuple):
    """A retriever on queries as they are and misspelled, and the second less the first; p corrected for all of the table."""

    name: str
    clean: Interval
    misspelled: Interval
    difference: Difference


class Mended(NamedTuple):
    """A retriever on misspelled queries that were rewritten before they were searched (:mod:`engine.text.rewriting`), what that
    gains, and what rewriting does to the same queries as they were typed, which have nothing to mend."""

    name: str
    rewritten: Interval
    gain: Difference
    harm: Difference


class Typos(NamedTuple):
    """What was asked and found; ``words`` of ``queries`` were edited, and ``untouched`` queries had no word that could be.
    ``mended`` is empty unless it was asked for; ``undone`` of the edited words were what they had been, and ``changed`` of the
    queries as they were typed came out as others; ``kinds`` has the gain by kind of misspelled query."""

    corpus: str
    split: str
    queries: int
    words: int
    untouched: int
    share: float
    seed: int
    measure: str
    beams: int
    device: str
    losses: list[Loss]
    mended: tuple[Mended, ...] = ()
    undone: int = 0
    changed: int = 0
    kinds: tuple[Group, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values, with stable keys."""
        losses = {
            one.name: {
                "clean": one.clean._asdict(),
                "misspelled": one.misspelled._asdict(),
                "difference": one.difference._asdict(),
            }
            for one in self.losses
        }
        mended = {
            one.name: {"rewritten": one.rewritten._asdict(), "gain": one.gain._asdict(), "harm": one.harm._asdict()}
            for one in self.mended
        }
        return self._asdict() | {"losses": losses, "mended": mended, "kinds": [one.as_json() for one in self.kinds]}


def beside(letter: str) -> str:
    """The keys left and right of a letter on a keyboard; itself where there is none.

    >>> beside("s"), beside("Q"), beside("é")
    ('ad', 'W', 'é')
    """
    for row in ROWS:
        if (place := row.find(letter.lower())) >= 0:
            found = row[max(place - 1, 0) : place] + row[place + 1 : place + 2]
            return found.upper() if letter.isupper() else found
    return letter


def edited(word: str, rng: np.random.Generator) -> str:
    """A word with one typing error, never itself; the first letter, which people rarely miss, stays.

    >>> sorted({edited("dream", np.random.default_rng(seed)) for seed in range(4)})
    ['deeam', 'drem', 'dresm', 'drwam']
    """
    for _ in range(100):
        edit, place = EDITS[rng.integers(len(EDITS))], int(rng.integers(1, len(word)))
        letter = word[place]
        keys = beside(letter)
        made = {
            "swap": word[:place] + word[place + 1 : place + 2] + letter + word[place + 2 :],
            "drop": word[:place] + word[place + 1 :],
            "double": word[:place] + 2 * letter + word[place + 1 :],
            "beside": word[:place] + keys[rng.integers(len(keys))] + word[place + 1 :],
        }[edit]
        if made != word:
            return made
    return word


def misspell(text: str, share: float, rng: np.random.Generator) -> tuple[str, int]:
    """A text, each word of :data:`SHORTEST` letters or more edited with a chance, and how many were; one at least, if any is."""
    words = text.split()
    able = [place for place, word in enumerate(words) if len(word) >= SHORTEST and word.isalpha()]
    chosen = [place for place in able if rng.random() < share] or ([able[rng.integers(len(able))]] if able else [])
    for place in chosen:
        words[place] = edited(words[place], rng)
    return (" ".join(words), len(chosen)) if chosen else (text, 0)


def run(
    opened: Build,
    split: str,
    names: Sequence[str],
    share: float = 0.3,
    seed: int = 0,
    measure: str = "nDCG@10",
    beams: int = DEFAULT_BEAMS,
    tell: Tell = _silent,
    rewrite: bool = False,
) -> Typos:
    """Evaluate retrievers on a split as it is and misspelled, and where that is wanted rewritten.

    Parameters
    ----------
    opened, split, names, measure, beams, tell
        As :func:`engine.evaluation.evaluate` takes them.
    share : float
        Chance of each longer word to be edited, above 0 and at most 1.
    seed : int
        Which words, and how.
    rewrite : bool
        Both are also asked rewritten.

    Raises
    ------
    TriescopeError
        The share is none; or as the evaluation.
    """
    if not 0 < share <= 1:
        raise TriescopeError(f"the share of words that are misspelled is {share}; it must lie above 0 and not above 1")
    clean = evaluate(opened, split, names, beams, measures=[measure], tell=tell)
    rng, texts, words, untouched = np.random.default_rng(seed), {}, 0, 0
    for query in clean.qrels:
        texts[query], count = misspell(opened.corpus.queries[query], share, rng)
        words, untouched = words + count, untouched + (not count)
    typed = evaluate(opened, split, names, beams, measures=[measure], asked=Asked(texts, clean.qrels), tell=tell)
    pairs = [(typed.values[name][measure], clean.values[name][measure]) for name in names]
    compared = together([difference(*pair) for pair in pairs])
    losses = [
        Loss(name, interval(before), interval(after), found)
        for name, (after, before), found in zip(names, pairs, compared, strict=True)
    ]
    mended, undone, changed, kinds = _mended(opened, split, clean, typed, texts, beams, tell) if rewrite else ((), 0, 0, ())
    return Typos(
        corpus=opened.name,
        split=split,
        queries=clean.queries,
        words=words,
        untouched=untouched,
        share=share,
        seed=seed,
        measure=measure,
        beams=beams,
        device=device(),
        losses=losses,
        mended=mended,
        undone=undone,
        changed=changed,
        kinds=kinds,
    )


def _mended(
    opened: Build, split: str, clean: Evaluation, typed: Evaluation, texts: dict[str, str], beams: int, tell: Tell
) -> tuple[tuple[Mended, ...], int, int, tuple[Group, ...]]:
    """Both sets of queries rewritten, asked again; the gain of those that were misspelled by their kinds too."""
    names, (measure, *_) = list(clean.values), list(next(iter(clean.values.values())))
    known = {query: opened.corpus.queries[query] for query in texts}
    after = {query: opened.rewritten(text).text for query, text in texts.items()}
    own = {query: opened.rewritten(text).text for query, text in known.items()}
    mended, kept = (
        evaluate(opened, split, names, beams, measures=[measure], asked=Asked(of, clean.qrels), tell=tell) for of in (after, own)
    )
    values = [
        (mended.values[name][measure], typed.values[name][measure], kept.values[name][measure], clean.values[name][measure])
        for name in names
    ]
    gains = together([difference(one, before) for one, before, _, _ in values])
    harms = together([difference(one, before) for _, _, one, before in values])
    found = tuple(
        Mended(name, interval(of[0]), gain, harm) for name, of, gain, harm in zip(names, values, gains, harms, strict=True)
    )
    edits = [
        (was, now, then)
        for query, text in texts.items()
        for was, then, now in zip(known[query].split(), text.split(), after[query].split(), strict=False)
    ]
    undone = sum(then != was and now.lower() == was.lower() for was, now, then in edits)
    by_query = {name: after_it - before for name, (after_it, before, _, _) in zip(names, values, strict=True)}
    kinds = groups({kind: typed.features[kind] for kind in KINDS}, by_query)
    return found, undone, sum(own[query] != known[query] for query in known), tuple(kinds)
