"""What people write to ask a build: a query, a prefix."""

from engine.errors import TriescopeError


def check_query(query: str) -> None:
    """Refuse a query without a word in it, or with bytes that are no text."""
    if not any(character.isalnum() for character in query):
        raise TriescopeError("the query is empty")
    try:
        query.encode()
    except UnicodeEncodeError as error:  # half of a character that UTF-16 writes as two
        raise TriescopeError("the query is not valid UTF-8") from error


def parse_prefix(text: str) -> tuple[int, ...]:
    """Codes of ``3-17``; the empty string is the root.

    >>> parse_prefix("3-17"), parse_prefix("")
    ((3, 17), ())
    """
    if not text:
        return ()
    parts = text.split("-")
    if not all(part.isascii() and part.isdigit() and len(part) < 8 for part in parts):
        raise TriescopeError(f"{text!r} is not a prefix; write codes with hyphens, like 3-17")
    return tuple(int(part) for part in parts)
