"""Words for what comes next after a history."""

from app.common.words.word import SESSIONS, Word

RECOMMENDING = (
    Word(
        "history",
        "What somebody took, oldest first. The model is asked for what comes next; items of the history never come again.",
        (SESSIONS,),
        "the cards below the search box",
        ("histories",),
    ),
    Word(
        "item-item matrix",
        "How much speaks for each item after each other one: what was taken near it, and a little of what reads like it. "
        "Counted, not trained; the baseline that a trained recommender has to beat.",
        (SESSIONS,),
        "the column item-item",
        ("item-item",),
    ),
    Word(
        "counting scorer",
        "The mass that the item-item matrix gives all items below a node, divided by that of the node above: a probability "
        "of the next code, without any training. A beam as wide as the catalogue gives the matrix's own list.",
        (SESSIONS,),
        "the picture, and the panel Who pays",
        ("counting",),
    ),
)
