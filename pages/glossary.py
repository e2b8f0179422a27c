"""Glossary: what the words of the app mean, and where each of them can be seen."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from app.common import address, exports, glossary, state

WORD = "word"

st.title("The words")
asked = state.parameter(WORD)
chosen = next((word for word in glossary.WORDS.values() if word.slug == asked), None)
if asked and not chosen:
    address.say(WORD, "The address asks for a word that the glossary does not have; these are all of them.")


def draw(word: glossary.Word, heading: Callable = st.subheader) -> None:
    """A word, what it means, and the way to where it is seen best."""
    heading(word.name, anchor=word.slug)
    st.markdown(word.means)
    page = word.pages[0]
    st.page_link(glossary.PAGES[page], label=f"{glossary.TITLES[page]}: {word.look}", icon=":material/arrow_forward:")


if chosen:
    with st.container(border=True):
        draw(chosen, st.header)
        st.button("Close", type="tertiary", icon=":material/close:", on_click=state.focus, args=(WORD, ""))
for group, words in glossary.GROUPS.items():
    st.header(group)
    grid = st.grid(3, min_column_width=300)
    for word in words:
        if word is not chosen:
            with grid.cell():
                draw(word)

table = pd.DataFrame(
    [
        (group, word.name, word.means, ", ".join(glossary.TITLES[page] for page in word.pages))
        for group, words in glossary.GROUPS.items()
        for word in words
    ],
    columns=["Group", "Word", "What it means", "Pages"],
)
exports.offer("Words, CSV", exports.csv(table), "glossary.csv")
