"""Who somebody is where several share a server behind a password: a cookie of their browser, and what is theirs by it.

Without a password there is one person, and everything is shared. The cookie is made here and holds a number drawn at random; what
is written down of its holder (beside a job, in the workspace) is a hash of it, so that nobody who reads that can be them. It says
whose something is and lets nobody in.
"""

import hashlib
import os
import re
import secrets

import streamlit as st

from app.common import guard
from engine import workspace
from engine.builds.opened import Build
from engine.jobs.registry import AnyJob

COOKIE, SECRET = "triescope-owner", "owner-secret"
KEPT_S = 365 * 24 * 3600


def owner() -> str:
    """The person who asks, by a hash; empty where there is one person."""
    return hashlib.sha256(known.encode()).hexdigest()[:16] if (known := _secret()) else ""


def shelf(build: Build) -> str:
    """Where the workspace keeps what this person evaluates and brings along of a catalogue."""
    return workspace.shelf(build.catalogue, owner())


def remember() -> None:
    """Have the browser keep the cookie, so that its next visit is the same person's."""
    if (known := _secret()) and st.context.cookies.get(COOKIE) != known:
        kept = f"{COOKIE}={known}; path=/; max-age={KEPT_S}; SameSite=Strict"
        st.html(f"<script>document.cookie = '{kept}';</script>", unsafe_allow_javascript=True)


def _secret() -> str:
    """The number in the cookie, drawn where there is none; empty where nobody is asked for a password."""
    if not os.environ.get(guard.PASSWORD):
        return ""
    if SECRET not in st.session_state:
        known = str(st.context.cookies.get(COOKIE, ""))
        st.session_state[SECRET] = known if re.fullmatch("[0-9a-f]{32}", known) else secrets.token_hex(16)
    return str(st.session_state[SECRET])


def of_another(job: AnyJob) -> bool:
    """Whether a job is somebody else's: seen as busy, and not to be stopped."""
    return bool(here := owner()) and job.owner not in ("", here)
