"""A document's columns in a line of Markdown: names and values, short, the words of the query bold.

A value that is an address of the web is a link: nothing is asked of its host before somebody clicks it. One that leads to a
picture is shown as one only after a press, and only for the hosts that were told with it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import streamlit as st

from app.common.marked import bold
from app.common.state import plain
from engine.data.corpus import as_words
from engine.filters.columns import elements
from engine.pictures.labels import cut
from engine.text.matched import NOTHING, Wanted, one_line, whole

# Letters of a line, of a value in it, and of a link's text.
LINE, VALUE, LINK = 110, 36, 40
ADDRESS = re.compile(r"https?://[^\s<>\"\\^`{|}]{1,2000}", re.IGNORECASE)
PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp|avif)$", re.IGNORECASE)
# What an address may hold as it is; everything else is written as its bytes, so that it ends no link.
KEPT = ":/?#[]@!$&'*+,;=%-._~"


def line(metadata: Mapping[str, Any], stems: Wanted = NOTHING) -> str:
    """The columns that have a value, as many as there is room for; how many there are besides is told.

    >>> print(line({"year": 1999, "genre": ["War", "Drama"], "note": None}))
    year 1999 · genre War\\, Drama
    >>> line({"page": "https://example.org/a"}) == f"page [{plain('https://example.org/a')}](<https://example.org/a>)"
    True
    """
    told: list[str] = []
    room = LINE
    filled = {name: texts for name, value in metadata.items() if (texts := _texts(value))}
    for name, texts in filled.items():
        label, address = cut(one_line(name), VALUE), next((text for text in texts if is_address(text)), "")
        short = cut(one_line(address), LINK) if address else cut(one_line(", ".join(texts)), VALUE)
        room -= len(label) + len(short) + 4
        if told and room < 0:
            break
        more = f" +{len(texts) - 1}" if address and len(texts) > 1 else ""
        value = f"[{plain(short)}](<{_written(address)}>){more}" if address else bold(whole(stems, short))
        told.append(f"{plain(label)} {value}")
    rest = [f"+{len(filled) - len(told)}"] if len(told) < len(filled) else []
    return " · ".join([*told, *rest])


def pictures(metadata: Mapping[str, Any]) -> list[str]:
    """Addresses of pictures in the columns of a document, each once."""
    return list(dict.fromkeys(text for value in metadata.values() for text in _texts(value) if is_picture(text)))


def picture(address: str) -> str:
    """A picture as Markdown, which the browser fetches from its host.

    >>> picture("https://example.org/a(1).png")
    '![](<https://example.org/a%281%29.png>)'
    """
    return f"![](<{_written(address)}>)"


def offer_pictures(documents: Iterable[Mapping[str, Any]]) -> bool:
    """A switch where columns lead to pictures, which says how many and whom they would be asked of; whether it was pressed.

    It holds for these hosts alone, and no address turns it on: whoever made a link would have them asked.
    """
    found = {address for metadata in documents for address in pictures(metadata)}
    if not found:
        return False
    hosts = sorted({str(urlsplit(address).hostname) for address in found})
    told = ", ".join(hosts[:3]) + (f" and {len(hosts) - 3} more" if len(hosts) > 3 else "")
    return st.toggle(
        f"Show the pictures ({len(found)}, from {plain(told)})",
        key=f"pictures of {' '.join(hosts)}",
        help="Columns hold their addresses. Until this is pressed nothing is asked of these hosts.",
    )


def is_address(text: str) -> bool:
    """Whether a value is an address of the web, whole.

    >>> is_address("https://example.org/a"), is_address("see https://example.org"), is_address("javascript:alert(1)//http://x")
    (True, False, False)
    """
    if not ADDRESS.fullmatch(text):
        return False
    try:
        return bool(urlsplit(text).hostname)
    except ValueError:
        return False


def is_picture(text: str) -> bool:
    """Whether a value is the address of a picture, by how its path ends.

    >>> is_picture("https://example.org/a.JPG?size=9"), is_picture("https://example.org/a.html")
    (True, False)
    """
    return is_address(text) and bool(PICTURE.search(urlsplit(text).path))


def _written(address: str) -> str:
    return quote(address, safe=KEPT)


def _texts(value: Any) -> Sequence[str]:
    """The values of a cell as text, none for a missing one."""
    return [as_words(one) for one in elements(value)]
