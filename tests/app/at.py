"""A page run without a browser, by Streamlit's AppTest: opened as a deep link opens it, and what stands on it."""

import re
import time

import pytest
from streamlit.testing.v1 import AppTest

from engine import paths

PATIENCE_S = 90


def visit(page: str, **parameters: str | list[str]) -> AppTest:
    """Run a page as a deep link opens it, and hold that it did not break."""
    at = AppTest.from_file(str(paths.ROOT / "app" / "main.py"), default_timeout=PATIENCE_S)
    if page != "start":  # before the first run a page is known by its file, whose name is its address here
        at.switch_page(f"../pages/{page}.py")
    at.query_params = dict(parameters)
    return sound(at.run())


def sound(at: AppTest) -> AppTest:
    """Hold that no exception was drawn."""
    assert [error.value for error in at.exception] == []
    return at


def table(at: AppTest, *columns: str):
    """The first table on the page that has the columns."""
    return next(frame.value for frame in at.dataframe if set(columns) <= set(frame.value.columns))


def pick(at: AppTest, key: str, words: str, document: str) -> AppTest:
    """Search a document by words in the picker of a key, and choose it by its id."""
    at.text_input(f"{key}-words").set_value(words).run()
    return sound(picker(at, key).select(document).run())


def picker(at: AppTest, key: str):
    """The list of documents of a key, whose own is numbered where it was drawn anew."""
    return next(box for box in at.selectbox if re.fullmatch(rf"{key}(-\d+)?", box.key or ""))


def button(at: AppTest, label: str):
    return next(button for button in at.button if button.label == label)


def labels(at: AppTest) -> list[str]:
    """Buttons of the page; those in the list of jobs stand on every one."""
    return [button.label for button in at.button if not (button.key or "").startswith("jobs-")]


def said(at: AppTest) -> str:
    """All running text on the page."""
    return " ".join(element.value for kind in (at.markdown, at.caption, at.text) for element in kind)


def infos(at: AppTest) -> str:
    """All hints on the page."""
    return " ".join(info.value for info in at.info)


def wait_for(condition, what: str):
    """What the condition gives as soon as it gives something."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    return pytest.fail(f"waited {PATIENCE_S} s for {what}")
