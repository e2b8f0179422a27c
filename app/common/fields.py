"""The form field of an option: the same record that makes the shell's flag."""

import math
from typing import Any

import streamlit as st

from app.common import address
from engine.options import Option

WIDTH = 160


def field(owner: str, option: Option, **more: Any) -> Any:
    """Draw the field of an option of ``owner`` and return its value, None where the option stays as its help says.

    ``more`` goes to the widget: a key, width, step, address or longer help of its own.
    """
    label = option.label or option.name.replace("_", " ")
    given: dict[str, Any] = {"key": f"{owner}-{option.name}", "help": option.help, "width": WIDTH} | more
    if option.choices:
        index = option.choices.index(str(option.default)) if option.default in option.choices else 0
        return st.selectbox(label, option.choices, index, **given)
    if option.type is str:
        typed = st.text_input(label, str(option.default or ""), **{"width": 2 * WIDTH, "max_chars": 300} | given)
        return typed.strip() or None
    number = option.type
    low, high, default = (None if value is None else number(value) for value in (option.low, option.high, option.default))
    given = {"step": step(option), "format": None if number is int else "%g", "placeholder": "by itself"} | given
    if given.get("bind"):
        least, most = -math.inf if low is None else low, math.inf if high is None else high
        given["bind"] = address.within(given["key"], least, most, label)
    found = st.number_input(label, low, high, default, **given)
    return None if found is None else number(found)


def step(option: Option) -> float:
    """What one press of plus adds: a digit of the default, so that a learning rate can be stepped too.

    >>> [step(Option("x", float, default, "", 0.0, 1.0)) for default in (0.5, 0.0005, 0.0, None)]
    [0.1, 0.0001, 0.1, 0.1]
    >>> step(Option("x", int, 512, "", 16, 4096))
    1
    """
    if option.type is int:
        return 1
    small = 0 < float(option.default or 0) < 0.1
    return round(10.0 ** math.floor(math.log10(float(option.default or 1))), 12) if small else 0.1
