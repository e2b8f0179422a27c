"""Retrievers that need train queries, an encoder that was fine-tuned on them, token vectors, passages, an index
that is made when asked for, or a model that is named behind them: the sixty films have none."""

from engine.retrievers import RETRIEVERS

LABELLED = (
    "moved",
    "tuned",
    "tuned-moved",
    "late",
    "splade",
    "cross",
    "lm",
    "lm-list",
    "ltrgr",
    "seal-lm",
    "dense-ivfpq",
    "dense-usearch",
    "dense-lance",
    "generative-passages",
)
ANYWHERE = [name for name in RETRIEVERS if name not in LABELLED]
