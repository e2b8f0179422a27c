"""Documents on the screen: their titles, a picker that searches on the server, a table that turns pages.

A catalogue may hold a hundred thousand titles; a browser that is sent all of them waits for megabytes at every click. So the
picker sends at most :data:`SENT`, and a table a page of :data:`ROWS`.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.column_config import TextColumn

from app.common import address, state
from engine.builds.opened import Build
from engine.data.corpus import Document
from engine.data.looked_up import at, ids_of, titles_of

SENT, ROWS, TEXT_SHOWN = 50, 50, 300


class Matches(NamedTuple):
    """Ids of the documents that match best, at most :data:`SENT`, and how many match at all."""

    ids: list[str]
    total: int


def title_of(document: Document) -> str:
    """Title of a document, its id where it has none."""
    return document.title or document.id


def title(build: Build, document: str) -> str:
    """Title of a document by its id."""
    return title_of(build.corpus.documents[build.row_of[document]])


def titles(build: Build, rows: Sequence[int] | np.ndarray) -> list[str]:
    """Titles of documents by row, their ids where they have none."""
    rows = np.asarray(rows, np.int64)
    return [title or known for title, known in zip(titles_of(build.documents, rows), ids_of(build.documents, rows), strict=True)]


def chosen(build: Build) -> str:
    """Id of the document in the URL; empty where there is none, and, said, where the build does not have it."""
    asked = state.parameter(state.DOCUMENT)
    if asked and asked not in build.row_of:
        address.say(state.DOCUMENT, "The address pins a document that this build does not have.")
    return asked if asked in build.row_of else ""


def search(build: Build, words: str) -> Matches:
    """Documents whose title and id together hold every one of the words, as parts of words, in any case.

    Titles that begin with what was typed come first, then in the order of the catalogue. Without a word every document matches.
    """
    documents, typed = build.corpus.documents, words.casefold().split()
    if not typed:
        return Matches([document.id for document in documents[:SENT]], len(documents))
    spelled = _spelled(str(build.folder), build.version, build)
    rows = [row for row, text in enumerate(spelled) if all(word in text for word in typed)]
    rows.sort(key=lambda row: not spelled[row].startswith(" ".join(typed)))
    return Matches([documents[row].id for row in rows[:SENT]], len(rows))


@st.cache_resource(max_entries=3, show_spinner=False)
def _spelled(folder: str, created: str, _build: Build) -> list[str]:
    return [
        f"{title} {identifier}".casefold()
        for title, identifier in zip(titles_of(_build.documents), ids_of(_build.documents), strict=True)
    ]


def focus(document: str) -> None:
    """Put a document into the URL."""
    state.focus(state.DOCUMENT, document)


def pick(
    build: Build,
    label: str,
    key: str,
    value: str,
    *,
    first: Iterable[str] = (),
    required: bool = False,
    taken: Callable[[str], None] = focus,
) -> None:
    """A box for words of a title, and beside it the documents that match, to choose one.

    Parameters
    ----------
    build : Build
        Where the documents are.
    label : str
        What stands above the box.
    key : str
        Key of the list, with a number where it was drawn anew; that of the box is ``key-words``.
    value : str
        Id of the document that is chosen; it is in the list whatever the words. Empty for none.
    first : iterable of str
        Ids that are offered before all others while there are no words.
    required : bool
        Whether there is always a document: then the list cannot be emptied.
    taken : callable
        Called with the id that a person chose, or with an empty string; puts it into the URL unless told otherwise.
    """
    # A fragment: each word typed draws the two boxes anew and nothing else of the page.
    _picker(build, label, key, value, tuple(first), required, taken)


@st.fragment
def _picker(
    build: Build, label: str, key: str, value: str, first: tuple[str, ...], required: bool, taken: Callable[[str], None]
) -> None:
    box = f"{key}-words"
    left, right = st.columns(2, vertical_alignment="bottom", gap="small")
    words = left.text_input(label, key=box, type="search", live=True, max_chars=200, placeholder="Words of a title, or an id")
    found = search(build, words or "")
    listed = found.ids if (words or "").strip() else list(dict.fromkeys([*first, *found.ids]))[:SENT]
    if value and value not in listed:
        listed = [*listed[: SENT - 1], value]
    own = _own(key, value)
    st.session_state[own] = value or None
    right.selectbox(
        _found(found, bool((words or "").strip())),
        listed,
        key=own,
        index=None,
        format_func=partial(_line, build),
        on_change=_take,
        args=(key, own, taken),
        placeholder="Choose one",
        required=required,
    )
    if st.session_state.pop(f"{key}-taken", False):
        st.rerun()


def _found(found: Matches, asked: bool) -> str:
    """What stands above the list: how many there are, and how many of them it holds."""
    if not found.total:
        return "None matches"
    if found.total <= SENT:
        return f"{found.total:,} {'found' if asked else 'documents'}"
    return f"{SENT} of {found.total:,} {'found' if asked else 'documents'}"


def _line(build: Build, document: str) -> str:
    return f"{title(build, document)}  ({document})"


def _own(key: str, value: str) -> str:
    """Key of the list: another one whenever its value is another one that nobody chose in it.

    Who clicks twice before the answer has come sends the list's value of before with the second click. In a list of the same key
    that would be a choice, and pin a document that nobody chose.
    """
    told, many = st.session_state.get(f"{key}-told", (None, 0))
    if not st.session_state.get(f"{key}-taken"):
        many += told not in (None, value)
        st.session_state[f"{key}-told"] = value, many
    return _numbered(key, many)


def _numbered(key: str, many: int) -> str:
    return f"{key}-{many}" if many else key


def _take(key: str, own: str, taken: Callable[[str], None]) -> None:
    many = st.session_state[f"{key}-told"][1]
    if own != _numbered(key, many):
        return  # the list of before
    taken(st.session_state[own] or "")
    # What the list holds next is what came of this choice, whatever that is: the same list, which keeps the keyboard.
    st.session_state[f"{key}-told"] = None, many
    st.session_state[f"{key}-words"], st.session_state[f"{key}-taken"] = "", True


def frame(build: Build, rows: Sequence[int] | np.ndarray, *, cut: bool = False) -> pd.DataFrame:
    """Documents by row: title, identifier, text (of which the start alone, if ``cut``) and id."""
    picked = [(document, build.identifier(row)) for document, row in zip(at(build.documents, rows), rows, strict=True)]
    return pd.DataFrame(
        [(title_of(document), codes, _start(document.text) if cut else document.text, document.id) for document, codes in picked],
        columns=["Title", "Identifier", "Text", "Id"],
    )


def _start(text: str) -> str:
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}…"


def table(
    build: Build,
    rows: Sequence[int] | np.ndarray,
    key: str,
    *,
    height: int = 420,
    taken: Callable[[str], None] | None = None,
    alt: str | None = None,
) -> None:
    """A table of documents, a page at a time; a row that is chosen is handed to ``taken`` by its id."""
    pages = max(1, -(-len(rows) // ROWS))
    # The control stands below its table, so its value of the last run is what is shown.
    page = min(int(st.session_state.get(f"{key}-page", 1)), pages)
    begin = (page - 1) * ROWS
    shown = frame(build, rows[begin : begin + ROWS], cut=True)
    columns = {"Text": TextColumn(help=f"The first {TEXT_SHOWN} characters.")}
    look: dict[str, Any] = {
        "hide_index": True,
        "height": min(height, 38 + 35 * max(len(shown), 1)),
        "column_config": columns,
        "alt": alt,
    }
    if taken is None:
        st.dataframe(shown, key=f"{key}-{page}", **look)
    else:
        pressed = partial(take_row, f"{key}-{page}", shown["Id"].tolist(), taken)
        st.dataframe(shown, key=f"{key}-{page}", selection_mode="single-row", on_select=pressed, **look)
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.pagination(pages, key=f"{key}-page", max_visible_pages=5)
            st.caption(f"{begin + 1:,} to {begin + len(shown):,} of {len(rows):,}", width="content")


def take_row(key: str, ids: Sequence[str], taken: Callable[[str], None] = focus) -> None:
    """A row of a table was chosen: its document is handed on, into the URL unless told otherwise."""
    if rows := st.session_state[key]["selection"]["rows"]:
        taken(ids[rows[0]])
