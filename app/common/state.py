"""Names of what the URL and the session hold, and the pure part of every click.

One fact has one place: a widget's value lives in its key (bound to the URL), a picture's focus in the URL parameter of
the same name.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

BUILD, QUERY, BEAMS, STEP, NODE, PREFIX, DOCUMENT = "build", "query", "beams", "step", "node", "prefix", "doc"
SCORER, COLUMNS, RUN, FILTER = "scorer", "columns", "run", "filter"
FORCE, BAN, BRANCH, CODE, STAMP, TURN = "force", "ban", "branch", "code", "at", "turn"
EVALUATION = "evaluation"
# The second build beside the open one, and the prefix of its own tree that is looked at.
B, B_PREFIX = "b-build", "b-prefix"

DECODE, TRIE, COMPARE = "../pages/decode.py", "../pages/trie.py", "../pages/compare.py"
IDENTIFIERS, CODEBOOKS, TRAIN = "../pages/identifiers.py", "../pages/codebooks.py", "../pages/train.py"


def parameter(name: str) -> str:
    """A URL parameter that no widget owns; empty when absent."""
    return str(st.query_params.get(name, ""))


def focus(name: str, value: str | Sequence[str]) -> None:
    """Put a picture's focus into the URL, or several of a name; an empty value removes it."""
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def take(key: str, name: str, empty: bool = False) -> None:
    """A widget changed: put its value into the URL as a picture's focus, and empty the box where it only asks."""
    focus(name, (st.session_state[key] or "").strip())
    if empty:
        st.session_state[key] = ""


def plain(text: str) -> str:
    """Any text that is data (of a catalogue, a build, a file, an address, an error) as Markdown that shows it letter by letter.

    Streamlit reads Markdown in running text, in messages, and in the labels of buttons, pills, segmented controls, expanders,
    popovers, metrics, progress bars, tabs and links, with images and links in it; also in every ``help``. It does not in the
    options of a select box, in placeholders, cells and headers of tables, nor in ``st.text`` and ``st.code``.

    >>> print(plain("![x](y) *bold* :red[no] rq-vae - -"))
    \\!\\[x\\]\\(y\\) \\*bold\\* \\:red\\[no\\] rq-vae \\- \\-
    >>> plain("http://x.y") == "http\\\\:\u2060\\\\/\\\\/x\\\\.y"  # in two parts for whoever would make a link of it
    True
    """
    # A hyphen inside a word is none of Markdown's signs; buttons are called by names that have them.
    escaped = re.sub(r"(?!(?<=\w)-(?=\w))([!-/:-@\[-`{-~])", r"\\\1", text)
    # Addresses become links, escaped or not, after Markdown has been read: a sign without width stands in their way.
    return re.sub(r"(?<=\\:)(?=\\/\\/)|(?<=www)(?=\\\.)|(?<=\\@)(?=[\w-]+\\\.\w)", "\u2060", escaped, flags=re.IGNORECASE)


def said(text: str) -> str:
    """A sentence of ours, an error or a note, as Markdown: what stands between backticks is a command, all else as :func:`plain`
    shows it.

    >>> print(said("no map of *a*: `python -m engine map a_b` makes one"))
    no map of \\*a\\*\\: `python -m engine map a_b` makes one
    """
    return "".join(part if part.startswith("`") else plain(part) for part in re.split(r"(`[^`\n]+`)", text))


def links(**parameters: Any) -> dict[str, str]:
    """Parameters for a link to another page. The build needs none: its picker stands on every page and keeps its own."""
    return {key: str(value) for key, value in parameters.items() if value not in (None, "")}


def clicked_index(selection: Any) -> int | None:
    """Index of the node that was clicked in an ECharts graph or sunburst, from the chart's selection state; edges do not count.

    >>> clicked_index({"selection": {"selected": [{"data_type": "node", "data_indices": [4]}]}})
    4
    >>> clicked_index({"selection": {"selected": []}}) is None
    True
    """
    for entry in _get(_get(selection, "selection"), "selected") or []:
        if entry.get("data_type") != "edge" and entry.get("data_indices"):
            return int(entry["data_indices"][-1])
    return None


def clicked_id(selection: Any) -> str | None:
    """Id of the cell that was clicked of a picture that names its points.

    >>> clicked_id({"selection": {"points": [{"id": "3-17"}]}})
    '3-17'
    """
    points: Sequence[Mapping] = _get(_get(selection, "selection"), "points") or []
    return str(points[0]["id"]) if points and "id" in points[0] else None


def parent_prefix(prefix: str) -> str:
    """The prefix one code shorter.

    >>> parent_prefix("3-17"), parent_prefix("3"), parent_prefix("")
    ('3', '', '')
    """
    return prefix.rpartition("-")[0]


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
