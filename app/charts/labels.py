"""Texts beside a picture, cut to the room that there is."""


def cut(text: str, letters: int) -> str:
    """A text of at most so many letters; one that is longer ends with an ellipsis.

    >>> cut("Inception", 9), cut("The Matrix", 9)
    ('Inception', 'The Matr…')
    """
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
