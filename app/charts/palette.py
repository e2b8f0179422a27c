"""The colours of the charts: those of the engine's pictures, and one a retriever."""

from engine.pictures.colours import BLUE, GREEN, GREY, ORANGE, PINK, RAMP, RED, SKY
from engine.retrievers import method_of

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "PINK", "RAMP", "RED", "SKY", "retriever"]


def retriever(name: str) -> str:
    """Colour of a retriever, from its record; ``generative:NAME`` has that of ``generative``."""
    return method_of(name)[0].color
