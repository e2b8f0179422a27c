"""Words for searching and measuring."""

from app.common.words.word import COMPARE, DECODE, EVALUATE, IDENTIFIERS, MAP, START, TRAIN, VERDICT, Word

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
        (COMPARE, START, TRAIN, VERDICT),
        "the column bm25",
        ("keyword", "keywords"),
    ),
    Word(
        "dense",
        "Vector search: query and documents are turned into vectors, and the nearest documents are found, all of them compared.",
        (COMPARE, START, TRAIN, MAP, VERDICT),
        "the column dense",
        ("vector search",),
    ),
    Word(
        "late interaction",
        "Search by a vector a token: each token of the query looks for its nearest in the document, and the mean of those "
        "cosines is the score (MaxSim).",
        (COMPARE, VERDICT),
        "the column late",
        ("MaxSim", "token vectors"),
    ),
    Word(
        "cross-encoder",
        "A model that reads query and document together and gives one score: slow, so it only orders what another retriever "
        "found. `python -m engine models` adds one.",
        (COMPARE, TRAIN),
        "a column like bm25~cross:NAME",
        ("cross-encoders",),
    ),
    Word(
        "generative",
        "Search by writing identifiers: what the Decode page shows, as a list.",
        (COMPARE, START, TRAIN, MAP, VERDICT),
        "the column generative",
    ),
    Word(
        "hybrid",
        "Several lists made one, by the scores that their retrievers give a document or by its ranks (RRF), with weights from "
        "development queries where there are any.",
        (COMPARE, VERDICT),
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
        "search error",
        "A relevant document that the beam lost: its score would have put it into the list, but a prefix of it was cut.",
        (COMPARE,),
        "the table of relevant documents that a list lacks",
        ("search errors",),
    ),
    Word(
        "model error",
        "A relevant document that the scorer ranks too low: a beam without limit would not list it either.",
        (COMPARE,),
        "the table of relevant documents that a list lacks",
        ("model errors",),
    ),
    Word(
        "RBO",
        "Rank-biased overlap: how much two lists share, the top of them more than the rest; 1 for equal lists, 0 for lists that "
        "share nothing.",
        (COMPARE,),
        "the column RBO",
        ("rank-biased overlap",),
    ),
    Word(
        "tau",
        "Kendall's tau: whether the documents that two lists share stand in the same order, 1, or in the reverse, -1.",
        (COMPARE,),
        "the column Tau",
    ),
    Word(
        "filter",
        "A condition over the columns of the documents, like year > 1990. What does not pass is not searched: it takes no place "
        "in a list, and no code that leads to nothing else is written.",
        (COMPARE, DECODE, MAP),
        "the box Filter documents",
    ),
    Word(
        "recall",
        "The part of the relevant documents that is found at all, in the first 100 where it says @100; of a search that cuts "
        "corners, the part of what the exact one finds.",
        (TRAIN, IDENTIFIERS, DECODE),
        "the column Recall@100",
        ("recall@100",),
    ),
    Word(
        "nDCG",
        "How good a list is by what is relevant in it and how high that stands: 1 is the best list there can be. @10 looks at "
        "the first ten.",
        (TRAIN, COMPARE, IDENTIFIERS, VERDICT),
        "the column nDCG@10",
        ("ndcg@10",),
    ),
    Word(
        "interval",
        "The range in which a mean over all such queries lies with 95% certainty, from drawing these queries again and again.",
        (TRAIN, IDENTIFIERS, VERDICT),
        "the columns Low and High",
    ),
)
