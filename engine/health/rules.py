"""From a figure to a verdict: healthy, watch or broken, the rule in words, and the remedy to press.

The limits are ours, set between what RQ-KMeans does on the catalogues measured (films, SciFact) and what the failures that
people report look like: codebook collapse, identifiers shared by many documents, codes that say nothing about the content.
"""

from collections.abc import Iterable
from math import exp, log
from typing import Any, NamedTuple, get_args

from engine.health.card import JudgedFigure, Verdict

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)  # from best to worst


class Judgement(NamedTuple):
    """A verdict, None where there is nothing to judge; the rule in words; what to do, empty where all is well."""

    verdict: Verdict | None
    rule: str
    remedy: str


class Rule(NamedTuple):
    """Healthy from ``healthy`` on, broken beyond ``broken``, watch between them; the order of the two says which way is good.

    ``words`` is the rule for a person, ``remedy`` what to do about it, with ``{...}`` for figures.
    """

    healthy: float
    broken: float
    words: str
    remedy: str

    def verdict(self, value: float) -> Verdict:
        """Healthy, watch or broken.

        >>> [Rule(0.9, 0.5, "", "").verdict(value) for value in (0.9, 0.6, 0.4)]
        ['healthy', 'watch', 'broken']
        >>> [Rule(1, 5, "", "").verdict(value) for value in (1, 3, 6)]
        ['healthy', 'watch', 'broken']
        """
        up = 1 if self.healthy > self.broken else -1
        return "healthy" if up * value >= up * self.healthy else "watch" if up * value >= up * self.broken else "broken"


USED = Rule(
    0.9,
    0.5,
    "healthy when at least 90% of the codes that the documents could fill are used, broken below 50%",
    "level {level} uses {used} of {codes} codes: standardise inputs or lower K",
)
EVEN = Rule(
    0.75,
    0.3,
    "healthy when the entropy is at least 75% of the most that these codes and documents allow, broken below 30%",
    "level {level} says as much as {perplexity:.1f} even codes of {codes}: standardise inputs, balance the codes or lower K",
)
LARGEST = Rule(
    0.25,
    0.5,
    "healthy when the largest code has at most 25 points more than an even share of the documents, broken beyond 50",
    "level {level} puts {share:.0%} of the documents under one code: standardise inputs or balance the codes",
)
ALL_ALIKE = Judgement(
    verdict="broken",
    rule="broken when all documents have the same code: the level says nothing",
    remedy="level {level} uses 1 of {codes} codes: standardise inputs, and check that the documents differ",
)
ALL_ALIKE_WORDS = Judgement(
    verdict="watch",
    rule="watch when all documents have the same word: the level says nothing",
    remedy="level {level} has one word for all: leave it out or choose another column",
)
ONLY_NUMBERS = Judgement(verdict=None, rule="not judged: its codes only number documents, or most do", remedy="")
TOO_FEW = Judgement(verdict=None, rule="not judged: fewer than 2 documents, or fewer than 10% of all, have it", remedy="")
UNEVEN_WORDS = "level {level} says as much as {perplexity:.1f} even words: use words that divide the documents more"
GENTLE = "(identifiers made of words: watch)"
# Levels that a smaller share of the documents reach are not judged: titles of twelve words are rare.
RARE = 0.1

