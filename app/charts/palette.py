"""The colours of the charts: those of the engine's pictures, and one a retriever."""

from engine.pictures.colours import BLUE, GREEN, GREY, ORANGE, PINK, RAMP, RED, SKY
from engine.retrievers import method_of

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "PINK", "RAMP", "RED", "SHADES", "SKY", "retriever", "shades"]

# Shades of a colour: shares of white (above zero) or black, those that stand side by side well apart.
MIXED = (0.0, -0.4, 0.4, -0.2, 0.2)
SHADES = len(MIXED)


def retriever(name: str) -> str:
    """Colour of a retriever, from its record; ``generative:NAME`` has that of ``generative``."""
    return method_of(name)[0].color


def shades(colour: str) -> list[str]:
    """The :data:`SHADES` of a colour; the first is the colour itself.

    >>> shades("#0072B2")
    ['#0072B2', '#00446B', '#66AAD1', '#005B8E', '#338EC1']
    """
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return ["#" + "".join(f"{_mixed(part, share):02X}" for part in parts) for share in MIXED]


def _mixed(part: int, share: float) -> int:
    return round(part + (255 - part) * share if share > 0 else part * (1 + share))
