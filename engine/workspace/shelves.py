"""Whose something in the workspace is: of each catalogue one shelf for everybody, and one a person where several share a server.

What stands on everybody's shelf (kept from the shell, or before there was a password) each person sees beside the own, and cannot
take away; what stands on another's nobody sees.
"""


def shelf(corpus: str, owner: str = "") -> str:
    """The shelf of a person, of everybody without one.

    Parameters
    ----------
    corpus : str
        SHA-256 of the catalogue, as the manifest has it.
    owner : str
        Whose; a name without blanks.

    >>> shelf("c"), shelf("c", "me")
    ('c', 'c me')
    """
    return f"{corpus} {owner}" if owner else corpus


def house(shelf: str) -> str:
    """The shelf of everybody beside one.

    >>> house("c me"), house("c")
    ('c', 'c')
    """
    return shelf.partition(" ")[0]
