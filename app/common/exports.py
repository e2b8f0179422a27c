"""Download buttons: one way to hand a file to the browser, made when it is asked for and not before."""

import json
from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

MEDIA_TYPES = {"csv": "text/csv", "json": "application/json", "html": "text/html"}


def offer(label: str, content: Callable[[], str], file_name: str) -> None:
    """A download button; the function that makes the file is called only when it is pressed.

    The page does not run again: a run would make the file anew, and on a busy machine the browser then asks for a file that is
    no longer there.
    """
    media_type = MEDIA_TYPES[file_name.rpartition(".")[2]]
    st.download_button(label, content, file_name, media_type, icon=":material/download:", on_click="ignore")


def csv(frame: pd.DataFrame) -> Callable[[], str]:
    """A table as a file to come. It holds the table alone; a function written on a page would hold all that the page knows.

    >>> csv(pd.DataFrame({"code": [3], "words": ["war"]}))()
    'code,words\\n3,war\\n'
    """
    return partial(frame.to_csv, index=False)


def as_json(value: object) -> Callable[[], str]:
    """A plain value as a file to come.

    >>> as_json(["Amélie"])()
    '[\\n "Amélie"\\n]'
    """
    return partial(json.dumps, value, ensure_ascii=False, indent=1)
