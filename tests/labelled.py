"""Retrievers that need train queries, an encoder that was fine-tuned on them, or token vectors: the sixty films have none."""

from engine.retrievers import RETRIEVERS

LABELLED = ("moved", "tuned", "tuned-moved", "late")
ANYWHERE = [name for name in RETRIEVERS if name not in LABELLED]
