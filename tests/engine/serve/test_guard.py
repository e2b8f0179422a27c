"""Who is let in, how much, how often."""

import httpx
import pytest

from engine.errors import TriescopeError
from engine.serve.settings import TOKEN, Settings, settings_of
from tests.engine.serve.conftest import running

SECRET = "0123456789abcdef"


def test_others_are_served_with_a_token_alone(tmp_path, monkeypatch):
    monkeypatch.delenv(TOKEN, raising=False)
    with pytest.raises(TriescopeError, match=r"0\.0\.0\.0 can be reached by others: set TRIESCOPE_TOKEN"):
        settings_of("0.0.0.0", 1, None, None)
    with pytest.raises(TriescopeError, match="16 letters"):
        Settings(token="short")
    (tmp_path / "token").write_text(f"{SECRET}\n")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(TriescopeError, match="no token is in it"):
        settings_of("0.0.0.0", 1, tmp_path / "empty", None)
    assert settings_of("0.0.0.0", 1, tmp_path / "token", None) == Settings("0.0.0.0", 1, SECRET, 50.0)
    monkeypatch.setenv(TOKEN, SECRET)
    assert settings_of("127.0.0.1", 1, None, None).token == SECRET
    assert SECRET not in repr(settings_of("127.0.0.1", 1, None, None))


def test_a_token_is_asked_for_everywhere_but_for_health(shelf):
    with running(shelf, Settings(port=0, token=SECRET)) as client:
        assert client.get("/health").status_code == 200
        for path in ("/search?query=x", "/metrics", "/openapi.json", "/nothing"):
            for given in ({}, {"authorization": f"Bearer {SECRET}x"}, {"authorization": f"Basic {SECRET}"}):
                found = client.get(path, headers=given)
                assert (found.status_code, found.headers["www-authenticate"]) == (401, "Bearer")
        assert client.get("/trie", headers={"authorization": f"bearer {SECRET}"}).status_code == 200


def test_a_client_that_asks_too_often_is_told_when_to_come_back(shelf):
    with running(shelf, Settings(port=0, rate=0.5)) as client:
        found = [client.get("/health") for _ in range(2)]
    assert [one.status_code for one in found] == [200, 429]
    assert (found[1].json(), found[1].headers["retry-after"]) == ({"error": "more than 0.5 requests a second"}, "2")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_page_of_another_site_cannot_read_by_a_name_that_points_here(client, host):
    assert client.get("/builds", headers={"host": host}).status_code == 421
    assert client.get("/builds", headers={"host": "localhost:1"}).status_code == 200


def test_a_body_has_a_size_that_is_said_and_is_small(client):
    assert client.post("/search", content=b"x" * 70_000).status_code == 413
    assert client.post("/search", content=iter([b"x"])).status_code == 413
    assert client.post("/search", content=b"x").status_code == 405


def test_a_line_that_is_no_request_ends_the_connection_and_nothing_else(client):
    import socket

    port = httpx.URL(client.base_url).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
        raw.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        assert b"400" in raw.recv(1000)
    assert client.get("/health").status_code == 200
