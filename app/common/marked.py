"""A text with the words of the query marked, as Markdown that shows every other sign of it letter by letter."""

from app.common.state import plain
from engine.text.matched import Snippet


def bold(shown: Snippet) -> str:
    """A snippet; what is marked is bold.

    >>> print(bold(Snippet("an *old* heist", [(9, 14)])))
    an \\*old\\* **heist**
    """
    return "".join(f"**{plain(part)}**" if found else plain(part) for part, found in shown.parts())
