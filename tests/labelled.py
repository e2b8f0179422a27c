"""Retrievers that need train queries, or an encoder that was fine-tuned on them: the sixty films have neither."""

from engine.retrievers import RETRIEVERS

LABELLED = ("moved", "tuned", "tuned-moved")
ANYWHERE = [name for name in RETRIEVERS if name not in LABELLED]
