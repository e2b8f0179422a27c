"""The glossary: what the words of the app mean, once. Captions and help texts quote it, each page lists its own words above it.

A meaning is plain text that Markdown shows as it is.
"""

from collections.abc import Sequence

import streamlit as st

from app.common.words.decoding import DECODING
from app.common.words.recommending import RECOMMENDING
from app.common.words.scorers import SCORERS
from app.common.words.searching import SEARCHING
from app.common.words.tree import TREE
from app.common.words.word import PAGES, TITLES, Word

__all__ = ["PAGES", "TITLES", "WORDS", "Word", "listed", "means", "of", "offer"]

GROUPS = {
    "Identifiers and their tree": TREE,
    "Decoding": DECODING,
    "Scorers": SCORERS,
    "Searching and measuring": SEARCHING,
    "What comes next": RECOMMENDING,
}
WORDS = {word.name: word for group in GROUPS.values() for word in group}


def means(name: str) -> str:
    """What a word means, for a help text or a caption."""
    return WORDS[name].means


def of(page: str) -> Sequence[Word]:
    """The words of a page, by its address."""
    return [word for word in WORDS.values() if page in word.pages]


def listed(page: str) -> str:
    """The words of a page as a Markdown list; each leads to the glossary."""
    return "\n".join(f"- **[{word.name}](glossary?word={word.slug})**: {word.means}" for word in of(page))


def offer(page: str) -> None:
    """A small box that opens on the words of the page."""
    if of(page):
        with st.popover("Words", icon=":material/dictionary:", width="content", help="What the words of this page mean"):
            st.markdown(listed(page))
