"""Words for decoding."""

from app.common.words.word import COMPARE, DECODE, EVALUATE, IDENTIFIERS, SESSIONS, START, TRAIN, TRIE, Word

DECODING = (
    Word(
        "decode",
        "To write identifiers level by level: look at the codes that may follow, score them, keep the best, go on.",
        (DECODE, START, COMPARE, TRAIN, SESSIONS),
        "the whole page",
        ("decodes", "decoding", "decoder"),
    ),
    Word(
        "beam",
        "One prefix that was kept and is written on. Those that are not kept are cut.",
        (DECODE, COMPARE, TRAIN, IDENTIFIERS, EVALUATE, SESSIONS),
        "a blue point of the picture",
        ("beams",),
    ),
    Word(
        "beam width",
        "How many prefixes stay after each level, or how many identifiers are drawn. More find more and take longer.",
        (DECODE, COMPARE, EVALUATE, SESSIONS),
        "the control Beams kept",
        ("beams kept", "width"),
    ),
    Word(
        "mask",
        "Only codes that continue some document's identifier may follow. What a scorer spends on others is masked: it counts for "
        "nothing.",
        (DECODE,),
        "the share below each level",
        ("masked", "mask"),
    ),
    Word(
        "total",
        "What candidates of a level are ranked by. For most scorers it is the logarithm of the probability of all codes so far.",
        (DECODE, TRAIN, SESSIONS),
        "the panel of a node",
        ("totals",),
    ),
    Word(
        "nats",
        "The unit of natural logarithms of probabilities: .7 nats less is half as likely, 2.3 nats less a tenth.",
        (DECODE,),
        "the panel of a node",
    ),
    Word(
        "exact",
        "Nothing is cut: every identifier is scored, so the list is what the scorer itself holds best.",
        (DECODE, COMPARE, TRAIN),
        "the line below the picture",
        ("if nothing were cut",),
    ),
    Word(
        "force",
        "To let only documents count whose identifier begins with a prefix.",
        (DECODE,),
        "the button of a node's panel",
        ("forced",),
    ),
    Word(
        "ban",
        "To leave out every document whose identifier begins with a prefix.",
        (DECODE, SESSIONS),
        "the button of a node's panel",
        ("banned",),
    ),
    Word(
        "branch here",
        "To go back to a step, keep one other prefix there alone, and go on from it: the same past, another future. It stands "
        "beside the decode as it was.",
        (DECODE,),
        "the button of a node's panel",
        ("branched at",),
    ),
    Word(
        "strategy",
        "The rule by which candidates are kept at each level: the best, some drawn at random, ones that differ, or all of them.",
        (DECODE,),
        "the control Strategy",
    ),
    Word(
        "temperature",
        "Scores are divided by it before they become probabilities: above 1 the odds are evened, below 1 they are sharpened.",
        (DECODE,),
        "the field Temperature",
    ),
    Word(
        "pin",
        "To follow one document through all lists and pictures, however far down it is.",
        (DECODE, COMPARE, TRIE, SESSIONS),
        "the box Pin a document",
        ("pinned", "unpin"),
    ),
)
