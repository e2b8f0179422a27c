"""Download buttons: one way to hand a file to the browser."""

from collections.abc import Callable

import streamlit as st

MEDIA_TYPES = {"csv": "text/csv", "json": "application/json", "html": "text/html"}


def offer(label: str, content: str | Callable[[], str], file_name: str) -> None:
    """A download button; a function is called only when it is pressed.

    The page does not run again: a run would make the file anew, and on a busy machine the browser then asks for a file that is
    no longer there.
    """
    media_type = MEDIA_TYPES[file_name.rpartition(".")[2]]
    st.download_button(label, content, file_name, media_type, icon=":material/download:", on_click="ignore")
