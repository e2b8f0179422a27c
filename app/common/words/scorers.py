"""Words for scorers."""

from app.common.words.word import COMPARE, DECODE, EVALUATE, IDENTIFIERS, SESSIONS, TRAIN, VERDICT, Word

SCORERS = (
    Word(
        "scorer",
        "What says how likely each code is to be the next one, given the query and the codes before it.",
        (TRAIN, DECODE, COMPARE, IDENTIFIERS, SESSIONS),
        "the runs of a build",
        ("scorers",),
    ),
    Word(
        "centroid scorer",
        "The total is the centroid scorer's node score: 20 × query · mean of the documents below + log of their number. Nothing "
        "of it is trained.",
        (DECODE, COMPARE, TRAIN, IDENTIFIERS),
        "the line below the picture",
        ("centroid",),
    ),
    Word(
        "trained scorer",
        "A scorer that has learned from queries and the documents they ask for. It becomes the usual one only where it is better "
        "on judged queries that nothing was chosen on.",
        (TRAIN, DECODE),
        "the form Train another scorer",
        ("trained", "has learned"),
    ),
    Word(
        "pseudo-query",
        "A made-up query for a document, cut from its own text: its title, a sentence, a span of words. It stands in where "
        "people's queries are missing.",
        (TRAIN,),
        "Pairs: what it learns from",
        ("sentence", "made-up", "makes up"),
    ),
    Word(
        "judged query",
        "A query of which people said what documents answer it, with a grade.",
        (TRAIN, COMPARE, EVALUATE, VERDICT),
        "the source of pairs called judged",
        ("judged",),
    ),
    Word(
        "loss",
        "What a training makes smaller: how far the scorer is from what it is told to get right.",
        (TRAIN,),
        "Losses: what it is told to get right",
        ("losses",),
    ),
)
