"""Download buttons: one way to hand a file to the browser, made when it is asked for and not before."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

# What begins a formula for Excel, LibreOffice or Google's sheets, in wide signs too; a number may begin so as well.
FORMULA, NUMBER = re.compile(r"[=+\-@\t\r\n＝＋－＠]"), re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
MEDIA_TYPES = {"csv": "text/csv", "json": "application/json", "html": "text/html", "svg": "image/svg+xml", "trec": "text/plain"}


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
    return partial(as_csv, frame)


def as_csv(frame: pd.DataFrame) -> str:
    """A table as CSV that no spreadsheet computes: a text that it would take for a formula stands behind an apostrophe.

    >>> as_csv(pd.DataFrame({"title": ["=1+1", "-3", "a-b"], "score": [-0.5, 1.0, 2.0]}))
    "title,score\\n'=1+1,-0.5\\n-3,1.0\\na-b,2.0\\n"
    """
    quoted = frame.rename(columns=_quoted)
    for place, kind in enumerate(quoted.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            quoted.isetitem(place, quoted.iloc[:, place].map(_quoted))
    return quoted.to_csv(index=False)


def _quoted(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    # A carriage return alone is written without quotation marks, and then ends the row for whoever reads it.
    text = re.sub(r"\r\n?", "\n", cell)
    return f"'{text}" if FORMULA.match(cell) and not NUMBER.fullmatch(cell) else text


def as_json(value: object) -> Callable[[], str]:
    """A plain value as a file to come.

    >>> as_json(["Amélie"])()
    '[\\n "Amélie"\\n]'
    """
    return partial(json.dumps, value, ensure_ascii=False, indent=1)
