"""Showing the app to others: a password before it, and a mode in which it only shows.

Both are set where the server is started: ``TRIESCOPE_PASSWORD``, and ``TRIESCOPE_READ_ONLY=1``. Without a password there is one
person and everything is shared. A visit ends with its tab: the next one is asked again. What the browser keeps is whose jobs and
judgements are its own (:mod:`app.common.owner`).
"""

import hmac
import os
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st

PASSWORD, READ_ONLY = "TRIESCOPE_PASSWORD", "TRIESCOPE_READ_ONLY"
LET_IN = "guard-let-in"
# How long a wrong password makes whoever typed it wait, seconds.
WRONG_S = 1.0
SHOWS = "This server only shows: nothing can be built, trained, judged or deleted here."


def read_only() -> bool:
    """Whether this server only shows."""
    return os.environ.get(READ_ONLY, "").lower() in ("1", "true", "yes")


def waits() -> bool:
    """Whether a password is set that this visit has not given."""
    return bool(os.environ.get(PASSWORD)) and not st.session_state.get(LET_IN)


def let_in() -> None:
    """Ask for the password where one is set; no page runs before it was given."""
    if not waits():
        return
    wanted = os.environ[PASSWORD]
    st.title("Triescope")
    with st.form("password", width=400):
        given = st.text_input("Password", type="password")
        sent = st.form_submit_button("Enter", type="primary")
    if sent:
        # Compared in a time that says nothing of how much was right.
        if hmac.compare_digest(given.encode(), wanted.encode()):
            st.session_state[LET_IN] = True
            st.rerun()
        time.sleep(WRONG_S)
        st.error("That is not the password.", icon=":material/lock:")
    st.stop()


def changes(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that changes something on this machine: on a server that only shows it says so, and does nothing."""

    @wraps(function)
    def guarded(*given: Any, **more: Any) -> Any:
        if read_only():
            st.toast(SHOWS, icon=":material/visibility:")
            return None
        return function(*given, **more)

    return guarded
