"""URLs: the parts of an address, left to right, as codes (the idea of TOME, Ren et al. 2023, which generates URLs).

An address is an identifier that somebody wrote with care: sites put their own hierarchy in it, and its words tell what
the page is about.
"""

from typing import Any
from urllib.parse import unquote, urlsplit

from engine.errors import TriescopeError
from engine.identifiers import columns
from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme
from engine.identifiers.paths_of_words import clipped, identifiers_of

KNOWN = ("url", "link", "path", "href")


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Number the segments of each address; see :class:`engine.identifiers.base.Scheme`.

    Raises
    ------
    TriescopeError
        The column asked for is not there, or there is no URL or path column.
    """
    name = settings.get("column") or _find_column(material)
    paths = [segments(cell) for cell in columns.column(material.documents, name, "url")]
    # A first segment that all documents share says nothing: most often the one host of a site.
    heads = {path[0] for path in paths if path}
    if len(heads) == 1 and all(len(path) != 1 for path in paths):
        paths = [path[1:] for path in paths]
    return identifiers_of([clipped(path, "/") for path in paths])


def segments(cell: Any) -> list[str]:
    """Host, path segments, query and fragment of an address or file name, readable; empty where there is none.

    >>> segments("https://www.bbc.co.uk/food/saut%C3%A9/?page=2#top")
    ['bbc.co.uk', 'food', 'sauté', '?page=2', '#top']
    >>> segments("docs\\\\guide.md"), segments(None)
    (['docs', 'guide.md'], [])
    """
    if not isinstance(cell, str):
        return columns.steps(cell)
    address = cell.strip()
    try:
        # Three slashes: no host, all path, and what stands before a colon is a drive or a word, no protocol.
        whole = "://" in address or address.startswith("//")
        parts = urlsplit(address if whole else "///" + address.replace("\\", "/"))
        host, path, query, fragment = (parts.netloc.lower().removeprefix("www."), parts.path, parts.query, parts.fragment)
    except ValueError:  # no address after all, such as http://[
        host, path, query, fragment = "", address, "", ""
    inner = [unquote(segment) for segment in path.split("/")]
    tail = [f"?{query}" if query else "", f"#{fragment}" if fragment else ""]
    return [part for part in (host, *inner, *map(unquote, tail)) if part.strip()]


def _find_column(material: Material) -> str:
    for name in columns.called(material.documents, KNOWN):
        if any(segments(document.metadata.get(name)) for document in material.documents):
            return name
    known = ", ".join(sorted(columns.names(material.documents))) or "none"
    raise TriescopeError(
        f"url: the corpus has no URL or path column (looked for {', '.join(KNOWN)}; there are {known}): name one with column="
    )


SCHEME = Scheme(
    name="url",
    summary="The segments of each document's address or file path, then a number where two are the same.",
    citation="Ren et al. 2023 (TOME)",
    options=(
        Option(
            name="column",
            type=str,
            default=None,
            help=f"Metadata column of addresses or paths. Found among {', '.join(KNOWN)}.",
        ),
    ),
    fit=fit,
)
