"""The server opens what a first question needs before anybody asks."""

import sys

import pytest
from streamlit import runtime
from streamlit.web import cli

from app import serve
from app.common import ready, resources
from engine import paths


def test_the_build_that_is_shown_first_is_opened_and_made_ready(with_films, monkeypatch):
    there = iter([False, False])
    monkeypatch.setattr(runtime, "exists", lambda: next(there, True))
    monkeypatch.setattr(serve, "LOOKS_S", 0)
    monkeypatch.setattr(serve, "ROOMS", ())  # caches and pictures of Streamlit's want the server that is not there
    opened = []
    monkeypatch.setattr(ready, "open_all", opened.append)
    ready._started.clear()
    serve.ahead()
    assert [build.folder.name for build in opened] == ["films"]
    assert opened[0] is resources.opened("films"), "what a page opens then is there already"
    assert next(there, None) is None, "it waited for the server"
    ready._started.clear()


def test_without_a_build_there_is_nothing_to_open(empty_home, monkeypatch):
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(serve, "ROOMS", ())
    monkeypatch.setattr(ready, "get_ready", lambda build: 1 / 0)
    serve.ahead()


def test_options_are_streamlits(monkeypatch):
    monkeypatch.setattr(serve, "ahead", lambda: None)
    monkeypatch.setattr(cli, "main", lambda: 0)
    monkeypatch.setattr(sys, "argv", ["serve", "--server.port", "9"])
    with pytest.raises(SystemExit) as end:
        serve.main()
    assert end.value.code == 0
    assert sys.argv == ["streamlit", "run", str(paths.ROOT / "app" / "main.py"), "--server.port", "9"]
