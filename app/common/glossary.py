"""The glossary: what the words of the app mean, once. Captions and help texts quote it, each page lists its own words above it.

A meaning is plain text that Markdown shows as it is.
"""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

START, DECODE, TRIE, MAP, COMPARE, EVALUATE = "", "decode", "trie", "map", "compare", "evaluate"
IDENTIFIERS, CODEBOOKS, TRAIN = "identifiers", "codebooks", "train"
TITLES = {
    START: "Start",
    DECODE: "Decode",
    TRIE: "Trie",
    MAP: "Map",
    COMPARE: "Compare",
    EVALUATE: "Evaluate",
    IDENTIFIERS: "Identifiers",
    CODEBOOKS: "Codebooks",
    TRAIN: "Train",
}

PAGES = {page: f"../pages/{page or 'start'}.py" for page in TITLES}


class Word(NamedTuple):
    """A word: what it means in a sentence or two, the pages that use it, the first of which shows it best, and what there to
    look at. ``forms`` are other spellings of it on the pages."""

    name: str
    means: str
    pages: tuple[str, ...]
    look: str
    forms: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The word in an address.

        >>> Word("beam width", "", (), "").slug
        'beam-width'
        """
        return self.name.replace(" ", "-")


TREE = (
    Word(
        "identifier",
        "The sequence of codes that stands for a document. A model finds the document by writing its identifier, code by code.",
        (TRIE, START, DECODE, MAP, COMPARE, IDENTIFIERS, CODEBOOKS, TRAIN, EVALUATE),
        "the column Identifier of Documents below",
    ),
    Word(
        "code",
        "One place of an identifier: a number that says which group of its level the document belongs to.",
        (CODEBOOKS, START, DECODE, TRIE, MAP, COMPARE, IDENTIFIERS, TRAIN),
        "a cell of the heat map",
    ),
    Word(
        "level",
        "The position of a code in the identifier, counted from 1. The first level sorts coarsely, later ones more finely.",
        (DECODE, START, TRIE, COMPARE, IDENTIFIERS, CODEBOOKS, TRAIN, EVALUATE),
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
        (TRIE, START, DECODE, MAP, IDENTIFIERS),
        "the picture",
        ("tree",),
    ),
    Word(
        "prefix",
        "The first codes of an identifier, from level 1 on; written 3-17. It is a node of the trie.",
        (TRIE, DECODE, COMPARE, CODEBOOKS, IDENTIFIERS, TRAIN),
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
DECODING = (
    Word(
        "decode",
        "To write identifiers level by level: look at the codes that may follow, score them, keep the best, go on.",
        (DECODE, START, COMPARE, TRAIN),
        "the whole page",
        ("decodes", "decoding", "decoder"),
    ),
    Word(
        "beam",
        "One prefix that was kept and is written on. Those that are not kept are cut.",
        (DECODE, COMPARE, TRAIN, IDENTIFIERS, EVALUATE),
        "a blue point of the picture",
        ("beams",),
    ),
    Word(
        "beam width",
        "How many prefixes stay after each level, or how many identifiers are drawn. More find more and take longer.",
        (DECODE, COMPARE, EVALUATE),
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
        (DECODE, TRAIN),
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
        (DECODE,),
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
        (DECODE, COMPARE, TRIE),
        "the box Pin a document",
        ("pinned", "unpin"),
    ),
)
SCORERS = (
    Word(
        "scorer",
        "What says how likely each code is to be the next one, given the query and the codes before it.",
        (TRAIN, START, DECODE, COMPARE, IDENTIFIERS),
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
        (TRAIN, START, DECODE),
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
        (TRAIN, COMPARE, EVALUATE),
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
SEARCHING = (
    Word(
        "retriever",
        "A way to search the same documents: by keywords, by vectors, by writing identifiers, or by lists put together.",
        (COMPARE, START, DECODE, EVALUATE),
        "a column",
        ("retrievers",),
    ),
    Word(
        "bm25",
        "Keyword search: words that query and document share, rare ones count more.",
        (COMPARE, START, TRAIN),
        "the column bm25",
        ("keyword", "keywords"),
    ),
    Word(
        "dense",
        "Vector search: query and documents are turned into vectors, and the nearest documents are found, all of them compared.",
        (COMPARE, START, TRAIN),
        "the column dense",
        ("vector search",),
    ),
    Word(
        "generative",
        "Search by writing identifiers: what the Decode page shows, as a list.",
        (COMPARE, START, TRAIN),
        "the column generative",
    ),
    Word(
        "hybrid",
        "Several lists made one, by the scores that their retrievers give a document or by its ranks (RRF), with weights from "
        "development queries where there are any.",
        (COMPARE,),
        "the column hybrid",
    ),
    Word(
        "fallback",
        "Where a trained generator is less sure of its best path than a threshold, hybrid takes the list of a vector index "
        "instead.",
        (COMPARE,),
        "the line above the column hybrid",
    ),
    Word(
        "filter",
        "A condition over the columns of the documents, like year > 1990. What does not pass is not searched: it takes no place "
        "in a list, and no code that leads to nothing else is written.",
        (COMPARE, DECODE),
        "the box Filter documents",
    ),
    Word(
        "recall",
        "The part of the relevant documents that is found at all, in the first 100 where it says @100.",
        (TRAIN, IDENTIFIERS),
        "the column Recall@100",
        ("recall@100",),
    ),
    Word(
        "nDCG",
        "How good a list is by what is relevant in it and how high that stands: 1 is the best list there can be. @10 looks at "
        "the first ten.",
        (TRAIN, COMPARE, IDENTIFIERS),
        "the column nDCG@10",
        ("ndcg@10",),
    ),
    Word(
        "interval",
        "The range in which a mean over all such queries lies with 95% certainty, from drawing these queries again and again.",
        (TRAIN, IDENTIFIERS),
        "the columns Low and High",
    ),
)
GROUPS = {"Identifiers and their tree": TREE, "Decoding": DECODING, "Scorers": SCORERS, "Searching and measuring": SEARCHING}
WORDS = {word.name: word for group in GROUPS.values() for word in group}


def means(name: str) -> str:
    """What a word means, for a help text or a caption."""
    return WORDS[name].means


def of(page: str) -> Sequence[Word]:
    """The words of a page, by its address."""
    return [word for word in WORDS.values() if page in word.pages]


def listed(page: str) -> str:
    """The words of a page as a Markdown list; each leads to the glossary."""
    return "\n".join(f"- **[{word.name}](glossary?word={word.slug})**: {word.means}" for word in of(page))


def offer(page: str) -> None:
    """A small box that opens on the words of the page."""
    if of(page):
        with st.popover("Words", icon=":material/dictionary:", width="content", help="What the words of this page mean"):
            st.markdown(listed(page))
