"""The way from the root to the node that is looked at, a button a code."""

import streamlit as st

from app.common import state


def buttons(name: str, prefix: str, root: str = "") -> None:
    """Draw it. A press puts the prefix into the parameter ``name`` of the address; ``root`` is what stands there for the root."""
    codes = prefix.split("-") if prefix else []
    steps = [("", "root"), *(("-".join(codes[: place + 1]), code) for place, code in enumerate(codes))]
    own = "" if name == state.PREFIX else f"{name}-"
    for target, label in steps:
        st.button(
            label,
            key=f"{own}crumb-{target}",
            type="tertiary",
            disabled=target == prefix,
            on_click=state.focus,
            args=(name, target or root),
        )