# Figures of the whole, by name.
RULES = {
    "without_identifier": Rule(
        0,
        0.05,
        "healthy when every document has an identifier, broken when more than 5% have none",
        "documents without an identifier cannot be generated: fill the missing values or choose another scheme",
    ),
    "unique_rate": Rule(
        0.99,
        0.5,
        "healthy when at least 99% of the documents have an identifier of their own, broken below 50%",
        "resolve collisions with an extra code, or add a level",
    ),
    "content_unique_rate": Rule(
        0.8,
        0,
        "healthy when the content codes alone tell at least 80% of the documents apart; below that, watch",
        "{numbered:.0%} of the documents need a number, which no query can foretell: {more}",
    ),
    "content_bits": Rule(
        0.8,
        0.3,
        "healthy when the content codes carry at least 80% of the bits that tell all documents apart, broken below 30%",
        "the content codes carry {bits:.1f} of {needed:.1f} bits: {more}",
    ),
    "largest_leaf": Rule(
        5,
        50,
        "healthy when at most 5 documents share an identifier, broken beyond 50",
        "{largest} documents share one identifier: resolve collisions with an extra code, or add a level",
    ),
    "random_pair_cosine": Rule(
        0.85,
        0.98,
        "healthy when two documents taken at random have a cosine of at most .85, broken beyond .98",
        "all documents look alike to the encoder: subtract the mean (standardise inputs), give more text or change the encoder",
    ),
    "prefix_cosine": Rule(
        0.05,
        0.01,
        "healthy when sharing the first code closes at least 5% of the gap from a random pair's cosine to 1, broken below 1%",
        "the first code says little about the content: use a scheme learned from the embeddings, like rq-kmeans",
    ),
    "neighbour_overlap": Rule(
        0.2,
        0.05,
        "healthy when as many of the 10 nearest documents share the first code as to close 20% of the gap from chance to what "
        "the size of its prefix allows, broken below 5%",
        "neighbours stand under other first codes: use a scheme learned from the embeddings, like rq-kmeans",
    ),
    "reconstruction_cosine": Rule(
        0.2,
        0.05,
        "healthy when the codes close at least 20% of the gap from the mean document's cosine to 1, broken below 5%",
        "the codes bring little beyond the mean document: {more}",
    ),
}
NO_CONTENT = Judgement(
    verdict="watch",
    rule="identifiers that only number documents have no prefix with a meaning: watch",
    remedy="choose a scheme with content codes, unless this one is the control",
)


def judge(figure: str, value: float, scaled: float | None = None, gentle: bool = False, **told: Any) -> JudgedFigure:
    """Verdict on a figure of the whole.

    ``scaled`` is what the rule looks at where that is not ``value`` itself. ``gentle`` gives watch for broken: identifiers made
    of words need not agree with the embeddings. ``told`` fills the remedy, which is empty when all is well.
    """
    rule = RULES[figure]
    verdict, words = rule.verdict(value if scaled is None else scaled), rule.words
    remedy = "" if verdict == "healthy" else rule.remedy.format(**told)
    if gentle and verdict == "broken":
        verdict, words = "watch", f"{words} {GENTLE}"
    return JudgedFigure(figure=figure, value=value, verdict=verdict, rule=words, remedy=remedy)


def judge_level(
    level: int,
    codes: int,
    used: int,
    documents: int,
    share: float,
    entropy: float,
    largest_share: float,
    words: bool = False,
    numbered: float = 0,
) -> Judgement:
    """Verdict on the use of one level's codes.

    ``documents`` have the level, ``share`` of all; ``entropy`` is in nats. A level of which a share ``numbered`` of half or more
    is only numbers is not judged. Codes that are words are as frequent as the words are: never worse than to be watched.

    >>> found = judge_level(2, codes=256, used=31, documents=5000, share=1, entropy=3.0, largest_share=0.1)
    >>> found.verdict, found.remedy
    ('broken', 'level 2 uses 31 of 256 codes: standardise inputs or lower K')
    >>> judge_level(1, codes=256, used=20, documents=20, share=1, entropy=log(20), largest_share=0.05).verdict
    'healthy'
    """
    if numbered >= 0.5:
        return ONLY_NUMBERS
    if documents < 2 or share < RARE:
        return TOO_FEW
    if used == 1:
        told = ALL_ALIKE_WORDS if words else ALL_ALIKE
        return told._replace(remedy=told.remedy.format(level=level, codes=codes))
    fillable = min(codes, documents)
    judged = [(EVEN, entropy / log(fillable)), (LARGEST, largest_share - 1 / codes)]
    judged = judged if words else [(USED, used / fillable), *judged]
    rule, verdict = max(((rule, rule.verdict(value)) for rule, value in judged), key=lambda found: VERDICTS.index(found[1]))
    if verdict == "healthy":
        return Judgement(verdict=verdict, rule=rule.words, remedy="")
    figures: dict[str, float] = {
        "level": level,
        "codes": codes,
        "used": used,
        "perplexity": exp(entropy),
        "share": largest_share,
    }
    if words:
        return Judgement(verdict="watch", rule=f"{rule.words} {GENTLE}", remedy=UNEVEN_WORDS.format(**figures))
    return Judgement(verdict=verdict, rule=rule.words, remedy=rule.remedy.format(**figures))


def worst(verdicts: Iterable[Verdict | None]) -> Verdict:
    """The worst of several verdicts; what was not judged (None) does not count.

    >>> worst(["healthy", None, "watch"]), worst([])
    ('watch', 'healthy')
    """
    return max((verdict for verdict in verdicts if verdict), key=VERDICTS.index, default="healthy")
