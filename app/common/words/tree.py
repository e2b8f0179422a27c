"""Words for identifiers and their tree."""

from app.common.words.word import (
    CODEBOOKS,
    COMPARE,
    DECODE,
    EVALUATE,
    IDENTIFIERS,
    MAP,
    SESSIONS,
    START,
    TRAIN,
    TRIE,
    VERDICT,
    Word,
)

TREE = (
    Word(
        "identifier",
        "The sequence of codes that stands for a document. A model finds the document by writing its identifier, code by code.",
        (TRIE, START, DECODE, MAP, COMPARE, IDENTIFIERS, CODEBOOKS, TRAIN, EVALUATE, VERDICT, SESSIONS),
        "the column Identifier of Documents below",
    ),
    Word(
        "code",
        "One place of an identifier: a number that says which group of its level the document belongs to.",
        (CODEBOOKS, START, DECODE, TRIE, MAP, COMPARE, IDENTIFIERS, TRAIN, SESSIONS),
        "a cell of the heat map",
    ),
    Word(
        "level",
        "The position of a code in the identifier, counted from 1. The first level sorts coarsely, later ones more finely.",
        (DECODE, START, TRIE, COMPARE, IDENTIFIERS, CODEBOOKS, TRAIN, EVALUATE, SESSIONS),
        "a column of the picture",
    ),
    Word(
        "codebook",
        "The table of all codes of a level. Where a scheme learns codes from vectors, each code of it has a vector too.",
        (CODEBOOKS, IDENTIFIERS),
        "a row of the heat map",
    ),
    Word(
        "scheme",
        "A way to give documents their identifiers: by clustering their vectors, by a column, by the words of a title.",
        (IDENTIFIERS,),
        "the table of schemes",
    ),
    Word(
        "trie",
        "The tree of all identifiers: a node is a prefix, its children are the codes that follow it in some identifier.",
        (TRIE, START, DECODE, MAP, IDENTIFIERS, SESSIONS),
        "the picture",
        ("tree",),
    ),
    Word(
        "prefix",
        "The first codes of an identifier, from level 1 on; written 3-17. It is a node of the trie.",
        (TRIE, DECODE, COMPARE, CODEBOOKS, IDENTIFIERS, TRAIN, SESSIONS),
        "the box Go to prefix",
    ),
    Word(
        "last code a number",
        "Two documents may get the same codes. The usual way out is one more code that only counts them, 0, 1, 2: it says "
        "nothing of what they are about.",
        (CODEBOOKS,),
        "the level that only counts",
        ("only counts", "only number documents", "counts? numbers in use"),
    ),
    Word(
        "collision",
        "Two documents with one identifier. What happens then is chosen when a build is made: one more code, a shorter way "
        "through their vectors, or both stay on one leaf.",
        (IDENTIFIERS,),
        "the report card",
    ),
    Word(
        "residual",
        "What is left of a document's vector when the vectors of the codes chosen so far are taken away; the next code describes "
        "that.",
        (CODEBOOKS, IDENTIFIERS),
        "One document, quantized step by step",
    ),
    Word(
        "dead code",
        "A code of a codebook that no document has.",
        (CODEBOOKS, IDENTIFIERS),
        "the share of codes used",
        ("dead",),
    ),
    Word(
        "perplexity",
        "To how many codes, all equally common, the use of a level comes. The nearer to the size of the codebook, the more even.",
        (CODEBOOKS, IDENTIFIERS),
        "the figures of each level",
    ),
)
